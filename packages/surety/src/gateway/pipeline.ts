// The life of a call, on one screen:
//   identify -> contain -> pin -> label -> trace origins -> permit -> once at a time -> checkpoint -> budget -> record intent -> contain ->
//   forward -> settle
// (`identify` is the front's: no call arrives here without an identity.) Only `allow` goes on; a step that
// throws is `error`, and `error` does not pass. Nothing consequential leaves before its intent is durable,
// and the append of the intent reserves what it uses: on a conflict everything is decided again.

import type { Call, Draft, Step, StepAnswer } from './call.ts';
import { type Decision, decisionOf } from './decided.ts';
import type { Governed, Input, RunningCall, ToolReply, UpstreamReply } from './mcp/port.ts';
import type { Recorder } from './recorder.ts';
import type { Suspended, SuspendedCall } from './suspended.ts';
import type { Turns } from './turns.ts';

/** Calls of several agents that race for one key decide again at most this often; then the call is refused. */
const attemptsMax = 32;

export interface Pipeline {
  readonly steps: readonly Step[];
  readonly recorder: Recorder;
  /** Calls of one agent that met a conflict decide again one after another. */
  readonly turns: Turns;
  readonly suspended: Suspended;
  /** Calls that have left, or are about to, and were not answered. */
  readonly inFlight: Map<string, Call>;
  /** True if this tool is labelled as a read. */
  readonly reads: (tool: string) => boolean;
  readonly now: () => number;
}

interface Decided {
  readonly draft: Draft;
  readonly step: string;
  readonly answer: StepAnswer;
  /** The position of the durable intent, for a consequential call that is allowed. */
  readonly intent?: number | 'conflict';
}

type Forward = (governed: Governed) => Promise<UpstreamReply>;

export async function govern(pipeline: Pipeline, call: Call, forward: Forward): Promise<ToolReply> {
  const passed = await pass(pipeline, call);
  if ('reply' in passed) return passed.reply;
  const { draft, intent } = passed;
  const stopped = lastly(pipeline, call, draft);
  if (stopped !== undefined) return neverSent(pipeline, call, draft, intent, stopped);
  return sendAndSettle(pipeline, call, draft, intent, forward);
}

/** The answer of a step that is asked at the last and does not allow. Nothing is awaited between it and what it guards. */
function lastly({ steps, now }: Pick<Pipeline, 'steps' | 'now'>, call: Call, draft: Draft) {
  for (const step of steps) {
    const answer = step.last === true ? answerOf(step, call, { ...draft, at: now() }) : undefined;
    if (answer?.answer === 'deny' || answer?.answer === 'error') return { step: step.name, answer };
  }
  return undefined;
}

type Stopped = NonNullable<ReturnType<typeof lastly>>;

/** For a call that never crosses: whether it may be made. */
export async function allowed(pipeline: Pipeline, call: Call): Promise<Decision> {
  const passed = await pass(pipeline, call);
  if ('reply' in passed) return decisionOf(passed.reply);
  const { draft, intent } = passed;
  const stopped = lastly(pipeline, call, draft);
  // Its caller was not told that it may, so nothing was done.
  if (stopped !== undefined) return decisionOf(await neverSent(pipeline, call, draft, intent, stopped));
  return { decision: 'allow', call: call.id };
}

/** Between its intent and its sending it was stopped: what the intent reserved and used up is free again. */
function neverSent(
  { recorder }: Pipeline,
  call: Call,
  draft: Draft,
  intent: number | undefined,
  { step, answer }: Stopped,
): Promise<ToolReply> {
  if (intent !== undefined) recorder.settled(call, draft, intent, { is: 'not-sent', cause: step });
  return recorder.refused(call, draft, step, answer);
}

async function sendAndSettle(
  pipeline: Pipeline,
  call: Call,
  draft: Draft,
  intent: number | undefined,
  forward: Forward,
  isResumed = false,
): Promise<ToolReply> {
  const { inFlight } = pipeline;
  const onInput = (input: Input) => goesOn(pipeline, call, draft, input);
  let stopped: Stopped | undefined;
  const mayLeave = () => {
    stopped = lastly(pipeline, call, draft);
    return stopped === undefined;
  };
  inFlight.set(call.id, call);
  const reply = await sent(() => forward({ onInput, mayLeave }));
  if (reply.is === 'task')
    return {
      is: 'upstream',
      reply,
      running: running(pipeline, { call, draft, intent }, { onInput, mayLeave }),
    };
  inFlight.delete(call.id);
  // Of a call that its server knows already, only the record can say that nothing came of it.
  if (stopped !== undefined && reply.is === 'not-sent' && !isResumed)
    return neverSent(pipeline, call, draft, intent, stopped);
  if (reply.is !== 'asks') return settle(pipeline, { call, draft, intent }, reply);
  pipeline.suspended.add({ call, draft, intent, asked: reply.value['inputRequests'] });
  return { is: 'upstream', reply, suspended: call.id };
}

/**
 * The server goes on with the call as a task. It stays the call it was, open and on its way, until somebody learns what
 * came of it; if nobody does in time, that is lost, as an answer is.
 */
function running(
  pipeline: Pipeline,
  begun: Pick<SuspendedCall, 'call' | 'draft' | 'intent'>,
  { onInput, mayLeave }: Governed,
): RunningCall {
  let isOver = false;
  return {
    mayLeave: () => !isOver && mayLeave(),
    onInput: (input) => (isOver ? Promise.reject(new Error('the call is over')) : onInput(input)),
    settle: (came) => {
      // INVARIANT: one settlement, whatever the server says later.
      if (!isOver) settle(pipeline, begun, came);
      isOver = true;
      pipeline.inFlight.delete(begun.call.id);
    },
  };
}

export function settle(
  { recorder }: Pick<Pipeline, 'recorder'>,
  { call, draft, intent }: Pick<SuspendedCall, 'call' | 'draft' | 'intent'>,
  reply: UpstreamReply,
): ToolReply {
  return intent === undefined
    ? recorder.wasRead(call, draft, reply)
    : recorder.settled(call, draft, intent, reply);
}

/** The client came back with what the server wanted to know: the same call goes on. */
export async function resume(
  pipeline: Pipeline,
  suspended: SuspendedCall,
  inputs: unknown,
  forward: Forward,
): Promise<ToolReply> {
  const { call, draft, intent, asked } = suspended;
  try {
    await goesOn(pipeline, call, draft, {
      request: { inputRequests: asked ?? null },
      response: inputs ?? null,
    });
  } catch (error) {
    // What the server did before it asked, the record will tell.
    settle(pipeline, suspended, { is: 'lost', cause: (error as Error).message });
    return { is: 'refused', message: `Refused. Reference ${call.id}.` };
  }
  return sendAndSettle(pipeline, call, draft, intent, forward, true);
}

type Passed = { readonly draft: Draft; readonly intent: number | undefined } | { readonly reply: ToolReply };

/** Whether the call may go on, its intent durable; else what its caller is told. */
async function pass(pipeline: Pipeline, call: Call): Promise<Passed> {
  const { recorder, turns, now } = pipeline;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const decided = await turns.take(call.identity.identity, attempt > 0, () => decideOnce(pipeline, call));
    const { draft, step, answer, intent } = decided;
    if (answer.answer === 'wait') return { reply: recorder.waiting(call, answer.open) };
    if (answer.answer === 'hold') return { reply: await recorder.held(call, draft, answer) };
    if (answer.answer !== 'allow') return { reply: await recorder.refused(call, draft, step, answer) };
    if (intent !== 'conflict') return { draft, intent };
  }
  const text = `other calls changed what this one was judged by, ${attemptsMax} times in a row`;
  const refusal = { answer: 'deny', code: 'conflict', text } as const;
  return { reply: await recorder.refused(call, { at: now() }, 'record intent', refusal) };
}

/** Decides, and makes the intent durable with all that it reserves, unless what was read has changed. */
async function decideOnce({ steps, recorder, reads, now }: Pipeline, call: Call): Promise<Decided> {
  // A consequential call is judged by everything answered before it; a read only waits for a backlog.
  await (reads(call.tool) ? recorder.notBehind() : recorder.caughtUp());
  const decided = decide(steps, call, now());
  if (decided.answer.answer !== 'allow') return decided;
  // A read that crosses is recorded with its result; of one that does not, this is all we can record.
  if (decided.draft.effect === 'read' && !call.decided) return decided;
  return { ...decided, intent: await recorder.intended(call, decided.draft) };
}

/** From here on nobody may say that nothing happened: a transport that fails in its own way has lost the answer. */
const sent = (forward: () => Promise<UpstreamReply>): Promise<UpstreamReply> =>
  forward().catch((error: Error) => ({ is: 'lost', cause: error.message }) as const);

/**
 * A server asked something in the middle of the call. It is the same call, with one intent and one settlement: what
 * the intent reserved and used up stays so, and whether the agent may call this at all is asked again.
 * INVARIANT: the input is durable before the server hears it.
 */
async function goesOn(
  { steps, recorder, now }: Pipeline,
  call: Call,
  draft: Draft,
  input: Input,
): Promise<void> {
  const { step, answer } = decide(
    steps.filter(({ again }) => again),
    call,
    now(),
  );
  if (answer.answer === 'deny' || answer.answer === 'error')
    await recorder.refused(call, draft, step, answer);
  if (answer.answer !== 'allow') throw new Error('the call may not go on');
  await recorder.continued(call, draft, input);
  const stopped = lastly({ steps, now }, call, draft);
  if (stopped === undefined) return;
  await recorder.refused(call, draft, stopped.step, stopped.answer);
  throw new Error('the call may not go on');
}

/** The step that does not let this call go on, as it stands; `allow` if all do. */
export const stopsAt = ({ steps, now }: Pipeline, call: Call): string => decide(steps, call, now()).step;

/** Asks each step in order until one does not allow. */
function decide(steps: readonly Step[], call: Call, at: number): Decided {
  let draft: Draft = { at };
  for (const step of steps) {
    const answer = answerOf(step, call, draft);
    if (answer.answer !== 'allow') return { draft, step: step.name, answer };
    draft = { ...draft, ...answer.adds };
  }
  return { draft, step: 'allow', answer: { answer: 'allow' } };
}

function answerOf(step: Step, call: Call, draft: Draft): StepAnswer {
  try {
    return step.run(call, draft);
  } catch (error) {
    return { answer: 'error', code: 'fault', text: `${step.name} failed: ${(error as Error).message}` };
  }
}
