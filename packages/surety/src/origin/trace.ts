// The search: for every value of a call that has to have an origin, a certificate. What it finds it puts to the very check
// that the verdict uses, and keeps only what that lets stand, so a fault of this search can cost an origin and never
// give one.

import {
  argumentOf,
  type Certificate,
  checkCertificate,
  type Ground,
  type Leaf,
  locate,
  type Normaliser,
  nameOf,
  normalisers,
  type Origin,
  type Place,
  type Source,
  type Sources,
  valueKey,
  type Wanted,
  wordsFor,
} from '@surety/proof/origins';
import type { CaseSources } from './case-sources.ts';
import { computedFrom, type Operands } from './computed.ts';
import type { Field, Result } from './results.ts';

export interface TracedCall {
  readonly tool: string;
  readonly args: unknown;
}

/** Characters of outsiders that are looked through to say of a value that it is theirs. */
const outsideMax = 512 * 1024;

type Asked = Omit<Wanted, 'allowed'>;
type Claimed = Exclude<Origin, 'none'>;

export class Trace {
  readonly #call: TracedCall;
  readonly #from: CaseSources;
  readonly #sources: Sources;
  readonly #found = new Map<string, Certificate>();
  readonly #operands: Operands;

  constructor(call: TracedCall, from: CaseSources, sourceOf: (fact: number) => Source | undefined) {
    this.#call = call;
    this.#from = from;
    this.#sources = {
      tool: call.tool,
      args: call.args,
      source: sourceOf,
      certificates: this.#found,
    };
    this.#operands = { from, placesOf: (fact, field) => this.#grounded(fact, field, '') };
  }

  /** One certificate for each wanted, in their order, of origin `none` where nothing was found; of others, those with an origin. */
  of(wanted: readonly Asked[], others: readonly Asked[] = []): readonly Certificate[] {
    // What the user said comes first, then what a record says by itself: others are tied to the call by those.
    for (const search of [this.#asSaid, this.#asRecorded, this.#asTied, this.#asElse])
      for (const each of search === this.#asElse ? wanted : [...wanted, ...others]) {
        const value = this.#found.has(nameOf(each)) ? undefined : argumentOf(each, this.#call.args);
        const certificate = value === undefined ? undefined : search(each, value);
        if (certificate !== undefined) this.#found.set(nameOf(each), certificate);
      }
    const found = wanted.map(
      (each) => this.#checked(each) ?? { ...bare(each), origin: 'none' as const, places: [] },
    );
    return [...found, ...others.flatMap((each) => this.#checked(each) ?? [])];
  }

  /** Once more, now that all are there: by that alone it will be judged. */
  #checked(wanted: Asked): Certificate | undefined {
    const found = this.#found.get(nameOf(wanted));
    return found !== undefined && 'origin' in checkCertificate(found, this.#sources) ? found : undefined;
  }

  readonly #asSaid = (wanted: Asked, value: Leaf): Certificate | undefined =>
    this.#first(wanted, 'user', this.#said(value, wanted.argument));

  readonly #asRecorded = (wanted: Asked, value: Leaf): Certificate | undefined =>
    this.#first(wanted, 'record', this.#recorded(value));

  readonly #asTied = (wanted: Asked, value: Leaf): Certificate | undefined =>
    this.#first(wanted, 'record', this.#tied(value, wanted.argument));

  readonly #asElse = (wanted: Asked, value: Leaf): Certificate | undefined => {
    for (const { formula, places } of computedFrom(value, this.#operands)) {
      const shown = this.#shown(wanted, 'computed', places, formula);
      if (shown !== undefined) return shown;
    }
    return this.#first(wanted, 'untrusted', this.#untrusted(value));
  };

  #first(wanted: Asked, origin: Claimed, places: Iterable<Place>): Certificate | undefined {
    for (const place of places) {
      const shown = this.#shown(wanted, origin, [place]);
      if (shown !== undefined) return shown;
    }
    return undefined;
  }

  #shown(
    wanted: Asked,
    origin: Claimed,
    places: readonly Place[],
    formula?: string,
  ): Certificate | undefined {
    const certificate = { ...bare(wanted), origin, places, ...(formula === undefined ? {} : { formula }) };
    const checked = checkCertificate(certificate, this.#sources);
    return 'origin' in checked ? certificate : undefined;
  }

  *#said(value: Leaf, argument: string): Iterable<Place> {
    const { words: opened } = this.#from;
    if (opened === undefined) return;
    const { fact, words } = opened;
    const named = wordsFor(this.#call.tool, argument);
    for (const [as, key] of readingsOf(value)) {
      for (const piece of as === 'name' ? words.names(String(value)) : words.pieces(as, key)) {
        const place: Place = { fact, at: '', piece, as };
        yield place;
        if (named.size === 0) continue;
        for (const [from, to] of words.near(piece))
          yield { ...place, ground: { is: 'named', piece: { fact, from, to } } };
      }
    }
  }

  *#recorded(value: Leaf): Iterable<Place> {
    for (const [as, key] of readingsOf(value))
      for (const { fact, field } of this.#from.fields(`${as}|${key}`)) yield { fact, at: field.pointer, as };
  }

  *#tied(value: Leaf, argument: string): Iterable<Place> {
    for (const [as, key] of readingsOf(value))
      for (const { fact, field } of this.#from.fields(`${as}|${key}`)) {
        const result = this.#from.results.get(fact);
        if (result === undefined) continue;
        for (const ground of this.#groundsOf(result, field, argument))
          yield { fact, at: field.pointer, as, ground };
      }
  }

  /** The ways in which a field may be tied to this call: by what the user said, before what a record says. */
  *#groundsOf(result: Result, field: Field, argument: string): Iterable<Ground> {
    const beside = result.beside(field);
    yield* this.#besideArgument(beside, argument, 'user');
    yield* this.#besideWords(beside);
    yield* this.#besideArgument(beside, argument, 'record');
  }

  *#besideArgument(beside: readonly Field[], argument: string, origin: Origin): Iterable<Ground> {
    for (const [name, found] of this.#found) {
      const isTied = found.places.some(({ ground }) => ground?.is === 'argument');
      if (found.part !== undefined || isTied || found.origin !== origin || name === argument) continue;
      const other = locate(this.#call.args, name)?.leaf;
      for (const { pointer, leaf } of beside)
        if (isAlike(leaf, other)) yield { is: 'argument', at: pointer, argument: name };
    }
  }

  *#besideWords(beside: readonly Field[]): Iterable<Ground> {
    const { words: opened } = this.#from;
    if (opened === undefined) return;
    for (const { pointer, leaf } of beside)
      for (const word of wordsIn(String(leaf).slice(0, 200)))
        for (const [from, to] of opened.words.names(trimmed(word)))
          yield { is: 'words', at: pointer, piece: { fact: opened.fact, from, to } };
  }

  /** A number of a record with what ties it to this call, for a calculation. */
  *#grounded(fact: number, field: Field, argument: string): Iterable<Ground> {
    const result = this.#from.results.get(fact);
    if (result !== undefined) yield* this.#groundsOf(result, field, argument);
  }

  *#untrusted(value: Leaf): Iterable<Place> {
    const written = typeof value === 'number' ? [value, String(value)] : [value];
    const left = { characters: outsideMax };
    for (const [fact, result] of [...this.#from.results].reverse())
      for (const each of written)
        for (const { pointer, piece } of result.outside(each, left))
          for (const [as] of readingsOf(value))
            yield { fact, at: pointer, as, ...(piece === undefined ? {} : { piece }) };
    const { words: opened } = this.#from;
    if (opened === undefined) return;
    for (const [as, key] of readingsOf(value))
      for (const piece of opened.words.pieces(as, key)) yield { fact: opened.fact, at: '', piece, as };
  }
}

/** All that a value may be, with what stands for it. */
const readingsOf = (value: Leaf): readonly (readonly [Normaliser, string])[] =>
  normalisers.flatMap((as) => {
    const key = valueKey(as, value);
    return key === undefined ? [] : [[as, key] as const];
  });

const bare = ({ argument, part }: Asked) => ({
  argument,
  ...(part === undefined ? {} : { part }),
});
/** Of a name, and of one that joins its words: `grocery-list.docx`. */
const wordsIn = (text: string): readonly string[] => {
  const words = text.split(/\s+/u).slice(0, 8);
  return words.length > 1 ? words : [...words, ...text.split(/[-_.]/u).slice(0, 8)];
};
const trimmed = (word: string): string => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
const isAlike = (a: unknown, b: unknown): boolean =>
  normalisers.some((as) => {
    const [one, two] = [a, b].map((each) =>
      typeof each === 'string' || typeof each === 'number' ? valueKey(as, each) : undefined,
    );
    return one !== undefined && one === two;
  });
