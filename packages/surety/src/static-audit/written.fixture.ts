// For tests: declarations as the files of a folder make them, so that what is audited is what would run.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { contentOf, type Standing } from '@surety/proof/changes';
import { loadConfig, renderProblems } from '../config/index.ts';

export interface Written {
  readonly servers?: string;
  readonly tools?: string;
  readonly people?: string;
  readonly agents?: string;
  readonly cedar?: string;
  /** Items of `checkpoints`, as YAML at any indent. */
  readonly checkpoints?: string;
}

export const keyOf = (name: string): string =>
  `ed25519:${Buffer.alloc(32, name).toString('base64').replace('=', '')}`;

export const person = (name: string, functions: string, more = ''): string =>
  `  - { id: ${name}@acme.example, functions: [${functions}], keys: ["${keyOf(name)}"]${more} }\n`;

const pay = 'effect: spend, money: { amount: args.amount, unit: major, currency: args.currency }';
export const defaults = {
  servers: 'erp: { stdio: [node, erp.js] }',
  tools: `  erp.pay: { ${pay} }\n  erp.match: { effect: read }\n`,
  people: `${person('ines', 'finance')}${person('sam', 'finance')}${person('lena', 'it')}`,
  agents: '  buyer: { owner: lena@acme.example }',
  cedar: 'permit (principal == Agent::"buyer", action, resource in Server::"erp");',
  checkpoints: '',
} as const;

export function filesOf(written: Written): Readonly<Record<string, string>> {
  const { servers, tools, people, agents, cedar, checkpoints } = { ...defaults, ...written };
  return {
    'surety.yaml': `origin: acme.example/test
servers: { ${servers} }
tools:
${tools}
people:
${people}
agents:
${agents}
`,
    'policies/all.cedar': cedar,
    'outcomes/o.yaml': `outcome: o
statement: It holds.
owner: lena@acme.example
appetite: { amount: 1000000, currency: USD, per: day }
${checkpoints === '' ? '' : `checkpoints:\n${checkpoints}`}
`,
  };
}

export function writtenIn(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'surety-audit-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

export async function standingWith(written: Written | Readonly<Record<string, string>>): Promise<Standing> {
  const folder = writtenIn('surety.yaml' in written ? written : filesOf(written as Written));
  try {
    const loaded = await loadConfig(folder, {});
    if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
    return new Map(
      loaded.config.declarations.map(({ stream, kind, body }) => [stream, contentOf(kind, body)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
