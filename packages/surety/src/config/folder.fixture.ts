// For tests: configuration folders on disk. The good one is the sample of docs/configuration.md itself.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig } from './load.ts';
import { renderProblems } from './problem.ts';

export type Files = Readonly<Record<string, string>>;

const guide = new URL('../../../../docs/configuration.md', import.meta.url);

/** The code blocks of the guide that carry a file name. */
export const sample: Files = Object.fromEntries(
  [...readFileSync(guide, 'utf8').matchAll(/^```(?:yaml|cedar|text) (\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, file = '', text = '']) => [file, text],
  ),
);

export function textOf(file: string): string {
  const text = sample[file];
  if (text === undefined) throw new Error(`the guide has no ${file}`);
  return text;
}

export const sampleEnv = { ERP_TOKEN: 'erp-secret', CRM_TOKEN: 'crm-secret' };

export function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'surety-config-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** The sample with one text replaced; throws if it does not stand there exactly once. */
export function edited(file: string, from: string, to: string): Files {
  const parts = textOf(file).split(from);
  if (parts.length !== 2) throw new Error(`\`${from}\` stands ${parts.length - 1} times in ${file}`);
  return { ...sample, [file]: parts.join(to) };
}

/** Everything that loading these files says, as a person reads it. */
export async function said(files: Files, env: Readonly<Record<string, string>> = sampleEnv): Promise<string> {
  const folder = folderOf(files);
  try {
    const loaded = await loadConfig(folder, env);
    return renderProblems(loaded.ok ? loaded.config.warnings : loaded.problems, false);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
