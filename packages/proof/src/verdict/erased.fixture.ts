// Days of which some evidence was erased, and what somebody may pass off as erased.

import { type Fact, isKind, parseFact } from '../facts.ts';
import { type Mutant, mutant, stating } from '../mutant.fixture.ts';
import { at, type Day, dayEnd, dayStart, hashOf, honestDay, hourMs } from '../verify.fixture.ts';
import { type DayCase, of, withholdArgs } from './cases.fixture.ts';

interface Erasing {
  readonly at?: number;
  /** In place of the positions that were erased. */
  readonly named?: readonly unknown[];
}

const erasedAt = dayEnd + 3 * hourMs;

/** Takes every value of these facts away, and says so. Gives the position of the erasure. */
export function erase(day: Day, positions: readonly number[], erasing: Erasing = {}): number {
  const { log } = day;
  for (const position of positions) forget(day, position);
  const runs = erasing.named ?? positions.map((position) => [position, position]);
  const statement = { order: 'o-1', does: 'erase', reason: 'They asked for it.' };
  const body = {
    ...{ order: 'o-1', function: 'data-protection', person: 'dora@acme.example', key: hashOf('k') },
    ...{ statement: log.commit(statement), signature: 'c2lnbmVk', subject: hashOf('vendor/V-1') },
    ...{ facts: positions.length, disclosures: positions.length, basis: 'gdpr-17-1-a' },
    ...{ first: Math.min(...positions), last: Math.max(...positions), positions: log.commit(runs) },
  };
  return day.declare('disclosure.erased', 'subject/vendor', body, erasing.at ?? erasedAt);
}

function forget({ log }: Day, position: number): void {
  const { body = {} } = log.drafts[position] ?? {};
  for (const member of ['args', 'result', 'statement', 'totals'])
    if (Array.isArray(body[member])) log.forget(body[member] as string[]);
  const rows = log.rows.get(position);
  if (rows !== undefined) log.rows.set(position, [...rows.slice(0, -1), `~${hashOf(rows.at(-1) ?? '')}`]);
}

/** A verdict on the day's own window. */
export const give = (day: Day, verdict: string, time = dayEnd + 2 * hourMs, to = dayEnd): number =>
  day.declare(
    'verdict.given',
    'outcome/supplier-payments',
    {
      ...{ outcome: 'supplier-payments', from: dayStart, to, verdict },
      ...{ judgement: hashOf(`${verdict} ${time}`), ledgerSize: day.log.drafts.length },
    },
    time,
  );

/** Positions of the facts of this kind whose text holds this. */
export function positionsOf<K extends Fact['kind']>(day: Day, kind: K, text = ''): number[] {
  return day.log.entries.flatMap((bytes, position) => {
    const fact = parseFact(bytes, position);
    return isKind(fact, kind) && JSON.stringify(fact.body).includes(text) ? [position] : [];
  });
}

/** Every fact of a payment. */
const payment = (day: Day, call: string) => [
  ...positionsOf(day, 'call.intended', `"${call}"`),
  ...positionsOf(day, 'call.settled', `"${call}"`),
];

/** A day with a verdict, of which these facts were erased after that. */
const erasedDay =
  (positions: (day: Day) => readonly number[], change: (day: Day) => void = () => {}) =>
  (): Day => {
    const day = honestDay();
    change(day);
    day.close();
    give(day, 'unproven');
    erase(day, positions(day));
    return day;
  };

/** The payment of one supplier, found to be in order before it was erased. */
export const paymentErased = erasedDay((day) => payment(day, 'c-4101'));

export const erasedDays: readonly DayCase[] = [
  {
    name: 'a payment that was erased',
    day: paymentErased,
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a payment that was erased, and what it spent',
    day: paymentErased,
    ...of('bounded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a payment that was erased, with its row still there',
    day: paymentErased,
    ...of('reconciled', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a match that was erased',
    day: erasedDay((day) => positionsOf(day, 'call.settled', '"m-4101')),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'an approval that was erased',
    day: erasedDay((day) => positionsOf(day, 'approval.given')),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'rows that were erased, the calls still there',
    day: erasedDay(
      (day) => positionsOf(day, 'record.extracted', '"population"'),
      (day) => day.rows.reverse(),
    ),
    ...of('reconciled', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'rows of an invariant that were erased',
    day: erasedDay((day) => positionsOf(day, 'record.extracted', '"paid-once"')),
    ...of('reconciled', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a payment erased in a window that was found violated before',
    day: () => {
      const day = honestDay();
      day.stray({ id: 'X1' });
      day.close();
      give(day, 'violated');
      erase(day, payment(day, 'c-4101'));
      return day;
    },
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'a payment whose values are not shown, and another that was erased',
    day: () => {
      const day = paymentErased();
      withholdArgs(day, 'c-4102');
      return day;
    },
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a payment withheld under an erasure that names other facts',
    day: () => {
      const day = honestDay().close();
      give(day, 'unproven');
      const facts = payment(day, 'c-4101');
      erase(day, facts, { named: [] });
      return day;
    },
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a payment withheld after an erasure that names it beforehand',
    day: () => {
      const day = honestDay();
      const next = day.log.drafts.length + 1;
      erase(day, [next - 2], { at: at(15), named: [[next - 2, next + 10]] });
      day.pay('4107', '10.00', { at: at(16) });
      withholdArgs(day, 'c-4107');
      return day.close();
    },
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
];

/** Another word about the verdict that was given before, or about what was erased, under a statement that is signed. */
const told = (
  name: string,
  change: (
    erased: { by: object[]; earlier?: Record<string, unknown> },
    judgement: Record<string, unknown>,
  ) => void,
  makeDay = paymentErased,
): Mutant =>
  mutant(
    name,
    'verdict',
    () => ({
      statement: stating(({ judgement }) => {
        judgement['erased'] ??= { by: [] };
        change(judgement['erased'] as Parameters<typeof change>[0], judgement);
      }),
    }),
    makeDay,
  );

export const erasedMutants: readonly Mutant[] = [
  told('another word for the verdict before an erasure', ({ earlier }) => {
    Object.assign(earlier ?? {}, { verdict: 'proven' });
  }),
  told('another date for the verdict before an erasure', ({ earlier }) => {
    Object.assign(earlier ?? {}, { at: dayEnd + hourMs });
  }),
  told('another judgement for the verdict before an erasure', ({ earlier }) => {
    Object.assign(earlier ?? {}, { judgement: hashOf('a better one') });
  }),
  told('no verdict before an erasure, though one was given', (erased) => {
    delete erased.earlier;
  }),
  told(
    'a verdict that came after an erasure, passed off as the one before',
    (erased) => {
      const position = positionsOf(lateVerdict(), 'verdict.given').at(-1);
      const judgement = hashOf(`proven ${dayEnd + 4 * hourMs}`);
      erased.earlier = {
        position,
        at: dayEnd + 4 * hourMs,
        verdict: 'proven',
        judgement,
        ledgerSize: position,
      };
    },
    () => lateVerdict(),
  ),
  told('an erasure that is not told', (_, judgement) => {
    delete judgement['erased'];
  }),
  told('another date for an erasure', ({ by }) => {
    Object.assign(by[0] ?? {}, { at: dayStart });
  }),
  told(
    'values passed off as erased that are only not shown',
    (erased, judgement) => {
      erased.by = [{ position: 1, at: dayEnd, basis: 'gdpr-17-1-a' }];
      for (const { reasons } of judgement['questions'] as { reasons: Record<string, unknown>[] }[])
        for (const reason of reasons)
          if (reason['code'] === 'evidence-withheld') Object.assign(reason, { who: [], erased: [1] });
    },
    () => {
      const day = honestDay().close();
      withholdArgs(day, 'c-4101');
      return day;
    },
  ),
];

function lateVerdict(): Day {
  const day = honestDay().close();
  erase(day, payment(day, 'c-4101'));
  give(day, 'proven', dayEnd + 4 * hourMs);
  return day;
}
