// Guarded: every call of the window passed its checkpoints, judged again from raw facts; and statically,
// no tool that spends is without one.

import { type Judged, type GovernedCall } from './book.ts';
import { callsOf, type Evidence, listed, simulatedAmong, tookEffect } from './evidence.ts';
import { type Answer, answerOf, because, type Reason, type ReasonCode } from './reasons.ts';

export function guarded(evidence: Evidence): Answer {
  const { outcome, book } = evidence;
  const reasons: Reason[] = [];
  const say = (code: ReasonCode, text: string, facts: readonly number[]) =>
    reasons.push(because(code, text, facts, { owner: outcome.owner }));
  const calls = callsOf(evidence);
  for (const call of calls) {
    for (const judged of call.judged) if (judged.outcome === outcome.outcome) judgedReason(call, judged, say);
    if (!call.permitted && tookEffect(call))
      say('not-permitted', `no policy in force permitted call ${call.call}`, [call.intent]);
  }
  staticReasons(evidence, say);
  const approvers = calls.flatMap(({ judged }) => judged.flatMap((each) => each.approvers));
  const played = simulatedAmong(book, approvers);
  if (played.length > 0) {
    const facts = book.approvals.filter(({ person }) => played.includes(person));
    say('simulated', `approved by a simulated person: ${listed(played)}`, facts.map(({ position }) => position));
  }
  return answerOf('guarded', 'recomputed', reasons);
}

type Say = (code: ReasonCode, text: string, facts: readonly number[]) => void;

function judgedReason(call: GovernedCall, { rule, answer }: Judged, say: Say): void {
  const facts = [call.intent, ...(call.settlement === undefined ? [] : [call.settlement.position])];
  if (answer.answer === 'passed' || answer.answer === 'not-needed') return;
  if (answer.answer === 'withheld')
    return say('evidence-withheld', `${rule.rule} cannot be judged for call ${call.call}: ${answer.text}`, facts);
  if (!tookEffect(call)) return;
  if (rule.mode === 'observe')
    return say('observed', `${rule.rule} only observes, and call ${call.call} did not pass it`, facts);
  if (answer.answer === 'error')
    return say('rule-error', `${rule.rule} cannot be evaluated for call ${call.call}: ${answer.text}`, facts);
  const text = answer.answer === 'used-twice' ? `its evidence was used by call ${answer.by}` : answer.text;
  say('checkpoint-passed-over', `call ${call.call} took effect past ${rule.rule}: ${text}`, facts);
}

/** What the declarations alone show, whatever was called. */
function staticReasons({ book, outcome }: Evidence, say: Say): void {
  const rules = book.rules.filter((rule) => rule.outcome === outcome.outcome);
  const observing = rules.filter(({ mode }) => mode === 'observe').map(({ rule }) => rule);
  if (observing.length > 0) say('observed', `these checkpoints only observe: ${listed(observing)}`, []);
  const guardedTools = new Set(rules.map(({ before }) => before));
  const servers = new Set([...guardedTools].map(serverOf));
  if (outcome.reconcile !== undefined) servers.add(serverOf(outcome.reconcile.call));
  const bare = [...book.labels.values()]
    .filter(({ body }) => body.effect === 'spend' && servers.has(serverOf(body.tool)))
    .filter(({ body }) => !guardedTools.has(body.tool));
  if (bare.length > 0)
    say(
      'checkpoint-missing',
      `these tools spend without any checkpoint: ${listed(bare.map(({ body }) => body.tool))}`,
      bare.map(({ position }) => position),
    );
  const declared = [book.outcomes.get(outcome.outcome)?.position ?? 0];
  const unbuilt = [
    ...(Object.keys(outcome.arguments).length > 0 ? ['`arguments` (where each argument came from)'] : []),
    ...(Object.keys(outcome.egress).length > 0 ? ['`egress` (where classed data may go)'] : []),
  ];
  if (unbuilt.length > 0) say('not-enforced', `declared and not enforced yet: ${unbuilt.join(', ')}`, declared);
}

const serverOf = (tool: string): string => tool.slice(0, tool.indexOf('.'));
