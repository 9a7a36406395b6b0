// How long people wait for a start: `npm run bench start [-- --facts 1000000]`. `surety --help`, and `surety up` to ready
// on a log of so many facts, each in a process of its own; beside them a Node that does nothing.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openHouse } from '../packages/surety/src/house.ts';
import { writeBusiness } from './rig/business.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { Reads } from './rig/facts.ts';
import { peakMb, start } from './rig/processes.ts';
import { asked, figure, publish, say } from './rig/report.ts';
import { overRounds } from './rig/statistics.ts';

const options = asked(['facts', 'rounds']);
const facts = options.number('facts', options.quick ? 2_000 : 1_000_000);
const rounds = options.number('rounds', options.quick ? 1 : 5);

const scratch = scratchFolder();
const disk = new Disk(scratch);
const folder = join(scratch, 'house');
const main = join(import.meta.dirname, '../packages/surety/src/main.ts');
const run = promisify(execFile);

const appendsAtOnce = 1_024;

async function fill(): Promise<void> {
  const config = await writeBusiness(folder, {
    ...{ agents: 1, otherRules: 0, otherPolicies: 2, servers: '  erp: { stdio: ["true"], pins: observe }' },
    checkpoints: `  - id: matched
    before: erp.pay_invoice
    require: { call: erp.match_invoice, where: "prior.args.order_id == args.order_id" }
    within: 30d
`,
  });
  const house = await openHouse(config, { program: 'command', env: process.env, onNote: () => undefined });
  try {
    const reads = new Reads();
    while (house.log.size() < facts)
      await Promise.all(Array.from({ length: appendsAtOnce }, () => house.log.append([reads.next()])));
  } finally {
    await house.close();
  }
}

async function took(args: readonly string[]): Promise<number> {
  const from = performance.now();
  await run(process.execPath, [...args]);
  return performance.now() - from;
}

interface Ready {
  readonly ms: number;
  readonly peakMb: number;
}

async function ready(): Promise<Ready> {
  const from = performance.now();
  const child = await start([main, 'up', '--port', '0', '--with-parent'], {
    cwd: folder,
    log: join(scratch, 'surety.log'),
    readyLine: (line) => (line.includes('Surety is up: ') ? {} : undefined),
  });
  const ms = performance.now() - from;
  const peak = peakMb(child.pid);
  await child.stop();
  return { ms, peakMb: peak };
}

say(`start: writing ${facts.toLocaleString('en-US')} facts`);
await fill();
const found: { node: number; help: number; up: Ready }[] = [];
for (let round = 0; round < rounds; round++) {
  found.push({ node: await took(['-e', '']), help: await took([main, '--help']), up: await ready() });
  disk.syncs(20);
  say(`  round ${round + 1} of ${rounds}`);
}
publish(
  {
    bench: 'start',
    ran: [],
    conditions: [`${rounds} interleaved rounds, medians; from the start of the process`],
    sections: [
      {
        title: 'until there is something to see',
        figures: [
          figure(
            'node-ms',
            overRounds(found, ({ node }) => node),
            'a Node that does nothing',
          ),
          figure(
            'help-ms',
            overRounds(found, ({ help }) => help),
            '`surety --help`, from the source',
            '< 150 ms',
          ),
          figure('facts', facts, 'facts in the log'),
          figure(
            'up-ms',
            overRounds(found, ({ up }) => up.ms),
            '`surety up` to ready',
            '< 1,000 ms',
          ),
          figure(
            'up-peak-mb',
            overRounds(found, ({ up }) => up.peakMb),
            '  peak resident memory, of the gateway',
          ),
        ],
      },
    ],
  },
  disk,
  scratch,
  options.json,
);
