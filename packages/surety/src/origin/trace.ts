// The search: for every value of a call that has to have an origin, a certificate. What it finds it puts to the very check
// that the verdict uses, and keeps only what that lets stand, so a fault of this search can cost an origin and never
// give one.

import {
  argumentOf,
  type Certificate,
  checkCertificate,
  type Field,
  folded,
  type Ground,
  isLeaf,
  isNaming,
  type Leaf,
  letsAll,
  locate,
  nameOf,
  type Origin,
  type Place,
  type Reading,
  type Source,
  type Sources,
  valueReadings,
  type Wanted,
  wordsFor,
} from '@surety/proof/origins';
import type { CaseSources } from './case-sources.ts';
import { computedFrom, type Operands, triesMax } from './computed.ts';
import type { Result } from './results.ts';

export interface TracedCall {
  readonly tool: string;
  readonly args: unknown;
}

/** Characters of outsiders that are looked through to say of a value that it is theirs. */
const outsideMax = 128 * 1024;
/** Fields of one meaning for which a tie is looked for. */
const tiedMax = 8;
/** Results whose numbers are calculated with where no argument names their object. */
const newestMax = 4;

type Asked = Omit<Wanted, 'allowed'> & Partial<Wanted>;
type Claimed = Exclude<Origin, 'none'>;

export class Trace {
  readonly #call: TracedCall;
  readonly #from: CaseSources;
  readonly #sources: Sources;
  readonly #found = new Map<string, Certificate>();
  readonly #operands: Operands;
  /** Values that are nowhere: a list may hold one many times. */
  readonly #unfound = new Set<Leaf>();
  readonly #readings = new Map<Leaf, readonly Reading[]>();

  constructor(call: TracedCall, from: CaseSources, sourceOf: (fact: number) => Source | undefined) {
    this.#call = call;
    this.#from = from;
    this.#sources = {
      tool: call.tool,
      args: call.args,
      source: sourceOf,
      certificates: this.#found,
    };
    this.#operands = {
      from,
      left: { tries: triesMax },
      groundOf: (fact, field) => this.#grounded(fact, field),
      tied: () => this.#tiedObjects(),
    };
  }

  /** One certificate for each wanted, in their order, of origin `none` where nothing was found; of others, those with an origin. */
  of(wanted: readonly Asked[], others: readonly Asked[] = []): readonly Certificate[] {
    // What the user said comes first, then what a record says by itself: others are tied to the call by those.
    for (const search of [this.#asSaid, this.#asRecorded, this.#asTied, this.#asElse])
      for (const each of search === this.#asElse ? wanted : [...wanted, ...others]) {
        // What may be anything need not be looked for twice.
        const isFree = each.allowed !== undefined && letsAll(each.allowed);
        if (
          this.#found.has(nameOf(each)) ||
          (isFree && search !== this.#asSaid && search !== this.#asRecorded)
        )
          continue;
        const value = argumentOf(each, this.#call.args);
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
    if (this.#unfound.has(value)) return undefined;
    for (const { formula, places } of computedFrom(value, this.#operands)) {
      const shown = this.#shown(wanted, 'computed', places, formula);
      if (shown !== undefined) return shown;
    }
    const found = this.#first(wanted, 'untrusted', this.#untrusted(value));
    if (found === undefined) this.#unfound.add(value);
    return found;
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
    for (const [as, key] of this.#readingsOf(value)) {
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
    for (const [as, key] of this.#readingsOf(value))
      for (const { fact, field } of this.#from.fields(`${as}|${key}`)) yield { fact, at: field.pointer, as };
  }

  *#tied(value: Leaf, argument: string): Iterable<Place> {
    for (const [as, key] of this.#readingsOf(value))
      for (const { fact, field } of this.#from.fields(`${as}|${key}`).slice(0, tiedMax)) {
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
      const readings = isLeaf(other) ? this.#readingsOf(other) : [];
      for (const { pointer, means } of beside)
        if (means.some(([as, key]) => readings.some(([is, own]) => is === as && own === key)))
          yield { is: 'argument', at: pointer, argument: name };
    }
  }

  *#besideWords(beside: readonly Field[]): Iterable<Ground> {
    const { words: opened } = this.#from;
    if (opened === undefined) return;
    for (const { pointer, leaf } of beside)
      for (const word of wordsIn(String(leaf).slice(0, 200)))
        for (const [from, to] of isNaming(trimmed(word)) ? opened.words.names(trimmed(word)) : [])
          yield { is: 'words', at: pointer, piece: { fact: opened.fact, from, to } };
  }

  /** What ties a field to this call, for a calculation. */
  #grounded(fact: number, field: Field): Ground | undefined {
    const result = this.#from.results.get(fact);
    if (result === undefined) return undefined;
    for (const ground of this.#groundsOf(result, field, '')) return ground;
    return undefined;
  }

  /** Fields of objects that an argument of this call names; then those of the newest results, which the user may have named. */
  *#tiedObjects(): Iterable<{ readonly fact: number; readonly field: Field }> {
    for (const [name, { part, origin }] of this.#found) {
      const value = part === undefined ? locate(this.#call.args, name)?.leaf : undefined;
      if ((origin !== 'user' && origin !== 'record') || !isLeaf(value)) continue;
      for (const [as, key] of this.#readingsOf(value))
        for (const { fact, field } of this.#from.fields(`${as}|${key}`).slice(0, tiedMax))
          for (const other of this.#from.results.get(fact)?.beside(field) ?? []) yield { fact, field: other };
    }
    if (this.#from.words === undefined) return;
    for (const [fact, { quantities }] of [...this.#from.results].slice(-newestMax).reverse())
      for (const field of quantities) yield { fact, field };
  }

  /** All that a value may be. */
  #readingsOf(value: Leaf): readonly Reading[] {
    const known = this.#readings.get(value);
    if (known !== undefined) return known;
    const readings = valueReadings(value);
    this.#readings.set(value, readings);
    return readings;
  }

  *#untrusted(value: Leaf): Iterable<Place> {
    const written = typeof value === 'number' ? [value, String(value)] : [value];
    const [text, left] = [folded(String(value)), { characters: outsideMax }];
    for (const [fact, result] of [...this.#from.results].reverse()) {
      if (left.characters < 0) break;
      for (const each of written)
        for (const { pointer, piece } of result.outside(each, text, left))
          for (const [as] of this.#readingsOf(value))
            yield { fact, at: pointer, as, ...(piece === undefined ? {} : { piece }) };
    }
    const { words: opened } = this.#from;
    if (opened === undefined) return;
    for (const [as, key] of this.#readingsOf(value))
      for (const piece of opened.words.pieces(as, key)) yield { fact: opened.fact, at: '', piece, as };
  }
}

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
