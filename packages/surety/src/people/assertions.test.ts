// INVARIANT: gate and verifier agree on every assertion; and what a browser hands over becomes one that both accept.

import { randomBytes } from 'node:crypto';
import type { Body, Fact } from '@surety/proof/facts';
import { toBase64, toBase64url } from '@surety/proof/records';
import { assertionProblem, challengeOf, isSignedBy, type Signed } from '@surety/proof/rules';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Authenticator, type Wrong } from '../../../proof/src/approvals/authenticator.fixture.ts';
import { AssertionError, rawOfSpki, signedByPasskey } from './assertions.ts';
import { People } from './people.ts';

const text = 'surety-approval/v1\n{"this":"exact action"}';
const ines = 'ines@acme.example';
const origin = 'https://surety.acme.example';

const enrolled = (keys: Body<'person.enrolled'>['keys'], person = ines): Body<'person.enrolled'> => {
  return { person, name: [], functions: [], keys, simulated: false };
};

/** What the gate and the verifier say of it, which is the same. */
async function isTaken(signed: Signed, ...all: Body<'person.enrolled'>[]): Promise<boolean> {
  const people = new People();
  for (const body of all) people.apply({ kind: 'person.enrolled', body } as Fact);
  const gate = people.signedBy(ines, text, signed);
  expect(await isSignedBy(all, ines, text, signed)).toBe(gate);
  return gate;
}

describe.each(['p256', 'ed25519'] as const)('a passkey of %s', (alg) => {
  const passkey = (wrong: Wrong = {}) => new Authenticator(origin, { alg, wrong });

  it('signs, as the browser hands it over', async () => {
    for (let count = 0; count < 50; count++) {
      const own = passkey();
      const signed = signedByPasskey(own.key, own.get(challengeOf(text)).response);
      expect(await isTaken(signed, enrolled([own.key]))).toBe(true);
      expect(await isTaken(own.assert(text), enrolled([own.key]))).toBe(true);
    }
  });

  it.each<[string, Wrong]>([
    ['backed up', { flags: 0x1d }],
    ['that may be backed up', { flags: 0x0d }],
    ['of a browser that says nothing of frames', { client: { crossOrigin: undefined } }],
  ])('signs %s', async (_, wrong) => {
    const own = passkey(wrong);
    expect(await isTaken(own.assert(text), enrolled([own.key]))).toBe(true);
  });

  it.each<[string, Wrong]>([
    ['of another text', { client: { challenge: challengeOf('another') } }],
    ['with a padded challenge', { client: { challenge: `${challengeOf(text)}=` } }],
    ['that makes a key', { client: { type: 'webauthn.create' } }],
    ['that pays', { client: { type: 'payment.get' } }],
    ['of another origin', { client: { origin: `${origin}.evil.example` } }],
    ['of the same host without TLS', { client: { origin: 'http://surety.acme.example' } }],
    ['without an origin', { client: { origin: undefined } }],
    ['in a frame', { client: { crossOrigin: true } }],
    ['in a frame, as text', { client: { crossOrigin: 'false' } }],
    ['under a page', { client: { topOrigin: 'https://evil.example' } }],
    ['of the host above', { host: 'acme.example' }],
    ['that nobody touched', { flags: 0x04 }],
    ['without verification', { flags: 0x01 }],
    ['with reserved flags', { flags: 0x07 }],
    ['with extensions', { flags: 0x85, behind: Uint8Array.of(0xa0) }],
    ['with a key in it', { flags: 0x45 }],
    ['with bytes behind it', { behind: Uint8Array.of(0) }],
    ['backed up, which it cannot be', { flags: 0x15 }],
    [
      'with a name that stands there twice',
      { rewrite: (json) => json.replace('{', '{"type":"webauthn.get",') },
    ],
    ['with a byte order mark', { rewrite: (json) => `\ufeff${json}` }],
    ['that is a list', { rewrite: (json) => `[${json}]` }],
    ['that is too long', { client: { more: 'x'.repeat(2_048) } }],
    ['signed by another', { signer: new Authenticator(origin, { alg }) }],
    ['signed as text', { plain: true }],
    ['without an assertion', { plain: true, bare: true }],
  ])('does not sign %s', async (_, wrong) => {
    const own = passkey(wrong);
    expect(await isTaken(own.assert(text), enrolled([own.key]))).toBe(false);
  });

  it('does not sign where two people have it, or where it is not theirs', async () => {
    const own = passkey();
    const signed = own.assert(text);
    expect(await isTaken(signed, enrolled([own.key]), enrolled([own.key], 'sam@acme.example'))).toBe(false);
    expect(await isTaken(signed, enrolled([]), enrolled([own.key], 'sam@acme.example'))).toBe(false);
  });

  it('is no local key, and a local key is no passkey', async () => {
    const own = passkey();
    const { passkey: _, ...local } = own.key;
    expect(await isTaken(own.assert(text), enrolled([local]))).toBe(false);
    own.wrong = { plain: true, bare: true };
    expect(await isTaken(own.assert(text), enrolled([local]))).toBe(true);
    // With an assertion beside it, it would be signed in two ways.
    own.wrong = { plain: true };
    expect(await isTaken(own.assert(text), enrolled([local]))).toBe(false);
  });

  it('is taken out of what the browser says of it', () => {
    const { publicKey, spki } = passkey();
    expect(rawOfSpki(toBase64url(spki))).toEqual({ alg, raw: publicKey });
    for (const wrong of [spki.subarray(1), Uint8Array.of(...spki, 0), spki.with(0, 0x31), randomBytes(91)])
      expect(() => rawOfSpki(toBase64url(wrong))).toThrow(AssertionError);
  });
});

test('of bytes in which anything is flipped, gate and verifier say the same: no', async () => {
  const own = new Authenticator(origin);
  const { assertion, signature, key } = own.assert(text);
  const flip = (base64: string) => {
    const bytes = Buffer.from(base64, 'base64');
    const [at = 0, bit = 0] = randomBytes(2);
    bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << (bit % 8));
    return toBase64(bytes);
  };
  const { authenticatorData = '', clientData = '' } = assertion ?? {};
  for (let count = 0; count < 200; count++) {
    const offers: Signed[] = [
      { key, signature: flip(signature), assertion: { authenticatorData, clientData } },
      { key, signature, assertion: { authenticatorData: flip(authenticatorData), clientData } },
      { key, signature, assertion: { authenticatorData, clientData: flip(clientData) } },
    ];
    for (const offer of offers) expect(await isTaken(offer, enrolled([own.key]))).toBe(false);
  }
});

test('bytes that somebody chose are refused, and throw nothing but what says so', () => {
  const own = new Authenticator(origin);
  const { assertion = { authenticatorData: '', clientData: '' } } = own.assert(text);
  const strange = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.json().map((each) => Buffer.from(each).toString('base64')),
  );
  fc.assert(
    fc.property(strange, strange, (data, client) => {
      for (const each of [
        { authenticatorData: data, clientData: client },
        { ...assertion, authenticatorData: data },
        { ...assertion, clientData: client },
      ])
        expect(assertionProblem({ origin }, text, each)).toBeTypeOf('string');
      try {
        const browser = { authenticatorData: data, clientDataJSON: client, signature: data };
        signedByPasskey(own.key, browser);
        rawOfSpki(client);
      } catch (error) {
        expect(error).toBeInstanceOf(AssertionError);
      }
    }),
  );
});

describe('a signature in DER', () => {
  const own = new Authenticator(origin);
  const { response } = own.get(challengeOf(text));
  const der = Buffer.from(response.signature, 'base64url');
  it.each<[string, Buffer]>([
    ['cut', der.subarray(0, -1)],
    ['with a byte behind it', Buffer.concat([der, Buffer.of(0)])],
    ['of another tag', Buffer.concat([Buffer.of(0x31), der.subarray(1)])],
    ['raw', Buffer.alloc(64, 7)],
    ['empty', Buffer.alloc(0)],
    ['with a length that is too long', Buffer.from('30070202000102010100', 'hex')],
    ['with an integer that is padded', Buffer.from('300702020001020101', 'hex')],
    ['with a negative integer', Buffer.from('3006020181020101', 'hex')],
    ['with an empty integer', Buffer.from('30050200020101', 'hex')],
    [
      'with an integer of 34 bytes',
      Buffer.concat([Buffer.from('30270222', 'hex'), Buffer.alloc(34, 1), Buffer.from('020101', 'hex')]),
    ],
    [
      'with an integer of 33 bytes that needs them',
      Buffer.concat([Buffer.from('30260221', 'hex'), Buffer.alloc(33, 1), Buffer.from('020101', 'hex')]),
    ],
  ])('is refused %s', (_, signature) => {
    const offered = { ...response, signature: signature.toString('base64url') };
    expect(() => signedByPasskey(own.key, offered)).toThrow(AssertionError);
  });

  it('of small numbers is read', () => {
    const offered = { ...response, signature: Buffer.from('3006020101020102', 'hex').toString('base64url') };
    const raw = Buffer.from(signedByPasskey(own.key, offered).signature, 'base64');
    expect(raw).toEqual(Buffer.concat([Buffer.alloc(31), Buffer.of(1), Buffer.alloc(31), Buffer.of(2)]));
  });
});
