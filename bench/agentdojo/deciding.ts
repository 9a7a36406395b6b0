// Who decides about the calls of a replay. In this process: what the gate's own step asks, on facts as its log would hold
// them, a new fold for each replay. Whatever is decided, the replay goes on with the recorded result, as if everybody who
// was asked had said yes: so later calls are judged with all that an attacker would have gained.

import type { Fact } from '@surety/proof/facts';
import type { Origin } from '@surety/proof/origins';
import { commit } from '@surety/proof/records';
import { sha256 } from '../../packages/surety/src/ledger/hash.ts';
import { Origins, type Traced } from '../../packages/surety/src/origin/origins.ts';
import type { Labels, Profile } from './profiles.ts';
import type { Replay } from './replays.ts';

export interface Unmet {
  readonly argument: string;
  readonly origin: Origin;
}

/** About one call. A call that only reads is let through. */
export interface Decision {
  readonly answer: 'allow' | 'ask' | 'block';
  readonly isConsequential: boolean;
  readonly unmet: readonly Unmet[];
  readonly tookMs: number;
}

/** One for each step, in their order. */
export type Decide = (replay: Replay, profile: Profile) => Promise<readonly Decision[]>;

/** Of a tool that there is not, and of one that reads, nobody asks where its arguments came from. */
export const isConsequential = (labels: Labels, tool: string): boolean =>
  (labels.get(tool)?.effect ?? 'read') !== 'read';

/** Which arguments of which tools have to come from where. */
export const rulesOf = (labels: Labels, profile: Profile, tools: Iterable<string> = labels.keys()) =>
  Object.fromEntries(
    [...tools].filter((tool) => isConsequential(labels, tool)).map((tool) => [tool, profile.arguments(tool)]),
  );

/** `at` is when everything was said and read: a day without a year is one that was near. */
export const inProcess =
  (labels: Labels, at: number): Decide =>
  async ({ words, steps }, profile) => {
    const told = new Told(at);
    const tools = new Set(steps.map(({ tool }) => tool));
    told.say('outcome.declared', { outcome: 'asked-for', arguments: rulesOf(labels, profile, tools) });
    for (const tool of tools) told.say('tool.labelled', { tool, results: profile.results(tool) });
    if (profile.hasCase) told.sayWith('case.opened', words, (digests) => ({ words: digests }));
    return steps.map(({ tool, args, result, hasFailed }): Decision => {
      const isRead = !isConsequential(labels, tool);
      const from = performance.now();
      const traced = told.origins.trace({ tool, args, case: told.case, isRead });
      const tookMs = performance.now() - from;
      if (traced?.written !== undefined) told.say('call.intended', { written: traced.written });
      if (!hasFailed)
        told.sayWith('call.settled', result, (digests) => ({
          ...{ tool, settlement: 'ok', by: 'upstream', result: digests },
        }));
      const unmet = unmetOf(traced);
      return { answer: unmet.length === 0 ? 'allow' : 'ask', isConsequential: !isRead, unmet, tookMs };
    });
  };

/** What writes more than can be kept track of is refused: as if it all came from nowhere. */
function unmetOf(traced: Traced | undefined): readonly Unmet[] {
  if (traced === undefined) return [];
  const unmet = traced.unmet.map(({ name, origin }) => ({ argument: name, origin }));
  return traced.written === undefined && unmet.length === 0 ? [{ argument: '', origin: 'none' }] : unmet;
}

const salt = new Uint8Array(16);

/** Facts, as far as origins read them. */
class Told {
  readonly case = 'replay';
  readonly origins = new Origins(salt);
  readonly #at: number;
  #position = 0;

  constructor(at: number) {
    this.#at = at;
  }

  say(kind: string, body: object, disclosures: ReadonlyMap<string, string> = new Map()): void {
    const fact = { kind, body, position: this.#position, time: this.#at, case: this.case };
    this.#position += 1;
    this.origins.apply(fact as unknown as Fact, (digest) => disclosures.get(digest));
  }

  sayWith(kind: string, value: unknown, bodyOf: (digests: readonly string[]) => object): void {
    const { digests, disclosures } = committed(value);
    this.say(kind, bodyOf(digests), disclosures);
  }
}

interface Committed {
  readonly digests: readonly string[];
  readonly disclosures: ReadonlyMap<string, string>;
}

/** The same results stand in many replays. */
const known = new WeakMap<object, Committed>();

function committed(value: unknown): Committed {
  const found = typeof value === 'object' && value !== null ? known.get(value) : undefined;
  if (found !== undefined) return found;
  const { digests, disclosures } = commit(value, () => salt, sha256);
  const pairs = digests.map((digest, index) => [digest, disclosures[index] as string] as const);
  const made = { digests, disclosures: new Map(pairs) };
  if (typeof value === 'object' && value !== null) known.set(value, made);
  return made;
}
