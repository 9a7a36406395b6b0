// Erasing what is about a subject. The fact of it and the disappearance of the values are one transaction; the data
// key is destroyed before this resolves. Facts, digests and the tree stay: every proof stays valid.

import { runsOf } from '@surety/proof/bundle';
import type { Body, OrderStatement } from '@surety/proof/facts';
import { canonicalJson, commit, commitScalar, digestOf } from '@surety/proof/records';
import { salt, sha256 } from '../ledger/hash.ts';
import { logSubject } from '../ledger/subject.ts';
import { orderedBody } from './legal-hold.ts';
import { type OfferedOrder, OrderError } from './order.ts';
import { everything, type Survey, type SurveyParts, surveyOf } from './survey.ts';

export interface EraseAnswer {
  readonly facts: number;
  readonly disclosures: number;
  /** Of the facts whose disclosures are gone. */
  readonly positions: readonly number[];
}

/** Who records about a subject without end would win for ever against whoever counts first. */
const attemptsMax = 32;

/** Throws OrderError `legal-hold`, `unsettled`, `done-already` or `not-kept`; then nothing happened. */
export async function eraseSubject(
  parts: SurveyParts,
  statement: OrderStatement & { readonly subject: string; readonly basis: string },
  offered: OfferedOrder,
): Promise<EraseAnswer> {
  const { log, orders } = parts;
  const { subject, basis } = statement;
  const stream = `subject/${subject}`;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const survey = surveyOf(parts, subject);
    mustBeErasable(parts, subject, survey);
    const { positions } = survey;
    const names = [subject, ...survey.totals];
    const disclosures = survey.disclosures + survey.totals.length;
    const which = commitRuns(positions);
    const { body, ...shown } = orderedBody(statement, offered);
    const erased: Body<'disclosure.erased'> = {
      ...body,
      subject,
      basis,
      facts: positions.length,
      disclosures,
      first: positions[0] as number,
      last: positions.at(-1) as number,
      positions: which.digests,
    };
    const fact = { kind: 'disclosure.erased', body: erased, ...shown } as const;
    const answer = await log.append(
      [
        {
          stream,
          expected: orders.version(stream),
          facts: [{ ...fact, disclosures: [...shown.disclosures, ...which.disclosures] }],
        },
      ],
      { subjects: names, facts: positions.length, disclosures },
    );
    // More came about it meanwhile: it is looked at as well.
    if (!('conflict' in answer)) return { facts: positions.length, disclosures, positions };
  }
  throw new OrderError(
    'unsettled',
    'so much is being recorded about it that it cannot be counted: try again',
  );
}

function mustBeErasable({ log, orders }: SurveyParts, subject: string, survey: Survey): void {
  if ([logSubject, everything].some((each) => subject === log.subjectName(each)))
    throw new OrderError('not-kept', 'it is about nobody: the log cannot do without it');
  if (survey.positions.length === 0) {
    const before = orders.erased(subject);
    if (before === undefined) throw new OrderError('not-kept', 'nothing is kept about it');
    const when = new Date(before.at).toISOString();
    throw new OrderError(
      'done-already',
      `it was erased by \`${before.order}\` of \`${before.person}\` at ${when}`,
    );
  }
  const [hold] = survey.holds;
  if (hold !== undefined) {
    const since = new Date(hold.since).toISOString();
    throw new OrderError(
      'legal-hold',
      `the legal hold \`${hold.order}\` by \`${hold.person}\` for ${hold.function} is in force since ${since}`,
    );
  }
  if (survey.open.length > 0)
    throw new OrderError(
      'unsettled',
      `call \`${survey.open[0]}\` is not settled: its values are needed for that`,
    );
}

/**
 * As `commitPositions`; where there are few runs each has a commitment of its own, so that a proof shows those of its own
 * verdict and no others.
 */
function commitRuns(positions: readonly number[]): { digests: string[]; disclosures: string[] } {
  const runs = runsOf(positions);
  if (runs.length <= leavesMax / 2) return commit(runs, salt, sha256);
  const { digest, disclosure } = commitPositions(positions);
  return { digests: [digest], disclosures: [disclosure] };
}

/** What `commit` makes leaves of: a run is two. */
const leavesMax = 256;

/** Which facts it was, as runs of positions: committed to, since they link what is about one subject. */
export function commitPositions(positions: readonly number[]): ReturnType<typeof commitScalar> {
  const runs = runsOf(positions);
  // What is too long for a disclosure is named by its hash.
  const value = runs.length <= runsMax ? runs : digestOf(canonicalJson(runs), sha256);
  return commitScalar(value, '', salt, sha256);
}

const runsMax = 40_000;
