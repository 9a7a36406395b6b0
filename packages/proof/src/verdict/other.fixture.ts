// Days on which limits, owners, tests or the evidence are not as they should be.

import { successorDay } from '../succession.fixture.ts';
import { canonicalJson } from '../values/canonical.ts';
import { at, hashOf, outcomeBody, permit, ruleBodies, who } from '../verify.fixture.ts';
import {
  breach,
  channels,
  containOn,
  type DayCase,
  drill,
  nothing,
  of,
  pager,
  tell,
  withDay,
  withholdArgs,
} from './cases.fixture.ts';
import { erasedDays } from './erased.fixture.ts';

/** The payments' server is one whose calls never cross the gateway. */
export const decidedDay = withDay((day) => {
  const body = { server: 'erp', transport: 'decided', definition: hashOf('d') };
  day.declare('server.declared', 'server/erp', body, at(0));
});

export const otherDays: readonly DayCase[] = [
  {
    name: 'a limit that was exceeded',
    day: withDay(nothing, { clerk: { budget: { amountMinor: 1_000_000, currency: 'USD', per: 'day' } } }),
    ...of('bounded', 'violated', 'limit-exceeded'),
  },
  {
    name: 'a limit that was raised after it was exceeded',
    day: withDay(
      (day) => {
        day.identity('clerk', {}, at(20));
      },
      { clerk: { budget: { amountMinor: 1_000_000, currency: 'USD', per: 'day' } } },
    ),
    ...of('bounded', 'violated', 'limit-exceeded'),
  },
  {
    name: 'budgets above the appetite',
    day: withDay((day) => {
      day.identity('second');
      const cedar = {
        ...permit,
        principal: { op: 'All' },
        conditions: [{ kind: 'when', body: { Value: false } }],
      };
      const policy = { policy: 'others', hash: hashOf(canonicalJson(cedar)), cedar };
      day.declare('policy.activated', 'policy/others', policy);
    }),
    ...of('bounded', 'unproven', 'over-appetite'),
  },
  {
    name: 'an agent without a budget',
    day: withDay(nothing, { clerk: { budget: undefined } }),
    ...of('bounded', 'unproven', 'unbounded'),
  },
  {
    name: 'an agent that nobody enrolled',
    day: withDay(nothing, { without: ['clerk'] }),
    ...of('bounded', 'unproven', 'unbounded'),
    whole: 'violated',
  },
  {
    name: 'a payment whose label counts no money',
    day: withDay(nothing, { label: { money: undefined } }),
    ...of('bounded', 'unproven', 'unbounded'),
    whole: 'violated',
  },
  {
    name: 'a payment whose amount is withheld',
    day: withDay((day) => withholdArgs(day, 'c-4101')),
    ...of('bounded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a budget in another currency than the appetite',
    day: withDay(nothing, { clerk: { budget: { amountMinor: 5_000_000, currency: 'EUR', per: 'day' } } }),
    ...of('bounded', 'violated', 'limit-exceeded'),
  },
  {
    name: 'an owner whom nothing reaches on a breach',
    day: withDay((day) => void channels(day, { webhooks: [pager('legal', 'ines@acme.example')] }), {
      outcome: { onBreach: 'alert' },
    }),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'an owner who was to be told of changes only',
    day: withDay(
      (day) => void channels(day, { webhooks: [{ ...pager('owner', who.tove), of: ['change'] }] }),
      {
        outcome: { onBreach: 'alert' },
      },
    ),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'an owner who was not told of a breach',
    day: withDay(
      (day) => {
        channels(day);
        breach(day);
      },
      { outcome: { onBreach: 'alert' } },
    ),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'an owner whose mail was given up',
    day: withDay(
      (day) => {
        channels(day);
        tell(day, breach(day), { answer: 'given-up' });
      },
      { outcome: { onBreach: 'alert' } },
    ),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'a breach of which somebody else was told',
    day: withDay(
      (day) => {
        channels(day);
        tell(day, breach(day), { person: who.ines });
      },
      { outcome: { onBreach: 'alert' } },
    ),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'a breach of which the owner was not told, after one of which they were',
    day: withDay(
      (day) => {
        channels(day);
        tell(day, breach(day, undefined, 13));
        breach(day, [hashOf('another breach')], 16);
      },
      { outcome: { onBreach: 'alert' } },
    ),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'a breach on which nothing was contained',
    day: withDay((day) => void breach(day)),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'a breach that names nothing, after one that was contained',
    day: withDay((day) => {
      containOn(day, breach(day, undefined, 13));
      breach(day, 'unnamed', 16);
    }),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'a breach on which reads went on, though all was to be contained',
    day: withDay((day) => void containOn(day, breach(day)), { outcome: { onBreach: 'contain' } }),
    ...of('bounded', 'unproven', 'breach-unanswered'),
  },
  {
    name: 'an agent that nobody tried to contain',
    day: withDay(nothing),
    ...of('bounded', 'unproven', 'test-expired'),
  },
  {
    name: 'a drill that contained nobody',
    day: withDay((day) => void drill(day, 'not-enforced')),
    ...of('bounded', 'unproven', 'test-expired'),
  },
  {
    name: 'no appetite',
    day: withDay(nothing, { outcome: { appetite: undefined } }),
    ...of('bounded', 'unproven', 'appetite-missing'),
  },
  {
    name: 'an owner who is not enrolled',
    day: withDay(nothing, { without: [who.tove] }),
    ...of('owned', 'unproven', 'owner-missing'),
  },
  {
    name: 'functions that have not signed',
    day: withDay(nothing, { outcome: { evaluatedBy: ['legal'] } }),
    ...of('owned', 'unproven', 'assumption-unsigned'),
  },
  {
    name: 'a simulated owner',
    day: withDay(nothing, { simulated: [who.tove] }),
    ...of('owned', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'controls that nothing measured',
    day: withDay(nothing),
    ...of('tested', 'unproven', 'test-expired'),
  },
  {
    name: 'a number that a process skipped',
    day: withDay((day) => {
      for (const draft of day.log.drafts.slice(-3)) draft.emitterSeq += 1;
      day.log.emitter = 'second';
    }),
    ...of('recorded', 'unproven', 'sequence-gap'),
  },
  {
    name: 'a process that lost its tail',
    day: withDay((day) => {
      day.log.emitter = 'second';
      day.log.start(at(16), { tail: 'may-be-lost', predecessor: 'first' });
    }),
    ...of('recorded', 'unproven', 'sequence-gap'),
  },
  {
    name: 'a process that says its predecessor ended, though it did not',
    day: withDay((day) => {
      day.log.emitter = 'second';
      day.log.start(at(16), { tail: 'clean', predecessor: 'first' });
    }),
    ...of('recorded', 'unproven', 'sequence-gap'),
  },
  {
    name: 'a process that began without saying so',
    day: withDay((day) => {
      day.log.emitter = 'second';
    }),
    ...of('recorded', 'unproven', 'sequence-gap'),
  },
  {
    name: 'a log that went on under another name after a loss',
    day: successorDay,
    ...of('recorded', 'unproven', 'sequence-gap'),
  },
  {
    name: 'no witness',
    day: withDay(nothing, { witness: 'none' }),
    ...of('recorded', 'unproven', 'witness-missing'),
  },
  {
    name: "a witness on the operator's host",
    day: withDay(nothing, { witness: 'simulated', outcome: { needs: { ...outcomeBody.needs, rung: 'C2' } } }),
    ...of('recorded', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'a head that one seat of the quorum has not cosigned',
    day: withDay(nothing, { quorum: 'all', legal: 'away' }),
    ...of('recorded', 'unproven', 'witness-missing'),
  },
  {
    name: 'a quorum that nobody can read',
    day: withDay(
      (day) => {
        day.quorum('quorum seats', at(8));
      },
      { quorum: 'any', legal: 'real' },
    ),
    ...of('recorded', 'unproven', 'witness-missing'),
  },
  {
    name: 'a quorum lowered after the window began',
    day: withDay(
      (day) => {
        day.quorum(day.quorumText('any'), at(12));
      },
      { quorum: 'all', legal: 'away' },
    ),
    ...of('recorded', 'unproven', 'declaration-changed'),
  },
  {
    name: "a quorum that rests on the operator's host",
    day: withDay(nothing, {
      ...{ quorum: 'all', legal: 'simulated' },
      outcome: { needs: { ...outcomeBody.needs, rung: 'C2' } },
    }),
    ...of('recorded', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'an injected clock',
    day: withDay(nothing, { clock: 'injected', outcome: { needs: { ...outcomeBody.needs, rung: 'C2' } } }),
    ...of('recorded', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'a time long before those ahead of it',
    day: withDay((day) => {
      day.refuse('4199', at(7));
    }),
    ...of('recorded', 'unproven', 'time-backwards'),
  },
  {
    name: 'calls that never crossed the gateway',
    day: decidedDay,
    ...of('recorded', 'unproven', 'bypass-possible'),
  },
  {
    name: 'an intent of another guarded tool that nobody settled',
    day: withDay((day) => {
      const label = { tool: 'erp.close_month', effect: 'write' };
      day.declare('tool.labelled', 'tool/erp.close_month', label, at(8));
      const { approve: _, when: __, ...rule } = ruleBodies.fourEyes;
      day.rule({ ...rule, rule: 'closing', before: 'erp.close_month' });
      day.pay('4120', '1.00', { tool: 'erp.close_month', effect: 'write', how: 'open', at: at(12) });
    }),
    ...of('recorded', 'unproven', 'open-obligation'),
  },
  { name: 'ways past the gateway', day: withDay(nothing), ...of('recorded', 'unproven', 'bypass-possible') },
  ...erasedDays,
];
