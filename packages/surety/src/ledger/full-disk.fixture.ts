// A disk filled to its last byte, under a real writer and a real sealer. Run within a mount namespace of its own, on a
// small file system (`full-disk.test.ts`):
//   node full-disk.fixture.ts <mount> <keys> <log key> <where the store is copied in the end>
// On stdout, one line of JSON: what was acknowledged, and what each program said of the full disk.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Fact } from '@surety/proof/facts';
import type { Log } from './log.ts';
import { type Sealer, startSealer } from './seal.ts';
import { optionsFor, refused } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

export interface FullDisk {
  readonly facts: readonly Fact[];
  /** Codes with which appends were refused. */
  readonly refused: readonly string[];
  /** How a writer starts on the full disk. */
  readonly writer: string;
  /** What a sealer that runs meanwhile says, and its head once there is space again. */
  readonly troubles: readonly string[];
  readonly sealedSize: number;
}

const timeoutMs = 60_000;

/** Takes what is left, in ever smaller pieces, to the last byte. */
function fill(path: string): void {
  const file = openSync(path, 'a');
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
    }
  }
  closeSync(file);
}

/** What a new writer is told: at the start, or once it has used up what was left within the log's own files. */
async function refusal(open: () => Promise<Log>, acknowledged: (fact: Fact) => void): Promise<string> {
  const said = (cause: unknown) => `${(cause as { code: string }).code}: ${(cause as Error).message}`;
  let log: Log;
  try {
    log = await open();
  } catch (cause) {
    return said(cause);
  }
  const written: Fact[] = [];
  log.subscribe((recorded) => written.push(...recorded.map(({ fact }) => fact as Fact)));
  try {
    for (let count = 0; count < 10_000; count++) {
      await log.append([{ stream: 'case/last', facts: [refused(`last ${count}`)] }]);
      for (const fact of written.splice(0)) acknowledged(fact);
    }
    return 'never full';
  } catch (cause) {
    return said(cause);
  } finally {
    await log.close();
  }
}

async function play(mount: string, keys: string, logKey: string, copy: string): Promise<FullDisk> {
  const store = join(mount, 'store');
  const ballast = join(mount, 'ballast');
  mkdirSync(store);
  const program = new URL('./stores/samples.fixture.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, store, logKey], { stdio: ['ignore', 'pipe', 'inherit'] });
  const facts: Fact[] = [];
  const refusals: string[] = [];
  const troubles: string[] = [];
  let sealer: Sealer | undefined;
  let killed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line of a killed process may be cut.
    if (killed && !line.endsWith('}}')) continue;
    const said = JSON.parse(line) as { fact?: Fact; refused?: string };
    if (said.fact !== undefined) facts.push(said.fact);
    if (said.refused !== undefined) refusals.push(said.refused);
    if (facts.length === 200 && said.fact !== undefined) {
      // It writes faster than a sealer starts: held, so that the disk is full when we fill it.
      child.kill('SIGSTOP');
      sealer = await startSealer({
        folder: store,
        keys,
        witnesses: [],
        onTrouble: (each) => troubles.push(each),
      });
      await sealer.sealed(200, { timeoutMs });
      fill(ballast);
      child.kill('SIGCONT');
    }
    // Some of it comes back, under the same writer, until that is used up too.
    if (refusals.length === 50 && said.refused !== undefined)
      truncateSync(ballast, statSync(ballast).size - 300_000);
    if (refusals.length === 100 && !killed) killed = child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  fill(ballast);
  const open = () => openLog({ ...optionsFor(store), logKey });
  const writer = await refusal(open, (fact) => facts.push(fact));
  rmSync(ballast);
  const log = await open();
  const head = await sealer?.sealed(log.size(), { timeoutMs });
  await log.close();
  await sealer?.stop();
  cpSync(store, copy, { recursive: true });
  return { facts, refused: refusals, writer, troubles, sealedSize: head?.size ?? 0 };
}

if (import.meta.main) {
  const [, , mount = '', keys = '', logKey = '', copy = ''] = process.argv;
  process.stdout.write(`${JSON.stringify(await play(mount, keys, logKey, copy))}\n`);
}
