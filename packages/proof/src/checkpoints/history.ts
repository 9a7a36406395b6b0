// What has happened: the settled calls that checkpoints look back on as evidence, and the calls that were let
// through, whatever came of them. The gate feeds it live, the verdict feeds it from the log: the same code, the
// same answer.

import type { Money } from '../facts.ts';
import { type Clause, type CompiledRule, evidenceClauses, passageClauses } from './clauses.ts';
import { type PastCall, type Sought, Trail } from './trail.ts';

/** A call that settled, as a rule sees it through `prior` or `next`. */
export interface SettledCall extends PastCall {
  readonly result: unknown;
  readonly settledAt: number;
  /** Who answers for the agent, as it was enrolled then. */
  readonly owner?: string | undefined;
  /** People on whose approval it rests. */
  readonly approvers?: readonly string[] | undefined;
}

/** A call that was let through. Its position and time are those of its intent; of its settlement where it has none. */
export interface Passage extends PastCall {
  readonly money: Money | undefined;
  readonly at: number;
  /** Where it settled. */
  settled?: number;
  /** It is known to have had no effect: it counts no more. */
  isVoid?: boolean;
}

/** Selects own members only: an attacker names the members, so `constructor` must find nothing. */
export function select(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** How much is remembered; unbounded where it is left out. */
export interface Bounds {
  readonly callsMax?: number;
  readonly perKeyMax?: number;
}

/** The calls that some rule may ask about. Unbounded unless told otherwise; who feeds it may forget. */
export class History {
  readonly evidence: Trail<SettledCall>;
  readonly passages: Trail<Passage>;
  /** Since when each clause over passages is in force: it counts from there on. */
  readonly #since = new Map<string, number>();

  constructor(bounds: Bounds = {}) {
    this.evidence = new Trail({
      ...bounds,
      timeOf: ({ settledAt }) => settledAt,
      // As `prior` to what looks back, as `next` to what looks forward.
      scopeOf: ({ args, result }) => ({ prior: { args, result }, next: { args, result } }),
      keepsUnreadable: false,
    });
    this.passages = new Trail({
      ...bounds,
      timeOf: ({ at }) => at,
      scopeOf: ({ args }) => ({ prior: { args } }),
      keepsUnreadable: true,
    });
  }

  /** From this position on these rules are in force, and no others. */
  watch(rules: readonly CompiledRule[], position = 0): void {
    this.evidence.watch(rules.flatMap(evidenceClauses));
    const clauses = rules.flatMap(passageClauses);
    this.passages.watch(clauses);
    const ids = new Set(clauses.map(({ id }) => id));
    for (const id of this.#since.keys()) if (!ids.has(id)) this.#since.delete(id);
    for (const id of ids) if (!this.#since.has(id)) this.#since.set(id, position);
  }

  add(call: SettledCall): void {
    this.evidence.add(call);
  }

  /** Newest first: the calls that may have been let through against this clause. */
  passed(clause: Clause, sought: Sought): Iterable<Passage> {
    return this.passages.candidates(clause, { ...sought, sincePosition: this.#since.get(clause.id) ?? 0 });
  }

  /** Forgets what was disclosed by the facts at these positions: no evidence any more, and no passage less. */
  forget(positions: ReadonlySet<number>): void {
    const isIn = ({ position, intent }: PastCall) =>
      positions.has(position) || (intent !== undefined && positions.has(intent));
    this.evidence.replace((call) => (isIn(call) ? undefined : call));
    this.passages.replace((call) =>
      isIn(call) ? Object.assign(call, { args: {}, money: undefined, withheld: true }) : call,
    );
  }
}
