// The terms: what was judged, in words, from the declarations that ran. The operator writes the outcome's
// sentence; whether its rules are worth that sentence is for the reader to see.

import type { Rule } from '../facts.ts';
import type { Judgement } from '../verdict/index.ts';
import { counted, moneyText } from './words.ts';

export interface Term {
  /** One sentence. */
  readonly says: string;
  /** The very texts that were evaluated, each with its name. */
  readonly exact: readonly string[];
}

export function termsOf({ declared, rules }: Judgement): readonly Term[] {
  const { reconcile, invariants, appetite, atStake } = declared;
  const terms = rules.map(ruleTerm);
  if (reconcile !== undefined) {
    const { record, call, withinMs } = reconcile;
    const pairs = (map: Readonly<Record<string, string>>) =>
      Object.entries(map).map(([column, path]) => `${column} = ${path}`);
    const agree = pairs(reconcile.match);
    terms.push({
      says: `Every row of the record ${record} must be the effect of one ${call}: the one with ${pairs(reconcile.key).join(' and ')}${
        agree.length === 0 ? '' : `, and they must agree on ${agree.join(', ')}`
      }. Rows may come up to ${duration(withinMs)} late`,
      exact: [`rows: ${reconcile.population}`],
    });
    for (const { rows, owner } of reconcile.elsewhere)
      terms.push({
        says: `Rows that fit this condition came another way, for which ${owner} answers`,
        exact: [`condition: ${rows}`],
      });
  }
  for (const { id, extract, each } of invariants)
    terms.push({
      says: `\`${id}\`: this must be true of every row read`,
      exact: [`must be true: ${each}`, `rows: ${extract}`],
    });
  if (appetite !== undefined)
    terms.push({
      says: `At most ${moneyText(appetite.amountMinor, appetite.currency)} a day may be lost`,
      exact: [],
    });
  if (atStake !== undefined)
    terms.push({ says: `At stake: ${moneyText(atStake.amountMinor, atStake.currency)}`, exact: [] });
  return terms;
}

const otherwise: Readonly<Record<Rule['mode'], string>> = {
  deny: 'otherwise it is refused',
  hold: 'otherwise it waits for people',
  observe: 'otherwise that is noted, and nothing is stopped',
};

function ruleTerm({ rule, mode, before, when, require, withinMs, once, approve }: Rule): Term {
  const asks = [
    ...(require === undefined ? [] : [evidence(require, withinMs, once)]),
    ...(approve === undefined ? [] : [approval(approve)]),
  ];
  const asked = asks.length === 0 ? 'nothing is asked' : asks.join('; and ');
  const condition = when === undefined ? '' : ' where the condition below is true';
  return {
    says: `\`${rule}\`: before ${before}${condition}, ${asked}; ${otherwise[mode]}`,
    exact: [
      ...(when === undefined ? [] : [`condition: ${when}`]),
      ...(require?.where === undefined ? [] : [`fits: ${require.where}`]),
    ],
  };
}

const evidence = (
  require: NonNullable<Rule['require']>,
  withinMs: number | undefined,
  once: Rule['once'],
): string =>
  [
    `there must be a settled ${require.call}`,
    ...(require.where === undefined ? [] : ['that fits it']),
    ...(require.same.length === 0 ? [] : [`of the same ${require.same.join(' and ')}`]),
    ...(withinMs === undefined ? [] : [`at most ${duration(withinMs)} old`]),
    ...(once.length === 0 ? [] : [`which counts once for each ${once.join(', ')}`]),
  ].join(', ');

const approval = ({ count, function: of, not }: NonNullable<Rule['approve']>): string =>
  `${counted(count, 'approval')} by ${of} for this exact action${
    not.length === 0 ? '' : `, never by the ${not.map((each) => each.replace('-', "'s ")).join(' or the ')}`
  }`;

const hourMs = 3_600_000;
function duration(ms: number): string {
  if (ms % (24 * hourMs) === 0) return counted(ms / (24 * hourMs), 'day');
  if (ms % hourMs === 0) return counted(ms / hourMs, 'hour');
  return ms % 60_000 === 0 ? counted(ms / 60_000, 'minute') : `${ms} ms`;
}
