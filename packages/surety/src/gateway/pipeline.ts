// The life of a call, on one screen:
//   identify -> label -> permit -> once at a time -> checkpoint -> budget -> record intent -> forward -> settle
// (`identify` is the front's: no call arrives here without an identity.) Only `allow` goes on; a step that
// throws is `error`, and `error` does not pass. Nothing consequential leaves before its intent is durable,
// and the append of the intent reserves what it uses: on a conflict everything is decided again.

import type { Call, Draft, Step, StepAnswer } from './call.ts';
import type { ToolReply, UpstreamReply } from './mcp/port.ts';
import type { Recorder } from './recorder.ts';

/** Two calls that race for one budget decide again at most this often; then the call is refused. */
const attemptsMax = 32;

export interface Pipeline {
  readonly steps: readonly Step[];
  readonly recorder: Recorder;
  /** True if this tool is labelled as a read. */
  readonly reads: (tool: string) => boolean;
  readonly now: () => number;
}

export async function govern(
  { steps, recorder, reads, now }: Pipeline,
  call: Call,
  forward: () => Promise<UpstreamReply>,
): Promise<ToolReply> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    // A consequential call is judged by everything answered before it; a read only waits for a backlog.
    await (reads(call.tool) ? recorder.notBehind() : recorder.caughtUp());
    const { draft, step, answer } = decide(steps, call, now());
    if (answer.answer === 'wait') return recorder.waiting(call, answer.open);
    if (answer.answer === 'hold') return recorder.held(call, draft, answer);
    if (answer.answer !== 'allow') return recorder.refused(call, draft, step, answer);
    if (draft.effect === 'read') return read(recorder, call, draft, await forward());
    const intent = await recorder.intended(call, draft);
    if (intent === 'conflict') continue;
    return recorder.whileOpen(call, async () => recorder.settled(call, draft, intent, await forward()));
  }
  return recorder.refused(call, { at: now() }, 'record intent', {
    answer: 'deny',
    code: 'conflict',
    text: `other calls changed what this one was judged by, ${attemptsMax} times in a row`,
  });
}

/** Reads are answered without waiting for their fact. */
async function read(recorder: Recorder, call: Call, draft: Draft, reply: UpstreamReply): Promise<ToolReply> {
  recorder.wasRead(call, draft, reply);
  return { is: 'upstream', reply };
}

/** Asks each step in order until one does not allow. */
function decide(
  steps: readonly Step[],
  call: Call,
  at: number,
): { draft: Draft; step: string; answer: StepAnswer } {
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
