// Identities and their credentials. A credential is 256 random bits, shown once; only its SHA-256 is kept.

import { createHash, randomBytes } from 'node:crypto';
import { type Body, type Fact, isKind, type UnknownFact } from '@surety/proof/facts';

export type Identity = Body<'identity.enrolled'>;

/** What a caller presents: `surety_<43 characters of base64url>`. */
const credentialForm = /^surety_[A-Za-z0-9_-]{43}$/;

export const newCredential = (): string => `surety_${randomBytes(32).toString('base64url')}`;

/** Plain SHA-256 is enough: the secret has 256 bits of its own, there is nothing to guess. */
export const credentialHash = (credential: string): string =>
  createHash('sha256').update(credential).digest('base64url');

export type Identified =
  | { readonly is: 'known'; readonly identity: Identity }
  | { readonly is: 'unknown' | 'expired' };

export class Identities {
  readonly #identities = new Map<string, Identity>();
  readonly #credentials = new Map<string, { readonly identity: string; readonly expires: number }>();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'identity.enrolled')) this.#identities.set(fact.body.identity, fact.body);
    else if (isKind(fact, 'credential.issued'))
      this.#credentials.set(fact.body.hash, { identity: fact.body.identity, expires: fact.body.expires });
    else if (isKind(fact, 'credential.revoked')) this.#credentials.delete(fact.body.hash);
    else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('identity/'))
      this.#identities.delete(fact.body.stream.slice('identity/'.length));
  }

  all(): Iterable<Identity> {
    return this.#identities.values();
  }

  get(identity: string): Identity | undefined {
    return this.#identities.get(identity);
  }

  /** Hashes of the credentials of an identity that are not revoked, expired ones among them. */
  credentialsOf(identity: string): readonly string[] {
    return [...this.#credentials].flatMap(([hash, each]) => (each.identity === identity ? [hash] : []));
  }

  /** Looked up by hash, so that no comparison of secrets takes time that tells anything. */
  identify(authorization: string | undefined, now: number): Identified {
    const [scheme, credential, ...rest] = (authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || rest.length > 0 || !credentialForm.test(credential ?? ''))
      return { is: 'unknown' };
    const found = this.#credentials.get(credentialHash(credential as string));
    const identity = found && this.#identities.get(found.identity);
    if (found === undefined || identity === undefined) return { is: 'unknown' };
    return now >= found.expires ? { is: 'expired' } : { is: 'known', identity };
  }
}
