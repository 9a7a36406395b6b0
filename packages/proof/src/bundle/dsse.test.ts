import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NOTE_ED25519, verifier } from '../records/note.ts';
import { fromBase64url, fromUtf8, toBase64, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { openEnvelope, pae, signEnvelope } from './dsse.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = fromBase64url(publicKey.export({ format: 'jwk' }).x as string);
const sign = (message: Uint8Array) => new Uint8Array(nodeSign(null, message, privateKey));
const keys = new Map([['k', verifier('k', NOTE_ED25519, key)]]);
const type = 'application/vnd.in-toto+json';
const payload = utf8('{"a":1}');
const error = (code: string) => expect.objectContaining({ name: 'DsseError', code });

test('the encoding of the spec’s example', () => {
  const encoded = pae('http://example.com/HelloWorld', utf8('hello world'));
  expect(fromUtf8(encoded)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  expect(fromUtf8(pae('é', utf8('é')))).toBe('DSSEv1 2 é 2 é');
});

describe('an envelope', () => {
  test('is signed and opened', async () => {
    const text = await signEnvelope(type, payload, 'k', sign);
    expect(text).toBe(
      `{"payload":"${toBase64(payload)}","payloadType":"${type}","signatures":` +
        `[{"keyid":"k","sig":"${toBase64(sign(pae(type, payload)))}"}]}`,
    );
    expect(await openEnvelope(text, type, keys)).toEqual({ payload, keyId: 'k' });
  });

  test('of another type, by an unknown key, or changed is refused', async () => {
    const text = await signEnvelope(type, payload, 'k', sign);
    await expect(openEnvelope(text, 'text/plain', keys)).rejects.toThrow(error('wrong-type'));
    await expect(openEnvelope(text, type, new Map())).rejects.toThrow(error('unknown-key'));
    const retyped = text.replace(type, 'text/plain');
    await expect(openEnvelope(retyped, 'text/plain', keys)).rejects.toThrow(error('bad-signature'));
    const changed = text.replace(toBase64(payload), toBase64(utf8('{"a":2}')));
    await expect(openEnvelope(changed, type, keys)).rejects.toThrow(error('bad-signature'));
  });

  test('in any other text than its own canonical one is refused', async () => {
    const text = await signEnvelope(type, payload, 'k', sign);
    const { signatures, ...rest } = JSON.parse(text) as { signatures: object[] };
    const [signature] = signatures;
    for (const bad of [
      '',
      'null',
      `${text}\n`,
      JSON.stringify({ signatures, ...rest }),
      canonicalJson({ signatures: [], ...rest }),
      canonicalJson({ signatures: [signature, signature], ...rest }),
      canonicalJson({ signatures, ...rest, more: 1 }),
      canonicalJson({ signatures: [{ ...signature, more: 1 }], ...rest }),
      canonicalJson({ signatures, ...rest, payload: `${toBase64(payload)}=` }),
      text.replace('"payload"', '"payload":"","payload"'),
    ])
      await expect(openEnvelope(bad, type, keys)).rejects.toThrow(error('malformed'));
  });
});
