// Which part of a user's words the user said. People paste what others wrote to them: a quotation, a forwarded message,
// a block of text between fences. What stands there was said by somebody else, whoever passed it on.

/** Half-open, in UTF-16 code units. */
export type Span = readonly [from: number, to: number];

const quoted = /^[ \t]{0,8}[>\uff1e\u203a]/;
const fence = /^[ \t]{0,8}(?:```|~~~|"""|<<<)/;
const forwarded =
  /^[ \t>*_-]{0,16}(?:original message|forwarded message|begin forwarded message|weitergeleitete nachricht|ursprüngliche nachricht|message transféré|mensaje reenviado)/i;
const wrote = /^(?:on|am|le|el) .{4,300} (?:wrote|schrieb.{0,100}|a écrit|escribió) ?:\s*$/i;
const header = /^[ \t*_]{0,8}(?:from|von|de|sender)[*_]{0,2} ?:/i;
const secondHeader =
  /^[ \t*_]{0,8}(?:to|an|sent|date|subject|betreff|gesendet|datum|cc|à|objet|para|asunto)[*_]{0,2} ?:/i;

/**
 * The parts of these words that somebody else wrote. Whoever wrote what is quoted may write marks of quotation too, so
 * a fence ends at the last one there is, a quoted line goes on until an empty one, and behind the head of a message
 * everything is quoted; whatever counts as the end of a line.
 */
export function quotedIn(words: string): readonly Span[] {
  const others = /[\r\v\f\u0085\u2028\u2029]/.test(words);
  return [...quotedBy(words, /\n/), ...(others ? quotedBy(words, /[\n\r\v\f\u0085\u2028\u2029]/) : [])];
}

const known = new WeakMap<object, readonly Span[]>();

/** The same of words that are kept: every argument of a call is looked for in them. Nothing is left where they are forgotten. */
export function quotesIn(source: { readonly text: string }): readonly Span[] {
  const quotes = known.get(source) ?? quotedIn(source.text);
  known.set(source, quotes);
  return quotes;
}

function quotedBy(words: string, lineEnd: RegExp): readonly Span[] {
  const spans: Span[] = [];
  const fences: number[] = [];
  const lines = words.split(lineEnd);
  let at = 0;
  let isQuote = false;
  for (const [index, line] of lines.entries()) {
    const end = at + line.length;
    if (beginsHead(lines, index) || forwarded.test(line) || wrote.test(line)) {
      spans.push([at, words.length]);
      break;
    }
    isQuote = line.trim() !== '' && (isQuote || quoted.test(line));
    if (isQuote) spans.push([at, end]);
    if (fence.test(line)) fences.push(at, end);
    at = end + 1;
  }
  const [first] = fences;
  const isClosed = fences.length % 4 === 0;
  if (first !== undefined) spans.push([first, isClosed ? (fences.at(-1) as number) : words.length]);
  return spans;
}

/** Programs put the sender first, or last: a head begins with the first of its lines. */
function beginsHead(lines: readonly string[], index: number): boolean {
  const [line = '', ...next] = lines.slice(index, index + 4);
  if (header.test(line)) return next.some((each) => secondHeader.test(each));
  return secondHeader.test(line) && next.some((each) => header.test(each));
}

/** Whether a piece lies where the user speaks. */
export const isSaid = (quotes: readonly Span[], from: number, to: number): boolean =>
  quotes.every(([start, end]) => to <= start || from >= end);
