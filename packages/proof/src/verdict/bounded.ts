// Bounded: the most that the agents concerned can spend in a day, by their budgets, against the owner's
// appetite; and whether a stated limit was ever exceeded in the window.

import { dayOf, decidePermission, majorText } from '../rules/index.ts';
import { type Evidence, listed, tookEffect, toolsOf } from './evidence.ts';
import { type Answer, answerOf, because, type Reason, type ReasonCode } from './reasons.ts';

export function bounded(evidence: Evidence): Answer {
  const { outcome } = evidence;
  const reasons: Reason[] = [];
  const say = (code: ReasonCode, text: string, facts: readonly number[]) =>
    reasons.push(because(code, text, facts, { owner: outcome.owner }));
  limitReasons(evidence, say);
  worstCase(evidence, say);
  say(
    'not-enforced',
    'what the agents could read and send, and how long until they are contained, is not computed yet',
    [],
  );
  return answerOf('bounded', 'recomputed', reasons);
}

type Say = (code: ReasonCode, text: string, facts: readonly number[]) => void;

/** Sums of what each agent spent per calendar day, against its stated limit. */
function limitReasons({ book, window }: Evidence, say: Say): void {
  const spent = new Map<string, { amountMinor: number; facts: number[]; agent: string; day: string }>();
  for (const call of book.calls.values()) {
    const budget = book.identities.get(call.agent)?.body;
    if (call.money === undefined || budget?.budget === undefined || !tookEffect(call)) continue;
    if (call.at < window.from || call.at >= window.to) continue;
    if (call.money.currency !== budget.budget.currency) {
      say('limit-exceeded', `${call.agent} spent ${call.money.currency}, for which it has no limit`, [call.intent]);
      continue;
    }
    const day = dayOf(call.at, budget.timeZone);
    const sum = spent.get(`${call.agent} ${day}`) ?? { amountMinor: 0, facts: [], agent: call.agent, day };
    sum.amountMinor += call.money.amountMinor;
    sum.facts.push(call.intent);
    spent.set(`${call.agent} ${day}`, sum);
  }
  for (const { agent, day, amountMinor, facts } of spent.values()) {
    const limit = book.identities.get(agent)?.body.budget;
    if (limit !== undefined && amountMinor > limit.amountMinor)
      say(
        'limit-exceeded',
        `${agent} spent ${majorText(amountMinor, limit.currency)} ${limit.currency} on ${day}, over its limit of ${majorText(limit.amountMinor, limit.currency)}`,
        facts,
      );
  }
}

/** The sum of the day's budgets of every agent that some policy lets spend here. */
function worstCase({ book, outcome }: Evidence, say: Say): void {
  const { appetite } = outcome;
  if (appetite === undefined) return say('appetite-missing', 'no appetite is stated', []);
  const tools = [...toolsOf({ book, outcome })];
  const spenders = [...book.identities.values()].filter(({ body }) => {
    if (body.is !== 'agent') return false;
    return tools.some((tool) => {
      const asked = { agent: body.identity, tool, money: undefined, user: undefined };
      const decision = decidePermission(book.policies, asked);
      // A policy that needs the amount to decide might permit some amount: counted as permitted.
      return decision.decision === 'allow' || decision.errors.length > 0;
    });
  });
  const free = spenders.filter(({ body }) => body.budget === undefined);
  if (free.length > 0)
    say(
      'unbounded',
      `no budget limits ${listed(free.map(({ body }) => body.identity))}`,
      free.map(({ position }) => position),
    );
  const capped = spenders.flatMap(({ body }) => (body.budget === undefined ? [] : [body.budget]));
  const foreign = capped.filter(({ currency }) => currency !== appetite.currency);
  if (foreign.length > 0) say('unbounded', `budgets in ${listed(foreign.map((b) => b.currency))} do not add up`, []);
  const worst = capped.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (worst > appetite.amountMinor)
    say(
      'over-appetite',
      `together the agents may spend ${majorText(worst, appetite.currency)} ${appetite.currency} a day, the appetite is ${majorText(appetite.amountMinor, appetite.currency)}`,
      spenders.map(({ position }) => position),
    );
}
