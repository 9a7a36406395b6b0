// Exports a proof: everything that a stranger needs to give the verdict again, and nothing of other outcomes.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { ProofWriter, type Sink, signEnvelope, withheldMark } from '@surety/proof/bundle';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import {
  byDigest,
  digestOf,
  openCommitments,
  parseDisclosure,
  parseHead,
  parseNote,
  type Sign,
  utf8,
} from '@surety/proof/records';
import { payloadType, populationCsv, reportHtml, statementText } from '@surety/proof/report';
import { type Label, labelOf, moneyPointers, toolsOfRule } from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { Kept, LogReader } from '../ledger/log.ts';
import { rowsKept } from './gather.ts';
import type { Given } from './verdict.ts';

export interface ProveParts {
  readonly log: LogReader;
  /** The verifier as one page, put into every proof. */
  readonly verifier: string;
  readonly statementKey: string;
  readonly sign: Sign;
}

/** As many facts as one file of the proof holds: more are never in memory at once. */
const pageSize = 256;

/**
 * Writes the proof front to back, in one pass over the log: the same judgement gives the same bytes. Gives the size in
 * bytes. What has been written when it throws is no proof.
 */
export async function prove(
  { log, verifier, statementKey, sign }: ProveParts,
  { judgement, evidence, headNote }: Given,
  sink: Sink,
): Promise<number> {
  const { size, origin } = parseHead(parseNote(headNote).text);
  const read: Read = {
    tools: toolsOf(evidence.book, judgement.outcome),
    cited: citedIn(evidence.book, judgement.outcome),
    labels: new Map(),
  };
  const writer = new ProofWriter(sink, { sha256, crc32 });
  await writer.head(headNote);
  const extracts: number[] = [];
  /** Facts of which the verdict would read more than there is, ascending. */
  const lacking: number[] = [];
  for (let from = 0; from < size; from += pageSize) {
    const page = log.read(from, Math.min(pageSize, size - from));
    const shown = disclosedIn(log, from, from + page.length);
    for (const { bytes, position } of page) {
      const fact = parseFact(bytes, position);
      const isExtract = isKind(fact, 'record.extracted') && fact.body.outcome === judgement.outcome;
      if (isExtract) extracts.push(position);
      const own = ownOf(fact, shown.get(position) ?? []);
      if (own.length < commitmentsIn(fact).length && (isExtract || isRead(fact, read)))
        lacking.push(position);
      if (isKind(fact, 'disclosure.erased')) await writer.fact(bytes, runsNeeded(fact, own, lacking));
      else await writer.fact(bytes, isExtract ? own : neededOf(fact, read, own));
      if (isKind(fact, 'tool.labelled')) read.labels.set(fact.body.tool, fact.body);
    }
    // The gateway lives in the same process: calls pass between two pages.
    await nextTurn();
  }
  for (const position of extracts) {
    const rows = rowsKept(log, position);
    if (rows !== undefined) await writer.rows(position, rows.map(lineOf));
  }
  await writer.people({
    'population.csv': populationCsv(judgement.population),
    'report.html': reportHtml(judgement, origin),
    'verify.html': verifier,
  });
  const statement = statementText(origin, judgement, writer.subjects);
  return writer.end(await signEnvelope(payloadType, utf8(statement), statementKey, sign));
}

const lineOf = (row: Kept): string => ('disclosure' in row ? row.disclosure : `${withheldMark}${row.digest}`);

function disclosedIn(log: LogReader, from: number, to: number): ReadonlyMap<number, readonly string[]> {
  const shown = new Map<number, string[]>();
  for (const [position, disclosure] of log.disclosures(from, to)) {
    const known = shown.get(position);
    if (known === undefined) shown.set(position, [disclosure]);
    else known.push(disclosure);
  }
  return shown;
}

/** The tools whose calls the verdict on this outcome reads: those it sets checkpoints before, and their evidence. */
function toolsOf(book: Given['evidence']['book'], outcome: string): ReadonlySet<string> {
  const tools = new Set<string>();
  for (const rule of book.rules.filter((each) => each.outcome === outcome)) {
    tools.add(rule.before);
    for (const tool of toolsOfRule(rule)) tools.add(tool);
  }
  const effect = book.outcomes.get(outcome)?.body.reconcile?.call;
  if (effect !== undefined) tools.add(effect);
  for (const tool of Object.keys(book.outcomes.get(outcome)?.body.arguments ?? {})) tools.add(tool);
  return tools;
}

/** What the verdict reads. */
interface Read {
  readonly tools: ReadonlySet<string>;
  /** Facts that arguments came from. */
  readonly cited: ReadonlySet<number>;
  readonly labels: Map<string, Label>;
}

function citedIn(book: Given['evidence']['book'], outcome: string): ReadonlySet<number> {
  const cited = new Set<number>();
  for (const { traced } of book.calls.values())
    for (const each of traced)
      if (each.outcome === outcome) for (const position of each.cited) cited.add(position);
  return cited;
}

type ReadFact = Fact<'approval.given'> | Fact<'case.opened'> | Fact<'call.intended'> | Fact<'call.settled'>;

/** Does the verdict read values of this fact? */
const isRead = (fact: Fact | UnknownFact, { tools, cited, labels }: Read): fact is ReadFact =>
  isKind(fact, 'approval.given') ||
  ((isKind(fact, 'case.opened') || isKind(fact, 'call.settled')) && cited.has(fact.position)) ||
  ((isKind(fact, 'call.intended') || isKind(fact, 'call.settled')) &&
    (tools.has(fact.body.tool) || pointersOf(fact, labels).length > 0));

const pointersOf = (
  { body }: Fact<'call.intended'> | Fact<'call.settled'>,
  labels: ReadonlyMap<string, Label>,
): readonly string[] => moneyPointers(labelOf(labels, body.tool) ?? { effect: 'read' });

/**
 * Which facts an erasure took values of links what was about one subject: only the runs that tell why something is
 * missing here go out. Why it was erased, and by whose words, never does.
 */
function runsNeeded(
  { body }: Fact<'disclosure.erased'>,
  own: readonly string[],
  lacking: readonly number[],
): readonly string[] {
  const shown = byDigest(own, sha256);
  const digests = body.positions.filter((digest) => shown.has(digest));
  const runs = openCommitments(digests, (digest) => shown.get(digest)).value;
  if (!Array.isArray(runs)) return [];
  let next = 0;
  const needed = new Set(
    runs.flatMap(([first, last]: [number, number], at) => {
      while ((lacking[next] ?? Number.POSITIVE_INFINITY) < first) next += 1;
      return (lacking[next] ?? Number.POSITIVE_INFINITY) <= last ? [at] : [];
    }),
  );
  return digests.flatMap((digest) => {
    const disclosure = shown.get(digest) as string;
    const { pointer } = parseDisclosure(disclosure);
    const isNeeded = pointer === '' ? needed.size > 0 : needed.has(Number(pointer.split('/')[1]));
    return isNeeded ? [disclosure] : [];
  });
}

/**
 * Values are disclosed only where the verdict reads them; names and other tools stay withheld, and words and results that
 * no argument came from. Of a tool of another outcome it reads the amount: what an agent spent in a day is one sum.
 */
function neededOf(fact: Fact | UnknownFact, read: Read, own: readonly string[]): readonly string[] {
  if (isKind(fact, 'log.opened')) return own;
  if (!isRead(fact, read)) return [];
  if (isKind(fact, 'approval.given') || isKind(fact, 'case.opened')) return own;
  if (read.tools.has(fact.body.tool)) return own;
  const pointers = pointersOf(fact, read.labels);
  const cited = read.cited.has(fact.position) && isKind(fact, 'call.settled') ? fact.body.result : [];
  const args = new Set(fact.body.args ?? []);
  // Arguments that are one commitment can only be shown whole.
  return own.filter((each) => {
    const digest = digestOf(each, sha256);
    if (cited.includes(digest)) return true;
    const { pointer } = parseDisclosure(each);
    return pointers.length > 0 && (pointer === '' || pointers.includes(pointer)) && args.has(digest);
  });
}

/**
 * What the store holds beside a fact may be more than the fact commits to: only its own goes out, in the order in which
 * the fact commits to it.
 */
function ownOf(fact: Fact | UnknownFact, disclosures: readonly string[]): readonly string[] {
  const known = byDigest(disclosures, sha256);
  return commitmentsIn(fact).flatMap((digest) => known.get(digest) ?? []);
}
