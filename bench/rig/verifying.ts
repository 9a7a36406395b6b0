// One verification in a process of its own, so that its peak memory is its own:
//   node verifying.ts <proof> <trust file> <node|plain> <verify|open>
// Prints one JSON object. `open` stops after the container, the entries and the facts were parsed.

import { readFileSync } from 'node:fs';
import { openProof } from '@surety/proof/bundle';
import { sha256 as plainSha256 } from '@surety/proof/records';
import { parseTrust, type Step, steps, verifyWith } from '@surety/proof/verify';
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
const proof = new Uint8Array(readFileSync(proofPath));
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

/** Ends with the parsed facts in memory, and nothing said of them. */
function openOnly(): { verdict: string; checks: Awaited<ReturnType<typeof verifyWith>>['checks'] } {
  openProof(proof, sha256);
  return { verdict: 'opened', checks: [] };
}

const verified = until === 'open' ? openOnly() : await verifyWith(timed, proof, { sha256, trust });
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
