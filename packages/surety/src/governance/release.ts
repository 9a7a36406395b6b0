// Releasing disclosures to somebody: a fact first, then a file in which each value leads to a commitment, each
// commitment to its fact, and each fact to a signed head. What was released cannot be taken back.

import { printReleased, type ReleasedItem, releasedFactsMax } from '@surety/proof/bundle';
import { type Body, type Fact, isKind, type OrderStatement, parseFact } from '@surety/proof/facts';
import { digestOf, makeReceipt, parseHead, parseNote, printReceipt } from '@surety/proof/records';
import { sha256 } from '../ledger/hash.ts';
import type { Kept, Log } from '../ledger/log.ts';
import { TileFolder } from '../ledger/tile-folder.ts';
import { commitPositions } from './erase.ts';
import { orderedBody } from './legal-hold.ts';
import { type OfferedOrder, OrderError } from './order.ts';

export interface ReleaseParts {
  readonly log: Log;
  readonly folder: string;
  /** The newest signed head of at least this size. */
  readonly sealed: (size: number) => Promise<string>;
  /** Positions of the facts that name this call. */
  readonly factsOf: (call: string) => readonly number[];
}

export interface ReleaseAnswer {
  readonly facts: number;
  readonly disclosures: number;
  readonly file: string;
}

/** Of each fact, what of its disclosures is to be released. */
type Chosen = ReadonlyMap<number, readonly string[]>;

/** Throws OrderError `not-kept` or `too-many`; then nothing happened. */
export async function release(
  parts: ReleaseParts,
  statement: OrderStatement,
  offered: OfferedOrder,
): Promise<ReleaseAnswer> {
  const { log } = parts;
  const chosen = chosenOf(parts, statement);
  const positions = [...chosen.keys()].sort((a, b) => a - b);
  if (positions.length === 0) throw new OrderError('not-kept', 'nothing is kept about it');
  if (positions.length > releasedFactsMax)
    throw new OrderError(
      'too-many',
      `it is about ${positions.length} facts: at most ${releasedFactsMax} go into one file`,
    );
  const disclosures = [...chosen.values()].reduce((sum, each) => sum + each.length, 0);
  // What cannot be shown is found before it is said to have been released.
  const items = positions.map((each) => entryOf(log, each, chosen.get(each) ?? []));
  const which = commitPositions(positions);
  const { body, about, ...shown } = orderedBody(statement, offered);
  const released: Body<'disclosure.released'> = {
    ...body,
    ...(statement.subject === undefined ? {} : { subject: statement.subject }),
    facts: positions.length,
    disclosures,
    first: positions[0] as number,
    last: positions.at(-1) as number,
    positions: [which.digest],
  };
  const own = [...shown.disclosures, which.disclosure];
  const fact = { kind: 'disclosure.released', body: released, disclosures: own, about } as const;
  const answer = await log.append([{ stream: about, expected: 0, facts: [fact] }]);
  if ('conflict' in answer) throw new OrderError('stale', 'the order was carried out before');
  const [at = 0] = answer.positions;
  const head = await parts.sealed(at + 1);
  const all = [entryOf(log, at, own), ...items];
  return { facts: positions.length, disclosures, file: printReleased(receiptsOf(parts, head, all)) };
}

function chosenOf({ log, factsOf }: ReleaseParts, { subject, call }: OrderStatement): Chosen {
  const chosen = new Map<number, string[]>();
  const found =
    subject === undefined
      ? factsOf(call ?? '').flatMap((position) => log.disclosures(position, position + 1))
      : log.about(subject);
  for (const [position, disclosure] of found) {
    const known = chosen.get(position);
    if (known === undefined) chosen.set(position, [disclosure]);
    else known.push(disclosure);
  }
  return chosen;
}

interface Entry extends Omit<ReleasedItem, 'receipt'> {
  readonly position: number;
  readonly entry: Uint8Array;
}

function entryOf(log: Log, position: number, disclosures: readonly string[]): Entry {
  const entry = log.read(position, 1)[0]?.bytes;
  if (entry === undefined) throw new Error(`fact ${position} is not there`);
  const fact = parseFact(entry, position);
  const rows = isKind(fact, 'record.extracted') ? { rows: rowDigests(log.kept(position), fact) } : {};
  return { position, entry, disclosures, ...rows };
}

function receiptsOf({ folder }: ReleaseParts, head: string, entries: readonly Entry[]): ReleasedItem[] {
  const { size } = parseHead(parseNote(head).text);
  const subtree = new TileFolder(folder).subtree(size, sha256);
  return entries.map(({ position, entry, ...shown }) => ({
    receipt: printReceipt(makeReceipt({ index: position, head, entry }, subtree, sha256)),
    ...shown,
  }));
}

/** Of all rows of an extract, erased ones too, in the order read: their root follows from these. */
function rowDigests(kept: readonly Kept[], { body, position }: Fact<'record.extracted'>): string[] {
  const digests = kept
    .map((each) => ('disclosure' in each ? digestOf(each.disclosure, sha256) : each.digest))
    .filter((digest) => !body.totals.includes(digest));
  if (digests.length === body.count) return digests;
  throw new OrderError(
    'not-kept',
    `the rows of fact ${position} are not all there: none of them can be shown`,
  );
}
