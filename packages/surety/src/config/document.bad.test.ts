// Files that are not the YAML that is taken here: each with the exact text that a person reads.

import { expect, test } from 'vitest';
import { edited, type Files, said, sample } from './folder.fixture.ts';

const surety = 'surety.yaml';
const outcome = 'outcomes/supplier-payments.yaml';

const bad: [what: string, files: Files, rendered: string][] = [
  [
    'a key that stands twice',
    edited(surety, 'store: .surety', 'listen: a:1'),
    `
surety.yaml:2:1: error: \`listen\` stands here twice
  2 | listen: a:1
    | ^
  help: keep one of the two
`,
  ],
  [
    'an anchor and an alias',
    edited(surety, '{ owner: it-lead@acme.example }', '&x { owner: it-lead@acme.example }\n  other: *x'),
    `
surety.yaml:25:21: error: an anchor (\`&\`) is not allowed
  25 |   payables-desk: &x { owner: it-lead@acme.example }
     |                     ^
  help: write the value out where it is used

surety.yaml:26:10: error: an alias (\`*\`) is not allowed
  26 |   other: *x
     |          ^
  help: write the value out
`,
  ],
  [
    'a tag',
    edited(surety, 'store: .surety', 'store: !!str .surety'),
    `
surety.yaml:2:14: error: a tag (\`!\`) is not allowed
  2 | store: !!str .surety
    |              ^
  help: remove it: the schema knows the type
`,
  ],
  [
    'a merge key',
    edited(surety, 'store: .surety', '<<: { store: .surety }'),
    `
surety.yaml:2:1: error: a merge key (\`<<\`) is not allowed
  2 | <<: { store: .surety }
    | ^
  help: write the values out
`,
  ],
  [
    'two documents',
    edited(surety, 'store: .surety', '---\nstore: .surety'),
    `
surety.yaml:2:1: error: more than one document in the file
  2 | ---
    | ^
  help: remove the \`---\` line, or split the file
`,
  ],
  [
    'an open quote',
    edited(surety, 'store: .surety', 'store: "x'),
    `
surety.yaml:2:10: error: not YAML: missing closing "quote
  2 | store: "x
    |          ^
  help: correct the line, or put the value in quotes
`,
  ],
  [
    'a tab',
    edited(surety, 'servers:\n  erp', 'servers:\n\terp'),
    `
surety.yaml:6:1: error: a tab indents this line
  6 | 	erp: { stdio: [node, erp/server.ts], cwd: ., env: { ERP_DB: erp.db, TOKEN: "\${ERP_TOKEN}" }, timeou
    | ^
  help: indent with spaces

surety.yaml:7:1: error: not YAML: all mapping items must start at the same column
  7 |   crm: { http: "https://crm.example/mcp", headers: { authorization: "Bearer \${CRM_TOKEN}" } }
    | ^
  help: correct the line, or put the value in quotes
`,
  ],
  [
    'an empty file',
    { ...sample, [surety]: '' },
    `
surety.yaml:1:1: error: the file is empty
  help: start with a key, such as \`origin:\`
`,
  ],
  [
    'an outcome of comments',
    { ...sample, [outcome]: '# nothing\n' },
    `
outcomes/supplier-payments.yaml:1:1: error: the file is empty
  1 | # nothing
    | ^
  help: start with a key, such as \`origin:\`
`,
  ],
  [
    'a list',
    { ...sample, [surety]: '- a\n' },
    `
surety.yaml:1:1: error: the file is not a list of \`key: value\`
  1 | - a
    | ^
  help: start with a key, such as \`origin:\`
`,
  ],
  [
    'no file',
    {},
    `
surety.yaml:1:1: error: no such file
  help: create it, or run \`surety init\`
`,
  ],
  [
    'keys that would reach a prototype',
    edited(surety, 'store: .surety', '__proto__: {a: 1}\nconstructor: {b: 1}'),
    `
surety.yaml:2:1: error: a key is not plain text
  2 | __proto__: {a: 1}
    | ^
  help: write the key as a word, or in quotes

surety.yaml:3:1: error: unknown key \`constructor\`
  3 | constructor: {b: 1}
    | ^
  help: known here: listen, names, tls, limits, telemetry, pages, store, ledger, time-zone, origin, servers, tools, records, people, agents, applications, witnesses, quorum, containment, contracts, notify, seeds, passkeys, policies, outcomes
`,
  ],
  [
    'a pattern that leaves the folder',
    edited(surety, 'outcomes/*.yaml', '../x/*.yaml'),
    `
surety.yaml:29:12: error: the pattern \`../x/*.yaml\` is not supported
  29 | outcomes: [../x/*.yaml]
     |            ^
  help: write a path below this folder with \`*\` in its last part only, such as \`outcomes/*.yaml\`
`,
  ],
  [
    'a pattern that matches nothing',
    edited(surety, 'outcomes/*.yaml', 'outcome/*.yaml'),
    `
surety.yaml:29:12: error: no file matches \`outcome/*.yaml\`
  29 | outcomes: [outcome/*.yaml]
     |            ^
  help: create one, or correct the pattern
`,
  ],
];

test.each(bad)('%s', async (_, files, rendered) => {
  expect(`\n${await said(files)}`).toBe(rendered);
});
