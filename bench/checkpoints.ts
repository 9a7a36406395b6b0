// How fast recorded calls are held against checkpoints offline: `npm run bench checkpoints [-- --events 1000000]`. The
// evaluator and the history of the verifier, without parsing, hashing or signatures: what one more checkpoint costs.

import type { Rule } from '@surety/proof/facts';
import { compileRule, History, judgeCheckpoint, type PendingCall } from '@surety/proof/rules';
import { Disk, scratchFolder } from './rig/disk.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { median } from './rig/statistics.ts';

const options = asked(['events', 'rounds']);
const events = options.number('events', options.quick ? 20_000 : 1_000_000);
const rounds = options.number('rounds', options.quick ? 1 : 3);
/** Events of one payment: order, receipt, match, the payment let through, the payment settled. */
const perPayment = 5;
const hash = 'A'.repeat(43);
const same: readonly [] = [];
const dayMs = 86_400_000;

const base = { outcome: 'o', before: 'erp.pay', hash, once: [], mode: 'deny' } as const;
const where = 'prior.args.po == args.po';
const rules: Readonly<Record<string, Partial<Rule>>> = {
  matched: { requires: [{ any: [{ call: 'erp.match', where, same }] }] },
  'three-way': {
    requires: [
      { as: 'order', any: [{ call: 'erp.order', where, same }] },
      {
        any: [{ call: 'erp.receipt', where: `${where} && prior.result.count >= order.result.count`, same }],
        follows: 'order',
      },
    ],
    apart: [['this.user', 'order.user']],
  },
  'cooling-off': {
    forbids: [{ call: 'erp.order', where: `${where} && prior.args.urgent`, same, withinMs: dayMs }],
  },
  limited: {
    limits: [
      { call: 'erp.pay', where: 'prior.args.vendor == args.vendor', same, withinMs: dayMs, most: 1_000 },
    ],
  },
};

/** Seconds for the whole trace under these rules. */
function secondsOf(asked: readonly Partial<Rule>[]): number {
  const compiled = asked.map((rule, index) => compileRule({ ...base, rule: `r-${index}`, ...rule }));
  const history = new History();
  history.watch(compiled);
  let passed = 0;
  const payments = Math.floor(events / perPayment);
  const from = process.hrtime.bigint();
  for (let number = 0; number < payments; number += 1) {
    const position = number * perPayment;
    const at = number * 1_000;
    const who = { agent: 'clerk', user: 'ann@bench.example', case: 'k', owner: 'lena@bench.example' };
    const args = { po: `PO-${number}`, vendor: `V-${number % 10_000}`, urgent: false };
    for (const [index, tool] of ['erp.order', 'erp.receipt', 'erp.match'].entries()) {
      const call = {
        ...who,
        user: 'bob@bench.example',
        tool,
        args,
        withheld: false,
        position: position + index,
      };
      history.add({ ...call, settledAt: at, result: { count: 3 } });
      if (tool === 'erp.order')
        history.passages.add({ ...call, at, money: undefined, settled: call.position });
    }
    const pending: PendingCall = {
      ...{
        ...who,
        tool: 'erp.pay',
        args,
        money: undefined,
        currency: undefined,
        action: '',
        withheld: false,
      },
      ...{ at, agentOwner: who.owner },
    };
    for (const each of compiled)
      if (judgeCheckpoint(each, pending, { history, offers: [] }).answer === 'passed') passed += 1;
    history.passages.add({ ...pending, position: position + 3, settled: position + 4 });
    history.add({ ...pending, ...who, position: position + 4, settledAt: at, result: {} });
  }
  const took = Number(process.hrtime.bigint() - from) / 1e9;
  if (passed !== payments * compiled.length)
    throw new Error(`${passed} passed of ${payments * compiled.length}`);
  return took;
}

const scratch = scratchFolder();
const disk = new Disk(scratch);
say(`checkpoints: ${events.toLocaleString('en-US')} events, ${rounds} rounds`);
const subjects = {
  none: [],
  ...Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, [rule]])),
  all: Object.values(rules),
};
const seconds = new Map<string, number[]>(Object.keys(subjects).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, asked] of Object.entries(subjects)) seconds.get(name)?.push(secondsOf(asked));
  disk.syncs(20);
}
publish(
  {
    bench: 'checkpoints',
    ran: ['checkpoint'],
    conditions: [
      `${events.toLocaleString('en-US')} events: for each payment an order, a receipt, a match, its intent and its settlement; 10,000 vendors`,
      `${rounds} interleaved rounds, medians; every payment passes`,
    ],
    sections: Object.keys(subjects).map((name) => {
      const took = median(seconds.get(name) ?? []);
      const figures: Figure[] = [
        figure(`${name}-events-per-s`, events / took, 'events', '>= 1,000,000'),
        figure(`${name}-s`, took, 'the whole trace'),
      ];
      const titles: Readonly<Record<string, string>> = { none: 'no checkpoint', all: 'all of them' };
      return { title: titles[name] ?? name, figures };
    }),
  },
  disk,
  scratch,
  options.json,
);
