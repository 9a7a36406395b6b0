// What a benchmark says: a table for people on stderr and, with `--json`, one object on stdout. A target is
// printed beside what was measured and compared by nobody: a shared machine is no judge of a product.

import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type Disk, filesystemOf } from './disk.ts';

/** A step of a call's life. What is not built yet costs nothing yet: every report says so. */
const steps = [
  ...['identify', 'parse', 'contain', 'pin', 'label', 'trace origins', 'permit', 'once-at-a-time'],
  ...['checkpoint', 'budget', 'record intent', 'forward', 'settle'],
] as const;
export type Step = (typeof steps)[number];
const notBuilt = ['screen', 'screen result', 'label result'];

export interface Figure {
  /** Key of the JSON object; the unit last. */
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly target?: string;
  /** In the object alone: its text says it in another line. */
  readonly isAside?: boolean;
}

export interface Report {
  readonly bench: string;
  /** Steps of the pipeline that ran in what was measured. */
  readonly ran: readonly Step[];
  readonly conditions: readonly string[];
  readonly sections: readonly { readonly title: string; readonly figures: readonly Figure[] }[];
}

export interface Asked {
  readonly quick: boolean;
  readonly json: boolean;
  /** A further option of this benchmark, a positive number. */
  number(name: string, otherwise: number): number;
  /** A further option that is a text. */
  text(name: string): string | undefined;
}

/** Reads the command line; throws `TypeError` with what is wrong. */
export function asked(numbers: readonly string[] = [], texts: readonly string[] = []): Asked {
  const args = process.argv.slice(2).filter((word) => word !== '--');
  const own = Object.fromEntries([...numbers, ...texts].map((name) => [name, { type: 'string' as const }]));
  const options = { quick: { type: 'boolean' }, json: { type: 'boolean' }, ...own } as const;
  const values = parseArgs({ args, options, strict: true }).values as Record<string, unknown>;
  return {
    quick: values['quick'] === true,
    json: values['json'] === true,
    text: (name) => values[name] as string | undefined,
    number: (name, otherwise) => {
      const number = Number(values[name] ?? otherwise);
      if (Number.isFinite(number) && number > 0) return number;
      throw new TypeError(`\`--${name} ${values[name]}\` is no positive number`);
    },
  };
}

export const say = (line = ''): void => {
  process.stderr.write(`${line}\n`);
};

const machine = (folder: string) => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  platform: `${process.platform}-${process.arch}`,
  node: process.versions.node,
  filesystem: filesystemOf(folder),
  /** Who else was at work: above the number of cores, nothing here is to be quoted. */
  load1: Number((loadavg()[0] ?? 0).toFixed(2)),
});

/** Prints it all. `disk` was measured while the benchmark ran. */
export function publish(report: Report, disk: Disk, folder: string, json: boolean): void {
  const about = machine(folder);
  const beside: readonly Figure[] = [
    figure('fdatasync-p50-ms', disk.p50Ms, 'one fdatasync of 4 KiB, median'),
    figure('fdatasync-p99-ms', disk.p99Ms, 'one fdatasync of 4 KiB, p99'),
  ];
  const sections = [...report.sections, { title: 'beside', figures: beside }];
  say(`\n${report.bench}   ${about.cpu}, ${about.cores} cores, load ${about.load1}, Node ${about.node}`);
  for (const condition of report.conditions) say(`  ${condition}`);
  say(`  steps that ran: ${report.ran.length === 0 ? 'none of the pipeline' : report.ran.join(', ')}`);
  say(`  not built yet:  ${notBuilt.join(', ')}`);
  if (about.filesystem !== 'disk')
    say(`  the folder is in memory (${about.filesystem}): nothing was made durable`);
  for (const { title, figures } of sections) {
    say(`\n  ${title}`);
    for (const each of figures) if (each.isAside !== true) say(lineOf(each));
  }
  if (!json) return;
  const figures = Object.fromEntries(
    sections.flatMap((section) => section.figures.map(({ name, value }) => [name, rounded(value)])),
  );
  process.stdout.write(`${JSON.stringify({ bench: report.bench, machine: about, figures })}\n`);
}

export const figure = (name: string, value: number, text: string, target?: string): Figure => ({
  name,
  value,
  text,
  ...(target === undefined ? {} : { target }),
});

const lineOf = ({ value, text, target, name }: Figure): string =>
  `    ${text.padEnd(58)} ${shown(value).padStart(12)} ${unitOf(name).padEnd(8)}${target === undefined ? '' : ` target ${target}`}`.trimEnd();

const units: readonly (readonly [ending: string, unit: string])[] = [
  ['-per-s', '/s'],
  ['-us', 'us'],
  ['-ms', 'ms'],
  ['-s', 's'],
  ['-bytes', 'bytes'],
  ['-mb', 'MB'],
  ['-share', '%'],
  ['-ratio', 'x'],
];
const unitOf = (name: string): string => units.find(([ending]) => name.endsWith(ending))?.[1] ?? '';

const rounded = (value: number): number => Number(value.toPrecision(6));

function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value === 0 ? '0' : Number(value.toPrecision(3)).toString();
}
