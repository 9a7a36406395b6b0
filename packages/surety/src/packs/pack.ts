// A pack: checkpoints that an industry's controls ask for, written for tools that nobody has, with the tests that show
// what each lets through. A file like any other: it may come from somebody else, and runs nothing.

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  type Checkpoint,
  checkpointSchema,
  effectSchema,
  findFiles,
  type Problem,
  problemWith,
  readConforming,
  words,
} from '../config/index.ts';

/** The packs that come with Surety. */
const shipped = fileURLToPath(new URL('../../../../packs', import.meta.url));

const { duration, identifier, person, text, tool } = words;
const day = z
  .string({ error: 'is not a day\nwrite it as `2026-11-29`, in quotes' })
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a day\nwrite it as `2026-11-29`, in quotes');
const memberName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'is not a name\nuse a-z, 0-9 and _');
const minor = z.int('is not a whole number\nwrite minor units').min(0);
const value = z.union([z.int().min(0), duration], { error: 'is neither a whole number nor a duration' });

/** Which way past the checkpoint a test tries. `allow`, `hold`, `deny` and `missed` are what it answers at its plainest. */
export const kinds = [
  ...(['allow', 'hold', 'deny', 'missed'] as const),
  ...(['separation', 'stale-approval', 'replayed-evidence'] as const),
] as const;
export type Kind = (typeof kinds)[number];

const who = {
  user: person.optional(),
  agent: identifier.optional(),
  owner: person.optional(),
  case: text.optional(),
};
const given = z.strictObject({
  call: tool,
  args: z.record(text, z.unknown()).optional(),
  result: z.record(text, z.unknown()).optional(),
  money: minor.optional(),
  ...who,
  ago: duration,
  /** `open`: let through, and nobody knows yet what came of it. */
  settled: z.enum(['ok', 'error', 'none', 'open']).optional(),
  approvers: z.array(person).optional(),
});
const approval = z.strictObject({
  person,
  function: identifier.optional(),
  ago: duration.optional(),
  lasts: duration.optional(),
  of: z.enum(['this', 'another']).optional(),
  decision: z.enum(['approve', 'refuse']).optional(),
});
const test = z.strictObject({
  shows: z.enum(kinds),
  name: text,
  given: z.array(given).optional(),
  call: z.strictObject({ args: z.record(text, z.unknown()), money: minor.optional(), ...who }),
  approvals: z.array(approval).optional(),
  /** The same call has passed before: what it used up is used up. */
  again: z.literal(true).optional(),
  /** What the call returned, and what followed it: where the checkpoint says `afterwards`. */
  result: z.record(text, z.unknown()).optional(),
  followed: z.array(given.omit({ ago: true }).extend({ later: duration })).optional(),
  answer: z.enum(['allow', 'hold', 'deny', 'missed']),
});
export type Test = z.infer<typeof test>;
export type Given = z.infer<typeof given>;

const action = z.strictObject({
  does: text,
  effect: effectSchema,
  args: z.record(memberName, text).optional(),
  result: z.record(memberName, text).optional(),
});
export type Action = z.infer<typeof action>;

const about = {
  ref: z
    .string()
    .regex(/^[A-Z]{2}-\d{2}$/, 'is not a reference\nwrite two letters and two digits, such as `AP-01`'),
  title: text,
  because: text,
  source: z.array(text).min(1, 'is empty\nname a source'),
  'as-of': day,
};

const schemaWith = (values: Values) => {
  const filled = z.preprocess((written) => fill(written, values), checkpointSchema);
  const tested = z.strictObject({
    ...about,
    checkpoint: filled,
    /** What of the control no checkpoint says. */
    beyond: text.optional(),
    tests: z.array(test).min(1, 'is empty\nshow what it lets through'),
  });
  const elsewhere = z.strictObject({ ...about, elsewhere: text });
  return z
    .strictObject({
      pack: identifier,
      version: z.string().regex(/^\d+\.\d+\.\d+$/, 'is not a version\nwrite `1.0.0`'),
      title: text,
      about: text,
      statement: text,
      currency: words.currency,
      actions: z.record(tool, action),
      functions: z.record(identifier, text).optional(),
      values: z.record(identifier, z.strictObject({ is: text, default: value })).optional(),
      controls: z.array(z.union([tested, elsewhere])).min(1, 'is empty'),
    })
    .describe('A pack of Surety: packs/*.yaml');
};

export type Pack = z.infer<ReturnType<typeof schemaWith>>;
export type Control = Pack['controls'][number];
export type Tested = Extract<Control, { readonly tests: unknown }>;
export type Values = Readonly<Record<string, number | string>>;

export const isTested = (control: Control): control is Tested => 'tests' in control;
export const testedIn = ({ controls }: Pack): readonly Tested[] => controls.filter(isTested);
const placeholder = /\$\{([a-z][a-z0-9-]{0,63})\}/g;

/** `${name}` by the value of that name: as it is where it stands alone, else as text. What has none stays. */
export function fill(written: unknown, values: Values): unknown {
  if (typeof written === 'string') {
    const [, alone = ''] = /^\$\{([a-z][a-z0-9-]{0,63})\}$/.exec(written) ?? [];
    if (Object.hasOwn(values, alone)) return values[alone];
    return written.replace(placeholder, (whole, name: string) =>
      Object.hasOwn(values, name) ? String(values[name]) : whole,
    );
  }
  if (Array.isArray(written)) return written.map((each) => fill(each, values));
  if (typeof written !== 'object' || written === null) return written;
  return Object.fromEntries(Object.entries(written).map(([key, each]) => [key, fill(each, values)]));
}

export type LoadedPack =
  | { readonly pack: Pack; readonly file: string }
  | { readonly problems: readonly Problem[] };

/** Reads a pack with the values of somebody who binds it, or else its own. */
export function readPack(file: string, chosen: Values = {}): LoadedPack {
  const read = readConforming(file, (written) => schemaWith({ ...defaultsIn(written['values']), ...chosen }));
  return 'problems' in read ? read : { pack: read.value, file };
}

/** Before the whole is known to conform: what looks like a value counts. */
function defaultsIn(written: unknown): Values {
  if (typeof written !== 'object' || written === null) return {};
  return Object.fromEntries(
    Object.entries(written).flatMap(([name, each]): [string, number | string][] => {
      const own = (each as { readonly default?: unknown } | undefined)?.default;
      return typeof own === 'number' || typeof own === 'string' ? [[name, own]] : [];
    }),
  );
}

/** One that comes with Surety, by its name; or a file, where it is written as a path. */
export function findPack(name: string, cwd: string, chosen: Values = {}): LoadedPack {
  if (/[/\\]|\.ya?ml$/.test(name)) return readPack(resolve(cwd, name), chosen);
  if (packNames().includes(name)) return readPack(join(shipped, `${name}.yaml`), chosen);
  const known = `there are: ${packNames().join(', ')}`;
  return { problems: [problemWith(name, 'there is no such pack', `${known}; or write the path of a file`)] };
}

export const packNames = (): readonly string[] =>
  findFiles(shipped, '*.yaml').files.map((file) => file.replace(/\.yaml$/, ''));

export type { Checkpoint };
