// One verification in a process of its own, so that its peak memory is its own:
//   node verifying.ts <proof> <trust file> <node|plain> <verify|open>
// Prints one JSON object. `open` only reads the container.

import { fstatSync, openSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ProofReader } from '@surety/proof/bundle';
import { sha256 as plainSha256 } from '@surety/proof/records';
import { parseTrust, type Step, steps, type Verification, verifyWith } from '@surety/proof/verify';
import { placesIn } from '../../packages/surety/src/cli/reading.ts';
import { withRecords } from '../../packages/surety/src/cli/records-thread.ts';
import { sha256 as nodeSha256 } from '../../packages/surety/src/ledger/hash.ts';

export interface Verified {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly verdict: string;
  readonly failed: readonly string[];
  /** Seconds by check; `read and judged` is everything before the first. */
  readonly steps: readonly (readonly [name: string, seconds: number])[];
}

const [proofPath = '', trustPath = '', which, until] = process.argv.slice(2);
const sha256 = which === 'plain' ? plainSha256 : nodeSha256;
const hashes = which === 'plain' ? { sha256 } : { sha256, crc32 };
const descriptor = openSync(proofPath, 'r');
const proof = placesIn(descriptor, fstatSync(descriptor).size, []);
const trust = parseTrust(new Uint8Array(readFileSync(trustPath)));
const took: [string, number][] = [];
const cpu = process.cpuUsage();
const from = performance.now();
let last = from;

const mark = (name: string): void => {
  const now = performance.now();
  took.push([name, (now - last) / 1000]);
  last = now;
};

const timed = steps.map(
  ({ check, run }, index): Step => ({
    check,
    run: async (examined) => {
      if (index === 0) mark('read and judged');
      const problem = await run(examined);
      mark(check);
      return problem;
    },
  }),
);

/** Reads every file of the container, with its checksum; nothing is parsed. */
async function openOnly(): Promise<Pick<Verification, 'verdict' | 'checks'>> {
  const reader = await ProofReader.open(proof, hashes);
  for await (const _part of reader.parts());
  return { verdict: 'holding', checks: [] };
}

/** As `surety verify`: with the platform's hashes, and a second thread. */
const verifyOnce = () =>
  withRecords(which === 'node' ? proof.sizeBytes : 0, (records) =>
    verifyWith(timed, proof, { ...hashes, ...records, trust }),
  );

const verified = until === 'open' ? await openOnly() : await verifyOnce();
const seconds = (performance.now() - from) / 1000;
const { user, system } = process.cpuUsage(cpu);
const answer: Verified = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  verdict: verified.verdict,
  failed: verified.checks.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`),
  steps: took,
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
