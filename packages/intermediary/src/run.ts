// Runs the checks, one after another: what one of them does to a gateway must not look like another's work.

import { Bench, type Gateway } from './bench.ts';
import { Broken, type Check, type Era, type Lane, NotApplicable, type Outcome } from './check.ts';
import { answerChecks } from './checks/answers.ts';
import { eraChecks } from './checks/eras.ts';
import { headerChecks } from './checks/headers.ts';
import { jsonChecks } from './checks/json.ts';
import { nameChecks } from './checks/names.ts';
import { plainCall, plainChecks } from './checks/plain.ts';
import { principalChecks } from './checks/principals.ts';
import { stateChecks } from './checks/state.ts';
import { streamChecks } from './checks/streams.ts';
import type { Servers } from './servers.ts';

export const checks: readonly Check[] = [
  ...plainChecks,
  ...eraChecks,
  ...headerChecks,
  ...jsonChecks,
  ...principalChecks,
  ...stateChecks,
  ...streamChecks,
  ...nameChecks,
  ...answerChecks,
];

export interface Result {
  readonly check: Check;
  /** Where it was made, such as `2026-07-28 to old`. */
  readonly lane: string | undefined;
  readonly outcome: Outcome;
}

export interface RunOptions {
  readonly patienceMs: number;
  /** The eras in which the gateway says it serves clients. */
  readonly eras: readonly Era[];
  readonly chosen?: readonly Check[];
  readonly onResult?: (result: Result) => void;
}

export async function runChecks(
  gateway: Gateway,
  servers: Servers,
  { patienceMs, eras, chosen = checks, onResult = () => {} }: RunOptions,
): Promise<Result[]> {
  const bench = (lane: Lane) => new Bench(lane, gateway, servers, patienceMs);
  const gotThrough = new Map<string, Promise<string | undefined>>();
  /** Why a plain call does not get through here, or nothing; tried once for each. */
  const blocked = (lane: Lane, principal: 0 | 1): Promise<string | undefined> => {
    const key = `${nameOf(lane)} ${principal}`;
    const known = gotThrough.get(key) ?? plainCall(bench(lane), principal).then(nothing, messageOf);
    gotThrough.set(key, known);
    return known;
  };
  const results: Result[] = [];
  for (const check of chosen) {
    const result = await resultOf(check, gateway, eras, bench, blocked);
    results.push(result);
    onResult(result);
  }
  return results;
}

const nothing = (): undefined => undefined;
const messageOf = (error: Error): string => error.message;
const nameOf = ({ client, place }: Lane): string => `${client} to ${place}`;
const isOwnControl = ({ id }: Check): boolean =>
  id.startsWith('plain-') || id === 'modern-to-legacy' || id === 'legacy-to-modern';

async function resultOf(
  check: Check,
  gateway: Gateway,
  eras: readonly Era[],
  bench: (lane: Lane) => Bench,
  blocked: (lane: Lane, principal: 0 | 1) => Promise<string | undefined>,
): Promise<Result> {
  const not = (why: string): Result => ({ check, lane: undefined, outcome: { is: 'not-applicable', why } });
  if (check.principals === 2 && gateway.credentials.length < 2) return not('there is no second principal');
  if (check.restricted && !gateway.restricted) return not('no tool is restricted to the first principal');
  const spoken = check.lanes.filter(({ client }) => eras.includes(client));
  if (spoken.length === 0) return not('the gateway does not serve clients of that revision');
  const there = spoken.filter(({ place }) => gateway.endpoints[place] !== undefined);
  const [first] = there;
  if (first === undefined) return not(`there is no endpoint in front of \`${spoken[0]?.place}\``);
  if (isOwnControl(check)) return { check, lane: nameOf(first), outcome: await made(check, bench(first)) };
  const reasons: string[] = [];
  for (const lane of there) {
    const why = (await blocked(lane, 0)) ?? (check.principals === 2 ? await blocked(lane, 1) : undefined);
    if (why === undefined) return { check, lane: nameOf(lane), outcome: await made(check, bench(lane)) };
    reasons.push(`${nameOf(lane)}: ${why}`);
  }
  return not(`a plain call does not get through (${reasons.join('; ')})`);
}

async function made(check: Check, bench: Bench): Promise<Outcome> {
  try {
    await check.run(bench);
    return { is: 'held' };
  } catch (error) {
    if (error instanceof NotApplicable) return { is: 'not-applicable', why: error.message };
    if (error instanceof Broken) return { is: 'broken', why: error.message };
    // The gateway closed, stalled or spoke no HTTP: where a check does not expect that, it is what broke.
    return { is: 'broken', why: `the gateway did not answer: ${(error as Error).message}` };
  }
}

export interface Summary {
  readonly held: number;
  readonly broken: number;
  /** Of level `should`: reported, and not counted as broken. */
  readonly advised: number;
  readonly notApplicable: number;
}

export function summaryOf(results: readonly Result[]): Summary {
  const count = (isMeant: (result: Result) => boolean) => results.filter(isMeant).length;
  return {
    held: count(({ outcome }) => outcome.is === 'held'),
    broken: count(({ outcome, check }) => outcome.is === 'broken' && check.level === 'must'),
    advised: count(({ outcome, check }) => outcome.is === 'broken' && check.level === 'should'),
    notApplicable: count(({ outcome }) => outcome.is === 'not-applicable'),
  };
}
