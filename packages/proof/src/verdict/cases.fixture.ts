// What a day on which something is as it should not be is made of.

import { askDefault } from '../facts.ts';
import type { Question, ReasonCode } from '../reasons/index.ts';
import { at, type Day, hashOf, honestDay, who } from '../verify.fixture.ts';

export interface DayCase {
  readonly name: string;
  readonly day: () => Day;
  readonly question: Question;
  readonly verdict: 'proven' | 'violated' | 'unproven';
  readonly code: ReasonCode;
  readonly otherwise?: 'proven' | 'violated' | 'unproven';
  /** What the whole then is, where it is not the same. */
  readonly whole?: 'violated' | 'unproven' | 'holding';
}

export type Made = (day: Day) => void;
export const withDay =
  (change: Made, options: ConstructorParameters<typeof Day>[0] = {}) =>
  (): Day => {
    const day = honestDay(options);
    change(day);
    return day.close();
  };
export const nothing: Made = () => {};
export const of = (question: Question, verdict: 'violated' | 'unproven', code: ReasonCode) => ({
  question,
  verdict,
  code,
});
export const approved = (approving: Parameters<Day['approve']>[2], options = {}) =>
  withDay((day) => {
    day.approve('4120', '20000.00', { at: at(12), ...approving });
    day.pay('4120', '20000.00', { at: at(12, 30) });
  }, options);

export function passedOver() {
  return of('guarded', 'violated', 'checkpoint-passed-over');
}

/** After facts were moved: settlements name the position of their intent. */
export function shiftIntents(day: Day, renumber = true): void {
  if (renumber) day.log.renumber();
  const intents = new Map(
    day.log.drafts.flatMap(({ kind, body }, position) =>
      kind === 'call.intended' ? [[body['call'], position]] : [],
    ),
  );
  for (const { kind, body } of day.log.drafts)
    if (kind === 'call.settled' && 'intent' in body) body['intent'] = intents.get(body['call']);
}

export function withholdArgs(day: Day, call: string): void {
  const fact = day.log.drafts.find(({ body }) => String(body['call']).startsWith(call));
  const digests = fact?.body['args'] as string[];
  for (const disclosure of day.log.disclosures)
    if (digests.includes(hashOf(disclosure))) day.log.disclosures.delete(disclosure);
}

/**
 * The day before was found violated in the middle of this one, for these reasons, or for some that nobody named; the
 * position of that verdict.
 */
export function breach(
  day: Day,
  reasons: readonly string[] | 'unnamed' = [hashOf('a breach')],
  hour = 14,
): number {
  const before = { from: at(0) - 86_400_000, to: at(0) };
  const named = reasons === 'unnamed' ? {} : { breach: reasons };
  const body = { outcome: 'supplier-payments', ...before, verdict: 'violated', ...named };
  const more = { judgement: hashOf('j'), ledgerSize: 10 };
  return day.declare('verdict.given', 'outcome/supplier-payments', { ...body, ...more }, at(hour));
}

/** Surety contains the outcome on a verdict. */
export function containOn(day: Day, verdict: number, changed: object = {}): number {
  const scope = { is: 'outcome', name: 'supplier-payments' };
  const flying = { inFlight: [], inFlightCount: 0 };
  const body = { order: 'o-AAAAAAAAAAAA', scope, tools: [], stops: 'consequential', ...flying };
  const own = { by: 'surety', verdict, statement: [], ...changed };
  return day.declare('containment.ordered', 'containment/orders', { ...body, ...own }, at(15));
}

export function drill(day: Day, answer: 'enforced' | 'not-enforced', time = at(13)): number {
  const signed = { function: 'operations', person: 'tove@acme.example', key: hashOf('k'), signature: '' };
  const body = { order: 'o-BBBBBBBBBBBB', statement: [], answer, refusedUs: 900, durableUs: 4_000 };
  return day.declare('containment.drilled', 'containment/orders', { ...signed, ...body }, time);
}

/** A webhook of this person. */
export const pager = (webhook: string, person: string) => ({ webhook, of: ['breach', 'change'], person });

/** How people are told: by mail, unless something else is said. */
export const channels = (day: Day, changed?: object): number =>
  day.declare(
    'notices.declared',
    'notices/channels',
    { mail: changed === undefined, webhooks: [], asks: askDefault, ...changed },
    at(0),
  );

/** The owner was told of a verdict. */
export const tell = (day: Day, verdict: number, changed: object = {}): number =>
  day.declare(
    'notice.sent',
    'notice/mail/tove@acme.example',
    {
      ...{ notice: 'n-AAAA', about: 'breach', by: 'mail', person: who.tove, form: 'single' },
      ...{ of: [verdict], answer: 'accepted', attempts: 1, ...changed },
    },
    at(15),
  );
