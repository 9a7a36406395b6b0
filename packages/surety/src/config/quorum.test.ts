// The operator's quorum file: read with positions, and never one that no head could reach without somebody noticing.

import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edited, type Files, folderOf, said, sample, sampleEnv, textOf } from './folder.fixture.ts';
import { loadConfig } from './load.ts';

const policy = textOf('heads.policy');
const withPolicy = (text: string): Files => ({ ...sample, 'heads.policy': text });

test('enters the ledger as it stands, and the seat with its witness', async () => {
  const folder = folderOf(sample);
  const loaded = await loadConfig(folder, sampleEnv);
  rmSync(folder, { recursive: true });
  if (!loaded.ok) throw new Error('the sample has errors');
  const { declarations, quorum } = loaded.config;
  const body = (stream: string) => declarations.find((each) => each.stream === stream)?.body;
  expect(body('quorum/heads')).toEqual({ policy });
  expect(body('witness/witness.example')).toMatchObject({ seat: 'finance', simulated: false });
  expect(quorum?.policy.quorum).toBe('finance');
});

const other = 'other.example+c4103ace+BAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI';
const bad: readonly (readonly [name: string, files: Files, rendered: string])[] = [
  [
    'a line that no policy has',
    withPolicy(policy.replace('quorum finance', 'quorum finances')),
    `
heads.policy:3:1: error: \`finances\` is no witness or group above this line
  3 | quorum finances
    | ^
  help: write it as the C2SP tlog-policy says: docs/proof.md#the-trust-file
`,
  ],
  [
    'a file that is not there',
    edited('surety.yaml', 'quorum: heads.policy', 'quorum: no.policy'),
    `
no.policy:1:1: error: no such file
  help: create it, or run \`surety init\`
`,
  ],
  [
    'a seat that nobody asks',
    withPolicy(`witness audit ${other}\nquorum audit\n`),
    `
surety.yaml:30:9: error: its witness \`audit\` is not among \`witnesses\`
  30 | quorum: heads.policy
     |         ^
  help: add it there with its \`url\` and the same key
`,
  ],
  [
    'a quorum of nobody',
    withPolicy('quorum none\n'),
    `
surety.yaml:30:1: warning: the quorum asks for nobody
  30 | quorum: heads.policy
     | ^
  help: name the witnesses that must have cosigned
`,
  ],
];

test.each(bad)('says what is wrong with %s', async (_, files, rendered) => {
  expect(`\n${await said(files)}`).toBe(rendered);
});

test('a seat is a function that somebody has', async () => {
  expect(await said(edited('surety.yaml', 'seat: finance', 'seat: legal'))).toContain(
    'function `legal` is not declared',
  );
});

test('one key under two names is refused: it would be two voices of one witness', async () => {
  const twice = edited(
    'surety.yaml',
    'witnesses:\n',
    'witnesses:\n  - { url: "https://w.example", key: "w.example+fd0a1844+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH" }\n',
  );
  expect(await said(twice)).toContain('the public key of `witness.example` stands here twice');
});
