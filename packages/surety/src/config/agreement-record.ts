// What the comparison with a system of record must agree on: a record that is declared, SQL that only
// extracts, money that both sides count alike.

import { checkDuration } from './agreement.ts';
import type { Path } from './document.ts';
import { checkRule, checkTool, currencyOf, unique } from './mention.ts';
import { type Findings, labelOf, type Names } from './names.ts';
import type { Outcome } from './outcome.ts';
import { quote } from './problem.ts';

const rowNames = ['row'] as const;

type Reconcile = NonNullable<Outcome['reconcile']>;

export function checkReconcile(found: Findings, reconcile: Reconcile, outcome: Outcome, names: Names): void {
  const { record, population, effects, elsewhere, within } = reconcile;
  found.declared(['reconcile', 'record'], 'record', record, names.records.keys(), '`records`');
  const inner = typeof population === 'string' ? [] : ['sql'];
  const sql = typeof population === 'string' ? population : population.sql;
  checkSql(found, ['reconcile', 'population', ...inner], sql, true);
  const place = ['reconcile', 'effects'];
  if (
    checkTool(found, [...place, 'call'], effects.call, names) &&
    labelOf(names, effects.call)?.effect === 'read'
  )
    found.add(
      [...place, 'call'],
      `${quote(effects.call)} only reads: it puts no rows anywhere`,
      'name the tool that does',
    );
  for (const key of ['key', 'match'] as const)
    if (Object.keys(effects[key]).length === 0)
      found.add([...place, key], `\`${key}\` names no column`, 'name at least one');
  checkMatchedMoney(found, reconcile, outcome, names);
  elsewhere?.forEach((each, index) => {
    const at = ['reconcile', 'elsewhere', index];
    checkRule(found, [...at, 'rows'], each.rows, rowNames);
    found.declared([...at, 'owner'], 'person', each.owner, names.people.keys(), '`people`');
  });
  checkDuration(found, ['reconcile', 'within'], within);
}

function checkMatchedMoney(
  found: Findings,
  { record, effects }: Reconcile,
  outcome: Outcome,
  names: Names,
): void {
  const [column] = Object.entries(effects.match).find(([, path]) => path === 'money') ?? [];
  if (column === undefined) return;
  const place = ['reconcile', 'effects', 'match', column];
  if (currencyOf(outcome) === undefined && !found.document.has(['at-stake']))
    found.add(
      place,
      '`money` is matched, but the outcome has no currency',
      'add `at-stake: { amount: ..., currency: ... }`',
    );
  if (names.records.get(record) === false)
    found.add(
      place,
      `\`money\` is matched, but the record ${quote(record)} does not say what its columns count`,
      'add `money` to it under `records`',
    );
  if (labelOf(names, effects.call)?.hasMoney === false)
    found.add(
      place,
      `\`money\` is matched, but ${quote(effects.call)} has no \`money\` label`,
      'say in `tools` where the amount is',
    );
}

/** One statement that selects. The connector opens the record for reading only; this is for the person. */
function checkSql(found: Findings, path: Path, sql: string, windowed: boolean): void {
  if (!/^\s*(select|with)\b/i.test(sql))
    found.add(
      path,
      'SQL only extracts here: it must start with SELECT or WITH',
      'move every decision into a rule',
    );
  const missing = [':from', ':to'].filter((each) => !new RegExp(`${each}\\b`).test(sql));
  if (windowed && missing.length > 0)
    found.add(
      path,
      `the population does not use ${missing.join(' and ')}`,
      'select the rows with `created_at >= :from AND created_at < :to`',
    );
}

export function checkInvariants(found: Findings, outcome: Outcome): void {
  const ids = new Set(['population']);
  outcome.invariants?.forEach(({ id, extract, each }, index) => {
    const place = ['invariants', index];
    unique(found, [...place, 'id'], id, ids);
    checkSql(found, [...place, 'extract'], extract, false);
    checkRule(found, [...place, 'each'], each, rowNames);
  });
  if ((outcome.invariants ?? []).length > 0 && !found.document.has(['reconcile']))
    found.add(
      ['invariants'],
      'an invariant is extracted from a record, and none is named',
      'add `reconcile` with its `record`',
      'key',
    );
}
