// What is wrong in a policy: each mistake with the exact text that a person reads.

import { expect, test } from 'vitest';
import { edited, type Files, said, sample, textOf } from './folder.fixture.ts';

const policies = 'policies/payables.cedar';

const bad: [what: string, files: Files, rendered: string][] = [
  [
    'a syntax error',
    edited(policies, 'principal == Agent', 'principal = Agent'),
    `
policies/payables.cedar:3:3: error: '=' is not a valid operator in Cedar
  3 |   principal = Agent::"payables-clerk",
    |   ^
  help: try using '==' instead
`,
  ],
  [
    'an action that is not a labelled tool',
    edited(policies, 'Action::"erp.get_vendor"', 'Action::"erp.get_vendors"'),
    `
policies/payables.cedar:4:70: error: unrecognized action \`Action::"erp.get_vendors"\`
  4 |   action in [Action::"erp.pay_invoice", Action::"erp.match_invoice", Action::"erp.get_vendors"],
    |                                                                      ^
  help: did you mean \`Action::"erp.get_vendor"\`?
`,
  ],
  [
    'an optional value that is not tested for',
    edited(policies, 'context has money && ', ''),
    `
policies/payables.cedar:10:10: error: unable to guarantee safety of access to optional attribute \`money\` in context for Action::"erp.pay_invoice"
  10 | unless { context.money.currency == "USD" };
     |          ^
  help: try testing for the attribute's presence with \`context has money && ..\`
`,
  ],
  [
    'a permission for a server that is not declared',
    edited(policies, 'Server::"erp"', 'Server::"epr"'),
    `
policies/payables.cedar:5:23: warning: server \`epr\` is not declared
  5 |   resource in Server::"epr"
    |                       ^
  help: declare it in surety.yaml, or correct the name
`,
  ],
  [
    'a prohibition for an agent that is not declared',
    edited(policies, 'forbid (principal,', 'forbid (principal == Agent::"payables-clark",'),
    `
policies/payables.cedar:9:29: error: agent \`payables-clark\` is not declared
  9 | forbid (principal == Agent::"payables-clark", action == Action::"erp.pay_invoice", resource)
    |                             ^
  help: declare it in surety.yaml, or correct the name
`,
  ],
  [
    'two policies with one name',
    edited(policies, '"dollars-only"', '"payables"'),
    `
policies/payables.cedar:8:1: error: two policies are named \`payables\`
  8 | @id("payables")
    | ^
  help: give each its own \`@id\`
`,
  ],
  [
    'a number that JSON cannot hold',
    edited(policies, 'context.money.currency == "USD"', 'context.money.amountMinor < 9007199254740993'),
    `
policies/payables.cedar:8:1: error: a number is too large to be exact
  8 | @id("dollars-only")
    | ^
  help: stay below 9007199254740992
`,
  ],
  [
    'a template',
    edited(policies, 'principal == Agent::"payables-clerk"', 'principal == ?principal'),
    `
policies/payables.cedar:3:16: error: expected a static policy, got a template containing the slot ?principal
  3 |   principal == ?principal,
    |                ^
  help: try removing the template slot(s) from this policy
`,
  ],
  [
    'a policy that nothing ends',
    { ...sample, [policies]: textOf(policies).trimEnd().slice(0, -1) },
    `
policies/payables.cedar:10:64: error: unexpected end of input
  10 | unless { context has money && context.money.currency == "USD" }
     |                                                                ^
  help: expected \`;\` or identifier
`,
  ],
  [
    'an error behind letters of several bytes',
    edited(policies, 'context has money && context', '"größer €" != "—" && context'),
    `
policies/payables.cedar:10:31: error: unable to guarantee safety of access to optional attribute \`money\` in context for Action::"erp.pay_invoice"
  10 | unless { "größer €" != "—" && context.money.currency == "USD" };
     |                               ^
  help: try testing for the attribute's presence with \`context has money && ..\`
`,
  ],
];

test.each(bad)('%s', async (_, files, rendered) => {
  expect(`\n${await said(files)}`).toBe(rendered);
});
