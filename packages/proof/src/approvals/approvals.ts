// Approvals: a person signed the exact canonical action, once, in a named function.
// What is checked here is everything but the signature itself, which needs WebCrypto and is
// checked before (`verdict/signatures.ts` in a proof, `people/` in the gate).

import {
  type ApprovalStatement,
  type ApproveRule,
  approvalStatement,
  type Body,
  type Rule,
} from '../facts.ts';
import { canonicalJson } from '../values/canonical.ts';
import type { PersonOf } from './accounts.ts';

/** What the gate or the verdict knows about the person who signed. */
export interface Approver {
  readonly person: string;
  readonly functions: readonly string[];
  /** Whom they stand in for, as those people declared it. */
  readonly standsFor?: readonly Principal[];
}

/** Somebody whom a deputy stands in for, in all their functions, from when until when. */
export interface Principal {
  readonly person: string;
  readonly functions: readonly string[];
  readonly from: number;
  readonly until: number;
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
  /** When it was given, and when the call was held. */
  readonly at?: number;
  readonly heldAt?: number;
}

/** The bytes that a person signs: RFC 8785 of the statement, under a prefix that nothing else signs. */
export const approvalText = (statement: ApprovalStatement): string =>
  `surety-approval/v1\n${canonicalJson(statement)}`;

export const parseApproval = (value: unknown): ApprovalStatement => approvalStatement(value, '');

/** Why this offer does not count, or undefined if it does. */
export function objection(need: ApprovalNeed, offer: ApprovalOffer): string | undefined {
  const { statement, approver } = offer;
  const { rule } = need;
  const { approve } = rule;
  if (approve === undefined) return 'the rule asks for no approval';
  if (statement.decision !== 'approve') return 'it is a refusal';
  if (statement.action !== need.action) return 'it approves another action';
  if (statement.rule !== rule.hash) return 'it was given under another rule';
  if (statement.agent !== need.agent || statement.case !== need.case) return 'it was given to another case';
  if (statement.user !== need.user) return 'it was given to another user';
  if (statement.function !== approve.function) {
    const { escalate } = approve;
    if (statement.function !== escalate?.function) return `it was not given for ${approve.function}`;
    if (!hasWaited(offer, escalate.afterMs)) return `it was given before ${escalate.function} was asked`;
  }
  if (need.at > statement.expires) return 'it has expired';
  if (approver === undefined || approver.person !== statement.person) return 'its signer is not known';
  const own = barred(need, statement.person);
  if (own !== undefined) return own;
  if (!approver.functions.includes(statement.function) && principalsOf(need, offer).length === 0)
    return `its signer does not act for ${statement.function}`;
  return undefined;
}

/** INVARIANT: an approval whose times are not known was given too early, and outside of every deputy's time. */
const hasWaited = ({ at, heldAt }: ApprovalOffer, afterMs: number): boolean =>
  at !== undefined && heldAt !== undefined && at >= heldAt + afterMs;

/** Why this person may not approve this call, whoever signs for them. */
function barred(
  { rule, user, agentOwner, excluded, personOf = own }: ApprovalNeed,
  account: string,
): string | undefined {
  const person = personOf(account);
  const { not = [] } = rule.approve ?? {};
  if (not.includes('requester') && user !== undefined && person === personOf(user))
    return 'the requester cannot approve';
  if (not.includes('agent-owner')) {
    // An agent that nobody is known to own could be the approver's own.
    if (agentOwner === undefined) return 'nobody is known to own the agent';
    if (person === personOf(agentOwner)) return 'the owner of the agent cannot approve';
  }
  if (excluded?.has(person) === true) return 'its signer stands behind a call that it must be apart from';
  return undefined;
}

/** Those with the function whom the signer stood in for when they signed, and who may approve this call. */
const principalsOf = (need: ApprovalNeed, { statement, approver, at }: ApprovalOffer): readonly Principal[] =>
  (approver?.standsFor ?? []).filter(
    ({ person, functions, from, until }) =>
      functions.includes(statement.function) &&
      at !== undefined &&
      from <= at &&
      at < until &&
      barred(need, person) === undefined,
  );

/**
 * The positions of enough approvals by different people, or undefined. A deputy and the person whom they stand in for
 * are one pair of eyes, and so is somebody who stands in for several.
 */
export function enoughApprovals(
  need: ApprovalNeed,
  offers: readonly ApprovalOffer[],
): readonly number[] | undefined {
  const { personOf = own } = need;
  const counted = offers.filter((offer) => objection(need, offer) === undefined);
  const isOwn = ({ statement, approver }: ApprovalOffer) =>
    approver?.functions.includes(statement.function) === true;
  const seen = new Set<string>();
  const positions: number[] = [];
  for (const offer of [...counted.filter(isOwn), ...counted.filter((each) => !isOwn(each))]) {
    const person = personOf(offer.statement.person);
    const principals = isOwn(offer) ? [] : principalsOf(need, offer).map((each) => personOf(each.person));
    const free = principals.find((each) => !seen.has(each));
    if (seen.has(person) || (principals.length > 0 && free === undefined)) continue;
    for (const each of [person, ...(free === undefined ? [] : [free])]) seen.add(each);
    positions.push(offer.position);
  }
  const needed = need.rule.approve?.count ?? 0;
  return positions.length >= needed ? positions.slice(0, needed) : undefined;
}

type Enrolled = Pick<Body<'person.enrolled'>, 'person' | 'functions' | 'deputies'>;

/** What is known of a signer, from everybody who is enrolled. */
export function approverOf(
  person: string,
  people: Iterable<Enrolled>,
  personOf: PersonOf = own,
): Approver | undefined {
  const all = [...people];
  const found = all.find((each) => each.person === person);
  const standsFor = all.flatMap(({ deputies = [], ...principal }) =>
    deputies
      .filter((deputy) => personOf(deputy.person) === personOf(person))
      .map(({ from = 0, until }) => ({
        ...{ person: principal.person, functions: principal.functions, from, until },
      })),
  );
  return found && { person, functions: found.functions, ...(standsFor.length === 0 ? {} : { standsFor }) };
}

/** The function in which somebody may answer a call that has waited since `heldAt`; undefined if in none. */
export function functionFor(
  approve: ApproveRule,
  { functions, standsFor = [] }: Approver,
  { at, heldAt }: { readonly at: number; readonly heldAt: number },
): string | undefined {
  const { escalate } = approve;
  const isDue = escalate !== undefined && at >= heldAt + escalate.afterMs;
  const asked = [approve.function, ...(isDue ? [escalate.function] : [])];
  const now = standsFor.filter(({ from, until }) => from <= at && at < until);
  const acts = (name: string) =>
    [functions, ...now.map((each) => each.functions)].some((all) => all.includes(name));
  return asked.find((name) => functions.includes(name)) ?? asked.find(acts);
}
