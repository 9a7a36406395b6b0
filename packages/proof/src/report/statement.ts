// The verdict statement: an in-toto Statement (v1) whose subjects are the head it stands on and every other file
// of the proof, and whose predicate is the judgement. It travels in a DSSE envelope, signed by the product.

import { fromBase64, fromUtf8, type Sha256, toHex, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { keyed } from '../values/commitment.ts';
import { parseJson } from '../values/json.ts';
import { exactly, list, map, record, ShapeError, text } from '../values/shape.ts';
import type { Judgement } from '../verdict/index.ts';
import { type Predicate, predicate, predicateType } from './predicate.ts';

export const payloadType = 'application/vnd.in-toto+json';
/** Named in every proof: another version of the report could not be regenerated and compared. */
export const reportVersion = '5';

const statement = record({
  _type: exactly('https://in-toto.io/Statement/v1'),
  subject: list(record({ name: text, digest: map(text) })),
  predicateType: exactly(predicateType),
  predicate,
});

/** A file of the proof, as the statement names it. */
export interface Subject {
  readonly name: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The judgement without its rows: they stand in `population.csv` and are recomputed. */
const summaryOf = ({ population, ...rest }: Judgement): unknown =>
  plain({ ...rest, population: { extract: population.extract ?? null, rows: population.rows.length } });

/**
 * Names a judgement in `verdict.given`; whoever has a proof of it can compute the name again. Its sentences are left
 * out: they hold amounts and account numbers, follow from the rest, and a name over them would outlive an erasure.
 */
export function judgementName(judgement: Judgement, logSalt: Uint8Array, sha256: Sha256): string {
  const questions = judgement.questions.map(({ reasons, ...answer }) => ({
    ...answer,
    reasons: reasons.map(({ text: _, ...reason }) => reason),
  }));
  const assumptions = judgement.assumptions.map(({ text: _, ...assumption }) => assumption);
  const summary = { ...(summaryOf(judgement) as object), questions, assumptions };
  return keyed(logSalt, 'judgement', plain(summary), sha256);
}

/**
 * Canonical JSON of the statement. `files` are all files of the proof, in its order, but the statement itself and the
 * entries: the head's root, which comes first, is over exactly these.
 */
export function statementText(origin: string, judgement: Judgement, files: readonly Subject[]): string {
  const subject = [
    {
      name: `${origin}@${judgement.head.size}`,
      digest: { sha256: toHex(fromBase64(judgement.head.root)) },
    },
    ...files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
  ];
  const simulated = judgement.questions.some(({ reasons }) =>
    reasons.some(({ code }) => code === 'simulated'),
  );
  return canonicalJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType,
    predicate: { judgement: summaryOf(judgement), reportVersion, simulated },
  });
}

export interface ParsedStatement
  extends Pick<Predicate['judgement'], 'outcome' | 'window' | 'asOf'>,
    Pick<Predicate, 'reportVersion'> {}

/** What the statement is about; whether it is right is found by computing it again. */
export function parseStatement(bytes: Uint8Array): ParsedStatement {
  const value = parseJson(bytes);
  const { reportVersion, judgement } = statement(value, '').predicate;
  // One statement, one text: nothing can hide in how it is written.
  if (canonicalJson(value) !== fromUtf8(bytes)) throw new ShapeError('', 'is not canonical');
  const { outcome, window, asOf } = judgement;
  return { outcome, window, asOf, reportVersion };
}

/** Absent members are left out, as JSON would. */
const plain = (value: unknown): unknown => parseJson(utf8(JSON.stringify(value)));
