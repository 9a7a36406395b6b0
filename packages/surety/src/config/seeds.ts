// Seed files: requests that ought to be refused, one a file, to be planted among the real ones. Read when one is planted, so
// that a new one needs no reload; what they say must agree with what is declared then.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { conform } from './conform.ts';
import { Document } from './document.ts';
import { Findings } from './names.ts';
import type { Problem } from './problem.ts';
import { readSource } from './source.ts';
import { duration, identifier, person, text, tool } from './words.ts';

const plain: z.ZodType<unknown> = z.unknown();

export const seed = z
  .strictObject({
    seed: identifier.describe('names it in the report'),
    because: text.describe('why it ought to be refused: told to whoever answered'),
    checkpoint: text
      .regex(
        /^[a-z][a-z0-9-]{0,63}\/[a-z][a-z0-9-]{0,63}$/,
        'is no checkpoint\nwrite the outcome and the id, as `payments/four-eyes`',
      )
      .describe('the checkpoint whose people are asked, as `outcome/checkpoint`'),
    call: tool.describe('the tool that it seems to call'),
    args: z
      .record(z.string(), plain)
      .describe('its arguments; `{digits:N}` in a text stands for N digits, others each time'),
    agent: identifier.describe('the agent that seems to ask'),
    application: identifier.optional().describe('the application that opens a case for it'),
    user: person.optional().describe('the user of that case'),
    words: text.optional().describe("the user's words in that case"),
  })
  .describe('A request that ought to be refused, to be planted among the real ones');

export type Seed = z.infer<typeof seed>;

export const seedsKey = z
  .strictObject({
    every: duration
      .optional()
      .describe(
        'how often one is planted, on average, at a random time (default: by `surety seeds plant` only)',
      ),
  })
  .describe('plants requests that ought to be refused, from `seeds/*.yaml` (docs/seeding.md)');

const folderName = 'seeds';
const dayMs = 86_400_000;
export const seedEveryMsMin = dayMs;

export type LoadedSeeds =
  | { readonly ok: true; readonly seeds: readonly Seed[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** All of `seeds/*.yaml`, or what is wrong with them. */
export function loadSeeds(folder: string): LoadedSeeds {
  const at = join(folder, folderName);
  const files = existsSync(at) ? readdirSync(at).filter((name) => /\.ya?ml$/.test(name)) : [];
  const seeds: Seed[] = [];
  const problems: Problem[] = [];
  const taken = new Set<string>();
  for (const name of files.toSorted()) {
    const source = readSource(folder, `${folderName}/${name}`);
    if ('problem' in source) {
      problems.push(source);
      continue;
    }
    const found = new Findings(new Document(source));
    if (!found.document.isBroken) {
      const { value, problems: own } = conform(found.document, seed);
      found.problems.push(...own);
      if (value !== undefined) check(found, value, taken);
      if (value !== undefined) seeds.push(value);
    }
    problems.push(...found.problems);
  }
  return problems.some(({ severity }) => severity === 'error')
    ? { ok: false, problems }
    : { ok: true, seeds };
}

function check(found: Findings, { seed: name, application, user, words }: Seed, taken: Set<string>): void {
  if (taken.has(name)) found.add(['seed'], `\`${name}\` stands in another file too`, 'choose another name');
  taken.add(name);
  const given = [application, user, words].filter((each) => each !== undefined).length;
  if (given !== 0 && given !== 3)
    found.add([], '`application`, `user` and `words` belong together', 'write all of them, or none', 'key');
}
