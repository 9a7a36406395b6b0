// What is wrong in an outcome file: each mistake with the exact text that a person reads.

import { expect, test } from 'vitest';
import { edited, type Files, said, sample, textOf } from './folder.fixture.ts';

const surety = 'surety.yaml';
const outcome = 'outcomes/supplier-payments.yaml';

const bad: [what: string, files: Files, rendered: string][] = [
  [
    'an amount that its currency cannot express',
    edited(outcome, 'amount: 2000000', 'amount: "0.001"'),
    `
outcomes/supplier-payments.yaml:4:21: error: not an exact amount: \`0.001\` USD is no whole number of minor units
  4 | at-stake: { amount: "0.001", currency: USD }
    |                     ^
  help: write what USD can express
`,
  ],
  [
    'two currencies',
    edited(outcome, 'amount: 50000, currency: USD', 'amount: 50000, currency: EUR'),
    `
outcomes/supplier-payments.yaml:5:38: error: the appetite is in EUR, the outcome in USD
  5 | appetite: { amount: 50000, currency: EUR, per: day }
    |                                      ^
  help: use one currency in an outcome
`,
  ],
  [
    'an owner whom nobody knows',
    edited(outcome, 'owner: treasurer@acme', 'owner: tresurer@acme'),
    `
outcomes/supplier-payments.yaml:3:8: error: person \`tresurer@acme.example\` is not declared
  3 | owner: tresurer@acme.example
    |        ^
  help: did you mean \`treasurer@acme.example\`?
`,
  ],
  [
    'a function that nobody has',
    edited(outcome, 'function: finance', 'function: financ'),
    `
outcomes/supplier-payments.yaml:18:26: error: function \`financ\` is not declared
  18 |     approve: { function: financ, count: 1, not: [requester, agent-owner] }
     |                          ^
  help: did you mean \`finance\`?
`,
  ],
  [
    'more approvers than people',
    edited(outcome, 'count: 1', 'count: 2'),
    `
outcomes/supplier-payments.yaml:18:42: error: 2 must approve, but 1 person has the function \`finance\`
  18 |     approve: { function: finance, count: 2, not: [requester, agent-owner] }
     |                                          ^
  help: ask fewer, or add people
`,
  ],
  [
    'a tool without a label',
    edited(outcome, 'call: erp.match_invoice', 'call: erp.match_invoices'),
    `
outcomes/supplier-payments.yaml:10:13: error: tool \`erp.match_invoices\` is not declared
  10 |       call: erp.match_invoices
     |             ^
  help: did you mean \`erp.match_invoice\`?
`,
  ],
  [
    'a record that is not declared',
    edited(outcome, 'record: erp', 'record: crp'),
    `
outcomes/supplier-payments.yaml:20:11: error: record \`crp\` is not declared
  20 |   record: crp
     |           ^
  help: did you mean \`erp\`?
`,
  ],
  [
    'a population without its window',
    edited(outcome, 'AND created_at < :to', 'AND created_at < now()'),
    `
outcomes/supplier-payments.yaml:21:15: error: the population does not use :to
  21 |   population: >-
     |               ^
  help: select the rows with \`created_at >= :from AND created_at < :to\`
`,
  ],
  [
    'a duration in words',
    edited(outcome, 'within: 30d', 'within: 30 days'),
    `
outcomes/supplier-payments.yaml:13:13: error: \`within\` is not a duration: \`30 days\`
  13 |     within: 30 days
     |             ^
  help: write whole days, hours, minutes or seconds, such as \`30d\` or \`1h 15m\`
`,
  ],
  [
    'an approval for what is denied',
    edited(outcome, 'not: [requester, agent-owner] }', 'not: [requester, agent-owner] }\n    mode: deny'),
    `
outcomes/supplier-payments.yaml:19:11: error: a denied call is never held, so nobody could approve it
  19 |     mode: deny
     |           ^
  help: write \`hold\`, or remove \`approve\`
`,
  ],
  [
    'a checkpoint that asks for nothing',
    edited(outcome, '    approve: { function: finance, count: 1, not: [requester, agent-owner] }\n', ''),
    `
outcomes/supplier-payments.yaml:15:5: error: the checkpoint \`four-eyes\` asks for nothing, so it always passes
  15 |   - id: four-eyes
     |     ^
  help: add \`require\`, \`approve\` or \`once\`
`,
  ],
  [
    'a checkpoint before a read',
    edited(
      outcome,
      '  - id: four-eyes\n    before: erp.pay_invoice\n    when: "money > 1000000"',
      '  - id: four-eyes\n    before: erp.get_vendor',
    ),
    `
outcomes/supplier-payments.yaml:16:13: warning: \`erp.get_vendor\` only reads: a checkpoint before it protects nothing
  16 |     before: erp.get_vendor
     |             ^
  help: name a tool that does something, or correct its \`effect\`
`,
  ],
  [
    'keys that are not enforced yet',
    edited(
      outcome,
      'needs: {',
      'evaluated-by: [finance]\negress: { bank: [erp] }\non-breach: alert\nneeds: {',
    ),
    `
outcomes/supplier-payments.yaml:32:1: warning: \`evaluated-by\` is not enforced yet: \`owned\` stays unproven
  32 | evaluated-by: [finance]
     | ^
  help: keep it as what you want, or remove it to answer without it

outcomes/supplier-payments.yaml:33:1: warning: \`egress\` is not enforced yet: \`guarded\` stays unproven
  33 | egress: { bank: [erp] }
     | ^
  help: keep it as what you want, or remove it to answer without it

outcomes/supplier-payments.yaml:34:1: warning: nothing would tell the owner of a breach: \`bounded\` stays unproven
  34 | on-breach: alert
     | ^
  help: say in \`notify\` how they are told; or write \`hold\` or \`contain\`
`,
  ],
  [
    'origins that nothing can have, and those of a tool that reads',
    edited(
      outcome,
      'needs: {',
      'arguments:\n  erp.pay_invoice: { iban: [record] }\n  erp.get_vendor: {}\nneeds: {',
    ),
    `
outcomes/supplier-payments.yaml:33:22: warning: nobody vouches for any field of a result, so no \`iban\` passes
  33 |   erp.pay_invoice: { iban: [record] }
     |                      ^
  help: label the results of the tools that read the record: \`results: { iban: record }\`

outcomes/supplier-payments.yaml:34:3: warning: \`erp.get_vendor\` only reads: where its arguments came from is not recorded
  34 |   erp.get_vendor: {}
     |   ^
  help: name a tool that does something, or correct its \`effect\`: what leaves for an outsider is \`send\`
`,
  ],
  [
    'a mode of origins that nobody asks for',
    edited(outcome, 'needs: {', 'arguments-mode: observe\nneeds: {'),
    `
outcomes/supplier-payments.yaml:32:1: error: \`arguments-mode\` belongs to \`arguments\`
  32 | arguments-mode: observe
     | ^
  help: say where arguments may come from
`,
  ],
  [
    'money without a currency',
    edited(
      outcome,
      'at-stake: { amount: 2000000, currency: USD }\nappetite: { amount: 50000, currency: USD, per: day }\n',
      '',
    ),
    `
outcomes/supplier-payments.yaml:15:11: error: the rule counts money, but the outcome has no currency
  15 |     when: "money > 1000000"
     |           ^
  help: add \`at-stake: { amount: ..., currency: ... }\`

outcomes/supplier-payments.yaml:25:51: error: \`money\` is matched, but the outcome has no currency
  25 |     match: { invoice_id: args.invoice_id, amount: money }
     |                                                   ^
  help: add \`at-stake: { amount: ..., currency: ... }\`
`,
  ],
  [
    'two files with one outcome',
    { ...sample, 'outcomes/z.yaml': textOf(outcome) },
    `
outcomes/z.yaml:1:10: error: the outcome \`supplier-payments\` is already in outcomes/supplier-payments.yaml
  1 | outcome: supplier-payments
    |          ^
  help: choose another name
`,
  ],
  [
    'all mistakes at once',
    {
      ...edited(surety, 'effect: spend', 'effect: spned'),
      [outcome]: textOf(outcome)
        .replace('owner: treas', 'ownr: treas')
        .replace('within: 30d', 'within: x')
        .replace('erp.match_invoice', 'erp.match_invoic')
        .replace('finance', 'finances'),
    },
    `
surety.yaml:9:30: error: \`effect\` is none of read, write, send, spend, delete, grant, execute: \`spned\`
  9 |   erp.pay_invoice: { effect: spned, money: { amount: args.amount, unit: major, currency: args.curren
    |                              ^
  help: did you mean \`spend\`?

outcomes/supplier-payments.yaml:1:1: error: \`owner\` is missing
  1 | outcome: supplier-payments
    | ^
  help: add \`owner\`: the one person who answers for it

outcomes/supplier-payments.yaml:3:1: error: unknown key \`ownr\`
  3 | ownr: treasurer@acme.example
    | ^
  help: did you mean \`owner\`?

outcomes/supplier-payments.yaml:13:13: error: \`within\` is not a duration: \`x\`
  13 |     within: x
     |             ^
  help: write whole days, hours, minutes or seconds, such as \`30d\` or \`1h 15m\`
`,
  ],
];

test.each(bad)('%s', async (_, files, rendered) => {
  expect(`\n${await said(files)}`).toBe(rendered);
});
