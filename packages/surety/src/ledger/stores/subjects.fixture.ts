// For tests: logs that are closed afterwards, disclosures about chosen subjects, and what is found in files.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { About } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import type { Erasure, Log } from '../log.ts';
import { newFolder, optionsFor, refused } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';

const logs: Log[] = [];
export const open = async (folder = newFolder()): Promise<Log & { folder: string }> => {
  const log = await openLog(optionsFor(folder));
  logs.push(log);
  return Object.assign(log, { folder });
};
export const closeLogs = async (): Promise<void> => {
  for (const log of logs.splice(0)) await log.close();
};

export const about = (subject: About, ...disclosures: string[]) => ({
  ...refused('c', disclosures),
  about: subject,
});
export const say = async (log: Log, subject: About, ...disclosures: string[]): Promise<number> => {
  const answer = await log.append([{ stream: 's', facts: [about(subject, ...disclosures)] }]);
  return 'positions' in answer ? (answer.positions[0] as number) : -1;
};
export const erasureOf = (log: Log, ...subjects: string[]): Erasure => {
  const names = subjects.map((subject) => log.subjectName(subject));
  const held = names.flatMap((name) => log.about(name));
  return {
    subjects: names,
    facts: new Set(held.map(([position]) => position)).size,
    disclosures: held.length,
  };
};
export const erase = (log: Log, ...subjects: string[]) =>
  log.append([{ stream: 'erased', facts: [refused('order')] }], erasureOf(log, ...subjects));
export const texts = (log: Log): string[] => log.disclosures(2, log.size()).map(([, text]) => text);
/** Every file below a folder, whole. A sealer renames and takes away what it wrote: what is gone by now is left out. */
export function filesIn(folder: string): { name: string; bytes: Buffer }[] {
  return ifThere(() => readdirSync(folder, { withFileTypes: true })).flatMap((entry) => {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(name);
    return entry.isFile() ? ifThere(() => [{ name, bytes: readFileSync(name) }]) : [];
  });
}
function ifThere<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}
export const filesWith = (folder: string, ...needles: (string | Buffer)[]): string[] =>
  filesIn(folder)
    .filter(({ bytes }) => needles.some((needle) => bytes.includes(needle)))
    .map(({ name }) => name);
export const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'nothing thrown';
  } catch (cause) {
    return cause instanceof LedgerError ? cause.code : cause;
  }
};

export function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}

export function slotOf(log: Log & { folder: string }, subject: string): number {
  const database = new DatabaseSync(join(log.folder, 'log.sqlite'), { readOnly: true });
  const found = database
    .prepare('SELECT slot FROM subjects WHERE name = ? AND erased IS NULL')
    .get(log.subjectName(subject)) as { slot: number };
  database.close();
  return found.slot;
}

export function contentOf(log: Log & { folder: string }, slot: number): Buffer {
  const database = new DatabaseSync(join(log.folder, 'log.sqlite'), { readOnly: true });
  const { content } = database.prepare('SELECT content FROM disclosures WHERE slot = ?').get(slot) as {
    content: Uint8Array;
  };
  database.close();
  return Buffer.from(content);
}
