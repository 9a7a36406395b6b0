// What is wrong in `surety.yaml`: each mistake with the exact text that a person reads.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { expect, test } from 'vitest';
import { edited, type Files, said } from './folder.fixture.ts';

const surety = 'surety.yaml';

const bad: [what: string, files: Files, rendered: string][] = [
  [
    'an unknown key',
    edited(surety, 'store: .surety', 'stoer: .surety'),
    `
surety.yaml:2:1: error: unknown key \`stoer\`
  2 | stoer: .surety
    | ^
  help: did you mean \`store\`?
`,
  ],
  [
    'a missing key',
    edited(surety, 'origin: acme.example/surety\n', ''),
    `
surety.yaml:1:1: error: \`origin\` is missing
  1 | listen: 127.0.0.1:7300
    | ^
  help: add \`origin\`: name of the log in its signed heads, such as \`acme.example/surety\`
`,
  ],
  [
    'an effect with a typo',
    edited(surety, 'effect: spend', 'effect: spned'),
    `
surety.yaml:9:30: error: \`effect\` is none of read, write, send, spend, delete, grant, execute: \`spned\`
  9 |   erp.pay_invoice: { effect: spned, money: { amount: args.amount, unit: major, currency: args.curren
    |                              ^
  help: did you mean \`spend\`?
`,
  ],
  [
    'a tool that spends without money',
    edited(surety, ', money: { amount: args.amount, unit: major, currency: args.currency } }', ' }'),
    `
surety.yaml:9:3: error: \`erp.pay_invoice\` spends, but nothing says how much
  9 |   erp.pay_invoice: { effect: spend }
    |   ^
  help: add \`money: { amount: args.<name>, unit: major, currency: args.<name> }\`
`,
  ],
  [
    'a default that writes',
    edited(surety, 'crm.*: { effect: read }', 'crm.*: { effect: write }'),
    `
surety.yaml:12:20: error: a default can only be \`read\`: \`write\`
  12 |   crm.*: { effect: write }
     |                    ^
  help: label each tool that does more than read by its own name
`,
  ],
  [
    'a tool of no server',
    edited(surety, 'erp.get_vendor', 'epr.get_vendor'),
    `
surety.yaml:11:3: error: server \`epr\` is not declared
  11 |   epr.get_vendor: { effect: read }
     |   ^
  help: did you mean \`erp\`?

policies/payables.cedar:4:70: error: unrecognized action \`Action::"erp.get_vendor"\`
  4 |   action in [Action::"erp.pay_invoice", Action::"erp.match_invoice", Action::"erp.get_vendor"],
    |                                                                      ^
  help: did you mean \`Action::"epr.get_vendor"\`?
`,
  ],
  [
    'a key that is none',
    edited(surety, 'keys: ["ed25519:11q', 'keys: ["ed25519:q'),
    `
surety.yaml:19:12: error: \`keys[0]\` is not a key: \`ed25519:qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\`
  19 |     keys: ["ed25519:qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
     |            ^
  help: write \`ed25519:\` and 32 bytes in base64, \`p256:\` and 65 (an uncompressed point), or a passkey as in docs/keys.md
`,
  ],
  [
    'one key under two names',
    edited(
      surety,
      'functions: [it], ',
      'functions: [it], keys: ["ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"], ',
    ),
    `
surety.yaml:20:57: error: the key is already that of \`treasurer@acme.example\`
  20 |   - { id: it-lead@acme.example, functions: [it], keys: ["ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwI
     |                                                         ^
  help: give each person a key of their own
`,
  ],
  [
    'a witness key with a wrong hash',
    edited(surety, '+4ac50073+', '+4ac50074+'),
    `
surety.yaml:27:44: error: the key is not that of a witness
  27 |   - { url: "https://witness.example", key: "witness.example+4ac50074+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwc
     |                                            ^
  help: copy the verifier key that the witness publishes: \`name+hash+base64\`, of type 4 (cosignature)
`,
  ],
  [
    'an amount that YAML makes a float',
    edited(surety, 'amount: 50000', 'amount: 50000.50'),
    `
surety.yaml:23:68: error: \`amount\` is not an amount: \`50000.5\`
  23 |   payables-clerk: { owner: it-lead@acme.example, budget: { amount: 50000.50, currency: USD, per: day
     |                                                                    ^
  help: write major units as an integer, or as a decimal in quotes, such as "49.90"
`,
  ],
  [
    'a budget in another currency',
    edited(surety, '50000, currency: USD', '50000, currency: EUR'),
    `
surety.yaml:23:85: error: the budget is in EUR, the outcomes in USD
  23 |   payables-clerk: { owner: it-lead@acme.example, budget: { amount: 50000, currency: EUR, per: day } 
     |                                                                                     ^
  help: use the currency of the outcome
`,
  ],
  [
    'a time zone that does not exist',
    edited(surety, 'Europe/Zurich', 'Europe/Zürich'),
    `
surety.yaml:3:12: error: there is no time zone \`Europe/Zürich\`
  3 | time-zone: Europe/Zürich
    |            ^
  help: did you mean \`Europe/Zurich\`?
`,
  ],
  [
    'an address without a scheme',
    edited(surety, 'https://crm.example/mcp', 'crm.example/mcp'),
    `
surety.yaml:7:16: error: \`http\` is not an http address: \`crm.example/mcp\`
  7 |   crm: { http: "crm.example/mcp", headers: { authorization: "Bearer \${CRM_TOKEN}" } }
    |                ^
  help: write \`https://host/path\`
`,
  ],
  [
    'two transports',
    edited(surety, 'stdio: [node, erp/server.ts]', 'stdio: [node], http: "https://x.example"'),
    `
surety.yaml:6:25: error: \`stdio\` and \`http\` exclude each other
  6 |   erp: { stdio: [node], http: "https://x.example", cwd: ., env: { ERP_DB: erp.db, TOKEN: "\${ERP_TOKE
    |                         ^
  help: keep the one that the server speaks
`,
  ],
  [
    'a secret in the file',
    edited(surety, 'Bearer ${CRM_TOKEN}', 'Bearer abc'),
    `
surety.yaml:7:54: warning: \`authorization\` looks like a secret written in the file
  7 |   crm: { http: "https://crm.example/mcp", headers: { authorization: "Bearer abc" } }
    |                                                      ^
  help: take it from the environment: \`\${NAME}\`
`,
  ],
  [
    'values of the wrong kind',
    edited(surety, 'people:\n', 'people:\n  - 4\n  - { id: 5, functions: x }\n'),
    `
surety.yaml:16:5: error: \`people[0]\` is not a list of \`key: value\`: \`4\`
  16 |   - 4
     |     ^
  help: see docs/configuration.md

surety.yaml:17:11: error: \`id\` is not a person: \`5\`
  17 |   - { id: 5, functions: x }
     |           ^
  help: write the name of a person as \`name@domain\`

surety.yaml:17:25: error: \`functions\` is not a list: \`x\`
  17 |   - { id: 5, functions: x }
     |                         ^
  help: the functions the person acts for
`,
  ],
  [
    'a secret where none is filled in',
    edited(surety, 'erp/server.ts]', '"${ERP_TOKEN}"]'),
    `
surety.yaml:6:24: error: \`\${...}\` is not filled in here
  6 |   erp: { stdio: [node, "\${ERP_TOKEN}"], cwd: ., env: { ERP_DB: erp.db, TOKEN: "\${ERP_TOKEN}" }, time
    |                        ^
  help: pass it to the command in \`env\`
`,
  ],
  [
    'headers for a command',
    edited(surety, 'cwd: .,', 'headers: { a: b },'),
    `
surety.yaml:6:40: error: \`headers\` belongs to \`http\`
  6 |   erp: { stdio: [node, erp/server.ts], headers: { a: b }, env: { ERP_DB: erp.db, TOKEN: "\${ERP_TOKEN
    |                                        ^
  help: remove it
`,
  ],
];

test.each(bad)('%s', async (_, files, rendered) => {
  expect(`\n${await said(files)}`).toBe(rendered);
});
