// What an owner signs to let a weakening take force: the exact change, in this log, and nothing else.

import type { Fact } from '../facts.ts';
import { isSignedBy } from '../rules/index.ts';
import { canonicalJson } from '../values/canonical.ts';
import type { InForce, Proposal } from './in-force.ts';
import { peopleIn } from './standing.ts';

type Named = Pick<Proposal, 'log' | 'change' | 'stream' | 'from' | 'to'>;
interface Signing {
  readonly person: string;
  /** By the signer's clock. */
  readonly at: number;
}

/** The bytes that an owner signs, under a prefix that nothing else signs. */
export const changeText = (proposal: Named, { person, at }: Signing): string =>
  `surety-change/v1\n${canonicalJson({ ...namedBy(proposal), person, at })}`;

/** Those of an owner who refuses it: under a prefix of their own, so that a yes is never a no, nor a no a yes. */
export const refusalText = (
  proposal: Named,
  { person, at, reason }: Signing & { readonly reason: string },
): string => `surety-change-refusal/v1\n${canonicalJson({ ...namedBy(proposal), person, at, reason })}`;

const namedBy = ({ log, change, stream, from, to }: Named) => ({
  ...{ log, change, stream },
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

/**
 * True if a key of this person, in force at this position and nobody else's, signed the change that waits. Call with
 * everything folded up to, not including, this fact.
 */
export async function changeSigned(inForce: InForce, { body }: Fact<'change.signed'>): Promise<boolean> {
  const proposal = inForce.proposal(body.change);
  if (proposal === undefined) return false;
  return isSignedBy(peopleIn(inForce.standing), body.person, changeText(proposal, body), body);
}
