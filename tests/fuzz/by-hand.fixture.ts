// A fuzzer run by itself: `node <fuzzer> [--runs 2000] [--seed N]`. Prints what it did, and what broke.

import { parseArgs } from 'node:util';

interface Outcome {
  readonly broken: readonly { readonly rule: string; readonly sent: unknown }[];
}

export async function fuzzByHand(fuzz: (runs: number, seed: number) => Promise<Outcome>): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  process.stderr.write(`seed ${seed}\n`);
  const { broken, ...rest } = await fuzz(Number(values.runs), seed);
  process.stdout.write(`${JSON.stringify({ ...rest, broken: broken.length })}\n`);
  for (const { rule, sent } of broken.slice(0, 20))
    process.stdout.write(`\n--- ${rule}\n${JSON.stringify(sent)}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
