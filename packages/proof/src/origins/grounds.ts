// What ties a value to a call where the value alone could be anybody's: a short number, a date, an entry of a
// directory. Either the user says beside it what it is; or it belongs to the object, and to no other of that result,
// that the user named or that another argument of the call names.

import {
  folded,
  isBounded,
  isLeaf,
  isSaid,
  isTelling,
  type Leaf,
  quotesIn,
  type Reading,
} from '../normalisers/index.ts';
import type { Certificate, Ground, Place, Source, Sources } from './certificate.ts';
import { type Field, fieldsOf, meaningsOf } from './fields.ts';
import { labelAt, locate } from './labels.ts';

/** What a place is looked at for. */
export interface Asking {
  readonly argument: string;
  readonly sources: Sources;
  /** Whether a certificate of the same call shows that its value is the user's or a record's. */
  readonly stands: (certificate: Certificate) => boolean | 'withheld';
}

/** Why the ground of this place does not hold, if it does not. */
export function ungrounded(place: Place, asking: Asking): 'not-grounded' | 'withheld' | undefined {
  const { ground } = place;
  const { argument, sources } = asking;
  if (ground === undefined) return 'not-grounded';
  if (ground.is === 'named') return isNamed(ground, place, argument, sources) ? undefined : 'not-grounded';
  const source = sources.source(place.fact);
  if (typeof source !== 'object' || source.is !== 'result' || ground.at === undefined) return 'not-grounded';
  const [own, other] = [locate(source.value, place.at), locate(source.value, ground.at)];
  // Two entries of one list say nothing of each other: whoever adds one would be vouched for by the rest.
  const isBeside = own !== undefined && own.owner === other?.owner && own.names.at(-1) !== other.names.at(-1);
  if (!isBeside || !isLeaf(other.leaf)) return 'not-grounded';
  const label = labelAt(source.labels, other.names);
  if (label?.is !== 'record' && label?.is !== 'directory') return 'not-grounded';
  const asked = ground.is === 'words' ? saidPiece(ground, sources) : otherArgument(ground, asking);
  if (asked === 'withheld') return asked;
  return asked !== undefined && areAlone(source, label.path, ground.at, asked) ? undefined : 'not-grounded';
}

// --- By its name ----------------------------------------------------------------------------------------------

/** Say nothing of what an argument is. */
const nameless = new Set([
  'the',
  'and',
  'for',
  'ids',
  'num',
  'number',
  'name',
  'value',
  'new',
  'get',
  'set',
  'args',
]);

/** Words that an argument of a tool goes by. */
export function wordsFor(tool: string, argument: string): ReadonlySet<string> {
  const own = argument.split('/').filter((token) => !/^[0-9]*$/.test(token));
  const text = `${tool.slice(tool.indexOf('.') + 1)} ${own.at(-1) ?? ''}`;
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return new Set(words.map(singular).filter((word) => word.length >= 3 && !nameless.has(word)));
}
const singular = (word: string): string => (word.length > 3 ? word.replace(/s$/, '') : word);

/** `file 13`, `seats: 2`, `3 nights`: at most one word lies between. */
function isNamed(
  { piece, at, argument: other }: Ground,
  place: Place,
  argument: string,
  sources: Sources,
): boolean {
  const source = sources.source(place.fact);
  if (typeof source !== 'object' || source.is !== 'words' || place.piece === undefined) return false;
  if (piece === undefined || piece.fact !== place.fact || at !== undefined || other !== undefined)
    return false;
  const { text } = source;
  const [from, to] = place.piece;
  const word = text.slice(piece.from, piece.to);
  if (!/^[a-z]{3,32}$/i.test(word) || !isBounded('name', text, piece.from, piece.to)) return false;
  if (!isSaid(quotesIn(source), piece.from, piece.to)) return false;
  const between = piece.to <= from ? text.slice(piece.to, from) : text.slice(to, piece.from);
  if (piece.to > from && piece.from < to) return false;
  return wordsFor(sources.tool, argument).has(singular(word.toLowerCase())) && isNear(between);
}

/** No sentence ends there, and no other number stands there. */
const isNear = (between: string): boolean =>
  /^[\s:#=(-]{1,3}$/.test(between) || /^\s\p{L}{1,12}[\s:#-]{1,2}$/u.test(between);

// --- By its object --------------------------------------------------------------------------------------------

const common = new Set(
  `the and for with from that this these those you your our their his her its all any some not but are was were has have
  had will can may please pay send make create update delete book order invoice payment account customer supplier user
  company group ltd inc gmbh llc new last next first`.split(/\s+/),
);

/** What another field of the object must say. */
interface Asked {
  readonly leaf: Leaf;
  /** A word of it is enough. */
  readonly isPart: boolean;
  readonly at: number;
}

/** Whether a word that the user said can name an object. */
export const isNaming = (word: string): boolean =>
  [...word].length >= 3 && word.trim() === word && !common.has(folded(word));

function saidPiece({ piece, argument }: Ground, sources: Sources): Asked | 'withheld' | undefined {
  if (piece === undefined || argument !== undefined) return undefined;
  const words = sources.source(piece.fact);
  if (words === 'withheld') return words;
  if (typeof words !== 'object' || words.is !== 'words') return undefined;
  const { text, at } = words;
  const leaf = text.slice(piece.from, piece.to);
  const isWord =
    isBounded('id', text, piece.from, piece.to) && isBounded('number', text, piece.from, piece.to);
  if (!isWord || !isSaid(quotesIn(words), piece.from, piece.to)) return undefined;
  // `3`, `of` and `the` are said in any text.
  return isNaming(leaf) ? { leaf, isPart: true, at } : undefined;
}

/** It must stand by itself: two arguments cannot hold each other up. */
function otherArgument(
  ground: Ground,
  { argument, sources, stands }: Asking,
): Asked | 'withheld' | undefined {
  const { argument: named, piece } = ground;
  if (named === undefined || named === argument || piece !== undefined) return undefined;
  const certificate = sources.certificates.get(named);
  const leaf = locate(sources.args, named)?.leaf;
  if (certificate === undefined || certificate.part !== undefined || !isLeaf(leaf)) return undefined;
  if (certificate.places.some((each) => each.ground?.is === 'argument')) return undefined;
  const isStanding = stands(certificate);
  if (isStanding === 'withheld') return isStanding;
  return isStanding ? { leaf, isPart: false, at: 0 } : undefined;
}

/** The field at `pointer` says it, and no other field of the result under the same label. */
function areAlone(source: Source & { is: 'result' }, path: string, pointer: string, asked: Asked): boolean {
  const saying = fieldsSaying(source, asked).filter((field) => field.path === path);
  return saying.length === 1 && saying[0]?.pointer === pointer;
}

/**
 * A result that knows what the user named must be read where it does: the account of one row does not go with the number
 * of another, however well each is vouched for. Unless the user named the other row, too.
 */
export function elsewhere(
  place: Place,
  { argument, sources, stands }: Asking,
): 'not-grounded' | 'withheld' | undefined {
  const source = sources.source(place.fact);
  if (typeof source !== 'object' || source.is !== 'result' || place.ground?.is === 'words') return undefined;
  const own = locate(source.value, place.at)?.owner;
  let isKnown = false;
  for (const certificate of sources.certificates.values()) {
    const { origin, part } = certificate;
    if (origin !== 'user' || part !== undefined || certificate.argument === argument) continue;
    const leaf = locate(sources.args, certificate.argument)?.leaf;
    const isStanding = isLeaf(leaf) && stands(certificate);
    if (isStanding === 'withheld') return isStanding;
    if (!isStanding) continue;
    const owners = ownersOf(source, { leaf: leaf as Leaf, isPart: false, at: source.at });
    if (owners.has(own ?? '')) return undefined;
    isKnown ||= owners.size > 0;
  }
  return isKnown ? 'not-grounded' : undefined;
}

/** The objects with a vouched-for field that says this. */
const ownersOf = (source: Source & { is: 'result' }, asked: Asked): ReadonlySet<string> =>
  new Set(fieldsSaying(source, asked).map(({ owner }) => owner));

function fieldsSaying(source: Source & { is: 'result' }, { leaf, isPart, at }: Asked): readonly Field[] {
  const fields = fieldsOf(source);
  if (!isPart) return fields.saying(leaf).flatMap(([field, reading]) => (isThing(reading) ? [field] : []));
  const [meanings, word] = [meaningsOf(leaf, at), folded(String(leaf))];
  return fields.all.filter((field) => {
    const reading = fields.saidBy(field, meanings);
    return reading === undefined ? holds(fields.foldedOf(field), word, field.leaf) : isThing(reading);
  });
}

/** Whether a text has this word. */
function holds(within: string, word: string, leaf: Leaf): boolean {
  if (typeof leaf !== 'string' || !within.includes(word)) return false;
  if (joined.test(within)) return within.split(/[-_.]/u).includes(word);
  for (let from = within.indexOf(word); from !== -1; from = within.indexOf(word, from + 1))
    if (isBounded('id', within, from, from + word.length)) return true;
  return false;
}

/** `grocery-list.docx`: people say its words. */
const joined = /^[\p{L}\p{N}]{1,64}(?:[-_][\p{L}\p{N}]{1,64}){1,16}(?:\.[a-z0-9]{1,5})?$/u;

/** A date or a small number of one row is that of many. */
const isThing = ([as, key]: Reading): boolean => as !== 'date' && as !== 'time' && isTelling(as, key, true);
