// What the conditions of a checkpoint must agree on: names that they may use, money that can be counted.

import { nextNames, parseRule, paths, whenNames, whereNames } from '@surety/proof/rules';
import { callsIn, requirementsIn } from './agreement-calls.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Path } from './document.ts';
import { checkRule, currencyOf } from './mention.ts';
import { type Findings, labelOf, type Names } from './names.ts';
import type { Outcome } from './outcome.ts';
import { quote } from './problem.ts';

export function checkConditions(
  found: Findings,
  path: Path,
  checkpoint: Checkpoint,
  outcome: Outcome,
  names: Names,
): void {
  const rules = conditionsIn(path, checkpoint);
  for (const [place, source, allowed] of rules) {
    if (source === undefined || !checkRule(found, place, source, allowed)) continue;
    const isCounted = (place.includes('forbid') || place.includes('limit')) && !place.includes('until');
    if (isCounted && readsResult(source, allowed))
      found.add(place, 'what is counted may have no result yet', 'compare `prior.args` only');
    if (!mentionsMoney(source)) continue;
    if (currencyOf(outcome) === undefined && !found.document.has(['at-stake']))
      found.add(
        place,
        'the rule counts money, but the outcome has no currency',
        'add `at-stake: { amount: ..., currency: ... }`',
      );
    if (labelOf(names, checkpoint.before)?.hasMoney === false) {
      const problem = `the rule counts money, but ${quote(checkpoint.before)} has no \`money\` label, so it would always refuse`;
      found.add(place, problem, 'say in `tools` where the amount is');
    }
  }
}

type Condition = readonly [place: Path, source: string | undefined, names: readonly string[]];

/** Every condition of a checkpoint, with the names that it may use. */
function conditionsIn(path: Path, checkpoint: Checkpoint): readonly Condition[] {
  const { when, forbid, limit, afterwards } = checkpoint;
  const conditions: Condition[] = [[[...path, 'when'], when, whenNames]];
  const known: string[] = [];
  for (const [place, requirement] of requirementsIn(path, checkpoint)) {
    for (const [at, { where }] of callsIn(place, requirement))
      conditions.push([[...at, 'where'], where, [...whereNames, ...known]]);
    if (requirement.as !== undefined) known.push(requirement.as);
  }
  forbid?.forEach(({ where, until }, index) => {
    const place = [...path, 'forbid', index];
    conditions.push([[...place, 'where'], where, whereNames]);
    until?.forEach((end, at) => {
      conditions.push([[...place, 'until', at, 'where'], end.where, whereNames]);
    });
  });
  limit?.forEach(({ where, sum }, index) => {
    conditions.push([[...path, 'limit', index, 'where'], where, whereNames]);
    conditions.push([[...path, 'limit', index, 'sum'], sum, ['prior']]);
  });
  afterwards?.forEach(({ where }, index) => {
    conditions.push([[...path, 'afterwards', index, 'where'], where, nextNames]);
  });
  return conditions;
}

/** A call that is counted from its intent on has no result yet. */
const readsResult = (source: string, names: readonly string[]): boolean =>
  paths(parseRule(source, names)).some(([root, member]) => root === 'prior' && member === 'result');

/** Text in quotes is no name. */
const mentionsMoney = (source: string): boolean =>
  /(^|[^.\w])money\b/.test(source.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, '""'));
