// A trail: calls of the past in their order, indexed by what clauses look for, so that a question costs what it
// finds and not what happened. In a proof it holds everything; in the gate it is bounded, and what was dropped is
// remembered as dropped: it never counts as evidence, and never as not having happened.

import type { Clause, Same } from './clauses.ts';
import { nothingEquals, noValue, type SideValue, sideValue } from './keys.ts';

/** What `same` can ask to be equal. Nobody is the same as nobody. */
export type Sameness = Readonly<Record<Same, string | undefined>>;

export interface PastCall extends Sameness {
  /** Of the fact that puts it on the trail. */
  readonly position: number;
  /** Of its intent, if it has one and that is another fact. */
  readonly intent?: number | undefined;
  readonly tool: string;
  readonly args: unknown;
  /** Some of its values are withheld: a rule that finds nothing in it proves nothing. */
  readonly withheld: boolean;
  /** The facts that lack them. */
  readonly missing?: readonly number[];
}

export const missingOf = ({ missing, position }: PastCall): readonly number[] => missing ?? [position];

export interface TrailOptions<C extends PastCall> {
  readonly timeOf: (call: C) => number;
  /** The values of a call as conditions see them. */
  readonly scopeOf: (call: C) => Readonly<Record<string, unknown>>;
  /** A call whose key cannot be computed can be no evidence, but it must not be overlooked as a passage. */
  readonly keepsUnreadable: boolean;
  /** Calls kept in all, and with one key. */
  readonly callsMax?: number;
  readonly perKeyMax?: number;
}

/** Calls with one key, in order; `latest[i]` is the latest time among those up to `i`. */
interface Row<C> {
  readonly calls: C[];
  readonly latest: number[];
  /** The latest time among those that were dropped. */
  dropped: number | undefined;
}

/** What a search is about: the call that is judged, and the times and positions that can matter. */
export interface Sought {
  readonly same: Sameness;
  readonly scope: Readonly<Record<string, unknown>>;
  /** Nothing that happened before is in reach. */
  readonly sinceTime?: number;
  readonly sincePosition?: number;
}

export class Trail<C extends PastCall> {
  readonly #options: TrailOptions<C>;
  #clauses: readonly Clause[] = [];
  readonly #byTool = new Map<string, Row<C>>();
  /** By the clause, then by key: one call, or several in their order. */
  readonly #byKey = new Map<string, Map<string, C | Row<C>>>();
  #size = 0;
  #dropped: number | undefined;

  constructor(options: TrailOptions<C>) {
    this.#options = options;
  }

  /** Clauses may come later than calls: the index of a new one is built from what is held. */
  watch(clauses: readonly Clause[]): void {
    this.#clauses = [...new Map(clauses.map((each) => [each.id, each])).values()];
    const ids = new Set(this.#clauses.map(({ id }) => id));
    for (const id of this.#byKey.keys()) if (!ids.has(id)) this.#byKey.delete(id);
    for (const clause of this.#clauses) {
      if (this.#byKey.has(clause.id) || !isIndexed(clause)) continue;
      for (const call of this.#byTool.get(clause.call)?.calls ?? []) this.#index(clause, call);
    }
  }

  add(call: C): void {
    const row = this.#byTool.get(call.tool) ?? emptyRow<C>();
    this.#byTool.set(call.tool, row);
    this.#push(row, call);
    this.#size += 1;
    for (const clause of this.#clauses) if (clause.call === call.tool) this.#index(clause, call);
    const { callsMax = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#size > callsMax * 1.25) this.#drop(callsMax);
  }

  /** Forgets calls, or puts others in their place: what was erased is no evidence any more. */
  replace(change: (call: C) => C | undefined): void {
    const calls = [...this.#byTool.values()].flatMap((row) => row.calls);
    this.#rebuild(calls.flatMap((call) => change(call) ?? []).sort((a, b) => a.position - b.position));
  }

  /** Newest first: the calls that could be what the clause looks for. */
  candidates(clause: Clause, sought: Sought): Iterable<C> {
    const row = this.#byTool.get(clause.call);
    if (row === undefined) return [];
    const index = this.#byKey.get(clause.id);
    if (index === undefined) return newest(row, sought);
    const key = this.#keyFor(clause, sought);
    // Whatever it is compared with gives an error too, so that every call has to be asked.
    if (key === noValue) return this.#options.keepsUnreadable ? newest(row, sought) : [];
    const known = key === nothingEquals ? undefined : index.get(key);
    const unknown = index.get(unknownKey(clause, sought.same));
    if (unknown === undefined) return newest(known, sought);
    return known === undefined ? newest(unknown, sought) : bothOf(known, unknown, sought);
  }

  /** The latest time of a call that may have been looked for and is no longer remembered. */
  droppedOf(clause: Clause, sought: Sought): number | undefined {
    const key = this.#keyFor(clause, sought);
    const index = this.#byKey.get(clause.id);
    const keys = typeof key === 'string' ? [key] : [];
    const rows = [...keys, unknownKey(clause, sought.same)].map((each) => index?.get(each));
    const times = rows.flatMap((row) => (row !== undefined && 'calls' in row ? (row.dropped ?? []) : []));
    const all = [...times, ...(this.#dropped === undefined ? [] : [this.#dropped])];
    return all.length === 0 ? undefined : Math.max(...all);
  }

  /** The key under which a clause finds this call: a name for all calls that it counts together. */
  keyOf(clause: Clause, call: C): string | undefined {
    let key = sameKey(clause, call);
    const scope = this.#options.scopeOf(call);
    for (const { theirs } of clause.keys) {
      const value = sideValue(theirs, scope);
      if (value === nothingEquals) return undefined;
      if (value === noValue)
        return call.withheld || this.#options.keepsUnreadable ? unknownKey(clause, call) : undefined;
      key += ` ${value}`;
    }
    return key;
  }

  /** The keys under which a clause looks for calls on behalf of another. */
  keysFor(clause: Clause, sought: Sought): readonly string[] {
    const key = this.#keyFor(clause, sought);
    return [...(typeof key === 'string' ? [key] : []), unknownKey(clause, sought.same)];
  }

  #keyFor(clause: Clause, { same, scope }: Sought): SideValue {
    let key = sameKey(clause, same);
    let isEqual = true;
    for (const { ours } of clause.keys) {
      const value = sideValue(ours, scope);
      if (value === noValue) return noValue;
      if (value === nothingEquals) isEqual = false;
      else key += ` ${value}`;
    }
    return isEqual ? key : nothingEquals;
  }

  #index(clause: Clause, call: C): void {
    if (!isIndexed(clause)) return;
    const index = this.#byKey.get(clause.id) ?? new Map<string, C | Row<C>>();
    this.#byKey.set(clause.id, index);
    const key = this.keyOf(clause, call);
    if (key === undefined) return;
    const found = index.get(key);
    if (found === undefined) index.set(key, call);
    else {
      const row = 'calls' in found ? found : emptyRow<C>();
      if (row !== found) this.#push(row, found as C);
      index.set(key, row);
      this.#push(row, call);
      const { perKeyMax = Number.POSITIVE_INFINITY } = this.#options;
      if (row.calls.length > perKeyMax * 1.25) cut(row, row.calls.length - perKeyMax);
    }
  }

  #push(row: Row<C>, call: C): void {
    row.calls.push(call);
    row.latest.push(Math.max(row.latest.at(-1) ?? 0, this.#options.timeOf(call)));
  }

  /** Drops the oldest of all, wherever they are. */
  #drop(callsMax: number): void {
    const calls = [...this.#byTool.values()].flatMap((row) => row.calls);
    const kept = calls.sort((a, b) => a.position - b.position).splice(-callsMax);
    for (const call of calls) this.#dropped = Math.max(this.#dropped ?? 0, this.#options.timeOf(call));
    this.#rebuild(kept);
  }

  #rebuild(calls: readonly C[]): void {
    for (const row of [...this.#byKey.values()].flatMap((index) => [...index.values()]))
      if ('calls' in row && row.dropped !== undefined)
        this.#dropped = Math.max(this.#dropped ?? 0, row.dropped);
    this.#byTool.clear();
    this.#byKey.clear();
    this.#size = 0;
    for (const call of calls) this.add(call);
  }
}

const emptyRow = <C>(): Row<C> => ({ calls: [], latest: [], dropped: undefined });

function cut<C>(row: Row<C>, count: number): void {
  row.dropped = row.latest[count - 1];
  row.calls.splice(0, count);
  row.latest.splice(0, count);
}

function* bothOf<C extends PastCall>(one: C | Row<C>, other: C | Row<C>, sought: Sought): Iterable<C> {
  yield* newest(one, sought);
  yield* newest(other, sought);
}

/** One call alone costs no search. */
function newest<C extends PastCall>(row: C | Row<C> | undefined, sought: Sought): Iterable<C> {
  if (row === undefined) return [];
  return 'calls' in row ? newestOf(row, sought) : [row];
}

function* newestOf<C extends PastCall>(row: Row<C>, sought: Sought): Iterable<C> {
  const { sinceTime = -1, sincePosition = -1 } = sought;
  for (let at = row.calls.length - 1; at >= 0; at -= 1) {
    const call = row.calls[at] as C;
    if (call.position < sincePosition || (row.latest[at] as number) < sinceTime) return;
    yield call;
  }
}

const isIndexed = ({ keys, same }: Clause): boolean => keys.length > 0 || same.length > 0;
const sameKey = ({ same }: Clause, of: Sameness): string =>
  same.length === 0 ? '' : JSON.stringify(same.map((each) => of[each] ?? null));
const unknownKey = (clause: Clause, of: Sameness): string => `${sameKey(clause, of)} ?`;
