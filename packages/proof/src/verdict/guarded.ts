// Guarded: every call of the window passed its checkpoints, judged again from raw facts; and statically,
// no tool that spends is without one.

import { changesIn, type GovernedCall, type Judged } from '../book/index.ts';
import {
  type Answer,
  answerOf,
  callsOf,
  decidedTools,
  type Evidence,
  type Grade,
  listed,
  type Reasons,
  reasonsFor,
  serverOf,
  simulatedAmong,
  tookEffect,
  toolsOf,
} from '../reasons/index.ts';
import type { Reconciliation } from './reconciled.ts';

export function guarded(evidence: Evidence, { rowed, population }: Reconciliation): Answer {
  const { outcome, book } = evidence;
  const reasons = reasonsFor(evidence);
  const calls = callsOf(evidence, rowed);
  if (calls.length === 0 && population.extract === undefined)
    reasons.say('vacuous', 'no call was made, and nothing shows that no effect took place', []);
  for (const call of calls) {
    callReasons(call, tookEffect(call, rowed), outcome.outcome, reasons);
    const duties = tookEffect(call, rowed) ? book.duties(call, outcome.outcome, evidence.asOf) : [];
    for (const { code, text, facts } of duties) reasons.say(code, text, facts);
    originReasons(call, tookEffect(call, rowed), outcome.outcome, reasons);
  }
  staticReasons(evidence, reasons);
  const approvers = [...new Set(calls.flatMap(({ judged }) => judged.flatMap((each) => each.approvers)))];
  changeReasons(evidence, calls, approvers, reasons);
  unsignedReasons(evidence, reasons);
  const pinners = calls.flatMap(({ pinned }) => pinned?.pin ?? []);
  const playedPins = simulatedAmong(
    book,
    pinners.map(({ person }) => person),
  );
  if (playedPins.length > 0) {
    const positions = pinners.flatMap(({ person, position }) =>
      playedPins.includes(person) ? [position] : [],
    );
    reasons.say(
      'simulated',
      `contracts were approved by a simulated person: ${listed(playedPins)}`,
      positions,
    );
  }
  const played = simulatedAmong(book, approvers);
  if (played.length > 0) {
    const facts = book.approvals.filter(({ person }) => played.includes(person));
    const positions = facts.map(({ position }) => position);
    reasons.say('simulated', `approved by a simulated person: ${listed(played)}`, positions);
  }
  return answerOf('guarded', gradeOf(evidence), reasons);
}

/** An origin is shown by a certificate, which the gate searched for and this checked. */
function gradeOf(evidence: Evidence): Grade {
  if (decidedTools(evidence).length > 0) return 'observed';
  return Object.keys(evidence.outcome.arguments).length > 0 ? 'checked' : 'recomputed';
}

/** Where the arguments of a call came from, by its certificates. */
function originReasons(
  { call, intent, traced, settlement }: GovernedCall,
  effective: boolean,
  outcome: string,
  reasons: Reasons,
): void {
  const facts = [intent, ...(settlement === undefined ? [] : [settlement.position])];
  for (const { outcome: of, mode, answer, text, missing } of traced) {
    if (of !== outcome || answer === 'passed') continue;
    const said = `call ${call}: ${text}`;
    if (answer === 'withheld') reasons.say('evidence-withheld', said, missing);
    else if (!effective) continue;
    else if (mode === 'observe') reasons.say('observed', `origins are only observed, and ${said}`, facts);
    else if (answer === 'not-traced') reasons.say('not-traced', said, facts);
    else if (answer === 'not-allowed') reasons.say('origin-not-allowed', said, facts);
    else reasons.say('origin-not-shown', said, facts);
  }
}

function callReasons(call: GovernedCall, effective: boolean, outcome: string, reasons: Reasons): void {
  const facts = [call.intent, ...(call.settlement === undefined ? [] : [call.settlement.position])];
  const name = `call ${call.call}`;
  if (!call.intended)
    reasons.say('checkpoint-passed-over', `${name} took effect without an intent before it`, facts);
  for (const judged of call.judged)
    if (judged.outcome === outcome) judgedReason(call, judged, effective, facts, reasons);
  // A policy may look at the amount: with it withheld, neither a permit nor a refusal can be computed.
  if (call.amountWithheld && effective)
    reasons.say('evidence-withheld', `the amount of ${name} is withheld, which policies may ask for`, [
      call.intent,
    ]);
  else if (!call.permitted && effective)
    reasons.say('not-permitted', `no policy in force permitted ${name}`, [call.intent]);
  if (call.pinned !== undefined && call.pinned.pin === undefined && effective) {
    const code = call.pinned.mode === 'observe' ? 'observed' : 'contract-unapproved';
    reasons.say(code, `${name}: ${call.pinned.text}`, [call.intent]);
  }
  if (call.misstated !== undefined) reasons.say('misstated', `${name}: ${call.misstated}`, [call.intent]);
  if (call.borrowed)
    reasons.say('intent-undeclared', `${name} acts for another than its case was opened for`, [call.intent]);
}

function judgedReason(
  { call, intent, user }: GovernedCall,
  { rule, answer }: Judged,
  effective: boolean,
  facts: readonly number[],
  reasons: Reasons,
): void {
  if (answer.answer === 'not-needed') return;
  if (answer.answer === 'passed') {
    // The requester must not approve; where nobody is said to have asked, that cannot be told.
    if (user === undefined && rule.approve?.not.includes('requester') === true)
      reasons.say(
        'intent-undeclared',
        `nobody is said to have asked for call ${call}, so anybody could approve it`,
        [intent],
      );
    return;
  }
  if (answer.answer === 'withheld')
    return reasons.say(
      'evidence-withheld',
      `${rule.rule} cannot be judged for call ${call}: ${answer.text}`,
      answer.missing ?? [intent],
    );
  if (!effective) return;
  if (rule.mode === 'observe')
    return reasons.say('observed', `${rule.rule} only observes, and call ${call} did not pass it`, facts);
  if (answer.answer === 'error')
    return reasons.say(
      'rule-error',
      `${rule.rule} cannot be evaluated for call ${call}: ${answer.text}`,
      facts,
    );
  const text = answer.answer === 'used-twice' ? `its evidence was used by call ${answer.by}` : answer.text;
  reasons.say('checkpoint-passed-over', `call ${call} took effect past ${rule.rule}: ${text}`, facts);
}

/** What the declarations alone show, whatever was called. */
function staticReasons({ book, outcome }: Evidence, reasons: Reasons): void {
  const rules = book.rules.filter((rule) => rule.outcome === outcome.outcome);
  const observing = rules.filter(({ mode }) => mode === 'observe').map(({ rule }) => rule);
  if (observing.length > 0)
    reasons.say('observed', `these checkpoints only observe: ${listed(observing)}`, []);
  const unpinned = [...new Set([...toolsOf({ book, outcome })].map(serverOf))].filter(
    (server) => book.servers.get(server)?.body.pins === 'observe',
  );
  if (unpinned.length > 0)
    reasons.say(
      'observed',
      `contracts of the tools of these servers are only observed: ${listed(unpinned)}`,
      unpinned.map((server) => book.servers.get(server)?.position ?? 0),
    );
  if (outcome.argumentsMode === 'observe' && Object.keys(outcome.arguments).length > 0)
    reasons.say('observed', 'where arguments came from is only observed', []);
  const guardedTools = new Set(rules.map(({ before }) => before));
  const servers = new Set([...toolsOf({ book, outcome })].map(serverOf));
  const bare = [...book.labels.values()].filter(
    ({ body }) =>
      !guardedTools.has(body.tool) &&
      (body.effect === 'spend' ? servers.has(serverOf(body.tool)) : body.tool === outcome.reconcile?.call),
  );
  if (bare.length > 0)
    reasons.say(
      'checkpoint-missing',
      `these tools spend without any checkpoint: ${listed(bare.map(({ body }) => body.tool))}`,
      bare.map(({ position }) => position),
    );
  const unbuilt = [
    ...(Object.keys(outcome.egress).length > 0 ? ['`egress` (where classed data may go)'] : []),
  ];
  const declared = [book.outcomes.get(outcome.outcome)?.position ?? 0];
  if (unbuilt.length > 0)
    reasons.say('not-enforced', `declared and not enforced yet: ${unbuilt.join(', ')}`, declared);
}

/** Whatever this answer rests on must have stood unchanged through the window. */
function changeReasons(
  evidence: Evidence,
  calls: readonly GovernedCall[],
  approvers: readonly string[],
  reasons: Reasons,
): void {
  const { outcome } = evidence.outcome;
  const tools = toolsOf(evidence);
  const named = new Set([`outcome/${outcome}`, ...approvers.map((person) => `person/${person}`)]);
  for (const tool of [...tools, ...decidedTools(evidence)])
    named
      .add(`tool/${tool}`)
      .add(`tool/${serverOf(tool)}.*`)
      .add(`server/${serverOf(tool)}`);
  const changes = changesIn(
    evidence,
    calls,
    (stream) => named.has(stream) || stream.startsWith(`rule/${outcome}/`),
  );
  for (const { stream, position } of changes)
    reasons.say('declaration-changed', `${stream} is not what it was when the window began`, [position]);
}

/** What ran in the window without its owner's word: judged is what stood before, but the gate may have gone by it. */
function unsignedReasons({ book, outcome, window }: Evidence, reasons: Reasons): void {
  for (const { stream, position, time, until, outcomes } of book.inForce.unsigned) {
    const relying = outcomes.find((each) => each.outcome === outcome.outcome);
    if (relying === undefined || time >= window.to || until <= window.from) continue;
    const text = `${stream} was weakened without the signature of ${relying.owner}`;
    reasons.say('change-unsigned', text, [position], [relying.owner]);
  }
}
