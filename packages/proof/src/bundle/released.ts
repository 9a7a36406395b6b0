// Released disclosures: a file that shows somebody what stands behind the commitments of some facts, and that it was
// released to them. Canonical JSON of receipts (C2SP tlog-proof), one a fact, with the disclosures of each; the first
// is that of the release itself. Whoever made the file may be hostile: nothing in it counts unless it leads to a
// commitment in a fact that leads to a signed head.

import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from '../facts.ts';
import type { OpenedHead } from '../records/heads.ts';
import type { Verifier } from '../records/note.ts';
import { openReceipt } from '../records/receipt.ts';
import { leafHash, treeRoot } from '../records/tree.ts';
import { equal, fromBase64url, type Sha256, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { digestOf, parseDisclosure } from '../values/commitment.ts';
import { parseJson } from '../values/json.ts';
import { type Infer, list, matching, oneOf, optional, record, text } from '../values/shape.ts';

export const releasedFormat = 'surety-released/v1';
/** Facts in one file, and what it may weigh: it is read whole. */
export const releasedFactsMax = 10_000;
const BYTES_MAX = 64 * 1024 * 1024;

const item = record({
  /** Of the fact, with its entry. */
  receipt: text,
  disclosures: list(text),
  /** Of an extract: the digests of all its rows, in the order read, from which its root follows. */
  rows: optional(list(matching(/^[A-Za-z0-9_-]{43}$/, 'a SHA-256 in base64url'))),
});
const released = record({ format: oneOf(releasedFormat), items: list(item) });
export type ReleasedItem = Infer<typeof item>;

export const printReleased = (items: readonly ReleasedItem[]): string =>
  canonicalJson({ format: releasedFormat, items });

export class ReleasedError extends Error {
  readonly code: 'malformed' | 'not-its-own' | 'incomplete';
  constructor(code: ReleasedError['code'], message: string) {
    super(message);
    this.name = 'ReleasedError';
    this.code = code;
  }
}

export interface ReleasedFact {
  readonly fact: Fact | UnknownFact;
  /** By digest. */
  readonly disclosed: ReadonlyMap<string, string>;
  /** Rows of an extract that the file shows. */
  readonly rows: readonly string[];
}

export interface OpenedReleased {
  readonly head: OpenedHead;
  /** The fact that they were released, with who ordered it; to whom and why, if that is disclosed. */
  readonly release: ReleasedFact & { readonly fact: Fact<'disclosure.released'> };
  readonly facts: readonly ReleasedFact[];
}

/** Throws ReleasedError, ReceiptError or NoteError. */
export async function openReleased(
  bytes: Uint8Array,
  keys: { readonly log: readonly Verifier[]; readonly witnesses: readonly Verifier[] },
  sha256: Sha256,
): Promise<OpenedReleased> {
  const { items } = parsed(bytes);
  let head: OpenedHead | undefined;
  let note: string | undefined;
  const facts: ReleasedFact[] = [];
  for (const { receipt, disclosures, rows } of items) {
    const own = receipt.slice(receipt.indexOf('\n\n') + 2);
    if (note !== undefined && own !== note) throw malformed('its receipts stand under several heads');
    note = own;
    const opened = await openReceipt(receipt, keys, { sha256 });
    head = opened.head;
    const fact = parseFact(opened.entry, opened.index);
    if (fact.log !== head.origin) throw malformed(`fact ${opened.index} is of the log \`${fact.log}\``);
    facts.push(opening(fact, disclosures, rows, sha256));
  }
  const [release, ...others] = facts;
  if (head === undefined || release === undefined || !isKind(release.fact, 'disclosure.released'))
    throw malformed('it does not begin with its release');
  mustBeWhole(release.fact, release, others);
  return { head, release: { ...release, fact: release.fact }, facts: others };
}

function parsed(bytes: Uint8Array): Infer<typeof released> {
  if (bytes.length > BYTES_MAX) throw malformed('it is too large');
  try {
    const value = parseJson(bytes, { bytesMax: BYTES_MAX });
    const found = released(value, '');
    if (found.items.length > releasedFactsMax + 1) throw malformed('it has too many facts');
    // One content, one text: nothing can hide in how it is written.
    if (!equal(utf8(canonicalJson(value)), bytes)) throw malformed('it is not canonical');
    return found;
  } catch (cause) {
    throw cause instanceof ReleasedError ? cause : malformed((cause as Error).message);
  }
}

function opening(
  fact: Fact | UnknownFact,
  disclosures: readonly string[],
  digests: readonly string[] | undefined,
  sha256: Sha256,
): ReleasedFact {
  const own = new Set(commitmentsIn(fact));
  const inRows = rowsOf(fact, digests, sha256);
  const disclosed = new Map<string, string>();
  const rows: string[] = [];
  for (const each of disclosures) {
    const digest = digestOf(each, sha256);
    parseDisclosure(each);
    if (disclosed.has(digest)) throw notOwn(fact, 'a disclosure stands twice');
    if (!own.has(digest) && !inRows.has(digest)) throw notOwn(fact, 'a disclosure is not one of its own');
    disclosed.set(digest, each);
    if (inRows.has(digest)) rows.push(each);
  }
  return { fact, disclosed, rows };
}

/** The digests of the rows of an extract, once they have led to its root. */
function rowsOf(
  fact: Fact | UnknownFact,
  digests: readonly string[] | undefined,
  sha256: Sha256,
): ReadonlySet<string> {
  if (digests === undefined) return new Set();
  if (!isKind(fact, 'record.extracted')) throw notOwn(fact, 'only an extract has rows');
  const leaves = digests.map((digest) => leafHash(fromBase64url(digest), sha256));
  if (!equal(treeRoot(leaves, sha256), fromBase64url(fact.body.rowRoot)))
    throw notOwn(fact, 'its rows do not lead to their root');
  return new Set(digests);
}

/** The file shows what the fact of the release says, no less and no more. */
function mustBeWhole(
  { body }: Fact<'disclosure.released'>,
  { disclosed }: ReleasedFact,
  others: readonly ReleasedFact[],
): void {
  const positions = others.map(({ fact }) => fact.position);
  if (positions.some((position, at) => at > 0 && position <= (positions[at - 1] as number)))
    throw malformed('its facts are not in their order');
  const count = others.reduce((sum, each) => sum + each.disclosed.size, 0);
  const runs = body.positions.flatMap((digest) => {
    const found = disclosed.get(digest);
    return found === undefined ? [] : [parseDisclosure(found).value];
  });
  const isSame =
    runs.length === 1 &&
    canonicalJson(runs[0]) === canonicalJson(runsOf(positions)) &&
    positions.length === body.facts;
  if (!isSame || count !== body.disclosures)
    throw new ReleasedError('incomplete', 'it does not show what the fact of its release says');
}

/** Positions in ascending order as runs: `[first, last]`. */
export function runsOf(positions: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const position of positions) {
    const last = runs.at(-1);
    if (last !== undefined && position === last[1] + 1) last[1] = position;
    else runs.push([position, position]);
  }
  return runs;
}

const malformed = (why: string): ReleasedError =>
  new ReleasedError('malformed', `the file is malformed: ${why}`);
const notOwn = ({ position }: { readonly position: number }, why: string): ReleasedError =>
  new ReleasedError('not-its-own', `fact ${position}: ${why}`);
