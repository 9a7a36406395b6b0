// Who decides about the calls of a replay. In this process: the search and the check that the gate and the verdict use,
// on the user's words and the results read so far. Whatever is decided, the replay goes on with the recorded result, as
// if everybody who was asked had said yes: so later calls are judged with all that an attacker would have gained.

import {
  isAllowed,
  nameOf,
  type Origin,
  type Source,
  type Wanted,
  wantedIn,
  wantedMax,
} from '@surety/proof/origins';
import { CaseSources } from '../../packages/surety/src/origin/case-sources.ts';
import { Result } from '../../packages/surety/src/origin/results.ts';
import { Trace } from '../../packages/surety/src/origin/trace.ts';
import type { Profile } from './profiles.ts';
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

const bounds = { resultsMax: 512, sizeBytesMax: 16 * 1024 * 1024 };

/** `at` is when everything was said and read: a day without a year is one that was near. */
export const inProcess =
  (isConsequential: (tool: string) => boolean, at: number): Decide =>
  async (replay, profile) => {
    const sources = new CaseSources(bounds);
    if (profile.hasCase) sources.open(0, replay.words, at);
    return replay.steps.map((step, index) => {
      const asked = isConsequential(step.tool);
      const from = performance.now();
      const unmet = asked ? unmetOf(step.tool, step.args, sources, profile) : [];
      const tookMs = performance.now() - from;
      if (profile.hasCase && !step.hasFailed)
        sources.add(index + 1, new Result(step.result, profile.results(step.tool), at));
      return { answer: unmet.length === 0 ? 'allow' : 'ask', isConsequential: asked, unmet, tookMs };
    });
  };

function unmetOf(tool: string, args: unknown, sources: CaseSources, profile: Profile): readonly Unmet[] {
  const wanted: readonly Wanted[] = wantedIn(profile.arguments(tool) as Parameters<typeof wantedIn>[0], args);
  if (wanted.length > wantedMax) return [{ argument: '', origin: 'none' }];
  const certificates = new Trace({ tool, args }, sources, (fact) => sourceIn(sources, fact)).of(wanted);
  const found = new Map(certificates.map((each) => [nameOf(each), each.origin]));
  return wanted.flatMap((one) => {
    const origin = found.get(nameOf(one)) ?? 'none';
    return isAllowed(one, origin) ? [] : [{ argument: one.argument, origin }];
  });
}

function sourceIn({ words, results }: CaseSources, fact: number): Source | undefined {
  if (words?.fact === fact) return { is: 'words', text: words.words.text, at: words.words.at };
  const result = results.get(fact);
  return result && { is: 'result', value: result.value, labels: result.labels, at: result.at };
}
