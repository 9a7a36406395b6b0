// The terms: what was judged, in words, from the declarations that ran. The operator writes the outcome's
// sentence; whether its rules are worth that sentence is for the reader to see.

import type { Rule } from '../facts.ts';
import { majorText } from '../rules/index.ts';
import type { Judgement } from '../verdict/index.ts';
import { counted } from './words.ts';

export function termsOf({ declared, rules }: Judgement): readonly string[] {
  const { reconcile, invariants, appetite } = declared;
  const terms = rules.map(ruleTerm);
  if (reconcile !== undefined) {
    const pairs = [...Object.entries(reconcile.key), ...Object.entries(reconcile.match)];
    const equal = pairs.map(([column, path]) => `${column} = ${path}`).join(', ');
    terms.push(
      `rows of ${reconcile.record} are effects of ${reconcile.call} where ${equal}: ${reconcile.population}`,
    );
    for (const { rows, owner } of reconcile.elsewhere)
      terms.push(`rows where ${rows} came another way, for which ${owner} answers`);
  }
  for (const { id, extract, each } of invariants) terms.push(`${id}: ${each} for every row of: ${extract}`);
  if (appetite !== undefined)
    terms.push(
      `at most ${majorText(appetite.amountMinor, appetite.currency)} ${appetite.currency} a day may be lost`,
    );
  return terms;
}

function ruleTerm({ rule, mode, before, when, require, withinMs, once, approve }: Rule): string {
  const parts = [
    ...(when === undefined ? [] : [`when ${when}`]),
    ...(require === undefined ? [] : [`a settled ${require.call}`]),
    ...(require?.where === undefined ? [] : [`where ${require.where}`]),
    ...(require === undefined || require.same.length === 0 ? [] : [`by the same ${require.same.join(', ')}`]),
    ...(withinMs === undefined ? [] : [`within ${duration(withinMs)}`]),
    ...(once.length === 0 ? [] : [`each ${once.join(', ')} once`]),
    ...(approve === undefined ? [] : [`the approval of ${approve.count} from ${approve.function}`]),
    ...(approve === undefined || approve.not.length === 0 ? [] : [`not of the ${approve.not.join(' or ')}`]),
  ];
  return `before ${before}, ${rule} (${mode}): ${parts.join(', ')}`;
}

const hourMs = 3_600_000;
const duration = (ms: number): string =>
  ms % (24 * hourMs) === 0 ? counted(ms / (24 * hourMs), 'day') : counted(ms / hourMs, 'hour');
