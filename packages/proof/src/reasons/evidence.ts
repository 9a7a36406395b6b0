// What a verdict is computed from: the book, one outcome, one window, the rows of its extracts and the head.
// The verdict never reads a clock, a file or a network.

import type { Book, Extract, GovernedCall } from '../book/index.ts';
import type { OutcomeDeclared } from '../facts.ts';
import { toolsOfRule } from '../rules/index.ts';
import { type ErasedBy, Reasons } from './reasons.ts';

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** One extracted row; `undefined` where it is withheld. */
export type Row = Readonly<Record<string, unknown>> | undefined;

export interface Evidence {
  readonly book: Book;
  readonly outcome: OutcomeDeclared;
  readonly window: Window;
  /** The instant of the judgement, in the log's time. */
  readonly asOf: number;
  /** The rows of the extract at this position, in the order read. Fewer than it counts: the rest is withheld. */
  readonly rows: (position: number) => readonly Row[];
  /** Asked of facts that lack values; `judge` gives it, and remembers what it answered. */
  readonly erasedBy?: ErasedBy;
  /** The head that the judgement stands on; `cosigned` names witnesses whose cosignatures are good. */
  readonly head: { readonly size: number; readonly root: string; readonly cosigned: readonly string[] };
}

/** A window closes when late rows can no longer come. */
export const closesAt = (outcome: OutcomeDeclared, window: Window): number =>
  window.to + (outcome.reconcile?.withinMs ?? 0);

/** Collects the reasons of one answer, and tells apart what was erased. */
export const reasonsFor = ({ outcome, erasedBy }: Evidence): Reasons => new Reasons(outcome.owner, erasedBy);

export const isOpen = ({ outcome, window, asOf }: Evidence): boolean => asOf < closesAt(outcome, window);

/**
 * Every readable extract of this span, taken once its rows could no longer change, by the query that is declared
 * or by the one that was declared then; the newest last. All of them count: a row that was seen once is not
 * unseen by reading again, nor by asking for less.
 */
export function extractsOf(
  { book, outcome, window }: Evidence,
  extract: string,
  queryOf: (outcome: OutcomeDeclared) => string | undefined,
  span: Window,
): readonly Extract[] {
  const isQuery = (digest: string, declared: OutcomeDeclared | undefined) =>
    declared !== undefined && book.digest(queryOf(declared) ?? '') === digest;
  return book.extracts.filter(
    ({ body, time, declared }) =>
      body.outcome === outcome.outcome &&
      body.extract === extract &&
      (isQuery(body.query, outcome) || isQuery(body.query, declared)) &&
      body.record === outcome.reconcile?.record &&
      body.from === span.from &&
      body.to === span.to &&
      body.answer === 'ok' &&
      time >= closesAt(outcome, window),
  );
}

/**
 * The calls that this outcome is about in the window: the effect it reconciles and whatever it sets checkpoints
 * before; and those that account for a row of the window, whatever time they claim.
 */
export function callsOf(evidence: Evidence, rowed: ReadonlySet<string>): readonly GovernedCall[] {
  const { book, outcome, window } = evidence;
  const tools = toolsOf(evidence);
  const isOurs = ({ tool, judged }: GovernedCall) =>
    tools.has(tool) || judged.some((each) => each.outcome === outcome.outcome);
  return [...book.calls.values()].filter(
    (call) => rowed.has(call.call) || (isOurs(call) && isIn(window, call.at)),
  );
}

export const isIn = ({ from, to }: Window, at: number): boolean => at >= from && at < to;

export function toolsOf({ book, outcome }: Pick<Evidence, 'book' | 'outcome'>): ReadonlySet<string> {
  const guarded = book.rules.filter((rule) => rule.outcome === outcome.outcome).map((rule) => rule.before);
  const traced = Object.keys(outcome.arguments);
  return new Set([
    ...guarded,
    ...traced,
    ...(outcome.reconcile === undefined ? [] : [outcome.reconcile.call]),
  ]);
}

/**
 * The tools of this outcome, evidence included, whose calls never cross the gateway: whoever makes them asks first
 * and says afterwards what came of it. They could leave that out, and nobody else saw the result.
 */
export function decidedTools({ book, outcome }: Pick<Evidence, 'book' | 'outcome'>): readonly string[] {
  const evidence = book.rules.flatMap((rule) => (rule.outcome === outcome.outcome ? toolsOfRule(rule) : []));
  return [...new Set([...toolsOf({ book, outcome }), ...evidence])].filter(
    (tool) => book.servers.get(serverOf(tool))?.body.transport === 'decided',
  );
}

export const serverOf = (tool: string): string => tool.slice(0, tool.indexOf('.'));

/** People played by a program, among those named. */
export const simulatedAmong = (book: Book, people: readonly string[]): readonly string[] =>
  [...new Set(people)].filter((person) => book.people.get(person)?.body.simulated === true);

export const listed = (items: readonly string[], most = 5): string =>
  items.length <= most
    ? items.join(', ')
    : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

/**
 * Did it take effect, or might it have? A tool that answered with an error says that it did not: the record
 * knows better, so a row of it counts.
 */
export const tookEffect = ({ call, settlement }: GovernedCall, rowed: ReadonlySet<string>): boolean =>
  settlement === undefined || settlement.how === 'ok' || rowed.has(call);
