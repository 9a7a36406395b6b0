// Days on which the record and the ledger differ.

import { at, dayEnd, hashOf, honestDay, hourMs, outcomeBody, populationSql, who } from '../verify.fixture.ts';
import { type DayCase, nothing, of, withDay } from './cases.fixture.ts';

export const reconciledDays: readonly DayCase[] = [
  {
    name: 'a row that no call made',
    day: withDay((day) => day.stray({ id: 'X1' })),
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'a row that says another amount',
    day: withDay((day) => Object.assign(day.rows[0] as object, { amount: '9999.00' })),
    ...of('reconciled', 'violated', 'row-differs'),
  },
  {
    name: 'a row under another key',
    day: withDay((day) => Object.assign(day.rows[0] as object, { id: 'P99' })),
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'a row of another currency',
    day: withDay((day) => Object.assign(day.rows[0] as object, { currency: 'EUR' })),
    ...of('reconciled', 'violated', 'row-differs'),
  },
  {
    name: 'an invariant that was read by another query',
    day: () => {
      const day = honestDay().close();
      for (const { kind, body } of day.log.drafts)
        if (kind === 'record.extracted' && body['extract'] === 'paid-once')
          body['query'] = hashOf('SELECT 1 AS payments');
      return day;
    },
    ...of('reconciled', 'unproven', 'source-stale'),
  },
  {
    name: 'one call with two rows',
    day: withDay((day) => day.rows.push({ ...day.rows[0], extra: 1 })),
    ...of('reconciled', 'violated', 'row-repeated'),
  },
  {
    name: 'an invariant that is broken in the record',
    day: withDay((day) => {
      day.pay('4101', '480.50', { at: at(13), call: 'again' });
    }),
    ...of('reconciled', 'violated', 'invariant-broken'),
  },
  {
    name: 'an outcome without a record',
    day: withDay(nothing, { outcome: { reconcile: undefined } }),
    ...of('reconciled', 'unproven', 'not-reconciled'),
  },
  {
    name: 'a record that was not read',
    day: () => honestDay(),
    ...of('reconciled', 'unproven', 'source-stale'),
  },
  {
    name: 'a record that was read before late rows could no longer come',
    day: () => honestDay().close(dayEnd + hourMs - 1),
    ...of('reconciled', 'unproven', 'source-stale'),
  },
  {
    name: 'a record that was read by another query',
    day: () => {
      const day = honestDay().close();
      day.stray({ id: 'X1' });
      for (const draft of day.log.drafts)
        if (draft.kind === 'record.extracted')
          draft.body['query'] = hashOf(`${populationSql} AND amount < 1`);
      return day;
    },
    ...of('reconciled', 'unproven', 'source-stale'),
  },
  {
    name: 'a call that was answered and left no row',
    day: withDay((day) => {
      day.pay('4107', '10.00', { row: false });
    }),
    ...of('reconciled', 'unproven', 'effect-unobserved'),
  },
  {
    name: 'an intent that nobody settled',
    day: withDay((day) => {
      day.pay('4107', '10.00', { how: 'open' });
    }),
    ...of('reconciled', 'unproven', 'open-obligation'),
  },
  {
    name: 'a row whose money cannot be read',
    day: withDay((day) => Object.assign(day.rows[0] as object, { amount: 'four hundred' })),
    ...of('reconciled', 'unproven', 'rule-error'),
  },
  {
    name: 'an invariant that cannot be evaluated',
    day: withDay(nothing, {
      outcome: { invariants: [{ ...outcomeBody.invariants[0], each: 'row.nothing > 1' }] },
    }),
    ...of('reconciled', 'unproven', 'rule-error'),
  },
  {
    name: 'rows that are withheld',
    day: () => {
      const day = honestDay().close();
      day.log.rows.clear();
      return day;
    },
    ...of('reconciled', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a channel that somebody owns who is not enrolled',
    day: withDay(nothing, { without: [who.paul] }),
    ...of('reconciled', 'unproven', 'owner-missing'),
  },
  {
    name: 'a channel that a simulated person owns',
    day: withDay(nothing, { simulated: [who.paul] }),
    ...of('reconciled', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'an orphan that was gone when the record was read again',
    day: () => {
      const day = honestDay();
      day.stray({ id: 'X1' });
      day.close();
      day.rows.pop();
      return day.close(dayEnd + 2 * hourMs);
    },
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'an orphan that got a call after it was seen',
    day: () => {
      const day = honestDay();
      day.pay('4130', '5.00', { at: at(23), row: true });
      const made = day.log.drafts.splice(-3);
      day.close();
      day.log.drafts.push(...made);
      day.log.renumber();
      const settled = day.log.drafts.at(-1)?.body ?? {};
      settled['intent'] = day.log.drafts.length - 2;
      return day.close();
    },
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'an effect that a call is dated after',
    day: () => {
      const day = honestDay();
      day.pay('4130', '5.00', { at: dayEnd + 60_000 });
      return day.close();
    },
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'an orphan that is out of the population since it was narrowed',
    day: () => {
      const day = honestDay();
      day.stray({ id: 'X1' });
      day.close();
      const population = `${populationSql} AND created_by = 'gateway'`;
      day.outcome({ reconcile: { ...outcomeBody.reconcile, population } }, dayEnd + 2 * hourMs);
      day.rows.pop();
      day.extract('population', population, day.rows, {}, dayEnd + 2 * hourMs);
      return day;
    },
    ...of('reconciled', 'violated', 'orphan'),
  },
  {
    name: 'a window that was found violated before',
    day: () => {
      const day = honestDay().close();
      const body = { outcome: 'supplier-payments', from: at(0), to: dayEnd, verdict: 'violated' };
      const more = { judgement: hashOf('j'), ledgerSize: 10 };
      day.declare('verdict.given', 'outcome/supplier-payments', { ...body, ...more }, dayEnd + hourMs);
      return day;
    },
    ...of('reconciled', 'violated', 'violated-before'),
  },
];
