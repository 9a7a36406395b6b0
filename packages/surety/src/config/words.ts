// The words that both kinds of files are made of: identifiers, durations, amounts, paths.
// A message of the schema is one line of problem and, after a line feed, one line of remedy.
// The shapes agree with those of the facts (`@surety/proof/facts`): what passes here parses there.

import { z } from 'zod';
import { ownKinds } from '../facts/index.ts';

export const text = z
  .string({ error: 'is not text\nput it in quotes' })
  .min(1, 'is empty\nwrite something, or remove the key');

const word = (pattern: RegExp, problem: string, remedy: string) =>
  z.string({ error: `${problem}\n${remedy}` }).regex(pattern, `${problem}\n${remedy}`);

export const hostPort = word(
  /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
  'is not host:port',
  'write, for example, `127.0.0.1:7300`',
);
export const identifier = word(
  /^[a-z][a-z0-9-]{0,63}$/,
  'is not an identifier',
  'use a-z, 0-9 and -, starting with a letter, at most 64',
);
export const person = word(
  /^[^\s@/]{1,64}@[^\s@/]{1,190}$/,
  'is not a person',
  'write the name of a person as `name@domain`',
);
export const tool = word(
  /^[a-z][a-z0-9-]{0,63}\.[^\s*]{1,256}$/,
  'is not a tool',
  'write `server.tool`, with the name of the server in `servers`',
);
export const day = word(
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  'is not a day',
  'write it in quotes, as "2026-03-31"',
);
/** A tool, or `server.*` for the default of all of a server's tools. */
export const toolPattern = word(
  /^[a-z][a-z0-9-]{0,63}\.([^\s*]{1,256}|\*)$/,
  'is not a tool',
  'write `server.tool`, or `server.*` for a default',
);
export const currency = word(/^[A-Z]{3}$/, 'is not a currency', 'write its ISO 4217 code, such as `USD`');
/** `30d 1h 15m 30s`, one unit or several. */
export const duration = word(
  /^\d{1,6}[dhms]( ?\d{1,6}[dhms]){0,3}$/,
  'is not a duration',
  'write whole days, hours, minutes or seconds, such as `30d` or `1h 15m`',
);
/** `4MiB`. One form for each size, so a unit is never left out. */
export const size = word(
  /^[1-9]\d{0,6}(KiB|MiB)$/,
  'is not a size',
  'write a whole number of KiB or MiB, such as `4MiB`',
);
/** A host name or an address, without a port. */
export const hostName = word(
  /^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.|$)){1,16}$|^\[[0-9a-fA-F:.]+\]$/,
  'is not the name of a host',
  'write it without scheme and port, such as `surety.acme.example`',
);
export const origin = word(
  /^[!-*,-~]{1,128}$/,
  'is not the name of a log',
  'write a name without spaces and `+`, such as `acme.example/surety`',
);

const amountRemedy = 'write major units as an integer, or as a decimal in quotes, such as "49.90"';
/** Major units. A YAML decimal is a float by the time it is read, so only quoted decimals are taken. */
export const amount = z.union([z.int().min(0), z.string().regex(/^(0|[1-9]\d{0,14})(\.\d{1,6})?$/)], {
  error: `is not an amount\n${amountRemedy}`,
});

export const amountOf = z.strictObject({
  amount: amount.describe('major units: an integer or a quoted decimal'),
  currency: currency.describe('ISO 4217 code'),
});
export const budget = amountOf.extend({
  per: z
    .enum(['day'], { error: 'is not `day`\nwrite `day`: no other period is known yet' })
    .describe('the calendar period: day'),
});

/** Where to find a value: `args.amount`, `result.lines.total`. Each name is a plain member. */
export const pathBelow = (...roots: readonly string[]) =>
  word(
    new RegExp(`^(${roots.join('|')})(\\.[^\\s.]{1,128}){1,8}$`),
    'is not a path',
    `start with ${roots.map((root) => `\`${root}.\``).join(' or ')} and name the member`,
  );

/** `{ vendor: <where> }`: one kind of subject, and where to find which. */
export const subjectAt = (where: z.ZodType<string>) =>
  z
    .record(
      identifier.refine((kind) => !ownKinds.includes(kind), {
        error: 'is a kind that Surety uses itself\nchoose another word, such as `vendor`',
      }),
      where,
    )
    .refine((written) => Object.keys(written).length === 1, {
      error: 'does not name exactly one kind\nwrite, for example, `{ vendor: args.vendor_id }`',
    });

const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
export const durationMsMax = 3_650 * units.d;

/** Milliseconds of a duration that has the right form. */
export function durationMs(written: string): number {
  let sum = 0;
  for (const [, count, unit] of written.matchAll(/(\d+)([dhms])/g))
    sum += Number(count) * units[unit as keyof typeof units];
  return sum;
}

/** Bytes of a size that has the right form. */
export const sizeBytes = (written: string): number =>
  Number.parseInt(written, 10) * (written.endsWith('MiB') ? 1_048_576 : 1_024);
