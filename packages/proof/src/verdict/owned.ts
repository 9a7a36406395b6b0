// Owned and Tested: one living owner and the functions that must evaluate the outcome; and what has
// measured the controls that it relies on.

import { type Evidence, listed, simulatedAmong } from './evidence.ts';
import { type Answer, answerOf, because, type Reason } from './reasons.ts';

export function owned({ book, outcome }: Evidence): Answer {
  const reasons: Reason[] = [];
  const people = { owner: outcome.owner };
  const declared = [book.outcomes.get(outcome.outcome)?.position ?? 0];
  if (!book.people.has(outcome.owner))
    reasons.push(because('owner-missing', `${outcome.owner} is not enrolled here`, declared, people));
  const played = simulatedAmong(book, [outcome.owner]);
  if (played.length > 0)
    reasons.push(because('simulated', `the owner is a simulated person: ${listed(played)}`, declared, people));
  if (outcome.evaluatedBy.length > 0) {
    const text = `nobody has signed for ${listed(outcome.evaluatedBy)}`;
    reasons.push(because('assumption-unsigned', text, declared, { ...people, who: outcome.evaluatedBy }));
    reasons.push(because('not-enforced', '`evaluated-by` is declared; functions cannot sign yet', declared, people));
  }
  return answerOf('owned', 'recomputed', reasons);
}

export function tested({ book, outcome }: Evidence): Answer {
  const people = { owner: outcome.owner };
  const controls = [
    ...book.rules.filter((rule) => rule.outcome === outcome.outcome).map(({ rule }) => `checkpoint ${rule}`),
    'permissions',
    'budgets',
  ];
  const text = `nothing has measured the controls relied on: ${listed(controls)}`;
  return answerOf('tested', 'recomputed', [
    because('test-expired', text, [], people),
    because('not-enforced', 'probes are not built yet', [], people),
  ]);
}
