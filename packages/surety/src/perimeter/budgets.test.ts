import { type Body, parseFact } from '@surety/proof/facts';
import { byDigest, commitScalar, utf8 } from '@surety/proof/records';
import { expect, test } from 'vitest';
import { salt, sha256 } from '../ledger/hash.ts';
import { Budgets } from './budgets.ts';
import type { Identity } from './identities.ts';

const clerk: Identity = {
  identity: 'clerk',
  is: 'agent',
  owner: 'lena@acme.example',
  budget: { amountMinor: 10_000, currency: 'USD', per: 'day' },
  timeZone: 'UTC',
};
const noon = Date.parse('2026-03-02T12:00:00Z');
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' });
const stream = 'budget/clerk/2026-03-02';

class Day {
  readonly budgets = new Budgets();
  #version = 0;

  write(kind: 'budget.reserved' | 'budget.released', amountMinor: number, erased = false): void {
    const { digest, disclosure } = commitScalar(usd(amountMinor), '', salt, sha256);
    const body: Body<typeof kind> = { identity: 'clerk', call: 'c-1', amount: [digest] };
    const place = { v: 1, log: 'l', stream, streamVersion: this.#version++, basis: [], time: noon };
    const bytes = utf8(JSON.stringify({ ...place, kind, emitter: 'e', emitterSeq: 0, body }));
    const known = byDigest(erased ? [] : [disclosure], sha256);
    this.budgets.apply(parseFact(bytes, 0), (each) => known.get(each));
  }

  ask = (amountMinor: number) => this.budgets.ask(clerk, usd(amountMinor), noon);
}

test('what is reserved is gone, and what is released is back', () => {
  const day = new Day();
  day.write('budget.reserved', 9_000);
  expect(day.ask(1_000)).toEqual({ fits: true, stream, version: 1 });
  expect(day.ask(1_001)).toEqual({
    fits: false,
    cause: "10.01 USD is more than the 10.00 left of the day's budget",
  });
  day.write('budget.released', 9_000);
  expect(day.ask(10_000)).toEqual({ fits: true, stream, version: 2 });
});

test('a day in which a reserved amount was erased has nothing left', () => {
  const day = new Day();
  day.write('budget.reserved', 1, true);
  expect(day.ask(1)).toEqual({
    fits: false,
    cause: 'what the day has spent cannot be added up: an amount was erased',
  });
});

test('a release whose amount was erased gives nothing back', () => {
  const day = new Day();
  day.write('budget.reserved', 9_000);
  day.write('budget.released', 9_000, true);
  expect(day.ask(1_001)).toMatchObject({ fits: false });
});

test('another day has its own', () => {
  const day = new Day();
  day.write('budget.reserved', 10_000);
  expect(day.budgets.ask(clerk, usd(10_000), noon + 86_400_000)).toMatchObject({ fits: true, version: 0 });
});
