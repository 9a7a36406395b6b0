// Where each argument of a call came from, as a person would say it: from its certificates, with the exact earlier fact
// and field. Read, never judged again: that is for `surety verdict` and `surety verify`.

import { type Fact, isKind, ShapeError, type UnknownFact } from '@surety/proof/facts';
import { argumentOf, type Certificate, certificates, locate, type Place } from '@surety/proof/origins';
import { openCommitments } from '@surety/proof/records';
import { sayValue } from './narrate.ts';
import { printable } from './terminal.ts';

type Find = (digest: string) => string | undefined;
type FactAt = (position: number) => { readonly fact: Fact | UnknownFact; readonly find: Find };

export interface OriginTold {
  readonly argument: string;
  readonly origin: Certificate['origin'];
  readonly told: string;
}

/** One line for each argument that was traced; none of a fact that has no certificates, or whose are erased. */
export function originsTold(fact: Fact | UnknownFact, find: Find, factAt: FactAt): readonly OriginTold[] {
  if (!isKind(fact, 'call.intended') || fact.body.origins === 'not-traced') return [];
  const all = readAll(openCommitments(fact.body.origins, find).value);
  const args = openCommitments(fact.body.args, find).value;
  return all.map((each) => {
    const value = argumentOf(each, args) ?? locate(args, each.argument)?.leaf;
    const said = value === undefined ? '' : ` ${sayValue(value)}`;
    const told = `${nameOf(each.argument)}${said}: ${saidOf(each, args, factAt)}`;
    return { argument: each.argument, origin: each.origin, told };
  });
}

function readAll(value: unknown): readonly Certificate[] {
  try {
    return value === undefined ? [] : certificates(value, '');
  } catch (error) {
    if (error instanceof ShapeError) return [];
    throw error;
  }
}

/** A person reads `lines.0.price`; whoever calls chose the names. */
const nameOf = (pointer: string): string =>
  printable(pointer.slice(1, 121).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~'));

function saidOf({ origin, places, formula }: Certificate, args: unknown, factAt: FactAt): string {
  if (origin === 'none') return 'nobody said it';
  const where = places.map((place) => placeOf(place, args, factAt));
  if (formula === undefined) return `${origin}, ${where.join(' and ')}`;
  const named = where.map((each, at) => `s${at} ${each}`);
  return `computed as ${formula} from ${named.join(' and ')}`;
}

function placeOf(place: Place, args: unknown, factAt: FactAt): string {
  const { fact, find } = factAt(place.fact);
  const tied = place.ground === undefined ? '' : `, ${groundOf(place, args, factAt)}`;
  if (isKind(fact, 'case.opened')) {
    const words = openCommitments(fact.body.words, find).value;
    return `${pieceOf(words, place.piece)} in the words of ${fact.user ?? 'the user'} (fact ${place.fact})${tied}`;
  }
  if (!isKind(fact, 'call.settled')) return `fact ${place.fact}, which holds no value`;
  const leaf = locate(openCommitments(fact.body.result, find).value, place.at)?.leaf;
  const piece = place.piece === undefined ? '' : `${pieceOf(leaf, place.piece)} in `;
  const read = place.piece === undefined && leaf !== undefined ? ` ${sayValue(leaf)}` : '';
  return `${piece}\`${nameOf(place.at)}\`${read} in the result of ${printable(fact.body.tool)} (fact ${place.fact}, ${printable(fact.body.call)})${tied}`;
}

const pieceOf = (text: unknown, piece: readonly [number, number] | undefined): string =>
  typeof text === 'string' && piece !== undefined
    ? `“${printable(text.slice(...piece))}”`
    : 'what is withheld';

function groundOf({ ground, at }: Place, args: unknown, factAt: FactAt): string {
  if (ground === undefined) return '';
  const { is, piece, argument = '', at: other = '' } = ground;
  if (is === 'argument') {
    const value = locate(args, argument)?.leaf;
    return `beside \`${nameOf(other)}\`, which is the argument ${nameOf(argument)}${value === undefined ? '' : ` ${sayValue(value)}`}`;
  }
  const { fact, find } = factAt(piece?.fact ?? 0);
  const words = isKind(fact, 'case.opened') ? openCommitments(fact.body.words, find).value : undefined;
  const named = pieceOf(words, piece && [piece.from, piece.to]);
  return is === 'named' || at === ''
    ? `beside ${named}`
    : `beside \`${nameOf(other)}\`, which the user named as ${named}`;
}
