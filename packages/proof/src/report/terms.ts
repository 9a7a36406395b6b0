// The terms: what was judged, in words, from the declarations that ran. The operator writes the outcome's
// sentence; whether its rules are worth that sentence is for the reader to see.

import type { Rule } from '../facts.ts';
import { spanText } from '../rules/index.ts';
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
      }. Rows may come up to ${spanText(withinMs)} late`,
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

function ruleTerm(written: Rule): Term {
  const { rule, mode, before, when, require, withinMs, once, approve } = written;
  const asks = [
    ...(require === undefined ? [] : [evidence(require, withinMs, once)]),
    ...laterTerms(written),
    ...(approve === undefined ? [] : [approval(approve)]),
  ];
  const asked = asks.length === 0 ? 'nothing is asked' : asks.join('; and ');
  const condition = when === undefined ? '' : ' where the condition below is true';
  return {
    says: `\`${rule}\`: before ${before}${condition}, ${asked}; ${otherwise[mode]}`,
    exact: [
      ...(when === undefined ? [] : [`condition: ${when}`]),
      ...(require?.where === undefined ? [] : [`fits: ${require.where}`]),
      ...exactly(written),
    ],
  };
}

/** Calls that are looked for, as written: the very condition stands below, by its number. */
const soughtText = (
  { call, where, same }: { readonly call: string; readonly where?: string; readonly same: readonly string[] },
  fits: string,
): string =>
  `${call}${where === undefined ? '' : ` that ${fits}`}${same.length === 0 ? '' : ` of the same ${same.join(' and ')}`}`;

function laterTerms({
  requires = [],
  forbids = [],
  limits = [],
  apart = [],
  afterwards = [],
}: Rule): string[] {
  const age = ({ withinMs, afterMs }: { readonly withinMs?: number; readonly afterMs?: number }) =>
    `${afterMs === undefined ? '' : `, at least ${spanText(afterMs)} old`}${withinMs === undefined ? '' : `, at most ${spanText(withinMs)} old`}`;
  return [
    ...requires.map(({ as, any, count = 1, follows, once }) => {
      const many = count === 1 ? 'there must be a settled' : `there must be ${count} settled calls of`;
      const calls = any.map((each) => `${soughtText(each, 'fits')}${age(each)}`).join(', or ');
      const named = as === undefined ? '' : ` (called ${as})`;
      return `${many} ${calls}${named}${follows === undefined ? '' : `, after ${follows}`}${once === true ? ', which serves once' : ''}`;
    }),
    ...forbids.map(({ since, until = [], ...each }) => {
      const ends = until.map((end) => soughtText(end, 'fits')).join(' or ');
      return `there must be no ${soughtText(each, 'fits')}${age(each)}${since === undefined ? '' : ` since ${since}`}${ends === '' ? '' : `, unless ${ends} settled after it`}`;
    }),
    ...limits.map(({ sum, most, ...each }) => {
      const what = sum === undefined ? `${most} calls` : `${most} of ${sum} in all`;
      return `at most ${what}, with this one, of ${soughtText(each, 'fits')}${age(each)}`;
    }),
    ...apart.map((roles) => `different people must stand behind ${roles.join(', ')}`),
    ...afterwards.map(
      ({ withinMs, ...each }) =>
        `then a ${soughtText(each, 'fits')} must settle within ${spanText(withinMs)}, which only the verdict can see`,
    ),
  ];
}

const exactly = ({ requires = [], forbids = [], limits = [], afterwards = [] }: Rule): string[] =>
  [
    ...requires.flatMap(({ any }) => any),
    ...forbids.flatMap(({ until = [], ...each }) => [each, ...until]),
    ...limits,
    ...afterwards,
  ].flatMap(({ call, where }) => (where === undefined ? [] : [`${call} fits: ${where}`]));

const evidence = (
  require: NonNullable<Rule['require']>,
  withinMs: number | undefined,
  once: Rule['once'],
): string =>
  [
    `there must be a settled ${require.call}`,
    ...(require.where === undefined ? [] : ['that fits it']),
    ...(require.same.length === 0 ? [] : [`of the same ${require.same.join(' and ')}`]),
    ...(withinMs === undefined ? [] : [`at most ${spanText(withinMs)} old`]),
    ...(once.length === 0 ? [] : [`which counts once for each ${once.join(', ')}`]),
  ].join(', ');

const approval = ({ count, function: of, not }: NonNullable<Rule['approve']>): string =>
  `${counted(count, 'approval')} by ${of} for this exact action${
    not.length === 0 ? '' : `, never by the ${not.map((each) => each.replace('-', "'s ")).join(' or the ')}`
  }`;
