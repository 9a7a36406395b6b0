// Any call as facts, for tests: its intent if it is no read, and its settlement.

import { hashOf, type LogMaker } from './log.fixture.ts';
import { canonicalJson } from './records/index.ts';

export interface Called {
  readonly call: string;
  readonly tool: string;
  readonly args: object;
  readonly at: number;
  /** When it settles; at once if not said. */
  readonly settledAt?: number;
  readonly how?: 'ok' | 'error' | 'none' | 'open';
  readonly result?: unknown;
  readonly isRead?: boolean;
  readonly case?: string | undefined;
  readonly agent?: string | undefined;
  readonly user?: string | undefined;
  readonly checkpoints?: readonly object[];
}

const auditOf = (log: LogMaker, { call, tool, args, isRead }: Called) => ({
  ...{ call, tool, effect: isRead === true ? 'read' : 'write', screened: 'none', attestation: 'none' },
  action: log.keyed('action', hashOf(canonicalJson({ tool, args }))),
});
const whoOf = ({ case: of = 'k1', agent = 'clerk', user }: Called) => ({ case: of, agent, user });

/** Returns the position of the intent. */
export function intend(log: LogMaker, called: Called): number {
  const { at: time, args, checkpoints = [] } = called;
  const stream = `case/${called.case ?? 'k1'}`;
  return log.write({
    ...{ kind: 'call.intended', stream, time, ...whoOf(called) },
    body: {
      ...{ ...auditOf(log, called), args: log.commit(args), policies: [], checkpoints, budgets: [] },
      origins: 'not-traced',
    },
  });
}

/** Returns the position of the settlement. `intent` is that of its intent; none for a read. */
export function settle(log: LogMaker, called: Called, intent?: number): number {
  const { at, settledAt: time = at, args, how = 'ok', result = {} } = called;
  const about = intent === undefined ? { args: log.commit(args) } : { intent };
  const stream = `case/${called.case ?? 'k1'}`;
  return log.write({
    ...{ kind: 'call.settled', stream, time, ...whoOf(called) },
    body: {
      ...{ ...auditOf(log, called), ...about, settlement: how, by: 'upstream' },
      result: how === 'ok' ? log.commit(result) : [],
    },
  });
}

/** The whole of it: returns the position of its last fact. */
export function did(log: LogMaker, called: Called): number {
  const intent = called.isRead === true ? undefined : intend(log, called);
  return called.how === 'open' ? (intent ?? 0) : settle(log, called, intent);
}
