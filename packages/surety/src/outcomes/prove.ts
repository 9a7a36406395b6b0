// Exports a proof: everything that a stranger needs to give the verdict again, and nothing of other outcomes.

import { proofFiles, signEnvelope, writeProof } from '@surety/proof/bundle';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { digestOf, parseDisclosure, parseHead, parseNote, type Sign, utf8 } from '@surety/proof/records';
import { payloadType, populationCsv, reportHtml, statementText } from '@surety/proof/report';
import { type Label, labelOf, moneyPointers } from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { LogReader } from '../ledger/log.ts';
import { isRow } from './gather.ts';
import type { Given } from './verdict.ts';

export interface ProveParts {
  readonly log: LogReader;
  /** The verifier as one page, put into every proof. */
  readonly verifier: string;
  readonly statementKey: string;
  readonly sign: Sign;
}

/** The bytes of the proof: the same judgement gives the same bytes. */
export async function prove(
  { log, verifier, statementKey, sign }: ProveParts,
  given: Given,
): Promise<Uint8Array> {
  const { judgement, evidence, headNote } = given;
  const { size, origin } = parseHead(parseNote(headNote).text);
  const tools = toolsOf(evidence.book, judgement.outcome);
  const entries: Uint8Array[] = [];
  const disclosures: string[] = [];
  const extracts = new Map<number, readonly string[]>();
  const labels = new Map<string, Label>();
  for (let from = 0; from < size; from += 1_000) {
    const page = log.read(from, Math.min(1_000, size - from));
    const shown = new Map<number, string[]>();
    for (const [position, disclosure] of log.disclosures(from, from + page.length))
      shown.set(position, [...(shown.get(position) ?? []), disclosure]);
    for (const { bytes, position } of page) {
      entries.push(bytes);
      const fact = parseFact(bytes, position);
      if (isKind(fact, 'record.extracted')) {
        if (fact.body.outcome !== judgement.outcome) continue;
        const own = shown.get(position) ?? [];
        extracts.set(
          position,
          own.filter((each) => isRow(parseDisclosure(each))),
        );
        disclosures.push(...ownOf(fact, own));
      } else disclosures.push(...neededOf(fact, tools, labels, ownOf(fact, shown.get(position) ?? [])));
      if (isKind(fact, 'tool.labelled')) labels.set(fact.body.tool, fact.body);
    }
  }
  const files = proofFiles({
    head: headNote,
    entries,
    disclosures,
    extracts,
    population: populationCsv(judgement.population),
    report: reportHtml(judgement, origin),
    verifier,
  });
  const statement = statementText(origin, judgement, files, sha256);
  return writeProof(files, await signEnvelope(payloadType, utf8(statement), statementKey, sign));
}

/** The tools whose calls the verdict on this outcome reads: those it sets checkpoints before, and their evidence. */
function toolsOf(book: Given['evidence']['book'], outcome: string): ReadonlySet<string> {
  const tools = new Set<string>();
  for (const rule of book.rules.filter((each) => each.outcome === outcome)) {
    tools.add(rule.before);
    if (rule.require !== undefined) tools.add(rule.require.call);
  }
  const effect = book.outcomes.get(outcome)?.body.reconcile?.call;
  if (effect !== undefined) tools.add(effect);
  return tools;
}

/**
 * Values are disclosed only where the verdict reads them; names, other tools and users' words stay withheld. Of
 * a tool of another outcome it reads the amount: what an agent spent in a day is one sum.
 */
function neededOf(
  fact: Fact | UnknownFact,
  tools: ReadonlySet<string>,
  labels: ReadonlyMap<string, Label>,
  own: readonly string[],
): readonly string[] {
  if (isKind(fact, 'log.opened') || isKind(fact, 'approval.given')) return own;
  if (!isKind(fact, 'call.intended') && !isKind(fact, 'call.settled')) return [];
  if (tools.has(fact.body.tool)) return own;
  const pointers = moneyPointers(labelOf(labels, fact.body.tool) ?? { effect: 'read' });
  const args = new Set(fact.body.args ?? []);
  // Arguments that are one commitment can only be shown whole.
  return own.filter((each) => {
    const { pointer } = parseDisclosure(each);
    return (
      pointers.length > 0 &&
      (pointer === '' || pointers.includes(pointer)) &&
      args.has(digestOf(each, sha256))
    );
  });
}

/** What the store holds beside a fact may be more than the fact commits to: only its own goes out. */
function ownOf(fact: Fact | UnknownFact, disclosures: readonly string[]): readonly string[] {
  const digests = new Set(commitmentsIn(fact));
  return disclosures.filter((each) => digests.has(digestOf(each, sha256)));
}
