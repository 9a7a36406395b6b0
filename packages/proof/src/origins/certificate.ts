// Where an argument of a call came from, as something that can be checked: a certificate names the places, the way they
// are read and what ties them to this call. The gate searches; whoever checks looks at these places alone.
// INVARIANT: every rule here is positive. A claim stands by what is there, never by what is not found elsewhere, so that
// nothing that is withheld, forgotten or not looked at can raise an origin.

import {
  entitiesIn,
  isBounded,
  isLeaf,
  isSaid,
  isTelling,
  type Leaf,
  type Normaliser,
  normaliserOf,
  normalisers,
  quotesIn,
  sourceKeys,
  valueKey,
} from '../normalisers/index.ts';
import { type Infer, list, natural, oneOf, optional, pair, record, text } from '../values/shape.ts';
import { gives, kindOf, type Operand } from './formulas.ts';
import { elsewhere, ungrounded } from './grounds.ts';
import { labelAt, locate, type ResultLabels, type Trust } from './labels.ts';

export const origins = ['user', 'record', 'computed', 'untrusted', 'none'] as const;
export type Origin = (typeof origins)[number];

/** What ties a value that could be anybody's to this call. */
const ground = record({
  /**
   * `named`: beside it stands what the argument is called. `words`: in the same object stands what the user named, and in
   * no other. `argument`: in the same object stands another argument of this call, and in no other.
   */
  is: oneOf('named', 'words', 'argument'),
  /** The piece of the user's words. */
  piece: optional(record({ fact: natural, from: natural, to: natural })),
  /** JSON pointer of the other field of that object. */
  at: optional(text),
  argument: optional(text),
});
export type Ground = Infer<typeof ground>;

const place = record({
  /** Position of the fact: an opened case, or a settled call. */
  fact: natural,
  /** JSON pointer into the result; empty for words. */
  at: text,
  /** A piece of a text, in UTF-16 code units. */
  piece: optional(pair(natural, natural)),
  as: oneOf(...normalisers),
  ground: optional(ground),
});
export type Place = Infer<typeof place>;

export const certificate = record({
  /** JSON pointer into the arguments, and the part of a free text that this is about. */
  argument: text,
  part: optional(pair(natural, natural)),
  origin: oneOf(...origins),
  places: list(place),
  /** The expression over the places, in their order; of `computed` alone. */
  formula: optional(text),
});
export type Certificate = Infer<typeof certificate>;
export const certificates = list(certificate);

/** A fact that something may have come from: of the same case, before the call. */
export type Source =
  | { readonly is: 'words'; readonly text: string; readonly at: number }
  | {
      readonly is: 'result';
      readonly value: unknown;
      readonly labels: ResultLabels;
      readonly at: number;
      /** Of a value that was last written with less than a record's word. */
      readonly isRaised?: (normaliser: Normaliser, key: string) => boolean;
    };

export interface Sources {
  readonly tool: string;
  readonly args: unknown;
  /** `withheld` if it is one and cannot be read; undefined if there is no such source for this call. */
  readonly source: (fact: number) => Source | 'withheld' | undefined;
  /** The certificates of this call, by their names. */
  readonly certificates: ReadonlyMap<string, Certificate>;
}

/** More values than any expression takes. */
const operandsMax = 4;

export type WhyNot =
  | 'no-value'
  | 'withheld'
  | 'no-source'
  | 'not-there'
  | 'not-vouched'
  | 'not-grounded'
  | 'malformed';
export type Checked = { readonly origin: Origin } | { readonly why: WhyNot };

const not = (why: WhyNot): Checked => ({ why });

/** The part of an argument that a certificate is about. */
export function argumentOf(
  { argument, part }: Pick<Certificate, 'argument' | 'part'>,
  args: unknown,
): Leaf | undefined {
  const leaf = locate(args, argument)?.leaf;
  if (!isLeaf(leaf) || part === undefined) return isLeaf(leaf) ? leaf : undefined;
  const [from, to] = part;
  const isWhole = typeof leaf === 'string' && partsOf(args as object, argument, leaf).has(`${from}-${to}`);
  // A link that is written on behind it is another link.
  return isWhole && isBounded('link', leaf, from, to) ? leaf.slice(from, to) : undefined;
}

const parted = new WeakMap<object, Map<string, ReadonlySet<string>>>();

/** Where addresses stand in a free text: found once for a call, since each of them has a certificate of its own. */
function partsOf(args: object, argument: string, leaf: string): ReadonlySet<string> {
  const known = parted.get(args) ?? new Map<string, ReadonlySet<string>>();
  parted.set(args, known);
  const parts = known.get(argument) ?? new Set(entitiesIn(leaf).map((part) => part.join('-')));
  known.set(argument, parts);
  return parts;
}

/** The origin that the certificate shows, or why it shows none. It never says more than what it claims. */
export function checkCertificate(certificate: Certificate, sources: Sources): Checked {
  const { origin, places, formula } = certificate;
  const value = argumentOf(certificate, sources.args);
  if (origin === 'none' && places.length + (formula ?? '').length > 0) return not('malformed');
  // Yes and no have no origin, and that is all there is to say of it.
  if (origin === 'none' && certificate.part === undefined) return { origin };
  if (value === undefined) return not('no-value');
  if (origin === 'none') return { origin };
  if (origin === 'computed') return checkComputed(certificate, sources, value);
  const [only] = places;
  if (only === undefined || places.length > 1 || formula !== undefined) return not('malformed');
  const read = readPlace(only, sources);
  if (typeof read === 'string') return not(read);
  if (normaliserOf(read.piece, value, read.at) !== only.as) return not('not-there');
  if (origin === 'untrusted')
    return only.ground === undefined && !read.isTrusted ? { origin } : not('malformed');
  const key = valueKey(only.as, value) as string;
  const why = vouched(certificate, sources, only, { ...read, key });
  if (why !== undefined) return not(why);
  return (read.trust === undefined) === (origin === 'user') ? { origin } : not('not-vouched');
}

function checkComputed(certificate: Certificate, sources: Sources, value: Leaf): Checked {
  const { places, formula = '' } = certificate;
  const seen = new Set(places.map((each) => JSON.stringify([each.fact, each.at, each.piece])));
  if (seen.size !== places.length || places.length > operandsMax) return not('malformed');
  // A day without a year may be in two: all that is meant may be calculated with.
  let ways: readonly (readonly Operand[])[] = [[]];
  for (const each of places) {
    const read = readPlace(each, sources);
    if (typeof read === 'string') return not(read);
    const keys = sourceKeys(each.as, read.piece, read.at);
    if (keys.length === 0 || kindOf({ as: each.as, key: keys[0] as string }) === undefined)
      return not('not-there');
    for (const key of keys) {
      const why = vouched(certificate, sources, each, { ...read, key });
      if (why !== undefined) return not(why);
    }
    ways = ways.flatMap((way) => keys.map((key) => [...way, { as: each.as, key }]));
  }
  return ways.some((way) => gives(formula, way, value)) ? { origin: 'computed' } : not('not-there');
}

/** What stands at a place. */
interface Read {
  readonly piece: Leaf;
  readonly at: number;
  /** The user said it, or somebody vouches for the field. */
  readonly isTrusted: boolean;
  /** Of a result. */
  readonly trust: Trust | undefined;
}

function readPlace({ fact, at, piece, as }: Place, sources: Sources): Read | WhyNot {
  const source = sources.source(fact);
  if (source === undefined) return 'no-source';
  if (source === 'withheld') return 'withheld';
  const found = source.is === 'words' ? { leaf: source.text, names: [] } : locate(source.value, at);
  if (found === undefined || !isLeaf(found.leaf) || (source.is === 'words' && at !== '')) return 'not-there';
  const { leaf } = found;
  if (piece !== undefined && (typeof leaf !== 'string' || !isBounded(as, leaf, ...piece))) return 'not-there';
  const text = piece === undefined ? leaf : (leaf as string).slice(...piece);
  if (source.is === 'words') {
    if (piece === undefined) return 'malformed';
    const isTrusted = isSaid(quotesIn(source), ...piece);
    return { piece: text, at: source.at, isTrusted, trust: undefined };
  }
  const trust = labelAt(source.labels, found.names)?.is ?? 'outsider-text';
  // A field is vouched for as a whole: what stands within it may be there for any reason.
  const isTrusted = piece === undefined && (trust === 'record' || trust === 'directory');
  return { piece: text, at: source.at, isTrusted, trust };
}

/** Why nobody vouches for this place, if nobody does. */
function vouched(
  { argument }: Certificate,
  sources: Sources,
  place: Place,
  { isTrusted, trust, key }: Read & { readonly key: string },
): WhyNot | undefined {
  if (!isTrusted) return 'not-vouched';
  const source = sources.source(place.fact);
  if (typeof source === 'object' && source.is === 'result' && source.isRaised?.(place.as, key) === true)
    return 'not-vouched';
  const stands = (other: Certificate): boolean | 'withheld' => {
    const checked = checkCertificate(other, sources);
    if ('why' in checked) return checked.why === 'withheld' ? checked.why : false;
    return checked.origin === 'user' || checked.origin === 'record';
  };
  const asking = { argument, sources, stands };
  const isAlone = trust !== 'directory' && isTelling(place.as, key, trust === undefined);
  // One way to say it: what stands alone is not tied to anything.
  if (isAlone && place.ground !== undefined) return 'malformed';
  const why = isAlone ? undefined : ungrounded(place, asking);
  return why ?? (trust === undefined ? undefined : elsewhere(place, asking));
}
