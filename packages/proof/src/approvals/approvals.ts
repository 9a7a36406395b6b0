// Approvals: a person signed the exact canonical action, once, in a named function.
// What is checked here is everything but the signature itself, which needs WebCrypto and is
// checked before (`verdict/signatures.ts` in a proof, `people/` in the gate).

import { type ApprovalStatement, approvalStatement, type Rule } from '../facts.ts';
import { canonicalJson } from '../values/canonical.ts';
import type { PersonOf } from './accounts.ts';

/** What the gate or the verdict knows about the person who signed. */
export interface Approver {
  readonly person: string;
  readonly functions: readonly string[];
}

/** The call that waits for approval. */
export interface ApprovalNeed {
  readonly rule: Rule;
  /** The canonical action's id, in the clear. */
  readonly action: string;
  readonly agent: string | undefined;
  readonly user: string | undefined;
  readonly case: string;
  readonly agentOwner: string | undefined;
  /** When the approval is used. */
  readonly at: number;
  /** Whose account it is; without it, every account is a person of its own. */
  readonly personOf?: PersonOf;
  /** People who stand behind calls that the approvers must be apart from. */
  readonly excluded?: ReadonlySet<string>;
}

const own: PersonOf = (account) => account;

export interface ApprovalOffer {
  readonly position: number;
  readonly statement: ApprovalStatement;
  readonly approver: Approver | undefined;
}

/** The bytes that a person signs: RFC 8785 of the statement, under a prefix that nothing else signs. */
export const approvalText = (statement: ApprovalStatement): string =>
  `surety-approval/v1\n${canonicalJson(statement)}`;

export const parseApproval = (value: unknown): ApprovalStatement => approvalStatement(value, '');

/** Why this offer does not count, or undefined if it does. */
export function objection(need: ApprovalNeed, offer: ApprovalOffer): string | undefined {
  const { statement, approver } = offer;
  const { personOf = own, rule } = need;
  const { approve } = rule;
  const person = personOf(statement.person);
  if (approve === undefined) return 'the rule asks for no approval';
  if (statement.decision !== 'approve') return 'it is a refusal';
  if (statement.action !== need.action) return 'it approves another action';
  if (statement.rule !== rule.hash) return 'it was given under another rule';
  if (statement.agent !== need.agent || statement.case !== need.case) return 'it was given to another case';
  if (statement.user !== need.user) return 'it was given to another user';
  if (statement.function !== approve.function) return `it was not given for ${approve.function}`;
  if (need.at > statement.expires) return 'it has expired';
  if (approver === undefined || approver.person !== statement.person) return 'its signer is not known';
  if (!approver.functions.includes(approve.function))
    return `its signer does not act for ${approve.function}`;
  if (approve.not.includes('requester') && need.user !== undefined && person === personOf(need.user))
    return 'the requester cannot approve';
  if (approve.not.includes('agent-owner')) {
    // An agent that nobody is known to own could be the approver's own.
    if (need.agentOwner === undefined) return 'nobody is known to own the agent';
    if (person === personOf(need.agentOwner)) return 'the owner of the agent cannot approve';
  }
  if (need.excluded?.has(person) === true)
    return 'its signer stands behind a call that it must be apart from';
  return undefined;
}

/** The positions of enough approvals by different people, or undefined. */
export function enoughApprovals(
  need: ApprovalNeed,
  offers: readonly ApprovalOffer[],
): readonly number[] | undefined {
  const { personOf = own } = need;
  const byPerson = new Map<string, number>();
  for (const offer of offers) {
    const person = personOf(offer.statement.person);
    if (objection(need, offer) === undefined && !byPerson.has(person)) byPerson.set(person, offer.position);
  }
  const count = need.rule.approve?.count ?? 0;
  return byPerson.size >= count ? [...byPerson.values()].slice(0, count) : undefined;
}
