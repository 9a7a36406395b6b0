// Releasing over a real house: the file shows what the fact says, leads to the signed head, and nothing can be changed,
// added or left out in it.

import { openReleased } from '@surety/proof/bundle';
import { canonicalJson, NoteError, openCommitments, parseVerifier } from '@surety/proof/records';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, hourMs, people, TestHouse } from '../house.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { openingOf } from '../ledger/opening.ts';
import { order } from './orders.fixture.ts';

const { dora, paul, sam } = people;
let house: TestHouse;
let file: string;
let named: string;
beforeAll(async () => {
  house = await TestHouse.open({
    'surety.yaml': files['surety.yaml'].replace(
      'records: { erp: { sqlite: books.db,',
      'records: { erp: { sqlite: books.db, subject: { invoice: invoice },',
    ),
  });
  const of = await house.openCase();
  for (const invoice of ['R-1', 'R-2']) {
    await house.match(invoice, { case: of });
    await house.pay(invoice, '40.00', { case: of });
  }
  const day = house.now();
  house.advance(26 * hourMs);
  await house.house.verdict('payments', day);
  const released = await release({ subject: house.log.subjectName('invoice/R-1') });
  ({ file, order: named } = released);
});
afterAll(() => house?.close());

async function release(wanted: object, who = dora) {
  const answer = await order(house, 'disclose', who, { to: 'auditor@audit.example', ...wanted });
  if (answer.did !== 'disclose') throw new Error('another order was carried out');
  return answer;
}
const keys = () => ({ log: [parseVerifier(openingOf(house.log).logKey)], witnesses: [] });
const opened = (text: string) => openReleased(Buffer.from(text), keys(), sha256);
const codeOf = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => 'done',
    (cause: { code?: string }) => cause.code ?? cause,
  );

test('a subject: rows of extracts lead to their roots, and those of others are not shown', async () => {
  const { release: first, facts, head } = await opened(file);
  expect(first.fact.body).toMatchObject({
    order: named,
    person: dora.id,
    subject: house.log.subjectName('invoice/R-1'),
  });
  expect(facts.map(({ fact }) => fact.kind)).toContain('record.extracted');
  expect(new Set(facts.flatMap(({ rows }) => rows)).size).toBe(facts.flatMap(({ rows }) => rows).length);
  expect(head.size).toBeGreaterThan(first.fact.position);
  const decoded = facts.flatMap(({ disclosed }) =>
    [...disclosed.values()].map((each) => Buffer.from(each, 'base64url').toString()),
  );
  expect(decoded.some((each) => each.includes('R-1'))).toBe(true);
  expect(decoded.some((each) => each.includes('R-2'))).toBe(false);
  const find = (digest: string) => first.disclosed.get(digest);
  expect(openCommitments(first.fact.body.statement, find).value).toMatchObject({
    to: 'auditor@audit.example',
  });
});

test('one call, by legal too, with its intent and its settlement', async () => {
  const [intent] = await house.factsOf('call.intended');
  const { file: one, facts } = await release({ call: intent?.body.call }, paul);
  const shown = await opened(one);
  expect(shown.facts.map(({ fact }) => fact.kind)).toEqual([
    'call.intended',
    'budget.reserved',
    'call.settled',
  ]);
  expect(facts).toBe(3);
});

test('nobody else may, and what is not there is not released', async () => {
  const size = house.log.size();
  expect(await codeOf(release({ subject: house.log.subjectName('invoice/R-1') }, sam))).toBe('not-yours');
  expect(await codeOf(release({ subject: house.log.subjectName('invoice/R-9') }))).toBe('not-kept');
  expect(await codeOf(release({ call: 'c-none' }))).toBe('not-kept');
  expect(await codeOf(release({}))).toBe('malformed');
  expect(house.log.size()).toBe(size);
});

interface File {
  format: string;
  items: { receipt: string; disclosures: string[]; rows?: string[] }[];
}
const withFile = (change: (written: File) => void) => (): string => {
  const written = JSON.parse(file) as File;
  change(written);
  return canonicalJson(written);
};
const item = ({ items }: File, at: number) => items[at] as File['items'][number];
const extractOf = ({ items }: File) =>
  items.find(({ rows }) => (rows ?? []).length > 1) as File['items'][number];
const forged = Buffer.from(JSON.stringify(['AAAAAAAAAAAAAAAAAAAAAA', 'row', { invoice: 'R-7' }])).toString(
  'base64url',
);

describe('a file that was changed is refused', () => {
  test.each<[string, string, () => string]>([
    ['a value put in', 'not-its-own', withFile((each) => item(each, 1).disclosures.push(forged))],
    [
      'a value put in with its digest',
      'not-its-own',
      withFile((each) => {
        extractOf(each).rows?.push('A'.repeat(43));
      }),
    ],
    [
      'a row under another place',
      'not-its-own',
      withFile((each) => {
        extractOf(each).rows?.reverse();
      }),
    ],
    [
      'a value shown twice',
      'not-its-own',
      withFile((each) => {
        item(each, 1).disclosures.push(item(each, 1).disclosures[0] as string);
      }),
    ],
    ['a value left out', 'incomplete', withFile((each) => void item(each, 1).disclosures.pop())],
    ['a fact left out', 'incomplete', withFile((each) => void each.items.pop())],
    [
      'facts in another order',
      'malformed',
      withFile((each) => {
        each.items = [item(each, 0), ...each.items.slice(1).reverse()];
      }),
    ],
    ['without its release', 'malformed', withFile((each) => void each.items.shift())],
    [
      'with the release withheld',
      'incomplete',
      withFile((each) => {
        item(each, 0).disclosures = [];
      }),
    ],
    [
      'rows of what is no extract',
      'not-its-own',
      withFile((each) => {
        item(each, 0).rows = [];
      }),
    ],
    [
      'another format',
      'malformed',
      withFile((each) => {
        each.format = 'surety-released/v2';
      }),
    ],
    ['spaces', 'malformed', () => file.replace('{"format"', '{ "format"')],
    ['no JSON', 'malformed', () => file.slice(0, -2)],
    [
      'an entry changed',
      'not-included',
      withFile((each) => {
        const [mark, extra = '', ...rest] = item(each, 1).receipt.split('\n');
        const entry = Buffer.from(extra.slice(6), 'base64')
          .toString()
          .replace('"agent":"buyer"', '"agent":"other"')
          .replace('"count":', '"count":1');
        item(each, 1).receipt = [mark, `extra ${Buffer.from(entry).toString('base64')}`, ...rest].join('\n');
      }),
    ],
  ])('%s: `%s`', async (_, code, make) => {
    expect(make()).not.toBe(file);
    expect(await codeOf(opened(make()))).toBe(code);
  });

  test('and so is one whose log somebody else keeps', async () => {
    const other = { log: [parseVerifier(openingOf(house.log).statementKey)], witnesses: [] };
    await expect(openReleased(Buffer.from(file), other, sha256)).rejects.toThrow(NoteError);
  });
});
