// Which files a proof holds, and in which order: nothing missing, nothing extra, nothing elsewhere.
//   head                        the signed, cosigned head
//   tile/entries/x000/067       256 facts, C2SP tlog-tiles; behind each of these
//   disclosures/x000/067/0.jsonl  the values behind commitments of these 256 facts, in their order
//   extracts/N/0.jsonl          rows of the extract fact N
//   population.csv report.html verify.html   for people
//   statement.dsse.json         the signed verdict
// So one pass from front to back has at each fact everything that belongs to it, and whoever writes it needs no second.

import { entriesPath, TILE_WIDTH } from '../records/tiles.ts';
import type { ZipEntry } from './zip.ts';

/** `container` not one canonical file, `layout` a file missing or extra, `facts` an entry that is no fact. */
export class ProofError extends Error {
  readonly code: 'container' | 'layout' | 'facts' | 'statement';
  constructor(code: ProofError['code'], message: string) {
    super(message);
    this.name = 'ProofError';
    this.code = code;
  }
}

export const statementName = 'statement.dsse.json';
export const headName = 'head';
export const peopleNames = ['population.csv', 'report.html', 'verify.html'] as const;
export const bundleName = (index: number, width: number): string => entriesPath(index, width);
export const disclosuresStem = (index: number): string =>
  entriesPath(index, TILE_WIDTH).replace('tile/entries', 'disclosures');
/** Begins the line of a row that is withheld; its digest follows. No disclosure begins so. */
export const withheldMark = '~';
export const extractStem = (position: number): string => `extracts/${position}`;
export const pieceName = (stem: string, piece: number): string => `${stem}/${piece}.jsonl`;

const extractPattern = /^extracts\/(0|[1-9]\d{0,15})\/0\.jsonl$/;

/** 256 facts with the values that are disclosed of them. */
export interface BundleEntries {
  readonly from: number;
  readonly width: number;
  readonly entries: ZipEntry;
  readonly disclosures: readonly ZipEntry[];
}

export interface Layout {
  readonly bundles: readonly BundleEntries[];
  /** By the position of the extract, ascending. */
  readonly extracts: ReadonlyMap<number, readonly ZipEntry[]>;
  readonly people: readonly ZipEntry[];
}

/** Statement and head, which are read first; `layout` if they are not where they belong. */
export function endsOf(entries: readonly ZipEntry[]): {
  readonly head: ZipEntry;
  readonly statement: ZipEntry;
} {
  const [head, statement] = [entries[0], entries.at(-1)];
  if (head?.name !== headName) throw missing(headName);
  if (statement?.name !== statementName) throw missing(statementName);
  return { head, statement };
}

/** The place of every file, for a log of this size. The size is the operator's word: a file that is missing ends it. */
export function layoutOf(files: readonly ZipEntry[], size: number): Layout {
  let at = 1;
  const next = (name: string): ZipEntry => {
    const file = files[at];
    if (file?.name !== name) throw missing(name);
    at += 1;
    return file;
  };
  const pieces = (stem: string): ZipEntry[] => {
    const from = at;
    while (files[at]?.name === pieceName(stem, at - from)) at += 1;
    return files.slice(from, at);
  };
  const bundles: BundleEntries[] = [];
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const [index, width] = [from / TILE_WIDTH, Math.min(TILE_WIDTH, size - from)];
    const entries = next(bundleName(index, width));
    bundles.push({ from, width, entries, disclosures: pieces(disclosuresStem(index)) });
  }
  const extracts = new Map<number, readonly ZipEntry[]>();
  let last = -1;
  for (;;) {
    const position = Number(extractPattern.exec(files[at]?.name ?? '')?.[1] ?? Number.NaN);
    // Ascending, so that one content has one order; NaN, where no extract follows, is not.
    if (!(position > last)) break;
    extracts.set(position, pieces(extractStem(position)));
    last = position;
  }
  const people = peopleNames.map(next);
  next(statementName);
  const extra = files[at];
  if (extra !== undefined) throw new ProofError('layout', `\`${extra.name}\` does not belong here`);
  return { bundles, extracts, people };
}

const missing = (name: string): ProofError =>
  new ProofError('layout', `\`${name}\` is missing, or not in its place`);
