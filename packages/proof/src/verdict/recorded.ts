// Recorded: how complete the evidence is. The ladder C0 to C5 (docs/formats.md): C1 contiguous per
// process, C2 witnessed, C3 intent before effect, C4 no other way to the tool, C5 reconciled.

import { callsOf, type Evidence, listed } from './evidence.ts';
import { type Answer, answerOf, because, type Reason, type ReasonCode } from './reasons.ts';

export const rungs = ['C0', 'C1', 'C2', 'C3', 'C4', 'C5'] as const;
export type Rung = (typeof rungs)[number];

export interface Recording {
  readonly answer: Answer;
  /** The highest rung whose conditions, and those of all below it, are met. */
  readonly rung: Rung;
}

export function recorded(evidence: Evidence, reconciledIs: Answer): Recording {
  const { outcome } = evidence;
  const reasons: Reason[] = [];
  const say = (code: ReasonCode, text: string, facts: readonly number[]) =>
    reasons.push(because(code, text, facts, { owner: outcome.owner }));
  const met = [
    true,
    contiguous(evidence, say),
    witnessed(evidence, say),
    callsOf(evidence).every(({ settlement }) => settlement !== undefined),
    exclusive(outcome.needs.rung, say),
    (reconciledIs.otherwise ?? reconciledIs.verdict) === 'proven',
  ];
  const first = met.indexOf(false);
  return {
    answer: answerOf('recorded', 'recomputed', reasons),
    rung: rungs[first === -1 ? 5 : first - 1] as Rung,
  };
}

type Say = (code: ReasonCode, text: string, facts: readonly number[]) => void;

function contiguous({ book, window }: Evidence, say: Say): boolean {
  const emitters = [...book.emitters.values()];
  const holes = emitters.filter(({ gapAt }) => gapAt !== undefined);
  const lost = emitters.filter(({ tail, startedAt }) => tail === 'may-be-lost' && startedAt >= window.from);
  for (const { emitter, gapAt } of holes)
    say('sequence-gap', `facts of the process ${emitter} are missing`, [gapAt ?? 0]);
  if (lost.length > 0)
    say(
      'sequence-gap',
      `${lost.length} times a process ended without saying so: reads that it had not yet recorded may be lost`,
      lost.map(({ position }) => position),
    );
  const injected = emitters.filter(({ clock, startedAt }) => clock === 'injected' && startedAt < window.to);
  if (injected.length > 0)
    say('simulated', 'the clock was injected, not the system clock', injected.map(({ position }) => position));
  return holes.length === 0 && lost.length === 0;
}

function witnessed({ book, head }: Evidence, say: Say): boolean {
  const by = head.cosigned.map((witness) => ({ witness, ...book.witnesses.get(witness) }));
  const real = by.filter(({ body }) => body?.simulated === false);
  if (by.length === 0) say('witness-missing', 'no witness has cosigned the head', []);
  else if (real.length === 0)
    say(
      'simulated',
      `the witness runs on the operator's own host: ${listed(by.map(({ witness }) => witness))}`,
      by.flatMap(({ position }) => (position === undefined ? [] : [position])),
    );
  return by.length > 0;
}

function exclusive(needed: Rung, say: Say): boolean {
  if (rungs.indexOf(needed) >= rungs.indexOf('C4'))
    say('bypass-possible', 'nothing has shown that the tools can be reached through the gateway only', []);
  return false;
}
