// `audit.yaml`: findings of the static audit that somebody answers for, each with a reason and an end. Never for good: what
// is borne must be looked at again.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { conform } from './conform.ts';
import { Document } from './document.ts';
import { unique } from './mention.ts';
import { Findings } from './names.ts';
import type { Place, Problem } from './problem.ts';
import { readSource } from './source.ts';
import { person, text } from './words.ts';

const fileName = 'audit.yaml';
const daysMax = 366;
const dayMs = 86_400_000;

export const suppressions = z
  .strictObject({
    suppressions: z
      .array(
        z.strictObject({
          finding: z
            .string({ error: 'is not a finding\ncopy its id from `surety audit`' })
            .regex(/^f-[A-Za-z0-9_-]{12}$/, 'is not a finding\ncopy its id from `surety audit`')
            .describe('its id, as `surety audit` prints it'),
          owner: person.describe('who answers for it; one of `people`'),
          reason: text.describe('why it is borne'),
          expiry: z
            .string({ error: 'is not a day\nwrite it in quotes, as "2026-03-31"' })
            .regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a day\nwrite it as `2026-03-31`')
            .describe('the last day (UTC, RFC 3339) on which it is; at most 366 days ahead'),
        }),
      )
      .describe('findings that do not count until a day'),
  })
  .describe('What the static audit finds and somebody answers for');

export interface Suppression {
  readonly finding: string;
  readonly owner: string;
  readonly reason: string;
  /** The last day, `2026-03-31`. */
  readonly expiry: string;
  readonly place: Place;
}

export interface LoadedSuppressions {
  readonly suppressions: readonly Suppression[];
  /** Any of them an error: then there are no suppressions. */
  readonly problems: readonly Problem[];
}

/** None where there is no such file. */
export function loadSuppressions(folder: string, people: readonly string[], now: number): LoadedSuppressions {
  if (!existsSync(join(folder, fileName))) return { suppressions: [], problems: [] };
  const source = readSource(folder, fileName);
  if ('problem' in source) return { suppressions: [], problems: [source] };
  const found = new Findings(new Document(source));
  if (found.document.isBroken) return { suppressions: [], problems: found.problems };
  const { value, problems } = conform(found.document, suppressions);
  found.problems.push(...problems);
  const ids = new Set<string>();
  const all: Suppression[] = [];
  value?.suppressions.forEach((each, index) => {
    const path = ['suppressions', index];
    unique(found, [...path, 'finding'], each.finding, ids);
    found.declared([...path, 'owner'], 'person', each.owner, people, '`people` in surety.yaml');
    const end = Date.parse(`${each.expiry}T00:00:00Z`);
    if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== each.expiry)
      found.add([...path, 'expiry'], `\`${each.expiry}\` is no day`, 'write it as `2026-03-31`');
    else if (end - now > daysMax * dayMs)
      found.add([...path, 'expiry'], `it would last longer than ${daysMax} days`, 'name an earlier day');
    const { file, line, column } = found.document.problem(path, 'value', { problem: '', remedy: '' });
    all.push({ ...each, place: { file, line, column } });
  });
  const isWrong = found.problems.some(({ severity }) => severity === 'error');
  return { suppressions: isWrong ? [] : all, problems: found.problems };
}

/** Through the whole of its last day. */
export const isOver = ({ expiry }: Suppression, now: number): boolean =>
  now >= Date.parse(`${expiry}T00:00:00Z`) + dayMs;
