// Runs the official suite, `@modelcontextprotocol/conformance`, as the program that it is, and reads the checks it leaves.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

export const revisions = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];
export const legs = ['server', 'client'] as const;
export type Leg = (typeof legs)[number];

export type Status = 'SUCCESS' | 'WARNING' | 'SKIPPED' | 'FAILURE';
export interface Check {
  readonly id: string;
  readonly status: Status;
  readonly message: string;
}
/** The checks of each scenario that ran, in the suite's order. */
export type Checks = ReadonlyMap<string, readonly Check[]>;

const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
const folder = dirname(manifest);
export const suiteVersion = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;

interface Requirements {
  readonly server: readonly string[];
  readonly client: readonly string[];
  readonly not_scored: readonly { readonly scenario: string; readonly leg: Leg }[];
}

/** Every scenario that a revision requires or, unscored, runs: the frozen list of the suite. */
export function scenariosOf(leg: Leg, revision: Revision): readonly string[] {
  const text = readFileSync(join(folder, 'requirements', `${revision}.yaml`), 'utf8');
  const required = parse(text) as Requirements;
  const unscored = required.not_scored.filter((each) => each.leg === leg).map(({ scenario }) => scenario);
  return [...required[leg], ...unscored];
}

/** What is under test: a server by its address, or a client by its command. */
export type Subject = { readonly url: string } | { readonly command: string };

/** Runs these scenarios one after another; with none named, all that the revision asks of a server. */
export async function runSuite(
  subject: Subject,
  revision: Revision,
  scenarios?: readonly string[],
): Promise<Checks> {
  const output = mkdtempSync(join(tmpdir(), 'surety-suite-'));
  const about =
    'url' in subject ? ['server', '--url', subject.url] : ['client', '--command', subject.command];
  try {
    if (scenarios === undefined) await run([...about, '--requirements', revision, '-o', output]);
    for (const scenario of scenarios ?? [])
      await run([...about, '--scenario', scenario, '--spec-version', revision, '--force', '-o', output]);
    return read(output, scenarios ?? scenariosOf('server', revision));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Its exit code says what its checks say, so only they are looked at. */
function run(words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(folder, 'dist/index.js'), ...words], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}

/** Throws if a scenario left nothing: the suite broke, and no comparison may take that for a pass. */
function read(output: string, scenarios: readonly string[]): Checks {
  const written = readdirSync(output);
  return new Map(
    scenarios.map((scenario) => {
      const name = new RegExp(`^(?:server-)?${scenario}-\\d{4}-\\d\\d-\\d\\dT[\\d-]+Z$`);
      const found = written.filter((each) => name.test(each)).sort();
      if (found.length === 0) throw new Error(`the suite left no checks of \`${scenario}\``);
      return [scenario, checksIn(join(output, found.at(-1) as string))];
    }),
  );
}

interface Written {
  readonly id: string;
  readonly status: Status | 'INFO';
  readonly errorMessage?: string;
}
const checksIn = (folder: string): Check[] =>
  (JSON.parse(readFileSync(join(folder, 'checks.json'), 'utf8')) as Written[]).flatMap(
    ({ id, status, errorMessage: message = '' }) => (status === 'INFO' ? [] : [{ id, status, message }]),
  );
