// INVARIANT: an erasure breaks no proof. Of a real house: the proof that was made before it and the one that is made after it
// both verify, no check fails, and the second says what was erased and what had been found before.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource } from '@surety/proof/bundle';
import { isKind } from '@surety/proof/facts';
import { byDigest, concat, openCommitments } from '@surety/proof/records';
import { readSample, type Verification, verify } from '@surety/proof/verify';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openAgain, redoAll } from '../audit/index.ts';
import { capture } from '../cli/capture.fixture.ts';
import { verifyProof } from '../cli/commands/verify.ts';
import { files, hourMs, people, TestHouse } from '../house.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { order } from './orders.fixture.ts';

/** Every call of these tools is about a vendor, and so is every row. */
const labelled = {
  'surety.yaml': files['surety.yaml']
    .replace('erp.match: { effect: read }', 'erp.match: { effect: read, subject: { vendor: args.invoice } }')
    .replace('erp.pay: { effect: spend,', 'erp.pay: { effect: spend, subject: { vendor: args.invoice },')
    .replace('erp.note: { effect: write }', 'erp.note: { effect: write, subject: { vendor: args.vendor } }')
    .replace(
      'records: { erp: { sqlite: books.db,',
      'records: { erp: { sqlite: books.db, subject: { vendor: invoice },',
    ),
};
let house: TestHouse;
let day: number;
const noRecord = () => Promise.reject(new Error('no record was asked for'));

/** Two suppliers were paid, a note was written about the first, and the day is over. */
async function openHouse(): Promise<void> {
  house = await TestHouse.open(labelled);
  for (const vendor of ['V-1', 'V-2']) {
    const of = await house.openCase();
    await house.match(vendor, { case: of });
    await house.pay(vendor, '40.00', { case: of });
  }
  await house.call('erp.note', { vendor: 'V-1' });
  day = house.now();
  house.advance(26 * hourMs);
}

async function proved(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await house.house.prove('payments', day, (bytes) => void parts.push(bytes));
  return concat(...parts);
}
const erase = (vendor: string) =>
  order(house, 'erase', people.dora, {
    subject: house.log.subjectName(`vendor/${vendor}`),
    basis: 'gdpr-17-1-a',
  });
const checked = async (proof: Uint8Array, earlierHead?: string): Promise<Verification> => {
  const found = await verify(proof, { sha256, ...(earlierHead === undefined ? {} : { earlierHead }) });
  expect(found.checks.filter(({ ok }) => !ok)).toEqual([]);
  return found;
};
const withheldIn = ({ judgement }: Verification) =>
  judgement?.questions.flatMap(({ reasons }) => reasons.filter(({ code }) => code === 'evidence-withheld')) ??
  [];

describe('a proof of before an erasure, and one of after', () => {
  let before: Uint8Array;
  let after: Uint8Array;
  beforeAll(async () => {
    await openHouse();
    before = await proved();
    await erase('V-1');
    after = await proved();
  });
  afterAll(() => house.close());

  test('both verify, and the second names the verdict of the first', async () => {
    const [given] = await house.factsOf('verdict.given');
    const old = await checked(before);
    expect(withheldIn(old)).toEqual([]);
    expect(old.judgement).not.toHaveProperty('erased');
    const now = await checked(after, old.head);
    const [erasure] = await house.factsOf('disclosure.erased');
    expect(now.judgement?.erased).toEqual({
      by: [{ position: erasure?.position, at: erasure?.time, basis: 'gdpr-17-1-a' }],
      earlier: {
        ...{ position: given?.position, at: given?.time, verdict: old.judgement?.verdict },
        ...{ judgement: given?.body.judgement, ledgerSize: old.judgement?.head.size },
      },
    });
    // Whoever kept the first proof has what the second names.
    expect(old.judgementName).toBe(given?.body.judgement);
    expect(now.judgement?.verdict).toBe('unproven');
    const reasons = withheldIn(now);
    expect(new Set(reasons.map(({ erased }) => erased?.[0]))).toEqual(new Set([erasure?.position]));
    expect(reasons.map(({ remedy }) => remedy).join()).not.toContain('disclose');
    // What is about V-2 is judged as before: only what is about V-1 is open.
    const [one, two] = (await house.factsOf('call.intended'))
      .filter(({ body }) => body.tool === 'erp.pay')
      .map(({ body }) => body.call);
    expect(reasons.some(({ text }) => text.includes(one as string))).toBe(true);
    expect(reasons.some(({ text }) => text.includes(two as string))).toBe(false);
  });

  test('the second shows of the erasure only the facts that its verdict misses', async () => {
    const { head = '' } = await checked(after);
    const size = Number(head.split('\n')[1]);
    const drawing = {
      head: { origin: house.log.origin, size, root: new Uint8Array(32) },
      ...{ nonce: 'all', count: size },
    };
    const sample = await readSample(bytesSource(after), drawing, { sha256 });
    const [erasure] = await house.factsOf('disclosure.erased');
    const shown = byDigest(
      sample.find(({ index }) => index === erasure?.position)?.disclosures ?? [],
      sha256,
    );
    const said = openCommitments(erasure?.body.positions ?? [], (digest) => shown.get(digest));
    const runs = (said.value as ([number, number] | undefined)[]).filter((run) => run !== undefined);
    const named = runs.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, at) => first + at),
    );
    const kinds = (await house.facts()).filter(({ position }) => named.includes(position));
    expect(new Set(kinds.map(({ kind }) => kind))).toEqual(
      new Set(['call.intended', 'call.settled', 'record.extracted', 'budget.reserved']),
    );
    // A note about the same vendor, which this outcome is not about.
    const note = (await house.facts()).filter(
      (fact) => isKind(fact, 'call.intended') && fact.body.tool === 'erp.note',
    );
    expect(note).toHaveLength(1);
    expect(named).not.toContain(note[0]?.position);
    // Nor why it was ordered.
    expect(
      openCommitments(erasure?.body.statement ?? [], (digest) => shown.get(digest)).value,
    ).toBeUndefined();
  });

  test('other engines do the rest again, and leave out what was erased', async () => {
    const { judgement } = await checked(after);
    if (judgement === undefined) throw new Error('no judgement');
    const redone = await redoAll(await openAgain(bytesSource(after), judgement));
    expect(redone.flatMap(({ disagreed }) => disagreed)).toEqual([]);
    expect(redone.map(({ left }) => left).some((left) => left > 0)).toBe(true);
  });

  test('an auditor is shown both verdicts, as text and as a document', async () => {
    const old = join(house.folder, 'before.zip');
    const now = join(house.folder, 'after.zip');
    writeFileSync(old, before);
    writeFileSync(now, after);
    const terminal = capture();
    expect(await verifyProof(terminal, noRecord, now, {})).toBe(11);
    expect(terminal.stdout()).toMatch(
      /Erased\n {2}values that it reads were erased at .* \(fact \d+, gdpr-17-1-a\)/,
    );
    expect(terminal.stdout()).toMatch(/before that: \? unproven, given at .*Z \(fact \d+, over \d+ facts\)/);
    expect(terminal.stdout()).toMatch(/evidence-withheld: nobody can end it/);
    const name = /a proof of then has the judgement (\S+)/.exec(terminal.stdout())?.[1];
    const kept = capture();
    expect(await verifyProof(kept, noRecord, old, {})).toBe(11);
    expect(kept.stdout()).toContain(`Judgement    ${name}`);
    const document = capture();
    await verifyProof(document, noRecord, now, { json: true });
    const { recomputed } = JSON.parse(document.stdout());
    expect(recomputed.erased.earlier).toMatchObject({ verdict: 'unproven', judgement: name });
    expect(recomputed.erased.earlier.at).toMatch(/^\d{4}-.*Z$/);
    const oldDocument = capture();
    await verifyProof(oldDocument, noRecord, old, { json: true });
    expect(JSON.parse(oldDocument.stdout()).judgementName).toBe(name);
  });

  test('a second erasure leaves the verdict that was given on the whole evidence in place', async () => {
    await erase('V-2');
    const now = await checked(await proved());
    const [first] = await house.factsOf('verdict.given');
    expect(now.judgement?.erased?.by).toHaveLength(2);
    expect(now.judgement?.erased?.earlier?.position).toBe(first?.position);
  });
});

test('without a verdict before it, the proof says that there was none', async () => {
  await openHouse();
  onTestFinished(() => house.close());
  await house.house.settle();
  await house.log.flushed();
  await erase('V-1');
  const { judgement } = await checked(await proved());
  expect(judgement?.erased?.by).toHaveLength(1);
  expect(judgement?.erased).not.toHaveProperty('earlier');
});
