// What had to follow a call and did not, or may still: nobody could see that when the call was let through.

import type { FollowUp } from '../rules/index.ts';
import type { GovernedCall, Judged } from './call.ts';

/** A duty that is not known to be done. `observed`: its rule stops nothing and blames nobody. */
export interface Duty {
  readonly code: 'evidence-withheld' | 'follow-up-pending' | 'follow-up-missed' | 'observed';
  readonly text: string;
  readonly facts: readonly number[];
}

/** Of a call that took effect, or may have; `followUpsOf` says what became of each follow-up. */
export function dutiesOf(
  call: GovernedCall,
  outcome: string,
  followUpsOf: (judged: Judged) => readonly FollowUp[],
): readonly Duty[] {
  return call.judged.flatMap((judged) => {
    const isAsked = !['not-needed', 'withheld', 'error'].includes(judged.answer.answer);
    if (judged.outcome !== outcome || !isAsked) return [];
    return followUpsOf(judged).flatMap((each) => dutyOf(each, judged, call) ?? []);
  });
}

function dutyOf(
  followUp: FollowUp,
  { rule: { rule, mode } }: Judged,
  { call, intent }: GovernedCall,
): Duty | undefined {
  if (followUp.is === 'fulfilled') return undefined;
  const wanted = `${followUp.call}${followUp.where === undefined ? '' : ` where ${followUp.where}`}`;
  const text = `${rule} asks that ${wanted} follows call ${call}`;
  const facts = [intent];
  if (followUp.is === 'withheld')
    return { code: 'evidence-withheld', text: `${text}, and that cannot be judged`, facts: followUp.missing };
  const due = new Date(followUp.due).toISOString();
  if (followUp.is === 'pending') return { code: 'follow-up-pending', text: `${text} by ${due}`, facts };
  return mode === 'observe'
    ? { code: 'observed', text: `${text}, which it did not; the rule only observes`, facts }
    : { code: 'follow-up-missed', text: `${text}: by ${due} it had not`, facts };
}
