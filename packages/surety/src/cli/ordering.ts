// What the commands that order something share: the subject as it was typed, the person whose key
// signs, and the signature itself. The subject in clear never leaves this process unless it is meant to be recorded.

import { randomBytes } from 'node:crypto';
import type { OrderStatement } from '@surety/proof/facts';
import { clockFrom } from '../clock.ts';
import type { Config } from '../config/index.ts';
import { isDataDeed, mayOrder, type OfferedOrder, orderText } from '../governance/index.ts';
import { logSalt, openingOf } from '../ledger/opening.ts';
import { openReader } from '../ledger/stores/reader.ts';
import { subjectName } from '../ledger/subject.ts';
import { signerOf } from './signer.ts';
import { CommandError, exit, printable, type Terminal } from './terminal.ts';

/** What every command that orders something takes. */
export interface OrderAsked {
  readonly folder: string;
  readonly reason?: string;
  readonly key?: string;
  readonly as?: string;
  readonly json?: boolean;
}

const subjectPattern = /^[a-z][a-z0-9-]{0,63}\/.{1,400}$/s;

/** Throws CommandError for what cannot be a subject. */
export function mustBeSubject(subject: string): void {
  if (!subjectPattern.test(subject))
    throw new CommandError(
      `\`${printable(subject.slice(0, 64))}\` is no subject`,
      'write its kind and its value, such as `vendor/V-17`, `case/k-...` or `person/ines@acme.example`',
      exit.usage,
    );
}

/** The name of a subject in this store. Throws `LedgerError` if there is no log or its key ring. */
export function nameIn({ store }: Config, subject: string): string {
  const reader = openReader(store);
  try {
    return subjectName(logSalt(reader), subject);
  } finally {
    reader.close();
  }
}

type Wanted = Pick<OrderStatement, 'does'> &
  Partial<Pick<OrderStatement, 'subject' | 'about' | 'call' | 'lifts' | 'to' | 'basis' | 'scope'>>;

/** Signs the order with the person's own key. Throws CommandError where something is missing. */
export function signedOrder(
  terminal: Terminal,
  config: Config,
  asked: OrderAsked,
  wanted: Wanted,
  may: readonly string[] = isDataDeed(wanted.does) ? mayOrder[wanted.does] : [],
): { readonly offered: OfferedOrder; readonly statement: OrderStatement } {
  const { reason } = asked;
  const { person, sign } = signerOf(terminal, config, asked);
  if (reason === undefined) throw new CommandError('for which reason?', 'pass --reason TEXT', exit.usage);
  const statement: OrderStatement = {
    order: `o-${randomBytes(9).toString('base64url')}`,
    log: originOf(config),
    reason,
    function: functionOf(config, person, may),
    person,
    at: clockFrom(terminal.env).now(),
    ...wanted,
  };
  return { offered: { statement, ...sign(orderText(statement)) }, statement };
}

function originOf({ store }: Config): string {
  const reader = openReader(store);
  try {
    return openingOf(reader).origin;
  } finally {
    reader.close();
  }
}

/** The function in which this person may order it. */
function functionOf(config: Config, person: string, may: readonly string[]): string {
  const functions = functionsOf(config, person);
  const found = may.find((each) => functions.includes(each));
  if (found !== undefined) return found;
  const needed = may.join(' or ');
  throw new CommandError(
    `${printable(person)} acts for none of the functions that may order this: ${needed}`,
    'whoever may has it under `functions` in surety.yaml',
    exit.unauthenticated,
  );
}

export const functionsOf = ({ declarations }: Config, person: string): readonly string[] =>
  declarations.flatMap((each) =>
    each.kind === 'person.enrolled' && each.body.person === person ? each.body.functions : [],
  );
