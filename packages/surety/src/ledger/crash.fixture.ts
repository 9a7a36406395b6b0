// Kills real processes at a counted point, and checks what is left: whatever was acknowledged must be in the next tree,
// byte for byte, and nothing may be there in part.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Fact, parseFact } from '@surety/proof/facts';
import {
  appendLeaf,
  consistencyProof,
  emptyFrontier,
  inclusionProof,
  leafHash,
  parseHead,
  parseNote,
  printVerifier,
  rootOf,
  toBase64,
  verifyConsistency,
  verifyInclusion,
} from '@surety/proof/records';
import { expect } from 'vitest';
import type { Acknowledged } from './crash-writer.fixture.ts';
import { sha256 } from './hash.ts';
import type { SigningKey } from './keys.ts';
import type { LogReader } from './log.ts';
import { Sealing } from './sealing.ts';
import { soleKey } from './sole-key.fixture.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { TileFolder } from './tile-folder.ts';

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly lines: readonly string[];
  /** Every boundary that it came to. */
  readonly boundaries: readonly string[];
  readonly trouble: string;
}

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs a program of this folder until it ends or comes to boundary `killAt`. */
export async function runTo(
  killAt: number,
  thread: 'main' | 'worker',
  args: readonly [program: string, ...rest: string[]],
  copies?: { readonly of: string; readonly to: string },
): Promise<Ended> {
  const list = join(newFolder(), 'boundaries');
  const [program, ...rest] = args;
  const child = spawn(
    process.execPath,
    ['--import', pathOf('./boundaries.fixture.ts'), pathOf(program), ...rest],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        BOUNDARY_THREAD: thread,
        BOUNDARY_KILL: String(killAt),
        BOUNDARY_LIST: list,
        ...(copies === undefined ? {} : { BOUNDARY_COPIES: `${copies.of} ${copies.to}` }),
      },
    },
  );
  let trouble = '';
  child.stderr.on('data', (part: Buffer) => {
    trouble += part;
  });
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.on('close', (code, signal) => resolve([code, signal])),
  );
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const [code, signal] = await closed;
  const boundaries = existsSync(list) ? readFileSync(list, 'utf8').trimEnd().split('\n') : [];
  return { code, signal, lines, boundaries, trouble };
}

/** A copy that may be ruined. */
export function copyOf(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** The last line of a killed process may be cut: nobody was told what it says. */
export const acknowledgedIn = (lines: readonly string[]): Acknowledged[] =>
  lines
    .filter((line) => line.startsWith('{"fact"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Acknowledged);

/** The bytes of a fact by docs/formats.md, from the promise alone. */
function bytesOf({ body, ...fact }: Fact): string {
  const { v, kind, log, stream, streamVersion, basis, emitter, emitterSeq, time } = fact;
  const { case: of, agent, user } = fact;
  const who = { case: of, agent, user };
  return JSON.stringify({
    v,
    kind,
    log,
    stream,
    streamVersion,
    basis,
    emitter,
    emitterSeq,
    time,
    ...who,
    body,
  });
}

/** Starts a writer again on what a crash left, and checks what is sealed then. */
export async function checkWritten(
  folder: string,
  key: SigningKey,
  promised: readonly Acknowledged[],
): Promise<void> {
  const log = await openLog({ ...optionsFor(folder), logKey: printVerifier(key.verifier) });
  await log.append([{ stream: 'after', facts: [opened('after')] }]);
  await log.close();
  await checkSealed(folder, key, promised);
}

/** Starts a sealer again on what a crash left, and holds all that was promised against the tree that it makes. */
export async function checkSealed(
  folder: string,
  key: SigningKey,
  promised: readonly Acknowledged[],
): Promise<void> {
  const before = headsIn(folder);
  const reader = openReader(folder);
  const sealing = new Sealing(folder, reader, soleKey(key), []);
  await sealing.restore();
  while (sealing.sweep());
  await sealing.round(0);
  const [head] = headsIn(folder).toSorted((a, b) => b.size - a.size);
  if (head === undefined) throw new Error('nothing was sealed');
  const leaves = checkFacts(reader, promised);
  expect(head.size).toBe(leaves.length);
  const tiles = new TileFolder(folder);
  const subtree = tiles.subtree(head.size, sha256);
  expect(toBase64(rootAt(leaves, head.size))).toBe(toBase64(head.root));
  for (const { fact } of promised) {
    const leaf = leafHash(Buffer.from(bytesOf(fact)), sha256);
    const proof = inclusionProof(fact.position, head.size, subtree, sha256);
    expect(verifyInclusion(leaf, fact.position, head.size, proof, head.root, sha256)).toBe(true);
    const bundle = Math.floor(fact.position / 256);
    const entries = tiles.readEntries(bundle, Math.min(256, head.size - 256 * bundle));
    expect(Buffer.from(entries[fact.position % 256] as Uint8Array).toString()).toBe(bytesOf(fact));
  }
  // A head that anyone may have seen before the crash is a front of this one.
  for (const old of before) {
    const proof = consistencyProof(old.size, head.size, subtree, sha256);
    expect(verifyConsistency(old.size, old.root, head.size, head.root, proof, sha256)).toBe(true);
  }
  reader.close();
}

export function headsIn(folder: string): { size: number; root: Uint8Array }[] {
  return ['head.signed', 'head']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) => parseHead(parseNote(readFileSync(path, 'utf8')).text));
}

function rootAt(leaves: readonly Uint8Array[], size: number): Uint8Array {
  let frontier = emptyFrontier();
  for (const leaf of leaves.slice(0, size)) frontier = appendLeaf(frontier, leaf, sha256);
  return rootOf(frontier, sha256);
}

/** Dense positions, versions that count, everything promised as it was promised; gives the leaves. */
export function checkFacts(
  reader: LogReader & { version(stream: string): number },
  promised: readonly Acknowledged[],
): Uint8Array[] {
  const entries = reader.read(0, reader.size());
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, at) => at));
  const versions = new Map<string, number>();
  for (const { bytes, position } of entries) {
    const { stream, streamVersion } = parseFact(bytes, position);
    expect(streamVersion).toBe(versions.get(stream) ?? 0);
    versions.set(stream, streamVersion + 1);
  }
  for (const [stream, version] of versions) expect(reader.version(stream)).toBe(version);
  for (const { fact, disclosures } of promised) {
    expect(Buffer.from(entries[fact.position]?.bytes ?? []).toString()).toBe(bytesOf(fact));
    expect(reader.disclosures(fact.position, fact.position + 1).map(([, text]) => text)).toEqual(disclosures);
  }
  // An append is there whole or not at all: the large one too.
  expect([0, 70]).toContain(versions.get('large') ?? 0);
  return entries.map(({ bytes }) => leafHash(bytes, sha256));
}
