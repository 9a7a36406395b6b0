// What a stranger with the log, and no disclosure, can find out by guessing: nothing. Every digest in a fact is looked at,
// by name, and two logs over the very same work have none in common but those of what stands in the clear anyway.

import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { bodies, type Fact, type UnknownFact } from '@surety/proof/facts';
import { canonicalJson, concat, keyed } from '@surety/proof/records';
import { judgementName } from '@surety/proof/report';
import type { Judgement } from '@surety/proof/verdict';
import { verify } from '@surety/proof/verify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { membersOf } from '../../../proof/build-schema.ts';
import { hourMs, TestHouse } from '../house.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { logSalt } from '../ledger/opening.ts';

/**
 * Why nobody can guess what a digest is of. `committed`: with a fresh salt. `keyed`: with the log's. `salted`: over
 * commitments. `clear`: of what stands in the clear in the same log, or in the operator's files. `random`: of a key.
 */
const digests: Readonly<Record<string, 'clear' | 'committed' | 'keyed' | 'random' | 'salted'>> = {
  'log.opened salt': 'committed',
  'log.succeeded root': 'salted',
  'server.declared definition': 'clear',
  'person.enrolled name': 'committed',
  'person.enrolled keys[].id': 'random',
  'credential.issued hash': 'random',
  'credential.revoked hash': 'random',
  'policy.activated hash': 'clear',
  'record.declared definition': 'clear',
  'outcome.declared hash': 'clear',
  'rule.activated hash': 'clear',
  'case.opened words': 'committed',
  'call.intended action': 'keyed',
  'call.intended args': 'committed',
  'call.intended policies': 'clear',
  'call.intended written.unvouched': 'keyed',
  'call.intended written.vouched': 'keyed',
  'call.intended checkpoints[].rule': 'clear',
  'call.continued action': 'keyed',
  'call.continued input': 'committed',
  'call.counted rule': 'clear',
  'call.held action': 'keyed',
  'call.held args': 'committed',
  'call.held amount': 'committed',
  'call.held rule': 'clear',
  'call.refused action': 'keyed',
  'call.refused args': 'committed',
  'call.refused cause': 'committed',
  'call.refused rule': 'clear',
  'call.settled action': 'keyed',
  'call.settled args': 'committed',
  'call.settled result': 'committed',
  'approval.given key': 'random',
  'approval.given statement': 'committed',
  'approval.refused key': 'random',
  'approval.refused statement': 'committed',
  'hold.refused cause': 'committed',
  'session.opened key': 'random',
  'evidence.consumed rule': 'clear',
  'evidence.released rule': 'clear',
  'budget.reserved amount': 'committed',
  'budget.released amount': 'committed',
  'record.extracted query': 'clear',
  'record.extracted snapshot': 'keyed',
  'record.extracted totals': 'committed',
  'record.extracted rowRoot': 'salted',
  'seed.committed slots': 'committed',
  'seed.answered slot': 'committed',
  'verdict.given judgement': 'keyed',
  'verdict.given breach': 'keyed',
  'containment.ordered key': 'random',
  'containment.ordered statement': 'committed',
  'containment.lifted key': 'random',
  'containment.lifted statement': 'committed',
  'containment.drilled key': 'random',
  'containment.drilled statement': 'committed',
  'legal-hold.placed key': 'random',
  'legal-hold.placed statement': 'committed',
  'legal-hold.placed subject': 'keyed',
  'legal-hold.lifted key': 'random',
  'legal-hold.lifted statement': 'committed',
  'legal-hold.lifted subject': 'keyed',
  'disclosure.erased key': 'random',
  'disclosure.erased statement': 'committed',
  'disclosure.erased positions': 'committed',
  'disclosure.erased subject': 'keyed',
  'disclosure.released key': 'random',
  'disclosure.released statement': 'committed',
  'disclosure.released positions': 'committed',
  'disclosure.released subject': 'keyed',
  // Of contents that stand in the log, in declarations and beside them.
  'change.proposed from': 'clear',
  'change.proposed to': 'clear',
  'change.refused key': 'random',
  'change.refused reason': 'committed',
  'change.signed key': 'random',
  'call.intended contract': 'keyed',
  'call.settled contract': 'keyed',
  'contract.seen contract': 'keyed',
  'contract.seen whole': 'committed',
  'contract.seen beside': 'keyed',
  'contract.approved contracts[].contract': 'keyed',
  'contract.approved key': 'random',
  'contract.revoked contracts[].contract': 'keyed',
  'contract.revoked key': 'random',
  'passkey.invited key': 'random',
  'passkey.invited code': 'random',
  'passkey.registered key': 'random',
  'passkey.registered passkey.id': 'random',
  'passkey.confirmed key': 'random',
  'passkey.revoked key': 'random',
  'passkey.revoked reason': 'committed',
};

const isDigest = (schema: Readonly<Record<string, unknown>> | undefined): boolean =>
  schema !== undefined &&
  (schema['pattern'] === '^[A-Za-z0-9_-]{43}$' || isDigest(schema['items'] as typeof schema));

test('every digest in a fact is accounted for', () => {
  const found = Object.entries(bodies).flatMap(([kind, { schema }]) =>
    membersOf(schema)
      .filter(([, each]) => isDigest(each))
      .map(([path]) => `${kind} ${path}`),
  );
  expect(found.toSorted()).toEqual(Object.keys(digests).toSorted());
});

/** Digests of a fact that could tell what is not in the clear, as `kind member`. */
function hidingIn(fact: Fact | UnknownFact): [name: string, digest: string][] {
  if (fact.kind === 'unknown') return [];
  // The root over no rows is the same everywhere, and the count beside it says as much.
  const isEmpty = fact.kind === 'record.extracted' && fact.body.count === 0;
  return Object.entries(fact.body).flatMap(([member, value]) => {
    const name = `${fact.kind} ${member}`;
    if ((digests[name] ?? 'clear') === 'clear' || (isEmpty && member === 'rowRoot')) return [];
    return [value].flat().map((each): [string, string] => [name, String(each)]);
  });
}

/** The same day in each: a payment by an agent, one past the gateway, its verdict; then the record is away. */
async function sameDay(): Promise<TestHouse> {
  const house = await TestHouse.open();
  await house.match('INV-1');
  await house.pay('INV-1', '40.00');
  const day = Date.parse('2026-03-02T00:00:00Z');
  house.row(
    { invoice: 'LT020000417293848156', amount: '48000.00', currency: 'USD' },
    'clerk',
    day + 9 * hourMs,
  );
  house.advance(26 * hourMs);
  await house.house.verdict('payments', day);
  renameSync(join(house.folder, 'books.db'), join(house.folder, 'away.db'));
  await house.house.verdict('payments', day);
  renameSync(join(house.folder, 'away.db'), join(house.folder, 'books.db'));
  return house;
}

describe('two logs over the very same work', () => {
  let houses: TestHouse[] = [];
  beforeAll(async () => {
    houses = [await sameDay(), await sameDay()];
  });
  afterAll(() => Promise.all(houses.map((house) => house.close())));

  test('have no digest in common that hides something', async () => {
    const [first, second] = await Promise.all(
      houses.map(async (house) => (await house.facts()).flatMap(hidingIn)),
    );
    const names = new Set(first?.map(([name]) => name));
    for (const name of ['call.intended action', 'record.extracted snapshot', 'verdict.given judgement'])
      expect(names).toContain(name);
    const others = new Set(second?.map(([, digest]) => digest));
    expect(first?.filter(([, digest]) => others.has(digest))).toEqual([]);
  });

  test('and no snapshot can be computed from rows alone, nor does one come twice', async () => {
    for (const house of houses) {
      const extracts = await house.factsOf('record.extracted');
      expect(new Set(extracts.map(({ body }) => body.answer))).toEqual(new Set(['ok', 'away']));
      const guesses = extracts.flatMap((extract) => {
        const kept = house.log.kept(extract.position).slice(0, extract.body.count);
        const rows = kept.map((each) =>
          'disclosure' in each ? JSON.parse(Buffer.from(each.disclosure, 'base64url').toString())[2] : null,
        );
        const states = Array.from({ length: 9 }, (_, version) => [
          [{ schema_version: version }, rows],
          [version, rows],
          [`schema ${version}`, extract.body.rowRoot],
        ]).flat();
        return [rows, ...rows, ...states, 'away', ['away']].flatMap((value) => [
          plain(JSON.stringify(value)),
          plain(canonicalJson(value)),
          plain(String(value)),
        ]);
      });
      const snapshots = extracts.map(({ body }) => body.snapshot);
      expect(snapshots.filter((each) => guesses.includes(each))).toEqual([]);
      const read = extracts.filter(({ body }) => body.count > 0).map(({ body }) => body.snapshot);
      expect(new Set(read).size).toBe(read.length);
      // Whoever has the salt, and the state of the record by its word, can.
      const salt = logSalt(house.log);
      const known = extracts.map(({ body }) => keyed(salt, 'snapshot', ['schema 1', body.rowRoot], sha256));
      expect(known.filter((each, at) => each === extracts[at]?.body.snapshot).length).toBeGreaterThan(0);
    }
  });

  test('a verdict is named by what it found, not by its sentences: with a proof of it, the name is computed again', async () => {
    const [house] = houses as [TestHouse];
    const day = Date.parse('2026-03-02T00:00:00Z');
    const parts: Uint8Array[] = [];
    const { given } = await house.house.prove('payments', day, (bytes) => void parts.push(bytes));
    const named = (await house.factsOf('verdict.given')).at(-1)?.body.judgement;
    const { judgement } = await verify(concat(...parts), { sha256 });
    if (judgement === undefined) throw new Error('the proof was not judged');
    const salt = logSalt(house.log);
    expect(judgementName(judgement, salt, sha256)).toBe(named);
    expect(canonicalJson(JSON.parse(JSON.stringify(judgement.questions)))).toContain('LT020000417293848156');
    expect(judgementName(saying(judgement, 'something else'), salt, sha256)).toBe(named);
    expect(judgementName({ ...judgement, verdict: 'proven' }, salt, sha256)).not.toBe(named);
    expect(
      judgementName({ ...given.judgement, figures: { ...judgement.figures, orphans: 0 } }, salt, sha256),
    ).not.toBe(named);
    expect(judgementName(judgement, new Uint8Array(16), sha256)).not.toBe(named);
  });
});

const plain = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The same judgement in other words. */
const saying = (judgement: Judgement, text: string): Judgement => ({
  ...judgement,
  questions: judgement.questions.map((answer) => ({
    ...answer,
    reasons: answer.reasons.map((reason) => ({ ...reason, text })),
  })),
});
