// Seeds: holds that Surety planted to see whether people look. Which ones they are is committed to before, and said once each
// has been answered; what is said of one afterwards is checked against the commitment.

import { digest, identifier, personId } from './declared.ts';
import { list, natural, oneOf, optional, record, text } from './values/shape.ts';

export const seedBodies = {
  /** Commits to the names of holds that may be planted: of each, nobody can tell before it is answered. */
  'seed.committed': record({ slots: list(digest) }),
  /** A planted hold was answered, or ended: nothing ever counts that was given for it. */
  'seed.answered': record({
    hold: text,
    /** One of the commitments, and what opens it. */
    slot: digest,
    opened: text,
    seed: identifier,
    function: identifier,
    answer: oneOf('approve', 'refuse', 'none'),
    person: optional(personId),
    /** From where the hold was recorded to the answer. */
    tookMs: natural,
  }),
} as const;
