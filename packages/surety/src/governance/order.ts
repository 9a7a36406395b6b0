// An order as a person signs it: erase what is about a subject, release it, forbid its erasure or permit it again;
// contain, lift that, or measure how long it takes. What arrives here is hostile until its person, function, time and signature have been checked.

import { type OrderStatement, orderStatement, ShapeError } from '@surety/proof/facts';
import { canonicalJson } from '@surety/proof/records';
import type { Signed } from '@surety/proof/rules';
import type { People } from '../people/people.ts';

/**
 * `malformed`; `bad-signature`; `not-yours` the person does not act for a function that may; `stale` it was carried out
 * before, or is too old; `not-kept` nothing is there; `legal-hold` one forbids it; `unsettled` a call needs it that is
 * not settled; `done-already`; `too-many` for one file; `unknown` nothing goes by that name; `not-in-force`.
 */
export type OrderErrorCode =
  | 'malformed'
  | 'bad-signature'
  | 'not-yours'
  | 'stale'
  | 'not-kept'
  | 'legal-hold'
  | 'unsettled'
  | 'done-already'
  | 'too-many'
  | 'unknown'
  | 'not-in-force';

export class OrderError extends Error {
  readonly code: OrderErrorCode;
  constructor(code: OrderErrorCode, message: string) {
    super(message);
    this.name = 'OrderError';
    this.code = code;
  }
}

export interface OfferedOrder extends Signed {
  readonly statement: unknown;
}

type Deed = OrderStatement['does'];
/** About disclosures. Who may contain is declared. */
type DataDeed = Exclude<Deed, 'contain' | 'lift-containment' | 'drill-containment'>;

/** The functions whose people may order it: the names that `surety.yaml` gives under `functions`. */
export const mayOrder: Readonly<Record<DataDeed, readonly string[]>> = {
  erase: ['data-protection'],
  disclose: ['data-protection', 'legal'],
  'place-legal-hold': ['legal', 'data-protection'],
  'lift-legal-hold': ['legal', 'data-protection'],
};

/** An order is carried out at once: one that lies about longer might be somebody else's to use. */
const ageMsMax = 15 * 60_000;
const idPattern = /^o-[A-Za-z0-9_-]{12}$/;
const reasonCharsMax = 4_000;

/** The bytes that a person signs, under a prefix that nothing else signs. */
export const orderText = (statement: OrderStatement): string =>
  `surety-order/v1\n${canonicalJson(statement)}`;

export interface Checking {
  readonly people: People;
  readonly origin: string;
  readonly now: number;
  /** The functions whose people may order this. */
  readonly may: (statement: OrderStatement) => readonly string[];
}

/** Everything but what the log knows of it. Throws OrderError. */
export function checkedOrder(offered: OfferedOrder, { people, origin, now, may }: Checking): OrderStatement {
  const statement = parsed(offered.statement);
  const { person, function: as, at, log, order, reason, to = '' } = statement;
  if (!idPattern.test(order)) throw new OrderError('malformed', `\`${order}\` is no name of an order`);
  if (reason.trim() === '' || reason.length > reasonCharsMax || to.length > reasonCharsMax)
    throw new OrderError('malformed', `an order has a reason, of at most ${reasonCharsMax} characters`);
  if (log !== origin) throw new OrderError('malformed', `the order is about the log \`${log}\``);
  mustFit(statement);
  if (Math.abs(now - at) > ageMsMax)
    throw new OrderError('stale', 'the order was signed too long ago: sign it again');
  const functions = may(statement);
  if (!functions.includes(as))
    throw new OrderError(
      'not-yours',
      `\`${as}\` may not order this: ${functions.join(' or ') || 'nobody'} may`,
    );
  if (people.approver(person)?.functions.includes(as) !== true)
    throw new OrderError('not-yours', `\`${person}\` does not act for \`${as}\``);
  if (!people.signedBy(person, orderText(statement), offered))
    throw new OrderError('bad-signature', `\`${person}\` did not sign this`);
  return statement;
}

/** Each deed has its own members, and no others. */
function mustFit({ does, subject, about, call, lifts, to, basis, scope }: OrderStatement): void {
  const given = { subject, about, call, lifts, to, basis, scope };
  const wanted: Readonly<Record<Deed, readonly (keyof typeof given)[]>> = {
    erase: ['subject', 'basis'],
    disclose: [call === undefined ? 'subject' : 'call', 'to'],
    'place-legal-hold': ['subject', 'about'],
    'lift-legal-hold': ['subject', 'about', 'lifts'],
    contain: ['scope'],
    'lift-containment': ['lifts'],
    'drill-containment': [],
  };
  for (const [name, value] of Object.entries(given) as [keyof typeof given, unknown][])
    if ((value !== undefined) !== wanted[does].includes(name) && !(does === 'disclose' && name === 'basis'))
      throw new OrderError(
        'malformed',
        `an order to ${does} has ${value === undefined ? '' : 'no '}\`${name}\``,
      );
}

export const isDataDeed = (does: Deed): does is DataDeed => Object.hasOwn(mayOrder, does);

function parsed(statement: unknown): OrderStatement {
  try {
    return orderStatement(statement, '');
  } catch (error) {
    if (error instanceof ShapeError) throw new OrderError('malformed', error.message);
    throw error;
  }
}
