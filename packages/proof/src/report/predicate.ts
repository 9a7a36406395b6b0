// The predicate of a verdict statement: everything that the product says about one outcome over one window.
// Read strictly, and published as JSON Schema from this very shape (`node packages/proof/build-schema.ts`).
// The rule for its versions: docs/proof.md ("The predicate").

import { digest, identifier, outcome, personId, rule } from '../facts.ts';
import { bool, type Infer, list, natural, nullable, oneOf, optional, record, text } from '../values/shape.ts';
import { grades, questions, type ReasonCode, reasonCodes, rungs } from '../verdict/index.ts';

/**
 * Raised with the shape, and never else: `minor` where every predicate of before is still one, `major` (and with it
 * the type) where not.
 */
export const predicateVersion = { major: 1, minor: 7 } as const;
export const predicateType = `urn:surety:outcome-verdict:v${predicateVersion.major}` as const;

const position = natural;
const milliseconds = natural;
const verdict = oneOf('proven', 'violated', 'unproven');
/** As a fact may say it. */
const given = oneOf('holding', 'proven', 'violated', 'unproven', 'unsound');

const reason = record({
  code: oneOf(...(Object.keys(reasonCodes) as ReasonCode[])),
  text,
  facts: list(position),
  who: list(text),
  remedy: text,
  erased: optional(list(position)),
});

const answer = record({
  question: oneOf(...questions),
  verdict,
  grade: oneOf(...grades),
  otherwise: optional(verdict),
  reasons: list(reason),
});

const judgement = record({
  outcome: identifier,
  statement: text,
  owner: personId,
  hash: digest,
  declared: outcome,
  rules: list(rule),
  window: record({ from: milliseconds, to: milliseconds }),
  asOf: milliseconds,
  verdict: oneOf('proven', 'violated', 'unproven', 'holding'),
  grade: oneOf(...grades),
  rung: oneOf(...rungs),
  questions: list(answer),
  assumptions: list(record({ text, who: text })),
  erased: optional(
    record({
      by: list(record({ position, at: milliseconds, basis: identifier })),
      earlier: optional(
        record({
          position,
          at: milliseconds,
          verdict: given,
          judgement: digest,
          ledgerSize: natural,
        }),
      ),
    }),
  ),
  /** The rows themselves stand in `population.csv`, and are recomputed. */
  population: record({ extract: nullable(position), rows: natural }),
  figures: record({
    calls: natural,
    effects: natural,
    rows: natural,
    governed: natural,
    elsewhere: natural,
    orphans: natural,
  }),
  head: record({ size: natural, root: text, cosigned: list(text) }),
});

export const predicate = record({ judgement, reportVersion: text, simulated: bool });
export type Predicate = Infer<typeof predicate>;
