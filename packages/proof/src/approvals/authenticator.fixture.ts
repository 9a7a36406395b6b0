// An authenticator in software, for tests: makes the passkeys and assertions that a browser would hand over (WebAuthn
// Level 3), with anything about them made wrong.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { PersonKey } from '../facts.ts';
import { type Algorithm, onlyFormOf, toBase64 } from '../records/index.ts';
import { challengeOf } from './passkey.ts';
import type { Signed } from './signing.ts';

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

/** What is put in place of what is true. */
export interface Wrong {
  /** Members of the client data; `undefined` leaves one out. */
  readonly client?: Readonly<Record<string, unknown>>;
  /** Of the client data as text. */
  readonly rewrite?: (clientData: string) => string;
  readonly host?: string;
  readonly flags?: number;
  /** Bytes behind the authenticator data. */
  readonly behind?: Uint8Array;
  /** Another authenticator signs. */
  readonly signer?: Authenticator;
  /** The text itself is signed, as by a local key; `bare`, and no assertion comes with it. */
  readonly plain?: boolean;
  readonly bare?: boolean;
}

/** As `PublicKeyCredential.toJSON()` gives an assertion: base64url, and of P-256 a signature in DER. */
export interface BrowserAssertion {
  readonly id: string;
  readonly response: {
    readonly authenticatorData: string;
    readonly clientDataJSON: string;
    readonly signature: string;
  };
}

export class Authenticator {
  readonly alg: Algorithm;
  /** Raw, as facts carry it. */
  readonly publicKey: Uint8Array;
  /** SPKI in DER: what `getPublicKey()` gives in a browser. */
  readonly spki: Uint8Array;
  readonly passkey: { readonly credential: string; readonly origin: string };
  wrong: Wrong = {};
  readonly #private: KeyObject;

  constructor(
    origin = 'https://surety.acme.example',
    { alg = 'p256', wrong = {} }: { readonly alg?: Algorithm; readonly wrong?: Wrong } = {},
  ) {
    const { publicKey, privateKey } =
      alg === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    this.alg = alg;
    this.wrong = wrong;
    this.spki = new Uint8Array(spki);
    this.publicKey = new Uint8Array(spki.subarray(alg === 'p256' ? -65 : -32));
    this.passkey = { credential: randomBytes(32).toString('base64url'), origin };
    this.#private = privateKey;
  }

  get key(): PersonKey {
    const { alg, publicKey, passkey } = this;
    return { id: sha256(publicKey).toString('base64url'), alg, public: toBase64(publicKey), passkey };
  }

  /** As a line of `surety.yaml`. */
  get line(): string {
    return `passkey:${this.alg}:${toBase64(this.publicKey)}:${this.passkey.credential}:${this.passkey.origin}`;
  }

  /** As facts carry a signature under this text. */
  assert(text: string): Signed {
    const { data, client } = this.#asked(challengeOf(text));
    const signature = toBase64(
      onlyFormOf(this.#signer.alg, this.#sign(this.#over(data, client, text), 'ieee-p1363')),
    );
    const assertion = { authenticatorData: toBase64(data), clientData: toBase64(client) };
    return { key: this.key.id, signature, ...(this.wrong.bare === true ? {} : { assertion }) };
  }

  /** As a browser hands it over: `navigator.credentials.get` with this challenge. */
  get(challenge: string): BrowserAssertion {
    const { data, client } = this.#asked(challenge);
    const signature = this.#sign(this.#over(data, client, ''), 'der').toString('base64url');
    return {
      id: this.passkey.credential,
      response: {
        authenticatorData: data.toString('base64url'),
        clientDataJSON: client.toString('base64url'),
        signature,
      },
    };
  }

  get #signer(): Authenticator {
    return this.wrong.signer ?? this;
  }

  #asked(challenge: string): { readonly data: Buffer; readonly client: Buffer } {
    const { client, rewrite = (text) => text, host, flags = 0x05, behind = new Uint8Array() } = this.wrong;
    const { origin } = this.passkey;
    // In the order and with the member that Chromium writes.
    const made = {
      type: 'webauthn.get',
      challenge,
      origin,
      crossOrigin: false,
      other_keys_can_be_added_here:
        'do not compare clientDataJSON against a template. See https://goo.gl/yabPex',
      ...client,
    };
    const data = Buffer.concat([
      sha256(host ?? new URL(origin).hostname),
      Buffer.of(flags, 0, 0, 0, 0),
      behind,
    ]);
    return { data, client: Buffer.from(rewrite(JSON.stringify(made))) };
  }

  #over(data: Uint8Array, client: Uint8Array, text: string): Buffer {
    return this.wrong.plain === true ? Buffer.from(text) : Buffer.concat([data, sha256(client)]);
  }

  #sign(message: Buffer, dsaEncoding: 'der' | 'ieee-p1363'): Buffer {
    const { alg, wrong } = this;
    if (wrong.signer !== undefined) return wrong.signer.#sign(message, dsaEncoding);
    return sign(alg === 'p256' ? 'sha256' : null, message, { key: this.#private, dsaEncoding });
  }
}
