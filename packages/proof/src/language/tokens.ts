// The words of a rule: CEL's lexical grammar (cel-spec, doc/langdef.md, "Syntax") without bytes and unsigned
// integers, which this profile leaves out. One sticky expression whose alternatives share no prefix
// ambiguously, so reading is linear in the length of the rule.

import { RuleError } from './error.ts';

export interface Token {
  readonly is: 'int' | 'double' | 'string' | 'word' | 'quoted' | 'sign' | 'end';
  /** The text as written; of a string or a quoted word its value. */
  readonly text: string;
  readonly offset: number;
}

const ruleLengthMax = 4_096;

const pattern = new RegExp(
  [
    /(?<space>[\t\n\f\r ]+|\/\/[^\n]*)/,
    /(?<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)/,
    /(?<int>(?:0x[0-9a-fA-F]+|[0-9]+)(?<unsigned>[uU])?)/,
    /(?<bytes>(?:[bB][rR]?|[rR][bB])["'])/,
    /[rR](?:"""(?<raw1>[\s\S]*?)"""|'''(?<raw2>[\s\S]*?)'''|"(?<raw3>[^"\r\n]*)"|'(?<raw4>[^'\r\n]*)')/,
    /"""(?<text1>(?:[^\\]|\\[\s\S])*?)"""|'''(?<text2>(?:[^\\]|\\[\s\S])*?)'''/,
    /"(?<text3>(?:[^"\\\r\n]|\\.)*)"|'(?<text4>(?:[^'\\\r\n]|\\.)*)'/,
    /(?<word>[_a-zA-Z][_a-zA-Z0-9]*)|`(?<quoted>[-_a-zA-Z0-9./ ]+)`/,
    /(?<sign><=|>=|==|!=|&&|\|\||[-+*/%<>!?:.,()[\]{}])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

/** Throws `RuleError` for text that is too long or not made of words of the language. */
export function tokens(source: string): Token[] {
  if (source.length > ruleLengthMax)
    throw new RuleError('too-long', ruleLengthMax, `a rule has at most ${ruleLengthMax} characters`);
  const found: Token[] = [];
  for (let offset = 0; offset < source.length; ) {
    pattern.lastIndex = offset;
    const groups = pattern.exec(source)?.groups;
    if (groups === undefined) throw strange(source, offset);
    const token = tokenOf(groups, offset);
    if (token !== undefined) found.push(token);
    offset = pattern.lastIndex;
  }
  found.push({ is: 'end', text: 'the end', offset: source.length });
  return found;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, offset: number): Token | undefined {
  if (groups['space'] !== undefined) return undefined;
  if (groups['unsigned'] !== undefined) throw leftOut('unsigned integers', offset);
  if (groups['bytes'] !== undefined) throw leftOut('bytes', offset);
  for (const is of ['double', 'int', 'word', 'quoted', 'sign'] as const) {
    const text = groups[is];
    if (text !== undefined) return { is, text, offset };
  }
  const raw = groups['raw1'] ?? groups['raw2'] ?? groups['raw3'] ?? groups['raw4'];
  const cooked = groups['text1'] ?? groups['text2'] ?? groups['text3'] ?? groups['text4'] ?? '';
  return { is: 'string', text: raw ?? unescaped(cooked, offset), offset };
}

const leftOut = (what: string, offset: number) =>
  new RuleError('syntax', offset, `${what} are left out of this profile of CEL`);

const strange = (source: string, offset: number) =>
  /["']/.test(source[offset] ?? '')
    ? new RuleError('syntax', offset, 'a string is not closed')
    : new RuleError(
        'syntax',
        offset,
        `\`${String.fromCodePoint(source.codePointAt(offset) ?? 0)}\` has no place`,
      );

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(text: string, offset: number): string {
  const escaped = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;
  return text.replace(
    escaped,
    (written: string, x?: string, u?: string, U?: string, octal?: string, one = '') => {
      if (/[abfnrtv]/.test(one)) return escapes[one] ?? '';
      if (/[\\?"'`]/.test(one)) return one;
      const code = octal === undefined ? Number.parseInt(x ?? u ?? U ?? '', 16) : Number.parseInt(octal, 8);
      // A lone surrogate is no character: no value that came in as UTF-8 could ever equal it.
      if (Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        throw new RuleError('syntax', offset, `\`${written}\` is no escape of a character`);
      return String.fromCodePoint(code);
    },
  );
}
