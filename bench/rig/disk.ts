// What the disk takes for one fdatasync, measured beside every benchmark: durable figures mean nothing
// without it. As a write-ahead log does it: 4 KiB over blocks that exist, then one sync.

import {
  existsSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { median, percentile } from './statistics.ts';

const blockBytes = 4096;
const blocks = 256;
/** `statfs` types whose files live in memory: a sync there costs nothing and proves nothing. */
const inMemory: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

export class Disk {
  readonly #file: number;
  readonly #block = Buffer.alloc(blockBytes, 1);
  readonly #tookMs: number[] = [];

  constructor(folder: string) {
    this.#file = openSync(join(folder, 'fdatasync'), 'w');
    for (let at = 0; at < blocks; at++) writeSync(this.#file, this.#block, 0, blockBytes, at * blockBytes);
    fdatasyncSync(this.#file);
  }

  /** One write and one sync. */
  sync(): number {
    const from = performance.now();
    writeSync(this.#file, this.#block, 0, blockBytes, (this.#tookMs.length % blocks) * blockBytes);
    fdatasyncSync(this.#file);
    const tookMs = performance.now() - from;
    this.#tookMs.push(tookMs);
    return tookMs;
  }

  syncs(count: number): void {
    for (let at = 0; at < count; at++) this.sync();
  }

  get p50Ms(): number {
    return median(this.#tookMs);
  }

  get p99Ms(): number {
    return percentile(this.#tookMs, 0.99);
  }
}

/** A folder on the disk of this clone: the system's temporary folder may be memory. Gone with the process. */
export function scratchFolder(): string {
  const parent = join(import.meta.dirname, '../../.surety');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  return folder;
}

export const filesystemOf = (folder: string): string => inMemory.get(statfsSync(folder).type) ?? 'disk';

/** Bytes of all files in a folder, as they are counted by their length. */
export function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
