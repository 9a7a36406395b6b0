// How fast facts become durable, and what that costs: `npm run bench ledger [-- --quick --json]`.
// Through `openLog`, as the product records: each append checks the version of its stream and stores six
// disclosures. Beside it, in the same rounds, plain `node:sqlite` inserts of as many bytes, and the same
// writer on the main thread.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  inclusionProof,
  leafHash,
  parseHead,
  parseNote,
  TILE_WIDTH,
  verifyInclusion,
} from '@surety/proof/records';
import { sha256 } from '../packages/surety/src/ledger/hash.ts';
import type { Append, Log } from '../packages/surety/src/ledger/log.ts';
import { ensureLogKey, startSealer } from '../packages/surety/src/ledger/seal.ts';
import { openLog } from '../packages/surety/src/ledger/stores/sqlite.ts';
import { TileFolder } from '../packages/surety/src/ledger/tile-folder.ts';
import { bytesIn, Disk, scratchFolder } from './rig/disk.ts';
import { paymentAppends, Reads } from './rig/facts.ts';
import { start } from './rig/processes.ts';
import { type Rate, rateOf } from './rig/rates.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { median, overRounds, percentile } from './rig/statistics.ts';
import { PlainRows, SameThread } from './rig/stores.ts';
import { largeTree } from './rig/tree.ts';

const options = asked(['rounds', 'seconds']);
const rounds = options.number('rounds', options.quick ? 2 : 7);
const roundMs = 1000 * options.number('seconds', options.quick ? 0.1 : 0.5);
const batches = [1, 16, 256] as const;
const origin = 'bench.example/ledger';

const scratch = scratchFolder();
const folder = join(scratch, 'store');
const keys = join(scratch, 'keys');
const disk = new Disk(scratch);
const logKey = await ensureLogKey(keys, origin);
const log = await openLog({
  folder,
  origin,
  clock: () => Date.now(),
  clockKind: 'system',
  program: 'gateway',
  version: '0.0.0',
  logKey,
  statementKey: 'none',
});
// The gateway always listens: facts are handed back as they are recorded.
let heard = 0;
log.subscribe((recorded) => {
  heard += recorded.length;
});

/** Versions as this process knows them, like any decider that has folded the log. */
const versions = new Map<string, number>();
const versionOf = (stream: string): number => versions.get(stream) ?? 0;

interface Work {
  readonly next: () => Append[];
}

const reads = new Reads();
const read: Work = { next: () => [reads.next()] };
const paid = paymentAppends();
const payment: Work = { next: () => paid(versionOf) };

function took(appends: readonly Append[]): number {
  let facts = 0;
  for (const { stream, facts: its } of appends) {
    versions.set(stream, versionOf(stream) + its.length);
    facts += its.length;
  }
  return facts;
}

/** Rounds of `batch` appends made in one turn and awaited together; `lanes` such at once. */
const appendFor = ({ next }: Work, batch: number, lanes: number): Promise<Rate> =>
  rateOf(roundMs, async (end) => {
    let facts = 0;
    const lane = async (): Promise<void> => {
      while (performance.now() < end) {
        const answers = [];
        for (let at = 0; at < batch; at++) {
          const appends = next();
          answers.push(log.append(appends));
          facts += took(appends);
        }
        for (const answer of await Promise.all(answers))
          if ('conflict' in answer) throw new Error(`a conflict on ${answer.conflict}`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return facts;
  });

/** As many at a time by something that waits for the disk itself. */
const commitFor = (batch: number, commit: (batch: number) => void): Promise<Rate> =>
  rateOf(roundMs, async (end) => {
    let facts = 0;
    for (; performance.now() < end; facts += batch) commit(batch);
    return facts;
  });

const sameThread = new SameThread(join(scratch, 'same-thread'), new Reads());

/** By what was measured and at which batch, the rates of the rounds. */
type Rates = ReadonlyMap<string, readonly Rate[]>;

async function throughput(rowBytes: number): Promise<Rates> {
  const plain = new PlainRows(scratch, rowBytes);
  const inPlain = (batch: number): void => plain.commit(batch);
  const onThisThread = (batch: number): void => sameThread.commit(batch);
  const rates = new Map<string, Rate[]>();
  for (let round = 0; round <= rounds; round++) {
    const run = async (name: string, rate: Promise<Rate>): Promise<void> => {
      const measured = await rate;
      // The first round warms up and is not counted.
      if (round > 0) rates.set(name, [...(rates.get(name) ?? []), measured]);
      disk.syncs(20);
    };
    for (const batch of batches) {
      await run(`ours ${batch}`, appendFor(read, batch, 1));
      await run(`same-thread ${batch}`, commitFor(batch, onThisThread));
      await run(`plain ${batch}`, commitFor(batch, inPlain));
    }
    await run('saturated', appendFor(read, 256, 4));
    await run('payments', appendFor(payment, 64, 1));
    say(round === 0 ? '  warm' : `  round ${round} of ${rounds}`);
  }
  plain.close();
  return rates;
}

function speeds(rates: Rates): Figure[] {
  const of = (name: string, part: keyof Rate): number =>
    overRounds(rates.get(name) ?? [], (rate) => rate[part]);
  const costs = (key: string, name: string): Figure[] => [
    figure(`${key}-cpu-us`, of(name, 'cpuUs'), '  CPU per fact, all threads'),
    figure(`${key}-main-cpu-us`, of(name, 'mainUs'), '    of it the thread that appends'),
  ];
  const target = '>= 100,000';
  const figures = batches.flatMap((batch) => {
    const key = `batch-${batch}`;
    const [ours, same, plain] = [`ours ${batch}`, `same-thread ${batch}`, `plain ${batch}`];
    const [own, other] = [of(ours, 'perSecond'), of(plain, 'perSecond')];
    return [
      figure(`${key}-facts-per-s`, own, `durable facts, batch ${batch}`, ...(batch === 256 ? [target] : [])),
      ...costs(key, ours),
      figure(`${key}-plain-rows-per-s`, other, '  plain node:sqlite rows of equal bytes'),
      figure(`${key}-plain-cpu-us`, of(plain, 'cpuUs'), '    CPU per row'),
      figure(`${key}-plain-ratio`, other / own, '    plain / ours'),
      figure(`${key}-same-thread-facts-per-s`, of(same, 'perSecond'), '  ours, committed by the main thread'),
      figure(`${key}-same-thread-cpu-us`, of(same, 'cpuUs'), '    CPU per fact'),
    ];
  });
  return [
    ...figures,
    figure(
      'saturated-facts-per-s',
      of('saturated', 'perSecond'),
      'durable facts, 4 x 256 appends waiting',
      target,
    ),
    ...costs('saturated', 'saturated'),
    figure(
      'payment-64-facts-per-s',
      of('payments', 'perSecond'),
      'facts of payment intents (4 streams each), 64 at once',
    ),
  ];
}

/**
 * One append at a time with nothing else waiting: what a single consequential call waits for. Beside each, one
 * fdatasync, and one append that the main thread commits, in which time it can do nothing else.
 */
async function idleLatency(): Promise<Figure[]> {
  const [appendMs, blockedMs, syncMs]: [number[], number[], number[]] = [[], [], []];
  const timed = async (into: number[], work: () => unknown): Promise<void> => {
    await pause(2);
    const from = performance.now();
    await work();
    into.push(performance.now() - from);
  };
  for (let at = 0; at < (options.quick ? 40 : 400); at++) {
    const appends = read.next();
    await timed(appendMs, () => log.append(appends));
    took(appends);
    await timed(blockedMs, () => sameThread.commit(1));
    await timed(syncMs, () => disk.sync());
  }
  sameThread.close();
  const beyond = (share: number): number => percentile(appendMs, share) - percentile(syncMs, share);
  return [
    figure('idle-append-p50-ms', median(appendMs), 'one append when idle, median'),
    figure('idle-append-p99-ms', percentile(appendMs, 0.99), 'one append when idle, p99'),
    figure('idle-beyond-fdatasync-p50-ms', beyond(0.5), '  beyond one fdatasync, median', '<= 0.3 ms'),
    figure('idle-append-fdatasync-ratio', median(appendMs) / median(syncMs), '  in fdatasyncs'),
    figure('idle-same-thread-p50-ms', median(blockedMs), 'main thread blocked by its own commit, median'),
    figure(
      'idle-same-thread-p99-ms',
      percentile(blockedMs, 0.99),
      'main thread blocked by its own commit, p99',
    ),
  ];
}

/** A trickle of facts under the real sealer and a real witness on this host; lag from durable to published. */
async function sealing(): Promise<Figure[]> {
  const witness = await start(
    [
      join(import.meta.dirname, '../packages/surety/src/main.ts'),
      ...['witness', '--folder', join(scratch, 'witness'), '--name', 'bench.example/witness'],
      ...['--log', logKey, '--listen', '127.0.0.1:0', '--json', '--with-parent'],
    ],
    { log: join(scratch, 'witness.log') },
  );
  const address = { vkey: String(witness.ready['vkey']), url: `http://127.0.0.1:${witness.ready['port']}` };
  const durable: { readonly size: number; readonly at: number }[] = [];
  const lagsMs: number[] = [];
  const backlog = log.size();
  const from = performance.now();
  const sealer = await startSealer({
    folder,
    keys,
    witnesses: [address],
    onHead: ({ size, missing }) => {
      if (missing.length > 0) return;
      for (let first = durable[0]; first !== undefined && first.size <= size; first = durable[0]) {
        lagsMs.push(performance.now() - first.at);
        durable.shift();
      }
    },
  });
  await sealer.sealed(backlog, { timeoutMs: 120_000 });
  const backlogMs = performance.now() - from;
  const end = performance.now() + (options.quick ? 500 : 4_000);
  while (performance.now() < end) {
    const appends = read.next();
    await log.append(appends);
    took(appends);
    durable.push({ size: log.size(), at: performance.now() });
    await pause(4);
  }
  await sealer.sealed(log.size(), { timeoutMs: 30_000 });
  await sealer.stop();
  await witness.stop();
  return [
    figure('sealing-lag-p50-ms', median(lagsMs), 'from durable to a cosigned head, median'),
    figure('sealing-lag-p99-ms', percentile(lagsMs, 0.99), 'from durable to a cosigned head, p99'),
    figure(
      'sealing-backlog-facts-per-s',
      (1000 * backlog) / backlogMs,
      'sealing of a backlog, start included',
    ),
  ];
}

/** Inclusion proofs from the tiles on disk, read anew for each, and checked against the published head. */
function inclusion(): Figure[] {
  const head = parseHead(parseNote(readFileSync(join(folder, 'head'), 'utf8')).text);
  const [madeUs, checkedUs]: [number[], number[]] = [[], []];
  for (let at = 0; at < (options.quick ? 50 : 500); at++) {
    const index = Math.floor((head.size * (at * 0.618_033_99)) % head.size);
    const [entry] = log.read(index, 1);
    const from = performance.now();
    const subtree = new TileFolder(folder).subtree(head.size, sha256);
    const proof = inclusionProof(index, head.size, subtree, sha256);
    const made = performance.now();
    const leaf = leafHash(entry?.bytes ?? Buffer.alloc(0), sha256);
    if (!verifyInclusion(leaf, index, head.size, proof, head.root, sha256))
      throw new Error(`the proof of fact ${index} does not hold`);
    checkedUs.push(1000 * (performance.now() - made));
    madeUs.push(1000 * (made - from));
  }
  return [
    figure('inclusion-made-us', median(madeUs), 'an inclusion proof made from tiles on disk, median'),
    figure('inclusion-verified-us', median(checkedUs), 'an inclusion proof verified, median'),
  ];
}

/** Inclusion proofs of a log that has a million facts, its tiles at hand, a thousand a round. */
function inclusionAtHand(): Figure[] {
  const tree = largeTree(options.quick ? 100_000 : 1_000_000);
  const { size, subtree, root } = tree;
  for (let index = 0; index < size; index += TILE_WIDTH) inclusionProof(index, size, subtree, sha256);
  const madeUs: number[] = [];
  for (let round = 0; round < 50; round++) {
    const indexes = Array.from({ length: 1_000 }, () => Math.floor(Math.random() * size));
    const from = performance.now();
    const proofs = indexes.map((index) => inclusionProof(index, size, subtree, sha256));
    madeUs.push(performance.now() - from);
    const [index = 0, proof = []] = [indexes[0], proofs[0]];
    if (!verifyInclusion(tree.leaf(index), index, size, proof, root, sha256))
      throw new Error(`the proof of leaf ${index} of ${size} does not hold`);
  }
  const text = `one made of ${size.toLocaleString('en-US')} facts, tiles at hand, median`;
  return [figure('inclusion-at-hand-us', median(madeUs), text, '< 20')];
}

function sizes(facts: number, ownBytes: number): Figure[] {
  const store = ['log.sqlite', 'log.sqlite-wal'].reduce(
    (sum, name) => sum + fileBytes(join(folder, name)),
    0,
  );
  return [
    figure('fact-own-bytes', ownBytes, 'a fact with its disclosures, by itself'),
    figure('fact-stored-bytes', store / facts, 'a fact in the store, with indexes and streams'),
    figure(
      'fact-sealed-bytes',
      bytesIn(join(folder, 'tiles')) / facts,
      'a fact in sealed tiles, beside that',
    ),
    figure('facts', facts, 'facts written in this run'),
  ];
}

const fileBytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** What one read weighs: its bytes, its disclosures and its stream's name. */
async function weightOf(store: Log): Promise<number> {
  const appends = read.next();
  const answer = await store.append(appends);
  took(appends);
  const position = 'positions' in answer ? (answer.positions[0] ?? 0) : 0;
  const fact = store.read(position, 1)[0]?.bytes.length ?? 0;
  const disclosed = store.disclosures(position, position + 1);
  return disclosed.reduce((sum, [, text]) => sum + text.length, fact + (appends[0]?.stream.length ?? 0));
}

async function main(): Promise<void> {
  const ownBytes = await weightOf(log);
  say('ledger: throughput');
  const fast = speeds(await throughput(ownBytes));
  say('ledger: idle latency, sealing, proofs');
  const idle = await idleLatency();
  const sealed = await sealing();
  const proofs = [...inclusion(), ...inclusionAtHand()];
  await log.close();
  publish(
    {
      bench: 'ledger',
      ran: ['record intent', 'settle'],
      conditions: [
        `${rounds} interleaved rounds of ${roundMs / 1000} s each, medians; sealer and witness stopped for throughput`,
        `every append checks its stream's version and stores 6 disclosures; ${heard.toLocaleString('en-US')} facts heard back`,
      ],
      sections: [
        { title: 'throughput', figures: fast },
        { title: 'latency', figures: [...idle, ...sealed] },
        { title: 'proofs and size', figures: [...proofs, ...sizes(log.size(), ownBytes)] },
      ],
    },
    disk,
    scratch,
    options.json,
  );
}

await main();
