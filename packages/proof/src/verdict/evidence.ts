// What a verdict is computed from: the book, one outcome, one window, the rows of its extracts and the head.
// The verdict never reads a clock, a file or a network.

import type { Fact, OutcomeDeclared } from '../facts.ts';
import type { Book, GovernedCall } from './book.ts';

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
  /** The rows of the extract at this position, in the order read. */
  readonly rows: (position: number) => readonly Row[];
  /** The head that the judgement stands on; `cosigned` names witnesses whose cosignatures are good. */
  readonly head: { readonly size: number; readonly root: string; readonly cosigned: readonly string[] };
}

/** A window closes when late rows can no longer come. */
export const closesAt = (outcome: OutcomeDeclared, window: Window): number =>
  window.to + (outcome.reconcile?.withinMs ?? 0);

export const isOpen = ({ outcome, window, asOf }: Evidence): boolean => asOf < closesAt(outcome, window);

/** The newest readable extract of this window, taken once its rows could no longer change; `late` if only newer ones fail. */
export function extractOf(
  { book, outcome, window }: Evidence,
  extract: string,
  span: Window,
): Fact<'record.extracted'> | undefined {
  return book.extracts.findLast(
    ({ body, time }) =>
      body.outcome === outcome.outcome &&
      body.extract === extract &&
      body.from === span.from &&
      body.to === span.to &&
      body.answer === 'ok' &&
      time >= closesAt(outcome, window),
  );
}

/** The calls of the window that this outcome is about: the effect it reconciles, and whatever it sets checkpoints before. */
export function callsOf({ book, outcome, window }: Evidence): readonly GovernedCall[] {
  const tools = toolsOf({ book, outcome });
  return [...book.calls.values()].filter(
    ({ tool, at }) => tools.has(tool) && at >= window.from && at < window.to,
  );
}

export function toolsOf({ book, outcome }: Pick<Evidence, 'book' | 'outcome'>): ReadonlySet<string> {
  const guarded = book.rules.filter((rule) => rule.outcome === outcome.outcome).map((rule) => rule.before);
  return new Set([...guarded, ...(outcome.reconcile === undefined ? [] : [outcome.reconcile.call])]);
}

/** People played by a program, among those named. */
export const simulatedAmong = (book: Book, people: readonly string[]): readonly string[] =>
  [...new Set(people)].filter((person) => book.people.get(person)?.body.simulated === true);

export const listed = (items: readonly string[], most = 5): string =>
  items.length <= most
    ? items.join(', ')
    : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

/** Did it take effect, or might it have? */
export const tookEffect = ({ settlement }: GovernedCall): boolean =>
  settlement === undefined || settlement.how === 'ok';
