// Where in a user's words a value may stand: pieces by what they mean, found once when the case is opened. Whether such a
// piece counts is for the check of its certificate to say; this only looks in the right places.

import { folded, type Normaliser, normalisers, sourceKeys } from '@surety/proof/origins';

export type Piece = readonly [from: number, to: number];

/** Longer words are looked at as far as this. */
const charactersMax = 50_000;
/** Words of one value: `2nd of March, 2026`; an IBAN in groups. */
const windowMax = 9;
/** Places of one meaning. */
const perKeyMax = 8;
/** Read over several words; the others are one word, or are looked for word by word. */
const wide: readonly Normaliser[] = [
  'iban',
  'date',
  'time',
  'number',
  'money',
  'percent',
  'duration',
  'account',
];

interface Token {
  readonly from: number;
  readonly to: number;
  /** Without the punctuation at its ends. */
  readonly core: Piece;
  /** Or is a word for a number. */
  readonly hasDigit: boolean;
}

export class Words {
  readonly text: string;
  readonly at: number;
  readonly source: { readonly is: 'words'; readonly text: string; readonly at: number };
  readonly #tokens: readonly Token[];
  readonly #pieces = new Map<string, Piece[]>();
  /** By each word, in small letters, which tokens it is. */
  readonly #byWord = new Map<string, number[]>();

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
    this.source = { is: 'words', text, at };
    this.#tokens = tokensIn(text.slice(0, charactersMax));
    for (const [index, { core }] of this.#tokens.entries()) {
      push(this.#byWord, folded(text.slice(...core)), index, 64);
      this.#read(core, normalisers);
      if (this.#mayBegin(index)) this.#readFrom(index);
    }
  }

  /** Pieces that may mean this. */
  pieces(as: Normaliser, key: string): readonly Piece[] {
    return this.#pieces.get(`${as}|${key}`) ?? [];
  }

  /** Pieces of the kinds that can be calculated with, with what they mean. */
  get quantities(): Iterable<readonly [string, readonly Piece[]]> {
    return this.#pieces;
  }

  /** Pieces that say this name, whatever blanks are between its words. */
  names(name: string): readonly Piece[] {
    const [first = '', ...rest] = folded(name).split(' ');
    const found: Piece[] = [];
    for (const index of this.#byWord.get(first) ?? []) {
      const last = this.#tokens[index + rest.length];
      const isAll = rest.every((word, at) => {
        const token = this.#tokens[index + at + 1];
        const piece: Piece =
          token === undefined
            ? [0, 0]
            : at === rest.length - 1
              ? [token.from, token.core[1]]
              : [token.from, token.to];
        return folded(this.text.slice(...piece)) === word;
      });
      const from = this.#tokens[index]?.core[0];
      if (isAll && last !== undefined && from !== undefined && found.length < perKeyMax)
        found.push([from, last.core[1]]);
    }
    return found;
  }

  /** Single words near a piece. */
  near([from, to]: Piece): readonly Piece[] {
    const index = this.#tokens.findIndex((token) => token.to >= to);
    const start = this.#tokens.findIndex((token) => token.to > from);
    return [start - 2, start - 1, index + 1, index + 2].flatMap((at) => wordsOf(this.text, this.#tokens[at]));
  }

  #mayBegin(index: number): boolean {
    const [own, next] = [this.#tokens[index], this.#tokens[index + 1]];
    return own?.hasDigit === true || next?.hasDigit === true;
  }

  #readFrom(index: number): void {
    const first = this.#tokens[index] as Token;
    for (let at = index + 1; at < index + windowMax && at < this.#tokens.length; at += 1) {
      const last = this.#tokens[at] as Token;
      if (last.from - first.from > 60) return;
      this.#read([first.core[0], last.core[1]], at - index < 4 ? wide : ['iban', 'account', 'number']);
    }
  }

  #read(piece: Piece, ways: readonly Normaliser[]): void {
    const text = this.text.slice(...piece);
    for (const as of ways)
      if (as !== 'name')
        for (const key of sourceKeys(as, text, this.at)) push(this.#pieces, `${as}|${key}`, piece, perKeyMax);
  }
}

/** `one hour`: a number all the same. */
const counting = /^(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)$/i;
const ends = /^[\s.,;:!?"'“”‘’«»()[\]{}<>*`|]{0,8}/u;
const endsBehind = /[\s.,;:!?"'“”‘’«»()[\]{}<>*`|]{1,8}$/u;

function tokensIn(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const { 0: word, index } of text.matchAll(/\S{1,2000}/gu)) {
    const start = ends.exec(word)?.[0].length ?? 0;
    const core = word.slice(start).replace(endsBehind, '');
    const from = index + start;
    if (core !== '')
      tokens.push({
        from: index,
        to: index + word.length,
        core: [from, from + core.length],
        hasDigit: /[0-9]/.test(core) || counting.test(core),
      });
  }
  return tokens;
}

function wordsOf(text: string, token: Token | undefined): readonly Piece[] {
  if (token === undefined) return [];
  return Array.from(text.slice(...token.core).matchAll(/[a-z]{3,32}/gi), ({ 0: word, index }) => {
    const from = token.core[0] + index;
    return [from, from + word.length] as const;
  });
}

export function push<T>(into: Map<string, T[]>, key: string, item: T, max: number): void {
  const items = into.get(key);
  if (items === undefined) into.set(key, [item]);
  else if (items.length < max) items.push(item);
}
