// Origins in the path of a call: folds what each case was told and what was read in it, and finds for every argument that
// an outcome asks about where it came from. While no outcome asks about any argument, nothing is kept and nothing is read.

import { type Body, type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import {
  type Certificate,
  isAllowed,
  type Normaliser,
  nameOf,
  type Origin,
  type Source,
  type Wanted,
  Writes,
  type WrittenPart,
  wantedIn,
  wantedMax,
  writtenIn,
} from '@surety/proof/origins';
import { openCommitments } from '@surety/proof/records';
import { labelOf } from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import { CaseSources } from './case-sources.ts';
import { Result } from './results.ts';
import { Trace } from './trace.ts';

type Find = (digest: string) => string | undefined;

/** Of each case, and of all together: the cases that were used longest ago give way. */
const bounds = {
  resultsMax: 512,
  sizeBytesMax: 16 * 1024 * 1024,
  casesMax: 1_000,
  allBytesMax: 256 * 1024 * 1024,
};

/** One argument that may not come from where it came from. */
export interface Unmet {
  readonly outcome: string;
  readonly mode: 'observe' | 'deny';
  /** JSON pointer. */
  readonly name: string;
  readonly origin: Origin;
  readonly allowed: readonly string[];
  /** Where it stands, if it was found. */
  readonly place?: { readonly fact: number; readonly at: string } | undefined;
}

export interface Traced {
  readonly certificates: readonly Certificate[];
  readonly unmet: readonly Unmet[];
  /** Results of this case that are no longer looked at. */
  readonly evicted: number;
  /** Undefined if it writes more than can be kept track of. */
  readonly written: Written | undefined;
}

type Written = NonNullable<Body<'call.intended'>['written']>;

export interface TracedArguments {
  readonly tool: string;
  readonly args: unknown;
  readonly case: string;
  readonly isRead: boolean;
}

/** For people, never for the agent: which arguments, and what they may come from. */
export function unmetText({ unmet, evicted }: Pick<Traced, 'unmet' | 'evicted'>): string {
  const shown = unmet.slice(0, 5).map(({ name, origin, allowed, outcome, place }) => {
    const may = allowed.length === 0 ? 'nowhere' : allowed.join(' or ');
    const field = place?.at.slice(1, 81) ?? '';
    const where =
      place === undefined ? '' : ` in ${field === '' ? '' : `\`${field}\` of `}fact ${place.fact}`;
    return `\`${name.slice(1, 81)}\` came from ${origin}${where}, and may come from ${may} (${outcome})`;
  });
  const more = unmet.length > 5 ? [`and ${unmet.length - 5} more`] : [];
  const gone = evicted > 0 ? [`${evicted} earlier results of this case are no longer looked at`] : [];
  return [...shown, ...more, ...gone].join('; ');
}

type Asking = Pick<Body<'outcome.declared'>, 'arguments' | 'argumentsMode'>;

export class Origins {
  readonly #bounds: typeof bounds;
  readonly #logSalt: Uint8Array;
  readonly #writes = new Writes(sha256);
  readonly #labels = new Map<string, Body<'tool.labelled'>>();
  readonly #rules = new Map<string, Asking>();
  readonly #cases = new Map<string, CaseSources>();
  #sizeBytes = 0;

  constructor(logSalt: Uint8Array, limits: Partial<typeof bounds> = {}) {
    this.#logSalt = logSalt;
    this.#bounds = { ...bounds, ...limits };
  }

  apply(fact: Fact | UnknownFact, find: Find): void {
    if (isKind(fact, 'tool.labelled')) this.#labels.set(fact.body.tool, fact.body);
    else if (isKind(fact, 'outcome.declared')) this.#declare(fact.body);
    else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream);
    else if (isKind(fact, 'call.intended')) this.#wrote(fact.body);
    else if (this.#rules.size === 0 || fact.case === undefined) return;
    else if (isKind(fact, 'case.opened')) this.#open(fact, fact.case, find);
    else if (isKind(fact, 'call.settled')) this.#settle(fact, fact.case, find);
  }

  #wrote({ written }: Body<'call.intended'>): void {
    if (written !== undefined) this.#writes.apply(written);
  }

  #declare(body: Body<'outcome.declared'>): void {
    if (Object.keys(body.arguments).length === 0) this.#rules.delete(body.outcome);
    else this.#rules.set(body.outcome, body);
    this.#sleep();
  }

  /** Nobody asks any more. */
  #sleep(): void {
    if (this.#rules.size > 0) return;
    this.#cases.clear();
    this.#sizeBytes = 0;
  }

  #withdraw(stream: string): void {
    if (stream.startsWith('tool/')) this.#labels.delete(stream.slice('tool/'.length));
    if (stream.startsWith('outcome/')) this.#rules.delete(stream.slice('outcome/'.length));
    this.#sleep();
  }

  #open({ position, time, body }: Fact<'case.opened'>, name: string, find: Find): void {
    const { value, withheld } = openCommitments(body.words, find);
    if (withheld === 0 && typeof value === 'string')
      this.#keep(name, (sources) => sources.open(position, value, time));
  }

  /** Only what came back without error: what a failed call returned, nobody stands for. */
  #settle({ position, time, body }: Fact<'call.settled'>, name: string, find: Find): void {
    if (body.settlement !== 'ok' || body.result.length === 0) return;
    const { value, withheld } = openCommitments(body.result, find);
    if (withheld > 0 || value === undefined) return;
    // What a caller says of its own call, nobody vouches for.
    const labels = body.by === 'upstream' ? (labelOf(this.#labels, body.tool)?.results ?? {}) : {};
    this.#keep(name, (sources) => sources.add(position, new Result(value, labels, time)));
  }

  #keep(name: string, change: (sources: CaseSources) => void): void {
    const { resultsMax, sizeBytesMax, casesMax, allBytesMax } = this.#bounds;
    const sources = this.#cases.get(name) ?? new CaseSources({ resultsMax, sizeBytesMax });
    const before = sources.sizeBytes;
    change(sources);
    this.#sizeBytes += sources.sizeBytes - before;
    this.#cases.delete(name);
    this.#cases.set(name, sources);
    while (this.#cases.size > casesMax || (this.#sizeBytes > allBytesMax && this.#cases.size > 1)) {
      const [oldest, given] = this.#cases.entries().next().value as [string, CaseSources];
      this.#sizeBytes -= given.sizeBytes;
      this.#cases.delete(oldest);
    }
  }

  /** Holds nothing any more of what these facts disclosed. */
  forget(positions: ReadonlySet<number>): void {
    for (const sources of this.#cases.values()) {
      this.#sizeBytes -= sources.sizeBytes;
      for (const position of positions) sources.remove(position);
      this.#sizeBytes += sources.sizeBytes;
    }
  }

  /** Where its arguments came from; undefined if no outcome asks about any call, or it only reads and none asks about it. */
  trace({ tool, args, case: of, isRead }: TracedArguments): Traced | undefined {
    if (this.#rules.size === 0) return undefined;
    const asked = this.#askedOf(tool, args);
    // Whatever is written may be read back, whoever asks about it then.
    const parts = isRead ? [] : writtenIn(args);
    if (parts?.length === 0 && asked.length === 0) return undefined;
    const sources = this.#cases.get(of) ?? new CaseSources(this.#bounds);
    const wanted = new Map(
      asked.flatMap(({ wanted: each }) => each.map((one) => [nameOf(one), one] as const)),
    );
    const trace = new Trace({ tool, args }, sources, (fact) => this.#sourceIn(sources, fact));
    const isTooMany = wanted.size > wantedMax || parts === undefined;
    const others = (parts ?? []).filter((each) => !wanted.has(nameOf(each)));
    const certificates = isTooMany ? [] : trace.of([...wanted.values()], others);
    const found = new Map(certificates.map((each) => [nameOf(each), each.origin]));
    const places = new Map(certificates.map((each) => [nameOf(each), each.places[0]]));
    const unmet = asked.flatMap(({ outcome, mode, wanted: each }) =>
      each.flatMap((one): Unmet[] => {
        const origin = found.get(nameOf(one)) ?? 'none';
        return isAllowed(one, origin)
          ? []
          : [
              {
                outcome,
                mode,
                name: one.argument,
                origin,
                allowed: one.allowed,
                place: places.get(nameOf(one)),
              },
            ];
      }),
    );
    return { certificates, unmet, evicted: sources.evicted, written: parts && this.#writtenBy(parts, found) };
  }

  #writtenBy(parts: readonly WrittenPart[], found: ReadonlyMap<string, Origin>): Written {
    const [unvouched, vouched] = [new Set<string>(), new Set<string>()];
    for (const part of parts) {
      const isTrusted = ['user', 'record', 'computed'].includes(found.get(nameOf(part)) ?? 'none');
      for (const key of part.keys) {
        const name = this.#writes.nameOf(this.#logSalt, key);
        if (!isTrusted) unvouched.add(name);
        else if (this.#writes.has(name)) vouched.add(name);
      }
    }
    // Written twice in one call, once without an origin: that is what is read back.
    return { unvouched: [...unvouched], vouched: [...vouched].filter((name) => !unvouched.has(name)) };
  }

  #sourceIn({ words, results }: CaseSources, fact: number): Source | undefined {
    if (words?.fact === fact) return words.words.source;
    const result = results.get(fact);
    if (result === undefined) return undefined;
    const { value, labels, at } = result;
    return { is: 'result', value, labels, at, isRaised: this.#isRaised };
  }

  readonly #isRaised = (as: Normaliser, key: string): boolean =>
    this.#writes.isRaised(this.#logSalt, as, key);

  #askedOf(tool: string, args: unknown): readonly Asked[] {
    return [...this.#rules].flatMap(([outcome, { arguments: rules, argumentsMode: mode = 'deny' }]) => {
      const rule = Object.hasOwn(rules, tool) ? rules[tool] : undefined;
      return rule === undefined ? [] : [{ outcome, mode, wanted: wantedIn(rule, args) }];
    });
  }
}

interface Asked extends Pick<Unmet, 'outcome' | 'mode'> {
  readonly wanted: readonly Wanted[];
}
