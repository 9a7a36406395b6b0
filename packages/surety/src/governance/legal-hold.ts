// Placing and lifting legal holds. Placing takes one person; lifting takes two, because what is erased after is gone.

import type { Body, OrderStatement } from '@surety/proof/facts';
import { commit } from '@surety/proof/records';
import { signatureIn } from '@surety/proof/rules';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Log } from '../ledger/log.ts';
import { type OfferedOrder, OrderError } from './order.ts';
import { liftersNeeded, type Orders } from './orders.ts';

export interface HoldParts {
  readonly log: Log;
  readonly orders: Orders;
}

export interface HoldAnswer {
  /** The order that placed it. */
  readonly hold: string;
  /** `lifting`: one more person must say so. */
  readonly state: 'in-force' | 'lifting' | 'lifted';
}

/** Members that the fact of every order has; the statement is committed to, under a subject of its own. */
export function orderedBody(statement: OrderStatement, offered: OfferedOrder) {
  const { order, function: as, person } = statement;
  const { digests, disclosures } = commit(statement, salt, sha256);
  return {
    body: { order, function: as, person, statement: digests, ...signatureIn(offered) },
    disclosures,
    about: `order/${order}`,
  };
}

/** Throws OrderError. */
export async function placeHold(
  { log, orders }: HoldParts,
  statement: OrderStatement & { readonly subject: string },
  offered: OfferedOrder,
): Promise<HoldAnswer> {
  const { subject, order } = statement;
  const { body, ...shown } = orderedBody(statement, offered);
  // It says what is held, and so is about that itself: the day it may be erased, this goes too.
  const about = { named: subject };
  const placed: Body<'legal-hold.placed'> = { ...body, subject };
  await appendTo(log, orders, subject, { kind: 'legal-hold.placed', body: placed, ...shown, about });
  return { hold: order, state: 'in-force' };
}

/** Throws OrderError: `not-kept` when it is not in force, `done-already` when this person has said so before. */
export async function liftHold(
  { log, orders }: HoldParts,
  statement: OrderStatement & { readonly subject: string; readonly lifts: string },
  offered: OfferedOrder,
): Promise<HoldAnswer> {
  const { subject, lifts, person } = statement;
  const held = orders.hold(lifts);
  if (held?.subject !== subject)
    throw new OrderError('not-kept', `no legal hold \`${lifts}\` is in force on it`);
  if (held.lifters.has(person) || [...held.lifters.values()].includes(offered.key))
    throw new OrderError('done-already', `\`${person}\` has lifted it already: another person must, too`);
  const { body, ...shown } = orderedBody(statement, offered);
  const about = { named: subject };
  const lifted: Body<'legal-hold.lifted'> = { ...body, subject, lifts };
  await appendTo(log, orders, subject, { kind: 'legal-hold.lifted', body: lifted, ...shown, about });
  return { hold: lifts, state: held.lifters.size >= liftersNeeded ? 'lifted' : 'lifting' };
}

async function appendTo(
  log: Log,
  orders: Orders,
  subject: string,
  fact: Parameters<Log['append']>[0][number]['facts'][number],
): Promise<void> {
  const stream = `subject/${subject}`;
  const answer = await log.append([{ stream, expected: orders.version(stream), facts: [fact] }]);
  if ('conflict' in answer)
    throw new OrderError('done-already', 'something else was ordered meanwhile: look again');
}
