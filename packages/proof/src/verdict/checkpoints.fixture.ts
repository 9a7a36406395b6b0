// Each thing that a checkpoint can ask, on two days: one on which it was done, and one, a step away, on which it was not.

import { type Called, did } from '../call.fixture.ts';
import { at, type Day, hourMs, who } from '../verify.fixture.ts';
import { type DayCase, nothing, of, withDay } from './cases.fixture.ts';

/** The one payment that the further checkpoint is about. */
const paid = '4120';
const extra = {
  ...{ outcome: 'supplier-payments', rule: 'extra', before: 'erp.pay_invoice', once: [], mode: 'deny' },
  when: `args.invoice_id == '${paid}'`,
};
const fitting = 'prior.args.invoice_id == args.invoice_id';
const same: readonly string[] = [];

let count = 0;
/** A read of the same case, unless it is said to be another. */
const call = (day: Day, tool: string, time: number, more: Partial<Called> = {}): void => {
  count += 1;
  const args = { invoice_id: paid };
  const own = { call: `x-${count}`, tool: `erp.${tool}`, args, at: time, isRead: true, user: who.sam };
  did(day.log, { ...own, ...more });
};
const pay = (day: Day, more: object = {}, invoice = paid) =>
  day.pay(invoice, '5.00', { at: at(12), ...more });

interface Pair {
  readonly name: string;
  readonly rule: object;
  readonly fine: (day: Day) => void;
  readonly bad: (day: Day) => void;
  readonly code?: DayCase['code'];
  readonly verdict?: 'violated' | 'unproven';
}

const order = { any: [{ call: 'erp.get_order', where: fitting, same }] };
const receipt = { any: [{ call: 'erp.get_receipt', where: fitting, same }] };
const needs = (requirement: object) => ({ requires: [requirement] });
const oneOf = (more: object) => needs({ any: [{ call: 'erp.get_order', same, ...more }] });
const changed = { call: 'erp.set_iban', where: fitting, same };
const most = (limit: object) => ({ limits: [{ call: 'erp.pay_invoice', same, most: 1, ...limit }] });
const then = (more: object = {}) => ({
  afterwards: [
    { call: 'erp.notify', where: 'next.args.invoice_id == args.invoice_id', same, withinMs: hourMs, ...more },
  ],
});

export const pairs: readonly Pair[] = [
  {
    name: 'one of two earlier calls that are asked, and not the other',
    rule: { requires: [order, receipt] },
    fine: (day) => {
      call(day, 'get_order', at(11));
      call(day, 'get_receipt', at(11));
    },
    bad: (day) => call(day, 'get_order', at(11)),
  },
  {
    name: 'neither of two earlier calls of which one is enough',
    rule: needs({ any: [...order.any, ...receipt.any] }),
    fine: (day) => call(day, 'get_receipt', at(11)),
    bad: (day) => call(day, 'get_order', at(11), { args: { invoice_id: '1' } }),
  },
  {
    name: 'an earlier call of another agent, where the same one is asked',
    rule: oneOf({ same: ['agent'] }),
    fine: (day) => call(day, 'get_order', at(11)),
    bad: (day) => call(day, 'get_order', at(11), { agent: 'other' }),
  },
  {
    name: 'an earlier call that is older than is asked',
    rule: oneOf({ withinMs: hourMs }),
    fine: (day) => call(day, 'get_order', at(11)),
    bad: (day) => call(day, 'get_order', at(11) - 1),
  },
  {
    name: 'an earlier call that is younger than is asked',
    rule: oneOf({ afterMs: hourMs }),
    fine: (day) => call(day, 'get_order', at(11)),
    bad: (day) => call(day, 'get_order', at(11) + 1),
  },
  {
    name: 'one earlier call where two are asked',
    rule: needs({ ...order, count: 2 }),
    fine: (day) => {
      call(day, 'get_order', at(10));
      call(day, 'get_order', at(11));
    },
    bad: (day) => call(day, 'get_order', at(11)),
  },
  {
    name: 'two earlier calls that do not fit one another',
    rule: {
      requires: [
        { as: 'order', ...order },
        { any: [{ call: 'erp.get_receipt', where: 'prior.result.count >= order.result.count', same }] },
      ],
    },
    fine: (day) => {
      call(day, 'get_order', at(11), { result: { count: 5 } });
      call(day, 'get_receipt', at(11), { result: { count: 5 } });
    },
    bad: (day) => {
      call(day, 'get_order', at(11), { result: { count: 5 } });
      call(day, 'get_receipt', at(11), { result: { count: 4 } });
    },
  },
  {
    name: 'two earlier calls in the wrong order',
    rule: {
      requires: [
        { as: 'order', ...order },
        { ...receipt, follows: 'order' },
      ],
    },
    fine: (day) => {
      call(day, 'get_order', at(11));
      call(day, 'get_receipt', at(11));
    },
    bad: (day) => {
      call(day, 'get_receipt', at(11));
      call(day, 'get_order', at(11));
    },
  },
  {
    name: 'an earlier call that served another payment',
    rule: {
      when: "args.amount == '5.00'",
      requires: [{ any: [{ call: 'erp.get_order', same }], once: true }],
    },
    fine: (day) => {
      call(day, 'get_order', at(11));
      call(day, 'get_order', at(11));
      pay(day, {}, '4121');
    },
    bad: (day) => {
      call(day, 'get_order', at(11));
      pay(day, {}, '4121');
    },
  },
  {
    name: 'a forbidden call before it, which nobody knows the outcome of',
    rule: { forbids: [{ call: 'erp.set_iban', same }] },
    fine: (day) => call(day, 'set_iban', at(11), { isRead: false, how: 'none' }),
    bad: (day) => call(day, 'set_iban', at(11), { isRead: false, how: 'open' }),
  },
  {
    name: 'a forbidden call that fits',
    rule: { forbids: [changed] },
    fine: (day) => call(day, 'set_iban', at(11), { args: { invoice_id: '1' } }),
    bad: (day) => call(day, 'set_iban', at(11)),
  },
  {
    name: 'a forbidden call of the same case',
    rule: { forbids: [{ call: 'erp.set_iban', same: ['case'] }] },
    fine: (day) => call(day, 'set_iban', at(11), { case: 'k9' }),
    bad: (day) => call(day, 'set_iban', at(11)),
  },
  {
    name: 'a forbidden call that is not old enough to be forgotten',
    rule: { forbids: [{ call: 'erp.set_iban', same, withinMs: hourMs }] },
    fine: (day) => call(day, 'set_iban', at(11) - 1),
    bad: (day) => call(day, 'set_iban', at(11)),
  },
  {
    name: 'a forbidden call since the evidence',
    rule: { requires: [{ as: 'order', ...order }], forbids: [{ ...changed, since: 'order' }] },
    fine: (day) => {
      call(day, 'set_iban', at(11));
      call(day, 'get_order', at(11));
    },
    bad: (day) => {
      call(day, 'get_order', at(11));
      call(day, 'set_iban', at(11));
    },
  },
  {
    name: 'a forbidden call that nothing has ended',
    rule: {
      forbids: [
        { call: 'erp.set_iban', same, until: [{ call: 'erp.call_back', where: fitting, same: ['user'] }] },
      ],
    },
    fine: (day) => {
      call(day, 'set_iban', at(11));
      call(day, 'call_back', at(11));
    },
    bad: (day) => {
      call(day, 'call_back', at(10));
      call(day, 'set_iban', at(11));
      call(day, 'call_back', at(11), { args: { invoice_id: '1' } });
      call(day, 'call_back', at(11), { user: who.ines });
    },
  },
  {
    name: 'a forbidden call of which nobody can tell whether it fits',
    rule: { forbids: [{ call: 'erp.set_iban', where: 'prior.args.nothing == 1', same }] },
    fine: nothing,
    bad: (day) => call(day, 'set_iban', at(11)),
    ...{ code: 'rule-error', verdict: 'unproven' },
  },
  {
    name: 'one call more than a limit allows',
    rule: most({ where: "prior.args.amount == '5.00'" }),
    fine: nothing,
    bad: (day) => pay(day, { at: at(8, 30) }, '4121'),
  },
  {
    name: 'one call more than a limit allows for the same user',
    rule: most({ where: "prior.args.amount == '5.00'", same: ['user'] }),
    fine: (day) => pay(day, { at: at(8, 30), user: undefined, case: 'k9' }, '4121'),
    bad: (day) => pay(day, { at: at(8, 30) }, '4121'),
  },
  {
    name: 'one call more than a limit allows within an hour',
    rule: most({ where: "prior.args.amount == '5.00'", withinMs: hourMs }),
    fine: (day) => pay(day, { at: at(11) - 1 }, '4121'),
    bad: (day) => pay(day, { at: at(11) }, '4121'),
  },
  {
    name: 'a cent more than a limit allows in all',
    rule: {
      limits: [
        {
          call: 'erp.pay_invoice',
          where: "prior.args.amount.startsWith('5.0')",
          same,
          sum: 'prior.money',
          most: 1_000,
        },
      ],
    },
    fine: (day) => day.pay('4121', '5.00', { at: at(11) }),
    bad: (day) => day.pay('4121', '5.01', { at: at(11) }),
  },
  {
    name: 'one person behind two calls that must be apart',
    rule: { requires: [{ as: 'order', ...order }], apart: [['this.user', 'order.user']] },
    fine: (day) => call(day, 'get_order', at(11), { user: who.ines }),
    bad: (day) => call(day, 'get_order', at(11)),
  },
  {
    name: 'a second account of one person behind two calls that must be apart',
    rule: { requires: [{ as: 'order', ...order }], apart: [['this.user', 'order.user']] },
    fine: (day) => call(day, 'get_order', at(11), { user: who.paul }),
    bad: (day) => call(day, 'get_order', at(11), { user: 'sam.private@acme.example' }),
  },
  {
    name: 'nobody known behind a call that must be apart',
    rule: { requires: [{ as: 'order', ...order }], apart: [['this.user', 'order.user']] },
    fine: (day) => call(day, 'get_order', at(11), { user: who.paul }),
    bad: (day) => call(day, 'get_order', at(11), { user: undefined }),
  },
  {
    name: 'an agent behind which its owner stands, who must be apart',
    rule: { requires: [{ as: 'order', ...order }], apart: [['this', 'order.user']] },
    fine: (day) => call(day, 'get_order', at(11), { user: who.paul }),
    bad: (day) => call(day, 'get_order', at(11), { user: who.lena }),
  },
  {
    name: 'an approval by somebody who stands behind the evidence',
    rule: {
      requires: [{ as: 'order', ...order }],
      approve: { function: 'finance', count: 1, not: [] },
      apart: [['approvers', 'order.user']],
      mode: 'hold',
    },
    fine: (day) => {
      call(day, 'get_order', at(11), { user: who.paul });
      day.approve(paid, '5.00', { at: at(11), rule: day.hashOfRule('extra') });
    },
    bad: (day) => {
      call(day, 'get_order', at(11), { user: who.ines });
      day.approve(paid, '5.00', { at: at(11), rule: day.hashOfRule('extra') });
    },
  },
  {
    name: 'nothing that follows, in time',
    rule: then(),
    fine: (day) => {
      pay(day);
      call(day, 'notify', at(13));
    },
    bad: (day) => {
      pay(day);
      call(day, 'notify', at(13) + 1);
    },
    code: 'follow-up-missed',
  },
  {
    name: 'something that follows for another',
    rule: then({ same: ['user'] }),
    fine: (day) => {
      pay(day);
      call(day, 'notify', at(13));
    },
    bad: (day) => {
      pay(day);
      call(day, 'notify', at(12, 30), { args: { invoice_id: '1' } });
      call(day, 'notify', at(12, 30), { user: who.ines });
    },
    code: 'follow-up-missed',
  },
  {
    name: 'something that must follow and still can',
    rule: then({ withinMs: 48 * hourMs }),
    fine: (day) => {
      pay(day);
      call(day, 'notify', at(13));
    },
    bad: (day) => pay(day),
    ...{ code: 'follow-up-pending', verdict: 'unproven' },
  },
  {
    name: 'something that must follow by a rule that only observes',
    rule: { ...then(), mode: 'observe' },
    fine: (day) => {
      pay(day);
      call(day, 'notify', at(13));
    },
    bad: (day) => pay(day),
    ...{ code: 'observed', verdict: 'unproven' },
  },
];

const made = ({ rule }: Pair, happens: (day: Day) => void) =>
  withDay(
    (day) => {
      happens(day);
      if (!('afterwards' in rule)) pay(day);
    },
    { rules: [{ ...extra, ...rule }], accounts: { [who.sam]: ['sam.private@acme.example'] } },
  );

/** The same days on which it was done. */
export const fineDays = pairs.map((pair) => ({ name: pair.name, day: made(pair, pair.fine) }));

export const checkpointDays: readonly DayCase[] = [
  ...pairs.map(
    (pair): DayCase => ({
      name: pair.name,
      day: made(pair, pair.bad),
      ...of('guarded', pair.verdict ?? 'violated', pair.code ?? 'checkpoint-passed-over'),
    }),
  ),
  {
    name: 'something that should have followed, withheld',
    day: withDay(
      (day) => {
        pay(day);
        call(day, 'notify', at(13));
        const last = day.log.drafts.at(-1)?.body['args'] as string[];
        day.log.forget(last);
      },
      { rules: [{ ...extra, ...then() }] },
    ),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a forbidden call whose arguments are withheld',
    day: withDay(
      (day) => {
        call(day, 'set_iban', at(11));
        day.log.forget(day.log.drafts.at(-1)?.body['args'] as string[]);
        pay(day);
      },
      { rules: [{ ...extra, forbids: [changed] }] },
    ),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'an approval by a second account of the requester',
    day: withDay(
      (day) => {
        const key = day.keys['lena'];
        day.approve('4121', '20000.00', { at: at(12), person: who.lena, ...(key && { key }) });
        day.pay('4121', '20000.00', { at: at(12, 30) });
      },
      {
        accounts: { [who.lena]: [who.sam] },
        fourEyes: { approve: { function: 'finance', count: 1, not: ['requester'] } },
      },
    ),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
];
