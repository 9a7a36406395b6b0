// What an outcome file must agree on with `surety.yaml`: tools that are labelled, people who exist, money
// in one currency, rules that parse. Also says which of its keys nothing enforces yet.

import { checkAmount, checkDuration, checkTimeZone } from './agreement.ts';
import { checkCheckpoint } from './agreement-checkpoint.ts';
import { checkConditions } from './agreement-conditions.ts';
import { checkInvariants, checkReconcile } from './agreement-record.ts';
import { checkFunction, checkTool, unique } from './mention.ts';
import { type Findings, labelOf, type Names } from './names.ts';
import type { Outcome } from './outcome.ts';
import { quote } from './problem.ts';

export function checkOutcome(found: Findings, outcome: Outcome, names: Names): void {
  found.declared(['owner'], 'person', outcome.owner, names.people.keys(), '`people`');
  checkTimeZone(found, ['time-zone'], outcome['time-zone']);
  checkMoney(found, outcome);
  outcome['evaluated-by']?.forEach((name, index) => {
    checkFunction(found, ['evaluated-by', index], name, names);
  });
  checkOrigins(found, outcome, names);
  const ids = new Set<string>();
  outcome.checkpoints?.forEach((checkpoint, index) => {
    const path = ['checkpoints', index];
    unique(found, [...path, 'id'], checkpoint.id, ids);
    checkCheckpoint(found, path, checkpoint, names);
    checkConditions(found, path, checkpoint, outcome, names);
  });
  if (outcome.reconcile !== undefined) checkReconcile(found, outcome.reconcile, outcome, names);
  checkInvariants(found, outcome);
  checkDuration(found, ['needs', 'window'], outcome.needs?.window);
  warnUnenforced(found, outcome, names);
}

/** An origin rule is about a call that does something, and needs something to be vouched for. */
function checkOrigins(found: Findings, outcome: Outcome, names: Names): void {
  const { arguments: rules = {}, 'arguments-mode': mode } = outcome;
  if (mode !== undefined && Object.keys(rules).length === 0)
    found.add(
      ['arguments-mode'],
      '`arguments-mode` belongs to `arguments`',
      'say where arguments may come from',
      'key',
    );
  for (const [tool, rule] of Object.entries(rules)) {
    if (!checkTool(found, ['arguments', tool], tool, names, 'key')) continue;
    if (labelOf(names, tool)?.effect === 'read')
      found.warn(
        ['arguments', tool],
        `${quote(tool)} only reads: where its arguments came from is not recorded`,
        'name a tool that does something, or correct its `effect`: what leaves for an outsider is `send`',
      );
    const needsRecord = Object.entries(rule).find(
      ([, allowed]) =>
        allowed.includes('record') && !allowed.some((each) => !['record', 'computed'].includes(each)),
    );
    if (needsRecord !== undefined && !names.isVouched)
      found.warn(
        ['arguments', tool, needsRecord[0]],
        `nobody vouches for any field of a result, so no ${quote(needsRecord[0])} passes`,
        'label the results of the tools that read the record: `results: { iban: record }`',
      );
  }
}

function checkMoney(found: Findings, outcome: Outcome): void {
  const { 'at-stake': atStake, appetite } = outcome;
  checkAmount(found, ['at-stake'], atStake);
  checkAmount(found, ['appetite'], appetite);
  if (atStake === undefined || appetite === undefined || atStake.currency === appetite.currency) return;
  const problem = `the appetite is in ${appetite.currency}, the outcome in ${atStake.currency}`;
  found.add(['appetite', 'currency'], problem, 'use one currency in an outcome');
}

function warnUnenforced(found: Findings, outcome: Outcome, names: Names): void {
  const { 'on-breach': onBreach } = outcome;
  const keys = [
    ['egress', outcome.egress, 'guarded'],
    ['evaluated-by', outcome['evaluated-by'], 'owned'],
  ] as const;
  for (const [key, value, question] of keys) {
    if (value === undefined || Object.keys(value).length === 0) continue;
    const problem = `\`${key}\` is not enforced yet: \`${question}\` stays unproven`;
    found.warn([key], problem, 'keep it as what you want, or remove it to answer without it');
  }
  if (onBreach === 'alert' && names.told !== 'everybody' && !names.told.has(outcome.owner))
    found.warn(
      ['on-breach'],
      'nothing would tell the owner of a breach: `bounded` stays unproven',
      'say in `notify` how they are told; or write `hold` or `contain`',
    );
  const provable = ['checkpoints', 'reconcile', 'invariants'].some((key) => found.document.has([key]));
  if (!provable)
    found.warn(['outcome'], 'nothing in this file can be checked', 'add `checkpoints` or `reconcile`');
}
