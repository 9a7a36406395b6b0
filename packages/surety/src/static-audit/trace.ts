// A counterexample as a short trace of calls, in a form that can be kept as a file and played again: who calls what, with
// which arguments, what comes back, who approves; and what the gate then answers to the last of them.

import {
  exactly,
  integer,
  json,
  list,
  map,
  oneOf,
  optional,
  parseJson,
  record,
  ShapeError,
  text,
} from '@surety/proof/records';

const traceCall = record({
  agent: text,
  /** Absent: the case names nobody. */
  user: optional(text),
  tool: text,
  args: map(json),
  /** Calls of one case; absent: all are of one. */
  case: optional(text),
  /** Milliseconds since the call before. */
  later: optional(integer),
  /** Who approves it, once it is held. */
  approvals: optional(list(record({ person: text, function: text }))),
  /** What the server returns, where the call settles. */
  result: optional(json),
});

export const answers = ['allowed', 'held', 'refused'] as const;

const trace = record({
  surety: exactly('counterexample/1'),
  /** The finding, its kind and its sentence; for people. */
  finding: text,
  kind: text,
  says: text,
  /** Checkpoints that are left out when it is played, as `outcome/checkpoint`: to look at another alone. */
  without: list(text),
  /** All but the last are let through. */
  calls: list(traceCall),
  /** Of the last call; `passed` are the checkpoints that applied to it and that it passed. */
  expect: record({ answer: oneOf(...answers), step: text, passed: list(text) }),
});

export type TraceFile = ReturnType<typeof trace>;
export type Trace = Pick<TraceFile, 'without' | 'calls' | 'expect'>;
export type TraceCall = TraceFile['calls'][number];

/** Throws an Error that says what is wrong with the file. */
export function parseTrace(bytes: Uint8Array): TraceFile {
  try {
    const parsed = trace(parseJson(bytes), '');
    if (parsed.calls.length === 0 || parsed.calls.length > callsMax)
      throw new Error(`it has ${parsed.calls.length} calls: from 1 to ${callsMax} make a trace`);
    return parsed;
  } catch (error) {
    if (error instanceof ShapeError) throw new Error(`it is no counterexample: ${error.message}`);
    throw error;
  }
}

const callsMax = 100;

export const traceFile = (
  { id, kind, sentence }: { readonly id: string; readonly kind: string; readonly sentence: string },
  { without, calls, expect }: Trace,
): TraceFile => ({
  surety: 'counterexample/1',
  ...{ finding: id, kind, says: sentence },
  ...{ without, calls, expect },
});
