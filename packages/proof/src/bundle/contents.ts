// What lies in a proof file, and how it is laid out: read strictly, nothing missing, nothing extra.
//   statement.dsse.json   the signed verdict          head              the signed, cosigned head
//   tile/entries/...      every fact, C2SP tlog-tiles disclosures.jsonl values behind commitments
//   extracts/N.jsonl      rows of the extract fact N  population.csv report.html verify.html   for people

import { type Fact, parseFact, type UnknownFact } from '../facts.ts';
import { type Head, parseHead } from '../records/heads.ts';
import { parseNote } from '../records/note.ts';
import { decodeEntries, encodeEntries, entriesPath, TILE_WIDTH } from '../records/tiles.ts';
import { type ParsedStatement, type ProofFile, parseStatement } from '../report/statement.ts';
import { fromBase64, fromUtf8, type Sha256, utf8 } from '../values/bytes.ts';
import { digestOf } from '../values/commitment.ts';
import { parseJson } from '../values/json.ts';
import { readZip, writeZip } from './zip.ts';

/** `container` not one canonical file, `layout` a file missing or extra, `facts` an entry that is no fact. */
export class ProofError extends Error {
  readonly code: 'container' | 'layout' | 'facts' | 'statement';
  constructor(code: ProofError['code'], message: string) {
    super(message);
    this.name = 'ProofError';
    this.code = code;
  }
}

export interface Contents {
  /** All files but the statement. */
  readonly files: readonly ProofFile[];
  readonly envelope: string;
  readonly statement: ParsedStatement;
  readonly statementText: string;
  readonly headNote: string;
  readonly head: Head;
  readonly entries: readonly Uint8Array[];
  readonly facts: readonly (Fact | UnknownFact)[];
  readonly disclosures: ReadonlyMap<string, string>;
  readonly extracts: ReadonlyMap<number, readonly string[]>;
  readonly population: string;
  readonly report: string;
}

const statementName = 'statement.dsse.json';
const extractName = /^extracts\/(0|[1-9]\d{0,15})\.jsonl$/;

/** The files of a proof but its statement. */
export interface ProofParts {
  readonly head: string;
  readonly entries: readonly Uint8Array[];
  readonly disclosures: readonly string[];
  readonly extracts: ReadonlyMap<number, readonly string[]>;
  readonly population: string;
  readonly report: string;
  readonly verifier: string;
}

export function proofFiles(parts: ProofParts): readonly ProofFile[] {
  const { entries, extracts } = parts;
  const bundles: ProofFile[] = [];
  for (let from = 0; from < entries.length; from += TILE_WIDTH) {
    const part = entries.slice(from, from + TILE_WIDTH);
    bundles.push({ name: entriesPath(from / TILE_WIDTH, part.length), bytes: encodeEntries(part) });
  }
  const text = (name: string, content: string): ProofFile => ({ name, bytes: utf8(content) });
  return [
    text('head', parts.head),
    ...bundles,
    text('disclosures.jsonl', lines(parts.disclosures)),
    ...[...extracts].map(([position, rows]) => text(`extracts/${position}.jsonl`, lines(rows))),
    text('population.csv', parts.population),
    text('report.html', parts.report),
    text('verify.html', parts.verifier),
  ];
}

export const writeProof = (files: readonly ProofFile[], envelope: string): Uint8Array =>
  writeZip([...files, { name: statementName, bytes: utf8(envelope) }]);

const lines = (all: readonly string[]): string => all.map((each) => `${each}\n`).join('');

/** Throws ProofError with the check that failed. */
export function openProof(proof: Uint8Array, sha256: Sha256): Contents {
  const all = during('container', () => readZip(proof));
  const byName = new Map(all.map(({ name, bytes }) => [name, bytes]));
  const text = (name: string): string => {
    const bytes = byName.get(name);
    if (bytes === undefined) throw new ProofError('layout', `\`${name}\` is missing`);
    return during('layout', () => fromUtf8(bytes));
  };
  const envelope = text(statementName);
  const payload = during('statement', () =>
    fromBase64(String((parseJson(envelope) as { payload?: unknown }).payload)),
  );
  const headNote = text('head');
  const head = during('layout', () => parseHead(parseNote(headNote).text));
  const entries = entriesIn(byName, head.size);
  const contents = {
    files: all.filter(({ name }) => name !== statementName),
    envelope,
    statement: during('statement', () => parseStatement(payload)),
    statementText: fromUtf8(payload),
    headNote,
    head,
    entries,
    facts: entries.map((bytes, position) =>
      during('facts', () => parseFact(bytes, position), `fact ${position}`),
    ),
    disclosures: disclosuresIn(text('disclosures.jsonl'), sha256),
    extracts: extractsIn(byName),
    population: text('population.csv'),
    report: text('report.html'),
  };
  text('verify.html');
  nothingElse(all, head.size);
  return contents;
}

function during<T>(code: ProofError['code'], read: () => T, what = ''): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProofError) throw error;
    throw new ProofError(code, `${what === '' ? '' : `${what}: `}${(error as Error).message}`);
  }
}

/** Names of the entry bundles of a log of this size, in order. */
function bundleNames(size: number): { name: string; width: number }[] {
  const names: { name: string; width: number }[] = [];
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, size - from);
    names.push({ name: entriesPath(from / TILE_WIDTH, width), width });
  }
  return names;
}

function entriesIn(files: ReadonlyMap<string, Uint8Array>, size: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  // The size is the operator's word: a bundle that is not there ends the loop, whatever it claims.
  for (const { name, width } of bundleNames(Math.min(size, files.size * TILE_WIDTH))) {
    const bundle = files.get(name);
    if (bundle === undefined) throw new ProofError('layout', `\`${name}\` is missing`);
    entries.push(...during('layout', () => decodeEntries(bundle, width), name));
  }
  return entries;
}

function disclosuresIn(content: string, sha256: Sha256): Map<string, string> {
  const disclosed = new Map<string, string>();
  for (const line of linesOf('disclosures.jsonl', content)) {
    const digest = digestOf(line, sha256);
    if (disclosed.has(digest)) throw new ProofError('layout', 'a disclosure stands twice');
    disclosed.set(digest, line);
  }
  return disclosed;
}

function extractsIn(files: ReadonlyMap<string, Uint8Array>): Map<number, readonly string[]> {
  const extracts = new Map<number, readonly string[]>();
  for (const [name, bytes] of files) {
    const position = extractName.exec(name)?.[1];
    if (position !== undefined) extracts.set(Number(position), linesOf(name, fromUtf8(bytes)));
  }
  return extracts;
}

function linesOf(name: string, content: string): string[] {
  if (content === '') return [];
  if (!content.endsWith('\n')) throw new ProofError('layout', `\`${name}\` ends in the middle of a line`);
  return content.slice(0, -1).split('\n');
}

function nothingElse(files: readonly ProofFile[], size: number): void {
  const fixed = [statementName, 'head', 'disclosures.jsonl', 'population.csv', 'report.html', 'verify.html'];
  const known = new Set([...fixed, ...bundleNames(size).map(({ name }) => name)]);
  for (const { name } of files)
    if (!known.has(name) && !extractName.test(name))
      throw new ProofError('layout', `\`${name}\` does not belong here`);
}
