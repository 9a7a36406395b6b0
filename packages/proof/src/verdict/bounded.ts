// Bounded: the most that the agents concerned can spend in a day, by their budgets, against the owner's
// appetite; and whether a stated limit was ever exceeded in the window.

import { changesIn, reachesOnBreach, unanswered } from '../book/index.ts';
import { declaredAs } from '../changes/index.ts';
import {
  type Answer,
  answerOf,
  callsOf,
  type Evidence,
  isIn,
  listed,
  type Reasons,
  reasonsFor,
  tookEffect,
  toolsOf,
} from '../reasons/index.ts';
import { couldPermit, dayOf, labelOf, majorText } from '../rules/index.ts';

export function bounded(evidence: Evidence, rowed: ReadonlySet<string>): Answer {
  const reasons = reasonsFor(evidence);
  limitReasons(evidence, rowed, reasons);
  worstCase(evidence, reasons);
  const changes = changesIn(evidence, callsOf(evidence, rowed), (stream) =>
    /^(identity|policy)\//.test(stream),
  );
  for (const { stream, position } of changes)
    reasons.say('declaration-changed', `${stream} is not what it was when the window began`, [position]);
  reasons.say('not-enforced', 'what the agents could read and send is not computed yet', []);
  containing(evidence, reasons);
  return answerOf('bounded', 'recomputed', reasons);
}

/** How long it takes until an agent is contained, and whether the outcome was on every breach of the window. */
function containing({ book, outcome, window }: Evidence, reasons: Reasons): void {
  const drill = book.drills.findLast(({ time }) => isIn(window, time));
  if (drill === undefined)
    reasons.say('test-expired', 'how long it takes to contain an agent was not measured in this window', []);
  else if (drill.body.answer !== 'enforced')
    reasons.say('test-expired', 'the latest drill contained nobody', [drill.position]);
  const position = book.outcomes.get(outcome.outcome)?.position ?? 0;
  const missed = unanswered(book, outcome, window);
  if (outcome.onBreach === 'alert') {
    const [channels] = declaredAs(book.inForce.standing, 'notices.declared');
    if (!reachesOnBreach(channels, outcome))
      reasons.say('breach-unanswered', 'on a breach `alert` is declared, and nothing reaches the owner', [
        position,
      ]);
    else if (missed.length > 0)
      reasons.say('breach-unanswered', 'on a breach `alert` is declared, and the owner was not told', missed);
  } else if (missed.length > 0)
    reasons.say(
      'breach-unanswered',
      `on a breach \`${outcome.onBreach}\` is declared, and was not done`,
      missed,
    );
}

/** Sums of what each agent spent per calendar day, against the limit that was stated when it spent. */
function limitReasons({ book, window }: Evidence, rowed: ReadonlySet<string>, reasons: Reasons): void {
  const spent = new Map<string, { amountMinor: number; facts: number[] }>();
  for (const call of book.calls.values()) {
    const { agent, at, intent, money, identity } = call;
    if (!tookEffect(call, rowed)) continue;
    const inWindow = isIn(window, at) || rowed.has(call.call);
    if (call.amountWithheld && inWindow)
      reasons.say('evidence-withheld', `what call ${call.call} spent is withheld`, [intent]);
    if (money === undefined) continue;
    const limit = identity?.budget;
    if (limit === undefined) {
      if (inWindow) reasons.say('unbounded', `${agent} spent, and no budget limited it`, [intent]);
      continue;
    }
    if (money.currency !== limit.currency) {
      const text = `${agent} spent ${money.currency}, for which it has no limit`;
      if (inWindow) reasons.say('limit-exceeded', text, [intent]);
      continue;
    }
    const day = dayOf(at, identity?.timeZone ?? 'UTC');
    const sum = spent.get(`${agent} ${day}`) ?? { amountMinor: 0, facts: [] };
    spent.set(`${agent} ${day}`, sum);
    sum.amountMinor += money.amountMinor;
    sum.facts.push(intent);
    if (!inWindow || sum.amountMinor <= limit.amountMinor) continue;
    const text = `${agent} spent ${majorText(sum.amountMinor, limit.currency)} ${limit.currency} on ${day}, over its limit of ${majorText(limit.amountMinor, limit.currency)}`;
    reasons.say('limit-exceeded', text, sum.facts);
  }
}

/** The sum of the day's budgets of every agent that some policy could let spend here. */
function worstCase({ book, outcome }: Evidence, reasons: Reasons): void {
  const { appetite, reconcile } = outcome;
  if (appetite === undefined) return reasons.say('appetite-missing', 'no appetite is stated', []);
  const tools = [...toolsOf({ book, outcome })];
  const uncounted = tools.filter((tool) => {
    const label = labelOf(book.labels, tool)?.body;
    const spends = label?.effect === 'spend' || (tool === reconcile?.call && reconcile.money !== undefined);
    return spends && label?.money === undefined;
  });
  if (uncounted.length > 0)
    reasons.say('unbounded', `no label says how much these tools spend: ${listed(uncounted)}`, []);
  const spenders = [...book.identities.values()].filter(
    ({ body }) =>
      body.is === 'agent' && tools.some((tool) => couldPermit(book.policies, body.identity, tool)),
  );
  const free = spenders.filter(({ body }) => body.budget === undefined);
  if (free.length > 0)
    reasons.say(
      'unbounded',
      `no budget limits ${listed(free.map(({ body }) => body.identity))}`,
      free.map(({ position }) => position),
    );
  const capped = spenders.flatMap(({ body }) => (body.budget === undefined ? [] : [body.budget]));
  const foreign = capped.filter(({ currency }) => currency !== appetite.currency);
  if (foreign.length > 0)
    reasons.say('unbounded', `budgets in ${listed(foreign.map((b) => b.currency))} do not add up`, []);
  const worst = capped.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (worst > appetite.amountMinor)
    reasons.say(
      'over-appetite',
      `together the agents may spend ${majorText(worst, appetite.currency)} ${appetite.currency} a day, the appetite is ${majorText(appetite.amountMinor, appetite.currency)}`,
      spenders.map(({ position }) => position),
    );
}
