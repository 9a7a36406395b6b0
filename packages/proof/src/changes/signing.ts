// What an owner signs to let a weakening take force: the exact change, in this log, and nothing else.

import type { Fact } from '../facts.ts';
import { verifySignature } from '../records/algorithms.ts';
import { fromBase64, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import type { InForce, Proposal } from './in-force.ts';
import { declaredAs } from './standing.ts';

/** The bytes that an owner signs, under a prefix that nothing else signs; `at` is the signer's clock. */
export function changeText(
  { log, change, stream, from, to }: Pick<Proposal, 'log' | 'change' | 'stream' | 'from' | 'to'>,
  { person, at }: { readonly person: string; readonly at: number },
): string {
  const digests = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return `surety-change/v1\n${canonicalJson({ log, change, stream, ...digests, person, at })}`;
}

/**
 * True if a key of this person, in force at this position and nobody else's, signed the change that waits. Call with
 * everything folded up to, not including, this fact.
 */
export async function changeSigned(inForce: InForce, { body }: Fact<'change.signed'>): Promise<boolean> {
  const proposal = inForce.proposal(body.change);
  const people = declaredAs(inForce.standing, 'person.enrolled');
  const key = people.find(({ person }) => person === body.person)?.keys.find(({ id }) => id === body.key);
  if (proposal === undefined || key === undefined) return false;
  const holders = people.filter(({ keys }) => keys.some((each) => each.public === key.public));
  if (holders.length > 1) return false;
  const text = changeText(proposal, body);
  return verifySignature(key.alg, fromBase64(key.public), utf8(text), fromBase64(body.signature));
}
