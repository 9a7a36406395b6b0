// A call on its way through the pipeline: what is known of it, and what its steps have added.

import type { Body, Effect, Money } from '@surety/proof/facts';
import type { Certificate } from '@surety/proof/origins';
import type { Subject } from '../facts/index.ts';
import type { Append } from '../ledger/log.ts';
import type { Checkpointed } from '../logic/logic.ts';
import type { Identity } from '../perimeter/index.ts';

/** Fixed when the call arrives. */
export interface Call {
  readonly id: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly identity: Identity;
  readonly case: string;
  /** The person that the agent acts for, as the application said when it opened the case. */
  readonly user: string | undefined;
  /** The canonical action's id, in the clear: never written outside a disclosure. */
  readonly action: string;
  /** The same, keyed with the log's salt. */
  readonly keyedAction: string;
  /** The contract under which its agent is shown the tool, as facts name it; undefined where nobody can tell. */
  readonly contract: string | undefined;
  /** The hold that it was made again for: only what still waits there asks people anything more. */
  readonly redeems?: string | undefined;
  /** It never crosses the gateway: its caller asked whether it may make it, and will say what came of it. */
  readonly decided: boolean;
  /** Whom the call is about: what is disclosed of it is erased together. */
  readonly about: Subject;
  readonly commitments: { readonly digests: readonly string[]; readonly disclosures: readonly string[] };
}

/** What the steps have found out; each step adds, none takes away. */
export interface Draft {
  readonly at: number;
  readonly effect?: Effect;
  readonly money?: Money;
  readonly policies?: readonly string[];
  readonly checkpoints?: readonly Checkpointed[];
  readonly budgets?: readonly string[];
  /** Where each argument came from, if an outcome asks. */
  readonly origins?: readonly Certificate[];
  readonly written?: NonNullable<Body<'call.intended'>['written']>;
  /** Appends that belong to the intent: what it reserves and what it uses up. */
  readonly reserves?: readonly Append[];
}

export type StepAnswer =
  | { readonly answer: 'allow'; readonly adds?: Partial<Draft> }
  | { readonly answer: 'hold'; readonly rule: string; readonly text: string; readonly approve: Approve }
  | {
      readonly answer: 'deny' | 'error';
      readonly code: RefusalCode;
      readonly text: string;
      readonly rule?: string;
    }
  /** An identical action is still open: whether it took effect is not known, so it must not be sent again. */
  | { readonly answer: 'wait'; readonly open: string };

export interface Approve {
  readonly function: string;
  readonly count: number;
  readonly not: readonly ('requester' | 'agent-owner')[];
}

/** Why a call was refused, for people. The agent is told none of them. */
export type RefusalCode =
  | 'contained'
  | 'contract-unknown'
  | 'contract-unapproved'
  | 'contract-changed'
  | 'unknown-tool'
  | 'unknown-case'
  | 'wrong-way'
  | 'not-suspended'
  | 'money'
  | 'origin'
  | 'permission'
  | 'checkpoint'
  | 'budget'
  | 'asked-often'
  | 'conflict'
  | 'not-recordable'
  | 'fault';

export interface Step {
  readonly name: string;
  /** Asked again before a call goes on with an input. What else was asked is reserved or used up by its intent. */
  readonly again?: true;
  /** Asked again at the very last, when what allows the call is durable and nothing has left. */
  readonly last?: true;
  /** Pure over the folded state: decides, writes nothing. A throw is an `error`, and an error does not pass. */
  readonly run: (call: Call, draft: Draft) => StepAnswer;
}
