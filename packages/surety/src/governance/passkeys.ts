// Passkeys that people register themselves. A person of one function invites; whoever has the code that came with it
// registers, and the passkey itself signs that it is theirs; a person of another function compares a fingerprint with
// them and confirms. What arrives here is hostile until its code, signature and function have been checked.

import { createHash, randomBytes } from 'node:crypto';
import {
  type InForce,
  type Invitation,
  passkeyFunctions,
  passkeyObjection,
  passkeyText,
} from '@surety/proof/changes';
import { type PasskeyStatement, type PersonKey, passkeyStatement, ShapeError } from '@surety/proof/facts';
import { commitScalar, toBase64 } from '@surety/proof/records';
import { challengeOf, type Signed, signatureIn } from '@surety/proof/rules';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Log } from '../ledger/log.ts';
import { AssertionError, type BrowserAssertion, rawOfSpki, signedByPasskey } from '../people/assertions.ts';
import { fingerprintOf } from '../people/fingerprint.ts';
import { isSignedFact, type People } from '../people/people.ts';

/**
 * `malformed`; `unknown` no invitation has this code or name; `expired`; `done-already` it was answered, confirmed or
 * revoked; `not-yours` the person may not; `bad-signature`; `stale` signed too long ago.
 */
export type PasskeyErrorCode =
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'done-already'
  | 'not-yours'
  | 'bad-signature'
  | 'stale';

export class PasskeyError extends Error {
  readonly code: PasskeyErrorCode;
  constructor(code: PasskeyErrorCode, message: string) {
    super(message);
    this.name = 'PasskeyError';
    this.code = code;
  }
}

/** A statement of a person who invites, confirms or revokes, and their signature under it. */
export interface OfferedPasskey extends Signed {
  readonly statement: unknown;
}

/** What a browser made: the id of the credential, and its public key as SPKI, both in base64url. */
export interface MadePasskey {
  readonly credential: string;
  readonly publicKey: string;
}

export interface PasskeyShown {
  readonly invitation: string;
  readonly person: string;
  readonly by: string;
  readonly function: string;
  readonly state: 'invited' | 'registered' | 'confirmed' | 'revoked' | 'expired';
  /** Milliseconds. */
  readonly since: number;
  readonly expires: number;
  /** Of what was registered. */
  readonly fingerprint?: string;
  readonly origin?: string;
  readonly confirmedBy?: string;
}

export interface PasskeyParts {
  readonly log: Log;
  readonly people: People;
  readonly inForce: () => InForce;
  readonly now: () => number;
}

const ageMsMax = 15 * 60_000;
export const invitationMsMax = 30 * 86_400_000;
const invitationPattern = /^p-[A-Za-z0-9_-]{12}$/;
const codePattern = /^[A-Za-z0-9_-]{27}$/;
const reasonCharsMax = 1_000;

export const newInvitation = (): string => `p-${randomBytes(9).toString('base64url')}`;
/** 160 bits: whoever has it may register, once. Only its digest is signed and recorded. */
export function newCode(): { readonly code: string; readonly digest: string } {
  const code = randomBytes(20).toString('base64url');
  return { code, digest: codeDigest(code) };
}
const codeDigest = (code: string): string => createHash('sha256').update(code).digest('base64url');

/** What becomes of an invitation, as it is now. */
export function shownPasskey(each: Invitation, now: number): PasskeyShown {
  const { invitation, person, by, function: as, time: since, expires, passkey, confirmed, revoked } = each;
  const lasting = revoked !== undefined ? 'revoked' : confirmed !== undefined ? 'confirmed' : undefined;
  const open = now > expires ? 'expired' : passkey === undefined ? 'invited' : 'registered';
  return {
    ...{ invitation, person, by, function: as, since, expires, state: lasting ?? open },
    ...(passkey?.passkey && { fingerprint: fingerprintOf(passkey), origin: passkey.passkey.origin }),
    ...(confirmed && { confirmedBy: confirmed.by }),
  };
}

export class Passkeys {
  readonly #parts: PasskeyParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PasskeyParts) {
    this.#parts = parts;
  }

  /** One at a time: what was looked at is what the fact finds. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Every invitation and what became of it, the oldest first. */
  get all(): readonly PasskeyShown[] {
    return this.#invitations.map((each) => shownPasskey(each, this.#parts.now()));
  }

  /** Those that wait for somebody to confirm. */
  get pending(): readonly PasskeyShown[] {
    return this.all.filter(({ state }) => state === 'registered');
  }

  /** The passkeys that sign for a person: what a browser is asked for. */
  of(person: string): readonly PersonKey[] {
    return this.#parts.people.passkeysOf(person);
  }

  /** Whether a person may invite, or confirm this, in one of their functions: that function. */
  functionFor(
    does: 'invite' | 'confirm',
    by: string,
    { person, invitation }: { person: string; invitation?: string },
  ) {
    const { people, inForce } = this.#parts;
    const { standing, passkeys } = inForce();
    const invited = invitation === undefined ? undefined : passkeys.get(invitation);
    return people
      .approver(by)
      ?.functions.find(
        (as) => passkeyObjection(standing, does, { person, by, function: as }, invited) === undefined,
      );
  }

  /** The invitation that this code opens. Throws PasskeyError. */
  open(code: string): PasskeyShown {
    return shownPasskey(this.#openedBy(code), this.#parts.now());
  }

  /**
   * What the new passkey is asked to sign, so that it is registered for the person of the invitation. `origin` is that
   * of our own pages, never one that a browser names. Throws PasskeyError.
   */
  challengeFor(code: string, made: MadePasskey, origin: string) {
    const { invitation, person } = this.#openedBy(code);
    const passkey = keyOf(made, origin);
    this.#mustBeNew(passkey);
    const statement = { does: 'register', log: this.#parts.log.origin, invitation, person, passkey } as const;
    const text = passkeyText(statement);
    return { challenge: challengeOf(text), fingerprint: fingerprintOf(passkey), passkey, text };
  }

  /** Records what the passkey signed. It signs nothing until somebody confirms it. Throws PasskeyError. */
  register(code: string, made: MadePasskey, origin: string, answer: BrowserAssertion): Promise<PasskeyShown> {
    return this.#inTurn(() => {
      const { passkey } = this.challengeFor(code, made, origin);
      const { invitation, person } = this.#openedBy(code);
      const body = { invitation, person, passkey, ...signatureIn(signedBy(passkey, answer)) };
      return this.#record(invitation, { kind: 'passkey.registered', body });
    });
  }

  /** Carries out what a person signed: to invite, to confirm or to revoke. Throws PasskeyError. */
  carryOut(offered: OfferedPasskey): Promise<PasskeyShown> {
    return this.#inTurn(() => this.#carryOut(offered));
  }

  async #carryOut(offered: OfferedPasskey): Promise<PasskeyShown> {
    const { statement, by } = this.#checked(offered);
    if (statement.does === 'revoke') return this.#revoke(statement, offered);
    const { does, invitation, person, at = 0, function: as, code = '', expires = 0 } = statement;
    const said = { invitation, person, by, at, ...signatureIn(offered) };
    if (as === undefined) throw new PasskeyError('malformed', `to ${does} has a \`function\``);
    if (does === 'invite') this.#mustBeFree(invitation);
    const against = passkeyObjection(
      this.#parts.inForce().standing,
      does as 'invite' | 'confirm',
      { person, by, function: as },
      does === 'confirm' ? this.#toConfirm(statement) : undefined,
    );
    if (against !== undefined) throw new PasskeyError('not-yours', against);
    const fact: NewFact =
      does === 'invite'
        ? { kind: 'passkey.invited', body: { ...said, function: as, code, expires } }
        : { kind: 'passkey.confirmed', body: { ...said, function: as } };
    return this.#record(invitation, fact);
  }

  get #invitations(): readonly Invitation[] {
    return this.#parts.inForce().passkeys.all;
  }

  #named(invitation: string): Invitation {
    const found = this.#parts.inForce().passkeys.get(invitation);
    if (found !== undefined) return found;
    throw new PasskeyError('unknown', `there is no invitation \`${invitation}\``);
  }

  #openedBy(code: string): Invitation {
    const digest = codePattern.test(code) ? codeDigest(code) : '';
    const found = this.#invitations.find((each) => each.code === digest);
    if (found === undefined) throw new PasskeyError('unknown', 'no invitation has this code');
    this.#mustBeOpen(found);
    if (found.passkey !== undefined)
      throw new PasskeyError('done-already', 'a passkey was registered with this code already');
    return found;
  }

  #mustBeFree(invitation: string): void {
    if (this.#parts.inForce().passkeys.get(invitation) !== undefined)
      throw new PasskeyError('done-already', `there is an invitation \`${invitation}\` already`);
  }

  #mustBeOpen({ invitation, expires, confirmed, revoked }: Invitation): void {
    if (confirmed !== undefined || revoked !== undefined)
      throw new PasskeyError('done-already', `\`${invitation}\` is ${revoked ? 'revoked' : 'confirmed'}`);
    if (this.#parts.now() > expires) throw new PasskeyError('expired', `\`${invitation}\` has expired`);
  }

  /** Whose it is already cannot be somebody else's too, nor twice theirs. */
  #mustBeNew({ public: raw }: PersonKey): void {
    if (this.#parts.people.hasKey(raw) || this.#invitations.some(({ passkey }) => passkey?.public === raw))
      throw new PasskeyError('done-already', 'this passkey is registered already');
  }

  #toConfirm({ invitation, person, passkey }: PasskeyStatement): Invitation {
    const found = this.#named(invitation);
    this.#mustBeOpen(found);
    if (found.passkey === undefined)
      throw new PasskeyError('unknown', `nobody has registered a passkey under \`${invitation}\` yet`);
    // What was signed is what will be looked at: the very key.
    if (person !== found.person || passkey?.public !== found.passkey.public)
      throw new PasskeyError('malformed', 'another passkey was confirmed than the one that is registered');
    return found;
  }

  #revoke(
    { function: as, reason = '', invitation, person, by = '', at = 0 }: PasskeyStatement,
    signed: Signed,
  ) {
    const { people, inForce } = this.#parts;
    const found = this.#named(invitation);
    if (found.revoked !== undefined) throw new PasskeyError('done-already', `\`${invitation}\` is revoked`);
    if (found.person !== person) throw new PasskeyError('malformed', `\`${invitation}\` is not theirs`);
    const { invite, confirm } = passkeyFunctions(inForce().standing);
    const mayFor = (each: string) => each === as && [...invite, ...confirm].includes(each);
    if (by !== person && people.approver(by)?.functions.some(mayFor) !== true)
      throw new PasskeyError('not-yours', 'its person may revoke it, and whoever may invite or confirm');
    const { digest, disclosure } = commitScalar(reason, '', salt, sha256);
    const body = { invitation, person, by, at, ...signatureIn(signed), reason: [digest] };
    return this.#record(invitation, {
      kind: 'passkey.revoked',
      body: as === undefined ? body : { ...body, function: as },
      disclosures: [disclosure],
      about: `person/${person}`,
    });
  }

  /** Its shape, its time and its signature. */
  #checked(offered: OfferedPasskey): { readonly statement: PasskeyStatement; readonly by: string } {
    const { people, log, now } = this.#parts;
    const statement = parsed(offered.statement);
    const { does, by, at, expires } = statement;
    mustFit(statement);
    if (by === undefined || at === undefined || statement.log !== log.origin)
      throw new PasskeyError('malformed', 'it says not who signs it when, or is about another log');
    if (Math.abs(now() - at) > ageMsMax)
      throw new PasskeyError('stale', 'it was signed too long ago: sign it again');
    if (does === 'invite' && (expires === undefined || expires <= now() || expires > now() + invitationMsMax))
      throw new PasskeyError('malformed', 'an invitation lasts at most 30 days');
    if (!people.signedBy(by, passkeyText(statement), offered))
      throw new PasskeyError('bad-signature', `\`${by}\` did not sign this`);
    return { statement, by };
  }

  async #record(invitation: string, fact: NewFact): Promise<PasskeyShown> {
    const { log, inForce, now } = this.#parts;
    // The same code will judge it in every proof: what it would not count is not recorded.
    const asFact = { ...fact, log: log.origin } as unknown as Parameters<typeof isSignedFact>[1];
    if (!isSignedFact(inForce(), asFact))
      throw new PasskeyError('bad-signature', 'the passkey did not sign this');
    await log.append([{ stream: `passkey/${invitation}`, facts: [fact] }]);
    return shownPasskey(this.#named(invitation), now());
  }
}

/** Each deed has its own members, and no others. */
function mustFit({ does, function: as, code, expires, passkey, reason, invitation }: PasskeyStatement): void {
  if (!invitationPattern.test(invitation))
    throw new PasskeyError('malformed', `\`${invitation}\` is no name of an invitation`);
  const given = { function: as, code, expires, passkey, reason };
  const wanted: Readonly<Record<PasskeyStatement['does'], readonly (keyof typeof given)[]>> = {
    ...{ invite: ['function', 'code', 'expires'], confirm: ['function', 'passkey'], revoke: ['reason'] },
    register: [],
  };
  if (does === 'register') throw new PasskeyError('malformed', 'a passkey is registered with its code');
  for (const [name, value] of Object.entries(given) as [keyof typeof given, unknown][])
    if ((value !== undefined) !== wanted[does].includes(name) && !(does === 'revoke' && name === 'function'))
      throw new PasskeyError('malformed', `to ${does} has ${value === undefined ? '' : 'no '}\`${name}\``);
  if (reason !== undefined && (reason.trim() === '' || reason.length > reasonCharsMax))
    throw new PasskeyError('malformed', `it has a reason, of at most ${reasonCharsMax} characters`);
}

function parsed(statement: unknown): PasskeyStatement {
  try {
    return passkeyStatement(statement, '');
  } catch (error) {
    if (error instanceof ShapeError) throw new PasskeyError('malformed', error.message);
    throw error;
  }
}

/** As facts carry it. Throws PasskeyError for what signs nothing here. */
function keyOf({ credential, publicKey }: MadePasskey, origin: string): PersonKey {
  if (!/^[A-Za-z0-9_-]{1,1364}$/.test(credential))
    throw new PasskeyError('malformed', 'the id of the credential is not base64url');
  try {
    const { alg, raw } = rawOfSpki(publicKey);
    const id = createHash('sha256').update(raw).digest('base64url');
    return { id, alg, public: toBase64(raw), passkey: { credential, origin } };
  } catch (error) {
    if (error instanceof AssertionError) throw new PasskeyError('malformed', error.message);
    throw error;
  }
}

function signedBy(passkey: PersonKey, answer: BrowserAssertion): Signed {
  try {
    return signedByPasskey(passkey, answer);
  } catch (error) {
    if (error instanceof AssertionError) throw new PasskeyError('malformed', error.message);
    throw error;
  }
}
