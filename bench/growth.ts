// How much disk a log takes, and where: `npm run bench growth [-- --facts 1000000]`. Two logs, written through `openLog`
// and sealed as the product seals: one of reads, one of payments (a match, an intent with its reservations, a
// settlement), twenty calls a case. Weighed by table and by file, then pruned, and backed up.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { NewFact } from '../packages/surety/src/facts/index.ts';
import { backUp } from '../packages/surety/src/ledger/backup.ts';
import type { Append, Log } from '../packages/surety/src/ledger/log.ts';
import { prunable, prune } from '../packages/surety/src/ledger/prune.ts';
import { ensureLogKey, startSealer } from '../packages/surety/src/ledger/seal.ts';
import { openLog } from '../packages/surety/src/ledger/stores/sqlite.ts';
import { bytesIn, Disk, scratchFolder } from './rig/disk.ts';
import { paymentAppends, settledRead } from './rig/facts.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';

const options = asked(['facts']);
const factsMin = options.number('facts', options.quick ? 3_000 : 200_000);
const callsPerCase = 20;
const atOnce = 256;
const origin = 'bench.example/growth';

const scratch = scratchFolder();
const disk = new Disk(scratch);

type Make = (call: number, version: (stream: string) => number) => Append[][];

const forms: readonly NewFact[] = Array.from({ length: 1024 }, settledRead);
const inCase = (fact: NewFact, call: number): Append => {
  const of = `k-${Math.floor(call / callsPerCase)}`;
  return { stream: `case/${of}`, facts: [{ ...fact, case: of }] };
};
const form = (call: number): NewFact => forms[call % forms.length] as NewFact;

const reads: Make = (call) => [[inCase(form(call), call)]];
const paid = paymentAppends();
const payments: Make = (call, version) => {
  const [intent, ...reserved] = paid(version);
  const intended = inCase(intent?.facts[0] as NewFact, call);
  return [[inCase(form(call), call)], [intended, ...reserved], [inCase(form(call + 1), call)]];
};

/** Writes until the log has so many facts, and has all of them sealed. */
async function fill(folder: string, make: Make): Promise<number> {
  const keys = join(folder, 'keys');
  const logKey = await ensureLogKey(keys, origin);
  const about = { clock: () => Date.now(), clockKind: 'system', program: 'gateway', version: '0' } as const;
  const log = await openLog({ folder, origin, ...about, logKey, statementKey: 'none' });
  const sealer = await startSealer({ folder, keys, witnesses: [] });
  await write(log, make);
  await sealer.sealed(log.size(), { timeoutMs: 600_000 });
  await log.close();
  await sealer.stop();
  return log.size();
}

async function write(log: Log, make: Make): Promise<void> {
  const versions = new Map<string, number>();
  const version = (stream: string): number => versions.get(stream) ?? 0;
  for (let call = 0; log.size() < factsMin; ) {
    const answers: ReturnType<Log['append']>[] = [];
    for (; answers.length < atOnce; call++)
      for (const appends of make(call, version)) {
        answers.push(log.append(appends));
        for (const { stream, facts } of appends) versions.set(stream, version(stream) + facts.length);
      }
    for (const answer of await Promise.all(answers))
      if ('conflict' in answer) throw new Error(`a conflict on ${answer.conflict}`);
  }
}

const fileBytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Bytes a fact, by what they are for. */
async function weigh(name: string, make: Make): Promise<Figure[]> {
  const folder = join(scratch, name);
  say(`growth: ${name}`);
  const facts = await fill(folder, make);
  const each = (what: string, bytes: number, text: string): Figure =>
    figure(`${name}-${what}-bytes`, bytes / facts, text);
  const before = bytesIn(folder);
  const wal = fileBytes(join(folder, 'log.sqlite-wal'));
  const tables = tableBytes(join(folder, 'log.sqlite'));
  const entries = bytesIn(join(folder, 'tiles/tile/entries'));
  const hashes = bytesIn(join(folder, 'tiles')) - entries;
  const backup = join(scratch, `${name}.backup`);
  await backUp(folder, backup, { keys: false, at: 0, version: '0' });
  prune(folder, prunable);
  return [
    figure(`${name}-facts`, facts, 'facts in this log'),
    each('facts-table', tables.facts, 'a fact: its bytes, as they are hashed'),
    each('disclosures', tables.disclosures, 'its disclosures, encrypted, and whom they are about'),
    each('streams', tables.streams, 'versions of streams'),
    each('entries', entries, 'the fact again, in bundles of the public layout: can be pruned'),
    each('hashes', hashes, 'tiles of the tree'),
    each('keyring', fileBytes(join(folder, 'keyring')), 'data keys of its cases'),
    each('whole', before, 'everything together'),
    each('pruned', bytesIn(folder), 'the same after `surety prune --entries`'),
    each('backup', fileBytes(backup) + fileBytes(`${backup}.keyring`), 'a backup of it'),
    figure(`${name}-wal-mb`, wal / 1e6, 'write-ahead log, however many facts'),
    figure(`${name}-per-million-mb`, before / facts, 'a million such facts'),
    figure(`${name}-per-million-pruned-mb`, bytesIn(folder) / facts, 'a million such facts, pruned'),
  ];
}

/** From SQLite's own account of its pages (the `dbstat` table). */
function tableBytes(file: string): { facts: number; disclosures: number; streams: number } {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name').all();
  database.close();
  const of = (pattern: RegExp): number =>
    rows.reduce((sum, { name, bytes }) => sum + (pattern.test(String(name)) ? Number(bytes) : 0), 0);
  return { facts: of(/^facts$/), disclosures: of(/disclosures|subject/), streams: of(/streams/) };
}

const ofReads = await weigh('reads', reads);
const ofPayments = await weigh('payments', payments);
disk.syncs(options.quick ? 50 : 500);
publish(
  {
    bench: 'growth',
    ran: ['record intent', 'settle'],
    conditions: [
      `two logs of at least ${factsMin.toLocaleString('en-US')} facts, sealed; ${callsPerCase} calls a case`,
      'a read has six disclosures; a payment is six facts with seventeen',
    ],
    sections: [
      { title: 'reads, bytes a fact', figures: ofReads },
      { title: 'payments, bytes a fact', figures: ofPayments },
    ],
  },
  disk,
  scratch,
  options.json,
);
