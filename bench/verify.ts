// How long a stranger waits for the verification of a proof: `npm run bench verify [-- --facts 1000000]`.
// The proof is made by the product itself; each verification is a process of its own, with the platform's
// SHA-256 as the product passes it, and with the verifier's own in plain TypeScript; then in the page, in Chromium.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browsed, verifyInPage } from './rig/browsed.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { type Made, makeProof } from './rig/proven.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { overRounds } from './rig/statistics.ts';
import type { Verified } from './rig/verifying.ts';

const options = asked(['facts', 'rounds', 'heap-mb']);
const facts = options.number('facts', options.quick ? 700 : 100_000);
const rounds = options.number('rounds', options.quick ? 1 : 3);
const heapMb = options.number('heap-mb', 16_384);

const scratch = scratchFolder();
const disk = new Disk(scratch);
const run = promisify(execFile);

async function verifyOnce(made: Made, hash: 'node' | 'plain', until: 'verify' | 'open'): Promise<Verified> {
  const program = join(import.meta.dirname, 'rig/verifying.ts');
  const heap = `--max-old-space-size=${heapMb}`;
  const words = [heap, program, made.proofPath, made.trustPath, hash, until];
  const { stdout } = await run(process.execPath, words, { maxBuffer: 1024 * 1024 });
  const verified = JSON.parse(stdout) as Verified;
  if (verified.failed.length > 0) throw new Error(`the proof is unsound: ${verified.failed.join('; ')}`);
  return verified;
}

interface Round {
  readonly node: Verified;
  readonly plain: Verified;
  readonly opened: Verified;
  readonly page: Browsed | undefined;
}

async function measure(made: Made): Promise<Round[]> {
  const found: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const node = await verifyOnce(made, 'node', 'verify');
    found.push({
      node,
      plain: await verifyOnce(made, 'plain', 'verify'),
      opened: await verifyOnce(made, 'node', 'open'),
      page: await verifyInPage(made.proofPath, made.trustPath, node.verdict),
    });
    disk.syncs(20);
    say(`  round ${round + 1} of ${rounds}`);
  }
  return found;
}

/** Nothing where there is no Chromium. */
function inThePage(found: readonly Round[]): Figure[] {
  const pages = found.flatMap(({ page }) => (page === undefined ? [] : [page]));
  if (pages.length === 0) return [];
  return [
    figure(
      'verify-page-s',
      overRounds(pages, ({ seconds }) => seconds),
      'the page, in Chromium, one thread',
    ),
    figure(
      'verify-page-heap-mb',
      overRounds(pages, ({ heapMb }) => heapMb),
      '  heap of the page when it has answered',
    ),
  ];
}

function shares(found: readonly Round[]): Figure[] {
  const whole = overRounds(found, ({ node }) => node.seconds);
  const opened = overRounds(found, (round) => round.opened.seconds);
  const of = (name: string): number =>
    overRounds(found, ({ node }) => node.steps.find(([step]) => step === name)?.[1] ?? 0);
  const share = (name: string, text: string, seconds: number): Figure =>
    figure(`step-${name}-share`, (100 * seconds) / whole, text);
  const checks = (found[0]?.node.steps ?? []).map(([name]) => name).slice(1);
  return [
    share('open', 'container, entries and facts parsed (measured alone)', opened),
    share('judge', 'facts folded, head checked, verdict judged', of('read and judged') - opened),
    ...checks.map((name) => share(name, `check: ${name}`, of(name))),
  ];
}

say(`verify: making a proof of ${facts.toLocaleString('en-US')} facts`);
const made = await makeProof(join(scratch, 'house'), facts);
say(`verify: verifying ${Math.round(made.proofBytes / 1e6)} MB`);
const found = await measure(made);
const seconds = overRounds(found, ({ node }) => node.seconds);
publish(
  {
    bench: 'verify',
    ran: [],
    conditions: [
      `${rounds} interleaved rounds, medians; a proof of ${made.facts.toLocaleString('en-US')} facts, its verdict \`${made.verdict}\``,
      'a seventh of the facts are matches, the rest payments with everything that they reserve; all disclosed',
      ...(found.every(({ page }) => page === undefined)
        ? ['no chromium here: the page was not measured']
        : []),
    ],
    sections: [
      {
        title: 'verification, end to end',
        figures: [
          figure('facts', made.facts, 'facts in the proof'),
          figure('proof-mb', made.proofBytes / 1024 ** 2, 'size of the proof'),
          figure('verify-s', seconds, 'verification', '<= 10 s for 1,000,000 facts'),
          figure('verify-facts-per-s', made.facts / seconds, '  facts', '>= 100,000'),
          figure(
            'verify-cpu-s',
            overRounds(found, ({ node }) => node.cpuSeconds),
            '  CPU',
          ),
          figure(
            'verify-peak-mb',
            overRounds(found, ({ node }) => node.peakMb),
            '  peak resident memory',
          ),
          figure(
            'verify-plain-s',
            overRounds(found, ({ plain }) => plain.seconds),
            'with SHA-256 in plain TypeScript',
          ),
          figure(
            'verify-plain-peak-mb',
            overRounds(found, ({ plain }) => plain.peakMb),
            '  peak resident memory',
          ),
          ...inThePage(found),
        ],
      },
      { title: 'share of each step', figures: shares(found) },
      {
        title: 'how the proof was made',
        figures: [
          figure('made-calls-per-s', made.callsPerSecond, 'calls through the gateway in one process'),
          figure('made-verdict-s', made.verdictMs / 1000, 'reading the record and giving the verdict'),
          figure('made-prove-s', made.proveMs / 1000, 'giving it again and exporting the proof'),
        ],
      },
    ],
  },
  disk,
  scratch,
  options.json,
);
