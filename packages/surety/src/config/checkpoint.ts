// A checkpoint as it runs, from what a person wrote. What could be written before lists came keeps its form, and with
// it its hash: people have approved under it.

import type { Rule } from '@surety/proof/facts';
import type { Outcome } from './outcome.ts';
import { durationMs } from './words.ts';

export type Checkpoint = NonNullable<Outcome['checkpoints']>[number];
export type Requirement = Extract<NonNullable<Checkpoint['require']>, { call?: unknown }>;

interface Sought {
  readonly call?: string | undefined;
  readonly where?: string | undefined;
  readonly same?: readonly ('case' | 'agent' | 'user')[] | undefined;
  readonly within?: string | undefined;
  readonly after?: string | undefined;
}

const soughtOf = ({ call = '', where, same = [] }: Sought) => ({
  call,
  ...(where === undefined ? {} : { where }),
  same,
});

const withinOf = ({ within }: Sought) => (within === undefined ? {} : { withinMs: durationMs(within) });
const evidenceOf = (written: Sought) => ({
  ...soughtOf(written),
  ...withinOf(written),
  ...(written.after === undefined ? {} : { afterMs: durationMs(written.after) }),
});

/** True of a single requirement that says nothing but what one could always say. */
const isPlain = (written: Checkpoint['require']): written is Requirement & { call: string } =>
  written !== undefined &&
  !Array.isArray(written) &&
  Object.keys(written).every((key) => ['call', 'where', 'same'].includes(key));

export function requiredBy(
  checkpoint: Pick<Checkpoint, 'require' | 'within'>,
): Pick<Rule, 'require' | 'withinMs' | 'requires'> {
  const { require } = checkpoint;
  if (isPlain(require)) return { require: soughtOf(require), ...withinOf(checkpoint) };
  const list = require === undefined ? [] : Array.isArray(require) ? require : [require];
  if (list.length === 0) return withinOf(checkpoint);
  const requires = list.map(({ any, as, count, follows, once, ...own }) => ({
    any: (any ?? [own]).map(evidenceOf),
    ...(as === undefined ? {} : { as }),
    ...(count === undefined ? {} : { count }),
    ...(follows === undefined ? {} : { follows }),
    ...(once === undefined ? {} : { once }),
  }));
  return { requires };
}

/** The members that a checkpoint has only where something is written in them. */
export function laterMembers({
  before,
  forbid = [],
  limit = [],
  apart = [],
  afterwards = [],
}: Checkpoint): Pick<Rule, 'forbids' | 'limits' | 'apart' | 'afterwards'> {
  const forbids = forbid.map((each) => ({
    ...soughtOf(each),
    ...withinOf(each),
    ...(each.since === undefined ? {} : { since: each.since }),
    ...(each.until === undefined ? {} : { until: each.until.map(soughtOf) }),
  }));
  const limits = limit.map((each) => ({
    ...soughtOf({ ...each, call: each.call ?? before }),
    ...withinOf(each),
    ...(each.sum === undefined ? {} : { sum: each.sum }),
    most: each.most,
  }));
  const follows = afterwards.map((each) => ({ ...soughtOf(each), withinMs: durationMs(each.within) }));
  return {
    ...(forbids.length === 0 ? {} : { forbids }),
    ...(limits.length === 0 ? {} : { limits }),
    ...(apart.length === 0 ? {} : { apart }),
    ...(follows.length === 0 ? {} : { afterwards: follows }),
  };
}
