// People: persons, the functions that they act for, and the keys that they sign with.

import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { type InForce, isPasskeyFact, peopleIn, type Standing } from '@surety/proof/changes';
import {
  type ApprovalStatement,
  type Body,
  type Fact,
  isKind,
  type PersonKey,
  type UnknownFact,
} from '@surety/proof/facts';
import { type Algorithm, equal, onlyFormOf, publicBytesOf, signatureBytesOf } from '@surety/proof/records';
import {
  type Approver,
  approvalText,
  approverOf,
  personsByAccount,
  type Signed,
  type Verifiable,
  verifiable,
} from '@surety/proof/rules';

/**
 * What Node asks for each algorithm of the table in `proof`, whose verifier needs WebCrypto and so cannot answer
 * within a fold. A test holds the two to the same answers.
 */
const forms: Readonly<
  Record<Algorithm, { readonly jwk: (raw: Buffer) => JsonWebKey; readonly digest: string | null }>
> = {
  ed25519: { jwk: (raw) => ({ kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }), digest: null },
  p256: {
    jwk: (raw) => {
      const [x, y] = [raw.subarray(1, 33), raw.subarray(33)].map((each) => each.toString('base64url'));
      return { kty: 'EC', crv: 'P-256', ...(x && y && raw[0] === 4 ? { x, y } : {}) };
    },
    digest: 'sha256',
  },
};

export class People {
  readonly #people = new Map<string, Body<'person.enrolled'>>();
  #byAccount: ReadonlyMap<string, string> = new Map();
  readonly #standing: (() => Standing) | undefined;

  /** `standing`: what is in force, where people may have keys beside those that they are enrolled with. */
  constructor(standing?: () => Standing) {
    this.#standing = standing;
  }

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'person.enrolled')) this.#people.set(fact.body.person, fact.body);
    else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('person/'))
      this.#people.delete(fact.body.stream.slice('person/'.length));
    else return;
    this.#byAccount = personsByAccount([...this.#people.values()]);
  }

  /** The one name of a person, whichever of their accounts is given. */
  readonly personOf = (account: string): string => this.#byAccount.get(account) ?? account;

  approver(person: string): Approver | undefined {
    return this.#people.has(person) ? approverOf(person, this.#people.values(), this.personOf) : undefined;
  }

  has(person: string): boolean {
    return this.#people.has(person);
  }

  /** Who has the passkey that goes by this name, and the passkey. */
  holderOf(credential: string): { readonly person: string; readonly key: PersonKey } | undefined {
    for (const { person, keys } of this.#keyed)
      for (const key of keys) if (key.passkey?.credential === credential) return { person, key };
    return undefined;
  }

  /** True if one of this person's keys, in force now and nobody else's, signed exactly this statement. */
  signed(statement: ApprovalStatement, signed: Signed): boolean {
    return this.signedBy(statement.person, approvalText(statement), signed);
  }

  /** The passkeys that sign for this person, whichever way they came. */
  passkeysOf(person: string): readonly PersonKey[] {
    const keys = this.#keyed.find((each) => each.person === person)?.keys ?? [];
    return keys.filter(({ passkey }) => passkey !== undefined);
  }

  /** Whether anybody has this raw public key, in base64. */
  hasKey(raw: string): boolean {
    return this.#keyed.some(({ keys }) => keys.some((each) => each.public === raw));
  }

  get #keyed(): readonly Omit<Body<'person.enrolled'>, 'name'>[] {
    return this.#standing === undefined ? [...this.#people.values()] : peopleIn(this.#standing());
  }

  /** True if one of this person's keys, in force now and nobody else's, signed exactly this text. */
  signedBy(person: string, text: string, signed: Signed): boolean {
    const found = verifiable(this.#keyed, person, text, signed);
    return found !== undefined && isVerified(found);
  }
}

/**
 * Whether what a fact of a passkey says is signed by whom it must be; with everything folded up to, not including, it.
 * True of every other fact: its signature is asked about where it is used.
 */
export function isSignedFact({ passkeys, standing }: InForce, fact: Fact | UnknownFact): boolean {
  if (!isPasskeyFact(fact)) return true;
  const found = passkeys.verifiable(standing, fact);
  return found !== undefined && isVerified(found);
}

/** What is left of a signature to verify, by Node's own crypto; a key that is none signs nothing. */
const isVerified = ({ key, message, signature }: Verifiable): boolean => isSigned(key, message, signature);

/** True if this key signed the message, by the algorithm that it names. */
export function isSigned(
  { alg, public: text }: PersonKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const raw = Buffer.from(text, 'base64');
  if (raw.length !== publicBytesOf(alg) || signature.length !== signatureBytesOf(alg)) return false;
  if (!equal(onlyFormOf(alg, signature), signature)) return false;
  const { jwk, digest } = forms[alg];
  try {
    const key = createPublicKey({ key: jwk(raw), format: 'jwk' });
    return verify(digest, message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // No point on the curve.
    return false;
  }
}
