// Reconciled: the system of record agrees with the ledger both ways. Matching, totals and conditions
// are recomputed here from committed rows; SQL only extracted them.

import { type Extract, type GovernedCall, missingOf } from '../book/index.ts';
import type { Reconcile } from '../facts.ts';
import {
  type Answer,
  answerOf,
  type Evidence,
  extractsOf,
  isIn,
  isOpen,
  listed,
  type Reasons,
  type Row,
  reasonsFor,
  simulatedAmong,
  type Window,
} from '../reasons/index.ts';
import {
  agrees,
  holds,
  isHidden,
  keyOfCall,
  keyOfRow,
  matchOfCall,
  matchOfRow,
  parseRule,
  RuleError,
  rowMoney,
  Suspects,
} from '../rules/index.ts';

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
  /** Calls that lack values, so that nobody can tell whether it is theirs. */
  readonly perhaps?: readonly GovernedCall[];
}

export interface Population {
  readonly rows: readonly Accounted[];
  /** Position of the newest extract, if the record was read at all. */
  readonly extract: number | undefined;
  /** Its columns, in the order read. */
  readonly columns: readonly string[];
}

export interface Reconciliation {
  readonly answer: Answer;
  readonly population: Population;
  /** Calls that some row of the window, in any extract, is the effect of. */
  readonly rowed: ReadonlySet<string>;
}

export function reconciled(evidence: Evidence): Reconciliation {
  const { outcome, window } = evidence;
  const { reconcile } = outcome;
  const reasons = reasonsFor(evidence);
  if (reconcile === undefined) {
    reasons.say('not-reconciled', 'the outcome names no system of record', []);
    const none = { rows: [], extract: undefined, columns: [] };
    return { answer: answerOf('reconciled', 'recomputed', reasons), population: none, rowed: new Set() };
  }
  const extracts = extractsOf(evidence, 'population', populationOf, window);
  const current = evidence.book.digest(reconcile.population);
  const readings = extracts.map((extract) => account(evidence, reconcile, extract, window));
  const last = extracts.findLastIndex(({ body }) => body.query === current);
  const newest = extracts[last];
  const rows = readings[last] ?? [];
  if (newest === undefined) {
    const why = isOpen(evidence)
      ? 'the window is still open'
      : 'not after the window closed, not by this query';
    reasons.say('source-stale', `the record ${reconcile.record} was not read: ${why}`, []);
  }
  for (const [at, each] of readings.entries())
    rowReasons(evidence, each, extracts[at]?.position ?? 0, reasons);
  const rowed = callsAmong(readings.flat());
  callReasons(evidence, reconcile, newest, rows, reasons);
  invariantReasons(evidence, reasons);
  channelReasons(evidence, rows, reasons);
  return {
    // A connector said what the rows are; whether the record itself tells the truth is not ours to compute.
    answer: answerOf('reconciled', 'observed', reasons),
    population: { rows, extract: newest?.position, columns: newest?.body.columns ?? [] },
    rowed,
  };
}

const populationOf = ({ reconcile }: Evidence['outcome']) => reconcile?.population;

const callsAmong = (rows: readonly Accounted[]): ReadonlySet<string> =>
  new Set(rows.flatMap(({ call }) => (call === undefined ? [] : [call])));

function account(evidence: Evidence, reconcile: Reconcile, extract: Extract, span: Window): Accounted[] {
  // Commit before forward: an intent that was recorded after a row was seen, or is dated after the span
  // that the row lies in, did not cause it.
  const calls = [...evidence.book.calls.values()].filter(
    ({ tool, intent, at }) => tool === reconcile.call && intent < extract.position && at < span.to,
  );
  const byKey = new Map<string, GovernedCall>();
  for (const call of calls) {
    const key = call.settlement?.how === 'ok' ? keyOfCall(reconcile, call) : undefined;
    if (key !== undefined) byKey.set(key, call);
  }
  const unanswered = new Map<string, GovernedCall | 'several'>();
  for (const call of calls) {
    if (call.settlement !== undefined && call.settlement.how !== 'error') continue;
    const key = matchOfCall(reconcile, call);
    if (key !== undefined) unanswered.set(key, unanswered.has(key) ? 'several' : call);
  }
  const elsewhere = reconcile.elsewhere.map(({ rows, owner }) => ({ rule: parseRule(rows, ['row']), owner }));
  const suspects = new Suspects(reconcile, calls);
  const seen = new Set<string>();
  const given = evidence.rows(extract.position).map((row): Accounted => {
    if (row === undefined) return { row, is: 'withheld' };
    const money = rowMoney(reconcile, row);
    if (money === 'unreadable') return { row, is: 'unreadable' };
    const call =
      byKey.get(keyOfRow(reconcile, row) ?? '') ?? unanswered.get(matchOfRow(reconcile, row, money) ?? '');
    if (call !== undefined && call !== 'several') {
      const fits = agrees(reconcile, row, call, money) ? 'governed' : isHidden(call) ? 'withheld' : 'differs';
      const is = seen.has(call.call) ? 'repeated' : fits;
      seen.add(call.call);
      return { row, is, call: call.call, ...money };
    }
    const channel = elsewhere.find(({ rule }) => declaredRow(rule, row));
    if (channel !== undefined) return { row, is: 'elsewhere', channel: channel.owner, ...money };
    return { row, is: suspects.mayOwn(row, money) ? 'withheld' : 'orphan', ...money };
  });
  // Each call has one row at most: what there are more of than calls that they could belong to belongs to none.
  let left = suspects.found.size;
  const perhaps = [...suspects.found];
  for (const [at, each] of given.entries())
    if (each.is === 'withheld' && each.row !== undefined && each.call === undefined)
      given[at] = --left < 0 ? { ...each, is: 'orphan' } : { ...each, perhaps };
  // Rows that the extract counts and nobody shows.
  return given.length < extract.body.count ? [...given, { row: undefined, is: 'withheld' }] : given;
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

/** For each thing that keeps a row from being compared, the facts that lack values. */
function missingAmong(
  { book }: Evidence,
  rows: readonly Accounted[],
  extract: number,
): (readonly number[])[] {
  const withheld = rows.filter(({ is }) => is === 'withheld');
  // All rows of a reading that may be somebody's share one list: however many there are, it is looked at once.
  const perhaps = new Set(withheld.flatMap((row) => (row.perhaps === undefined ? [] : [row.perhaps])));
  const own = withheld.flatMap(({ call }) => book.calls.get(call ?? '') ?? []);
  const calls = new Set([...[...perhaps].flat(), ...own]);
  const ofRows = withheld.some(({ row }) => row === undefined) ? [[extract]] : [];
  return [...ofRows, ...[...calls].map(missingOf)];
}

function rowReasons(
  evidence: Evidence,
  population: readonly Accounted[],
  at: number,
  reasons: Reasons,
): void {
  for (const { row, is, call } of population) {
    if (is === 'governed' || is === 'elsewhere') continue;
    const text = describeRow(row);
    if (is === 'orphan')
      reasons.say('orphan', `a row that no checkpoint preceded and nobody declared: ${text}`, [at]);
    if (is === 'differs') reasons.say('row-differs', `the row of call ${call} says otherwise: ${text}`, [at]);
    if (is === 'repeated') reasons.say('row-repeated', `call ${call} has more than one row: ${text}`, [at]);
    if (is === 'unreadable')
      reasons.say('rule-error', `the money of a row cannot be read exactly: ${text}`, [at]);
  }
  for (const facts of missingAmong(evidence, population, at))
    reasons.say('evidence-withheld', 'rows of the record, or the calls they belong to, are withheld', facts);
}

function callReasons(
  evidence: Evidence,
  reconcile: Reconcile,
  newest: Extract | undefined,
  rows: readonly Accounted[],
  reasons: Reasons,
): void {
  const rowed = callsAmong(rows);
  const calls = [...evidence.book.calls.values()].filter(
    ({ tool, at }) => tool === reconcile.call && isIn(evidence.window, at),
  );
  for (const { call, intent } of calls.filter(({ settlement }) => settlement === undefined))
    reasons.say('open-obligation', `nobody knows yet whether call ${call} took effect`, [intent]);
  if (newest === undefined) return;
  const all = missingAmong(evidence, rows, newest.position).flat();
  // Said of every call: where one fact is only not shown, that one tells; else any of them do.
  const shown = all.find((fact) => evidence.erasedBy?.(fact).length === 0);
  const missing = shown === undefined ? all.slice(0, 1) : [shown];
  const late = lateRows(evidence, reconcile);
  for (const each of calls) {
    const { call, intent, settlement } = each;
    if (settlement?.how !== 'ok' || rowed.has(call) || late.has(call)) continue;
    const facts = [intent, settlement.position];
    if (isHidden(each) || missing.length > 0)
      reasons.say(
        'evidence-withheld',
        `call ${call} or its row is withheld: they cannot be compared`,
        isHidden(each) ? missingOf(each) : missing,
      );
    else
      reasons.say(
        'effect-unobserved',
        `call ${call} was answered as done, and the record has no such row`,
        facts,
      );
  }
}

/** Calls whose row the record dated just after the window: they are accounted for, and the row judged, there. */
function lateRows(evidence: Evidence, reconcile: Reconcile): ReadonlySet<string> {
  const { to } = evidence.window;
  const span = { from: to, to: to + reconcile.withinMs };
  const extract = extractsOf(evidence, 'late', populationOf, span).at(-1);
  if (extract === undefined) return new Set();
  return callsAmong(account(evidence, reconcile, extract, span).filter(({ is }) => is === 'governed'));
}

function invariantReasons(evidence: Evidence, reasons: Reasons): void {
  for (const { id, each } of evidence.outcome.invariants) {
    const queryOf = ({ invariants }: Evidence['outcome']) => invariants.find((one) => one.id === id)?.extract;
    const extracts = extractsOf(evidence, id, queryOf, evidence.window);
    if (extracts.length === 0)
      reasons.say('source-stale', `the invariant ${id} was not read after the window closed`, []);
    const rule = parseRule(each, ['row']);
    for (const { position, body } of extracts) {
      const rows = evidence.rows(position);
      if (rows.length < body.count || rows.includes(undefined))
        reasons.say('evidence-withheld', `rows of the invariant ${id} are withheld`, [position]);
      for (const row of rows) {
        if (row === undefined) continue;
        try {
          if (!holds(rule, { row }))
            reasons.say('invariant-broken', `${id} does not hold: ${describeRow(row)}`, [position]);
        } catch (error) {
          if (!(error instanceof RuleError)) throw error;
          reasons.say('rule-error', `${id} cannot be evaluated: ${error.message}`, [position]);
        }
      }
    }
  }
}

/** Somebody answers for the rows that came past Surety. */
function channelReasons({ book }: Evidence, population: readonly Accounted[], reasons: Reasons): void {
  const owners = [...new Set(population.flatMap(({ channel }) => (channel === undefined ? [] : [channel])))];
  const unknown = owners.filter((owner) => !book.people.has(owner));
  if (unknown.length > 0)
    reasons.say(
      'owner-missing',
      `a declared channel is owned by nobody enrolled here: ${listed(unknown)}`,
      [],
    );
  const played = simulatedAmong(book, owners);
  if (played.length > 0)
    reasons.say('simulated', `a declared channel is owned by a simulated person: ${listed(played)}`, []);
}
