// What a passkey answered, as a form of ours brings it, and whose it is. The text that it must have signed is never taken
// from the form: we know it.

import { challengeOf, type Signed } from '@surety/proof/rules';
import { AssertionError, signedByPasskey } from '../../people/assertions.ts';
import type { PagesDesk } from './port.ts';

export interface Asserted {
  readonly person: string;
  readonly signed: Signed;
}

/** Whose passkey answered, and its signature as facts carry it; undefined of what is none. Whether it signs is not asked here. */
export function assertedIn(
  { people }: Pick<PagesDesk, 'people'>,
  fields: ReadonlyMap<string, string>,
): Asserted | undefined {
  const [credential = '', authenticatorData = '', clientDataJSON = '', signature = ''] = [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ].map((name) => fields.get(name));
  const found = people.holderOf(credential);
  if (found === undefined) return undefined;
  try {
    const signed = signedByPasskey(found.key, { authenticatorData, clientDataJSON, signature });
    return { person: found.person, signed };
  } catch (error) {
    if (error instanceof AssertionError) return undefined;
    throw error;
  }
}

/** What a passkey signs to sign in: under a prefix of its own, so that it is no word about any call. */
export const signInText = (origin: string, nonce: string): string =>
  `surety-sign-in/v1\n${JSON.stringify({ nonce, origin })}`;

export const signInChallenge = (origin: string, nonce: string): string =>
  challengeOf(signInText(origin, nonce));
