// Owned and Tested: one living owner and the functions that must evaluate the outcome; and what has
// measured the controls that it relies on.

import { type Answer, answerOf, type Evidence, listed, Reasons, simulatedAmong } from '../reasons/index.ts';

export function owned({ book, outcome }: Evidence): Answer {
  const reasons = new Reasons(outcome.owner);
  const declared = [book.outcomes.get(outcome.outcome)?.position ?? 0];
  if (!book.people.has(outcome.owner))
    reasons.say('owner-missing', `${outcome.owner} is not enrolled here`, declared);
  const played = simulatedAmong(book, [outcome.owner]);
  if (played.length > 0)
    reasons.say('simulated', `the owner is a simulated person: ${listed(played)}`, declared);
  if (outcome.evaluatedBy.length > 0) {
    const text = `nobody has signed for ${listed(outcome.evaluatedBy)}`;
    reasons.say('assumption-unsigned', text, declared, outcome.evaluatedBy);
    reasons.say('not-enforced', '`evaluated-by` is declared; functions cannot sign yet', declared);
  }
  return answerOf('owned', 'recomputed', reasons);
}

export function tested({ book, outcome }: Evidence): Answer {
  const reasons = new Reasons(outcome.owner);
  const controls = [
    ...book.rules.filter((rule) => rule.outcome === outcome.outcome).map(({ rule }) => `checkpoint ${rule}`),
    'permissions',
    'budgets',
  ];
  reasons.say('test-expired', `nothing has measured the controls relied on: ${listed(controls)}`, []);
  reasons.say('not-enforced', 'probes are not built yet', []);
  return answerOf('tested', 'recomputed', reasons);
}
