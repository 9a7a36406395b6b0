// Approving: a person signed the exact canonical action of a hold. What arrives here is hostile until its
// signature, its person and its action have been checked against the hold itself.

import { type ApprovalStatement, type Body, ShapeError } from '@surety/proof/facts';
import { commit, keyed } from '@surety/proof/records';
import { functionFor, objection, parseApproval, type Signed, signatureIn } from '@surety/proof/rules';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Log } from '../ledger/log.ts';
import type { People } from '../people/people.ts';
import type { Logic } from './logic.ts';

/**
 * `no-hold` unknown or ended, `not-yours` the person may not, `bad-signature`, `malformed`, `gone` answered meanwhile,
 * `no-reason` refused without one.
 */
export class ApprovalError extends Error {
  readonly code: 'no-hold' | 'not-yours' | 'bad-signature' | 'malformed' | 'gone' | 'no-reason';
  constructor(code: ApprovalError['code'], message: string) {
    super(message);
    this.name = 'ApprovalError';
    this.code = code;
  }
}

export interface Offered extends Signed {
  readonly statement: unknown;
}

export interface ApproveParts {
  readonly log: Log;
  readonly logic: Logic;
  readonly people: People;
  readonly logSalt: Uint8Array;
  readonly ownerOf: (agent: string) => string | undefined;
  readonly now: () => number;
  /** What is recorded with an answer to a hold that was planted. */
  readonly seed?: (hold: string, answer: 'approve' | 'refuse', person: string) => NewFact | undefined;
}

/** A person who signed in at the pages says no: without a signature, since it can only keep out. */
export interface SessionRefusal {
  readonly hold: string;
  readonly person: string;
  readonly session: string;
  readonly reason: string;
}

export const reasonCharsMax = 1_000;

function waitingHold({ logic, now }: Pick<ApproveParts, 'logic' | 'now'>, name: string) {
  const hold = logic.hold(name);
  if (hold === undefined || hold.consumedBy !== undefined || hold.planted === true || now() > hold.expires)
    throw new ApprovalError('no-hold', `no call waits under \`${name}\``);
  if (hold.refused !== undefined)
    throw new ApprovalError('gone', `\`${name}\` was refused: the same call is not asked about again`);
  return hold;
}

/** Records a refusal without a signature; whoever may not approve may not refuse either. Throws ApprovalError. */
export async function refuseHold(parts: ApproveParts, said: SessionRefusal): Promise<number> {
  const { log } = parts;
  const { hold: name, person, session, reason } = said;
  const hold = waitingHold(parts, name);
  if (reason.trim() === '' || reason.length > reasonCharsMax)
    throw new ApprovalError('no-reason', `a refusal has a reason, of at most ${reasonCharsMax} characters`);
  const against = mayAnswer(parts, name, person);
  const as = answersFor(parts, name, person);
  if (against !== undefined || as === undefined)
    throw new ApprovalError('not-yours', against ?? 'nobody asks this person');
  const made = commit(reason, salt, sha256);
  const body = { hold: name, function: as, person, session, cause: made.digests };
  const about = { sameAs: hold.position };
  const fact = { kind: 'hold.refused', body, disclosures: made.disclosures, about } as const;
  const seed = parts.seed?.(name, 'refuse', person);
  const facts = [fact, ...(seed === undefined ? [] : [seed])];
  const answer = await log.append([{ stream: `approval/${name}`, expected: hold.version, facts }]);
  if ('conflict' in answer) throw new ApprovalError('gone', `\`${name}\` was answered meanwhile: look again`);
  return answer.positions[0] ?? 0;
}

type Asking = Pick<ApproveParts, 'logic' | 'people' | 'ownerOf' | 'now'>;

/** In which function this person can answer a hold now, their own or as a deputy; undefined if in none. */
export function answersFor({ logic, people, now }: Asking, name: string, person: string): string | undefined {
  const hold = logic.hold(name);
  const approve = hold && logic.ruleOf(hold.rule)?.approve;
  const approver = people.approver(person);
  if (hold === undefined || approve === undefined || approver === undefined) return undefined;
  return functionFor(approve, approver, { at: now(), heldAt: hold.at });
}

/** Why this person may not answer a hold, or undefined if they may. */
export function mayAnswer(parts: Asking, name: string, person: string): string | undefined {
  const { logic, people, ownerOf, now } = parts;
  const hold = logic.hold(name);
  const rule = hold && logic.ruleOf(hold.rule);
  if (hold === undefined || rule?.approve === undefined) return 'the rule that asks is not in force any more';
  const as = answersFor(parts, name, person);
  if (as === undefined) return `it waits for ${rule.approve.function}, which this person does not act for`;
  const { agent, user, case: of } = hold;
  const at = now();
  const need = { ...{ rule, action: '', agent, user, case: of, agentOwner: ownerOf(agent), at } };
  const statement: ApprovalStatement = {
    ...{ action: '', agent, case: of, rule: rule.hash, hold: name, expires: hold.expires },
    ...(user === undefined ? {} : { user }),
    ...{ function: as, person, decision: 'approve' },
  };
  return objection(
    { ...need, personOf: people.personOf },
    { position: 0, statement, approver: people.approver(person), at, heldAt: hold.at },
  );
}

/** Records an approval or a refusal. Throws ApprovalError. */
export async function answerHold(parts: ApproveParts, offered: Offered): Promise<ApprovalStatement> {
  const { log, logic, people, now } = parts;
  const statement = statementOf(offered);
  const hold = waitingHold(parts, statement.hold);
  if (!people.signed(statement, offered))
    throw new ApprovalError('bad-signature', `\`${statement.person}\` did not sign this`);
  if (keyed(parts.logSalt, 'action', statement.action, sha256) !== hold.action)
    throw new ApprovalError('malformed', 'the statement is about another action than the hold');
  if (statement.expires > hold.expires)
    throw new ApprovalError('malformed', 'the statement outlives the hold');
  const rule = logic.ruleOf(statement.rule);
  if (rule === undefined || hold.rule !== statement.rule)
    throw new ApprovalError('malformed', 'the statement names another rule than the hold');
  const against = objection(
    {
      rule,
      action: statement.action,
      agent: hold.agent,
      user: hold.user,
      case: hold.case,
      agentOwner: parts.ownerOf(hold.agent),
      at: now(),
      personOf: people.personOf,
    },
    {
      position: 0,
      statement: { ...statement, decision: 'approve' },
      approver: people.approver(statement.person),
      ...{ at: now(), heldAt: hold.at },
    },
  );
  if (against !== undefined) throw new ApprovalError('not-yours', against);
  const { decision, person } = statement;
  await append(log, statement, offered, hold, parts.seed?.(statement.hold, decision, person));
  return statement;
}

function statementOf({ statement: offered }: Offered): ApprovalStatement {
  try {
    const statement = parseApproval(offered);
    const { decision, reason = '' } = statement;
    if (reason.length > reasonCharsMax || (decision === 'approve' && statement.reason !== undefined))
      throw new ApprovalError(
        'malformed',
        `only a refusal has a reason, of at most ${reasonCharsMax} characters`,
      );
    return statement;
  } catch (error) {
    if (error instanceof ShapeError) throw new ApprovalError('malformed', error.message);
    throw error;
  }
}

async function append(
  log: Log,
  statement: ApprovalStatement,
  offered: Offered,
  held: { readonly version: number; readonly position: number },
  seed: NewFact | undefined,
) {
  const made = commit(statement, salt, sha256);
  const { hold, person, function: as } = statement;
  const body: Body<'approval.given'> = {
    hold,
    function: as,
    person,
    statement: made.digests,
    ...signatureIn(offered),
  };
  const kind = statement.decision === 'approve' ? 'approval.given' : 'approval.refused';
  // The statement is about whom the call is about: it names the action and the case.
  const about = { sameAs: held.position };
  const fact = { kind, body, disclosures: made.disclosures, about } as const;
  const facts = [fact, ...(seed === undefined ? [] : [seed])];
  const answer = await log.append([{ stream: `approval/${hold}`, expected: held.version, facts }]);
  if ('conflict' in answer) throw new ApprovalError('gone', `\`${hold}\` was answered meanwhile: look again`);
}
