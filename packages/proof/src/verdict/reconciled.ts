// Reconciled: the system of record agrees with the ledger both ways. Matching, totals and conditions
// are recomputed here from committed rows; SQL only extracted them.

import type { Reconcile } from '../facts.ts';
import { canonicalJson } from '../records/json.ts';
import { holds, MoneyError, minorUnits, parseRule, RuleError, select } from '../rules/index.ts';
import type { GovernedCall } from './book.ts';
import { callsOf, type Evidence, extractOf, listed, type Row, simulatedAmong } from './evidence.ts';
import { type Answer, answerOf, because, type Reason, type ReasonCode } from './reasons.ts';

/** How one row of the population is accounted for. */
export interface Accounted {
  readonly row: Row;
  readonly is: 'governed' | 'elsewhere' | 'orphan' | 'differs' | 'repeated' | 'withheld' | 'unreadable';
  /** The call that it is the effect of. */
  readonly call?: string;
  /** The owner of the declared channel that it came through. */
  readonly channel?: string;
  readonly amountMinor?: number;
  readonly currency?: string;
}

export interface Population {
  readonly rows: readonly Accounted[];
  readonly extract: number | undefined;
}

export interface Reconciliation {
  readonly answer: Answer;
  readonly population: Population;
}

export function reconciled(evidence: Evidence): Reconciliation {
  const { outcome, window } = evidence;
  const reasons: Reason[] = [];
  const say = (code: ReasonCode, text: string, facts: readonly number[]) =>
    reasons.push(because(code, text, facts, { owner: outcome.owner, recordOwner: outcome.owner }));
  if (outcome.reconcile === undefined) {
    say('not-reconciled', 'the outcome names no system of record', []);
    return { answer: answerOf('reconciled', 'recomputed', reasons), population: { rows: [], extract: undefined } };
  }
  const extract = extractOf(evidence, 'population', window);
  const population = extract === undefined ? [] : account(evidence, outcome.reconcile, extract.position);
  if (extract === undefined)
    say('source-stale', `the record ${outcome.reconcile.record} was not read after the window closed`, []);
  rowReasons(population, extract?.position ?? 0, say);
  callReasons(evidence, outcome.reconcile, population, say);
  invariantReasons(evidence, say);
  simulatedReasons(evidence, population, say);
  return {
    // A connector said what the rows are; whether the record itself tells the truth is not ours to compute.
    answer: answerOf('reconciled', 'observed', reasons),
    population: { rows: population, extract: extract?.position },
  };
}

type Say = (code: ReasonCode, text: string, facts: readonly number[]) => void;

function account(evidence: Evidence, reconcile: Reconcile, position: number): Accounted[] {
  const settled = [...evidence.book.calls.values()].filter(
    ({ tool, settlement }) => tool === reconcile.call && settlement?.how === 'ok',
  );
  const byKey = new Map<string, GovernedCall>();
  for (const call of settled) {
    const key = keyOfCall(reconcile, call);
    if (key !== undefined) byKey.set(key, call);
  }
  const elsewhere = reconcile.elsewhere.map(({ rows, owner }) => ({ rule: parseRule(rows, ['row']), owner }));
  const seen = new Set<string>();
  const unanswered = [...evidence.book.calls.values()].filter(
    ({ tool, settlement }) => tool === reconcile.call && (settlement === undefined || settlement.how === 'error'),
  );
  return evidence.rows(position).map((row) => {
    if (row === undefined) return { row, is: 'withheld' };
    const money = rowMoney(reconcile, row);
    if (money === 'unreadable') return { row, is: 'unreadable' };
    const call =
      byKey.get(keyOfRow(reconcile, row) ?? '') ??
      onlyOne(unanswered.filter((each) => agrees(reconcile, row, each, money)));
    if (call !== undefined) {
      const is = seen.has(call.call) ? 'repeated' : agrees(reconcile, row, call, money) ? 'governed' : 'differs';
      seen.add(call.call);
      return { row, is, call: call.call, ...money };
    }
    const channel = elsewhere.find(({ rule }) => declaredRow(rule, row));
    return channel === undefined
      ? { row, is: 'orphan', ...money }
      : { row, is: 'elsewhere', channel: channel.owner, ...money };
  });
}

/** A call that got no answer, or an error, may have taken effect: a row that agrees with it alone is its effect. */
const onlyOne = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

const scope = (call: GovernedCall) => ({ args: call.args, result: call.settlement?.result });

/** One text for the key's values in the order of its columns; undefined, which matches nothing, if one is absent. */
function keyOf(
  key: Readonly<Record<string, string>>,
  value: (path: string, column: string) => unknown,
): string | undefined {
  const values = Object.entries(key).map(([column, path]) => value(path, column));
  return values.some((each) => each === undefined || each === null)
    ? undefined
    : canonicalJson(values.map(String));
}

/** The key of a row, or of the effect of a call, in comparable form. */
export const keyOfRow = ({ key }: Reconcile, row: Readonly<Record<string, unknown>>): string | undefined =>
  keyOf(key, (_, column) => row[column]);
export const keyOfCall = ({ key }: Reconcile, call: GovernedCall): string | undefined =>
  keyOf(key, (path) => select(scope(call), path.split('.')));

export function rowMoney(
  { money }: Reconcile,
  row: Readonly<Record<string, unknown>>,
): { amountMinor: number; currency: string } | Record<string, never> | 'unreadable' {
  if (money === undefined) return {};
  try {
    const currency = String(row[money.currency]);
    return { amountMinor: minorUnits(row[money.amount], money.unit, currency), currency };
  } catch (error) {
    if (error instanceof MoneyError) return 'unreadable';
    throw error;
  }
}

/** Every `match` column equals what the call said. */
export function agrees(
  { match, money }: Reconcile,
  row: Readonly<Record<string, unknown>>,
  call: GovernedCall,
  rowAmount: { amountMinor?: number; currency?: string },
): boolean {
  return Object.entries(match).every(([column, path]) => {
    if (path === 'money')
      return (
        money?.amount === column &&
        call.money?.amountMinor === rowAmount.amountMinor &&
        call.money?.currency === rowAmount.currency
      );
    const said = select(scope(call), path.split('.'));
    return said !== undefined && String(said) === String(row[column]);
  });
}

function declaredRow(rule: ReturnType<typeof parseRule>, row: Readonly<Record<string, unknown>>): boolean {
  try {
    return holds(rule, { row });
  } catch (error) {
    // A declaration that cannot be evaluated accounts for nothing: the row stays an orphan.
    if (error instanceof RuleError) return false;
    throw error;
  }
}

export const describeRow = (row: Row): string =>
  row === undefined
    ? 'a withheld row'
    : Object.entries(row)
        .map(([column, value]) => `${column} ${value}`)
        .join(', ');

function rowReasons(population: readonly Accounted[], at: number, say: Say): void {
  for (const { row, is, call } of population) {
    if (is === 'orphan')
      say('orphan', `a row that no checkpoint preceded and nobody declared: ${describeRow(row)}`, [at]);
    if (is === 'differs') say('row-differs', `the row of call ${call} says otherwise: ${describeRow(row)}`, [at]);
    if (is === 'repeated') say('row-repeated', `call ${call} has more than one row: ${describeRow(row)}`, [at]);
    if (is === 'unreadable')
      say('rule-error', `the money of a row cannot be read exactly: ${describeRow(row)}`, [at]);
  }
  const withheld = population.filter(({ is }) => is === 'withheld').length;
  if (withheld > 0) say('evidence-withheld', `${withheld} rows are withheld`, [at]);
}

function callReasons(evidence: Evidence, reconcile: Reconcile, population: readonly Accounted[], say: Say): void {
  const calls = callsOf(evidence).filter(({ tool }) => tool === reconcile.call);
  for (const { call, intent } of calls.filter(({ settlement }) => settlement === undefined))
    say('open-obligation', `nobody knows yet whether call ${call} took effect`, [intent]);
  const rowed = new Set(population.map(({ call }) => call));
  for (const late of lateRows(evidence, reconcile)) rowed.add(late);
  const silent = calls.filter(({ call, settlement }) => settlement?.how === 'ok' && !rowed.has(call));
  if (population.length > 0 || extractOf(evidence, 'population', evidence.window) !== undefined)
    for (const { call, intent, settlement } of silent)
      say('effect-unobserved', `call ${call} was answered as done, and the record has no such row`, [
        intent,
        ...(settlement === undefined ? [] : [settlement.position]),
      ]);
}

/** Calls whose row the record dated just after the window: they are accounted for, and judged there. */
function lateRows(evidence: Evidence, reconcile: Reconcile): readonly string[] {
  const { window } = evidence;
  const span = { from: window.to, to: window.to + reconcile.withinMs };
  const extract = extractOf(evidence, 'late', span);
  if (extract === undefined) return [];
  return account(evidence, reconcile, extract.position).flatMap(({ call, is }) =>
    call !== undefined && is === 'governed' ? [call] : [],
  );
}

function invariantReasons(evidence: Evidence, say: Say): void {
  for (const { id, each } of evidence.outcome.invariants) {
    const extract = extractOf(evidence, id, evidence.window);
    if (extract === undefined) {
      say('source-stale', `the invariant ${id} was not read after the window closed`, []);
      continue;
    }
    const rule = parseRule(each, ['row']);
    for (const row of evidence.rows(extract.position)) {
      if (row === undefined) {
        say('evidence-withheld', `a row of the invariant ${id} is withheld`, [extract.position]);
        continue;
      }
      try {
        if (!holds(rule, { row }))
          say('invariant-broken', `${id} does not hold: ${describeRow(row)}`, [extract.position]);
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        say('rule-error', `${id} cannot be evaluated: ${error.message}`, [extract.position]);
      }
    }
  }
}

function simulatedReasons(evidence: Evidence, population: readonly Accounted[], say: Say): void {
  const channels = population.flatMap(({ channel }) => (channel === undefined ? [] : [channel]));
  const played = simulatedAmong(evidence.book, channels);
  if (played.length > 0) say('simulated', `a declared channel is owned by a simulated person: ${listed(played)}`, []);
}

