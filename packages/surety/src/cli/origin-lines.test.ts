// What `surety why` says of where the arguments of a call came from.

import { isKind } from '@surety/proof/facts';
import { byDigest } from '@surety/proof/records';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, files, people, result, TestHouse } from '../house.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { originsTold } from './origin-lines.ts';

const rows = [
  { invoice: 'INV-2041', iban: 'DE89370400440532013000', amount: 480, fee: 12.5, 'a/b': 'Northwind Paper' },
];

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open({
    'surety.yaml': files['surety.yaml'].replace(
      'erp.look: { effect: read }',
      'erp.look: { effect: read, results: { rows.invoice: record, rows.iban: record, rows.amount: record, rows.fee: record, rows.a/b: directory } }',
    ),
    'outcomes/payments.yaml': `${files['outcomes/payments.yaml']}arguments:
  erp.note: { memo: [user, record, text, none], who: [record], other: [none] }
`,
  });
});
afterAll(() => house.close());

const factAt = (position: number) => {
  const [entry] = house.log.read(position, 1);
  const shown = house.log.disclosures(position, position + 1).map(([, each]) => each);
  const known = byDigest(shown, sha256);
  return {
    fact: facts[position] as (typeof facts)[number],
    find: (digest: string) => known.get(digest),
    entry,
  };
};
let facts: Awaited<ReturnType<TestHouse['facts']>> = [];

async function told(args: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const answer: Answer = () => result({ rows });
  const of = await house.openCase(
    'buyer',
    people.sam.id,
    'Note 480 and 10% for INV-2041 of Northwind; 2 copies.',
  );
  await house.call('erp.look', {}, { case: of, answer });
  await house.facts();
  expect(await house.call('erp.note', args, { case: of })).toMatchObject({ is: 'upstream' });
  facts = await house.facts();
  const position = facts.findLastIndex((fact) => isKind(fact, 'call.intended'));
  const { fact, find } = factAt(position);
  return originsTold(fact, find, factAt).map((each) => each.told.replace(/fact \d+(, c-[\w-]+)?/g, 'fact N'));
}

test('each argument is said with the exact place that it came from', async () => {
  const args = {
    ...{ invoice: 'INV-2041', who: rows[0]?.['a/b'], iban: rows[0]?.iban, sum: 492.5, copies: 2 },
    ...{ memo: 'see https://acme.example', other: 'x' },
  };
  expect(await told(args)).toEqual([
    'invoice "INV-2041": user, “INV-2041” in the words of sam@acme.example (fact N)',
    'who "Northwind Paper": record, `rows.0.a/b` "Northwind Paper" in the result of erp.look (fact N), beside `rows.0.invoice`, which is the argument invoice "INV-2041"',
    'iban "DE89370400440532013000": record, `rows.0.iban` "DE89370400440532013000" in the result of erp.look (fact N)',
    'sum 492.5: computed as s0 + s1 from s0 “480” in the words of sam@acme.example (fact N) and s1 `rows.0.fee` 12.5 in the result of erp.look (fact N), beside `rows.0.invoice`, which is the argument invoice "INV-2041"',
    'copies 2: user, “2” in the words of sam@acme.example (fact N), beside “copies”',
    'memo "https://acme.example": nobody said it',
    'other "x": nobody said it',
  ]);
});

test('of what was erased it says that it is withheld', async () => {
  await told({ invoice: 'INV-2041', who: 'Northwind Paper' });
  const position = facts.findLastIndex((fact) => isKind(fact, 'call.intended'));
  const { fact, find } = factAt(position);
  const blind = (at: number) => ({ fact: facts[at] as (typeof facts)[number], find: () => undefined });
  expect(originsTold(fact, find, blind).map((each) => each.told)).toEqual([
    expect.stringContaining('user, what is withheld in the words of sam@acme.example'),
    expect.stringContaining('record, `rows.0.a/b` in the result of erp.look'),
  ]);
  expect(originsTold(fact, () => undefined, factAt)).toEqual([]);
});
