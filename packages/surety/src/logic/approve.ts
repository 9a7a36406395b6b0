// Approving: a person signed the exact canonical action of a hold. What arrives here is hostile until its
// signature, its person and its action have been checked against the hold itself.

import { type ApprovalStatement, type Body, ShapeError } from '@surety/proof/facts';
import { commit, keyed } from '@surety/proof/records';
import { objection, parseApproval, type Signed, signatureIn } from '@surety/proof/rules';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Log } from '../ledger/log.ts';
import type { People } from '../people/people.ts';
import type { Logic } from './logic.ts';

/** `no-hold` unknown or ended, `not-yours` the person may not, `bad-signature`, `malformed`, `gone` answered meanwhile. */
export class ApprovalError extends Error {
  readonly code: 'no-hold' | 'not-yours' | 'bad-signature' | 'malformed' | 'gone';
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
}

/** Records an approval or a refusal. Throws ApprovalError. */
export async function answerHold(parts: ApproveParts, offered: Offered): Promise<ApprovalStatement> {
  const { log, logic, people, now } = parts;
  const statement = statementOf(offered);
  const hold = logic.hold(statement.hold);
  if (hold === undefined || hold.consumedBy !== undefined || now() > hold.expires)
    throw new ApprovalError('no-hold', `no call waits under \`${statement.hold}\``);
  if (hold.refused === true)
    throw new ApprovalError(
      'gone',
      `\`${statement.hold}\` was refused: the same call is not asked about again`,
    );
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
  await append(log, statement, offered, hold);
  return statement;
}

function statementOf({ statement }: Offered): ApprovalStatement {
  try {
    return parseApproval(statement);
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
  const answer = await log.append([{ stream: `approval/${hold}`, expected: held.version, facts: [fact] }]);
  if ('conflict' in answer) throw new ApprovalError('gone', `\`${hold}\` was answered meanwhile: look again`);
}
