// Passkeys that people registered themselves: which of them sign, at each position of a log. One counts from the fact on
// that confirms it, and until it is revoked or its person is withdrawn; neither a file nor one person alone makes one.

import { type Body, type Fact, isKind, type PasskeyStatement, type UnknownFact } from '../facts.ts';
import { verifySignature } from '../records/algorithms.ts';
import { personsByAccount, type Verifiable, verifiable, verifiableBy } from '../rules/index.ts';
import { fromBase64 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { declaredAs, peopleIn, type Standing } from './standing.ts';

/** The bytes that are signed, under a prefix that nothing else signs. */
export const passkeyText = (statement: PasskeyStatement): string =>
  `surety-passkey/v1\n${canonicalJson(statement)}`;

/** Where nothing is declared, nobody may. */
export const passkeyFunctions = (standing: Standing): Body<'passkeys.declared'> =>
  declaredAs(standing, 'passkeys.declared')[0] ?? { invite: [], confirm: [] };

type Invited = Body<'passkey.invited'>;
/** An invitation, and the passkey that answered it. */
export interface Invitation
  extends Pick<Invited, 'invitation' | 'person' | 'by' | 'function' | 'code' | 'expires'> {
  readonly position: number;
  readonly time: number;
  readonly passkey?: Body<'passkey.registered'>['passkey'];
  /** From then on it signs. */
  readonly confirmed?: Ended;
  /** By a person, or with the enrolment of its own. */
  readonly revoked?: Ended;
}
interface Ended {
  readonly by: string;
  readonly position: number;
  readonly time: number;
}

export type PasskeyFact = Fact<'passkey.invited' | 'passkey.registered' | 'passkey.confirmed'>;
export const isPasskeyFact = (fact: Fact | UnknownFact): fact is PasskeyFact =>
  isKind(fact, 'passkey.invited') || isKind(fact, 'passkey.registered') || isKind(fact, 'passkey.confirmed');

const deeds: Readonly<Record<PasskeyFact['kind'], PasskeyStatement['does']>> = {
  ...{ 'passkey.invited': 'invite', 'passkey.registered': 'register', 'passkey.confirmed': 'confirm' },
};

/** Why a person may not do this, by what is in force; or undefined if they may. */
export function passkeyObjection(
  standing: Standing,
  does: 'invite' | 'confirm',
  { person, by, function: as }: { readonly person: string; readonly by: string; readonly function: string },
  invited?: Pick<Invitation, 'by' | 'function'>,
): string | undefined {
  const people = peopleIn(standing);
  const persons = personsByAccount(people);
  const personOf = (account: string): string => persons.get(account) ?? account;
  const signer = people.find((each) => each.person === by);
  if (!people.some((each) => each.person === person)) return 'its person is not enrolled';
  if (signer?.functions.includes(as) !== true) return `its signer does not act for ${as}`;
  if (!passkeyFunctions(standing)[does].includes(as)) return `the people of ${as} may not ${does}`;
  if (personOf(by) === personOf(person)) return 'nobody does this for themselves';
  if (invited === undefined) return undefined;
  if (personOf(by) === personOf(invited.by)) return 'the one who invited cannot confirm';
  if (as === invited.function) return 'the function that invited cannot confirm';
  return undefined;
}

export class Passkeys {
  readonly #invitations = new Map<string, Invitation>();

  copy(): Passkeys {
    const copy = new Passkeys();
    for (const [name, each] of this.#invitations) copy.#invitations.set(name, each);
    return copy;
  }

  get(invitation: string): Invitation | undefined {
    return this.#invitations.get(invitation);
  }

  /** The oldest first. */
  get all(): readonly Invitation[] {
    return [...this.#invitations.values()];
  }

  /** What has to verify for a fact to count; undefined if, whatever the arithmetic says, it does not. */
  verifiable(standing: Standing, fact: PasskeyFact): Verifiable | undefined {
    const statement = this.#statementOf(fact);
    if (statement === undefined) return undefined;
    const text = passkeyText(statement);
    if (isKind(fact, 'passkey.registered'))
      return fact.body.key === fact.body.passkey.id && fact.body.passkey.passkey !== undefined
        ? verifiableBy(fact.body.passkey, text, fact.body)
        : undefined;
    return verifiable(peopleIn(standing), fact.body.by, text, fact.body);
  }

  #statementOf({ log, kind, body }: PasskeyFact): PasskeyStatement | undefined {
    const { key: _, signature: _s, assertion: _a, ...rest } = body as Body<'passkey.invited'>;
    const statement = { ...rest, does: deeds[kind], log };
    if (kind !== 'passkey.confirmed') return statement;
    // Whoever confirms signs what was registered, which the fact need not repeat.
    const { passkey } = this.#invitations.get(body.invitation) ?? {};
    return passkey && { ...statement, passkey };
  }

  /** Folds one fact; `signed` says of its signature whether it is good. Gives the invitation that it changed. */
  apply(fact: Fact | UnknownFact, standing: Standing, signed: boolean): Invitation | undefined {
    if (isKind(fact, 'passkey.revoked')) return this.#revoke(fact.body.invitation, fact.body.by, fact);
    if (!signed || !isPasskeyFact(fact)) return undefined;
    const next = isKind(fact, 'passkey.invited')
      ? this.#invited(fact, standing)
      : isKind(fact, 'passkey.registered')
        ? this.#registered(fact)
        : this.#confirmed(fact, standing);
    if (next !== undefined) this.#invitations.set(next.invitation, next);
    return next;
  }

  /** Whoever is not enrolled any more has no passkeys, also when they are enrolled again. */
  leave(person: string, at: Omit<Ended, 'by'>): readonly Invitation[] {
    const own = this.all.filter((each) => each.person === person);
    return own.flatMap(({ invitation }) => this.#revoke(invitation, person, at) ?? []);
  }

  #invited({ body, position, time }: Fact<'passkey.invited'>, standing: Standing): Invitation | undefined {
    const { invitation, person, by, function: as, code, expires } = body;
    if (this.#invitations.has(invitation)) return undefined;
    if (passkeyObjection(standing, 'invite', body) !== undefined) return undefined;
    return { invitation, person, by, function: as, code, expires, position, time };
  }

  /** The first to open it answers it. */
  #registered({ body, time }: Fact<'passkey.registered'>): Invitation | undefined {
    const open = this.#open(body, time);
    return open?.passkey === undefined ? open && { ...open, passkey: body.passkey } : undefined;
  }

  #confirmed(
    { body, position, time }: Fact<'passkey.confirmed'>,
    standing: Standing,
  ): Invitation | undefined {
    const open = this.#open(body, time);
    if (open?.passkey === undefined || passkeyObjection(standing, 'confirm', body, open)) return undefined;
    return { ...open, confirmed: { by: body.by, position, time } };
  }

  #open({ invitation, person }: { readonly invitation: string; readonly person: string }, time: number) {
    const found = this.#invitations.get(invitation);
    if (found === undefined || found.person !== person || time > found.expires) return undefined;
    return found.confirmed === undefined && found.revoked === undefined ? found : undefined;
  }

  /** Its name stays taken: nothing is put in its place. */
  #revoke(invitation: string, by: string, { position, time }: Omit<Ended, 'by'>): Invitation | undefined {
    const found = this.#invitations.get(invitation);
    const revoked = found?.revoked === undefined && found && { ...found, revoked: { by, position, time } };
    if (revoked) this.#invitations.set(invitation, revoked);
    return revoked || undefined;
  }
}

/** True if the fact is signed by whom it must be. Call with everything folded up to, not including, it. */
export async function passkeySigned(
  { passkeys, standing }: { readonly passkeys: Passkeys; readonly standing: Standing },
  fact: PasskeyFact,
): Promise<boolean> {
  const found = passkeys.verifiable(standing, fact);
  if (found === undefined) return false;
  const { key, message, signature } = found;
  return verifySignature(key.alg, fromBase64(key.public), message, signature);
}
