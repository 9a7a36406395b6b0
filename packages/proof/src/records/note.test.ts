import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, fromBase64url, toBase64, utf8 } from '../values/bytes.ts';
import {
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  openNote,
  parseNote,
  parseVerifier,
  printNote,
  printVerifier,
  signNote,
  signText,
  verifier,
  verifyEd25519,
} from './note.ts';

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: fromBase64url(publicKey.export({ format: 'jwk' }).x as string),
    sign: (message: Uint8Array) => new Uint8Array(nodeSign(null, message, privateKey)),
  };
}
const error = (code: string) => expect.objectContaining({ name: 'NoteError', code });

// The example of C2SP signed-note.
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const exampleText = 'This is an example message.\n';
const exampleNote =
  `${exampleText}\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ER` +
  'YNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

describe('the example of the spec', () => {
  test('verifies, and prints again as it was', async () => {
    const key = parseVerifier(exampleKey);
    expect(key).toMatchObject({ name: 'example.com/foo', type: NOTE_ED25519, keyId: '530d903a' });
    expect(printVerifier(key)).toBe(exampleKey);
    expect(await openNote(exampleNote, [key])).toEqual({ text: exampleText, verified: [key], unknown: [] });
    expect(printNote(parseNote(exampleNote))).toBe(exampleNote);
  });
  test('does not verify once a letter is changed', async () => {
    const changed = exampleNote.replace('example message', 'example Message');
    await expect(openNote(changed, [parseVerifier(exampleKey)])).rejects.toThrow(error('bad-signature'));
  });
});

describe('notes', () => {
  const one = pair();
  const two = pair();
  const keyOne = verifier('one.example', NOTE_ED25519, one.publicKey);
  const keyTwo = verifier('two.example', NOTE_ED25519, two.publicKey);

  test('are signed and opened; unknown keys are reported, not trusted', async () => {
    const text = 'a\n\nb\n';
    const signatures = [await signText(text, keyOne, one.sign), await signText(text, keyTwo, two.sign)];
    const note = printNote({ text, signatures });
    expect(await openNote(note, [keyOne, keyTwo])).toMatchObject({ text, verified: [keyOne, keyTwo] });
    expect(await openNote(note, [keyTwo])).toEqual({ text, verified: [keyTwo], unknown: [signatures[0]] });
    await expect(openNote(note, [])).rejects.toThrow(error('unsigned'));
    expect(await signNote(text, 'one.example', one.publicKey, one.sign)).toBe(
      printNote({ text, signatures: signatures.slice(0, 1) }),
    );
  });

  test('one false signature by a known key refuses the whole note', async () => {
    const good = await signText('a\n', keyOne, one.sign);
    const bad = await signText('a\n', keyTwo, one.sign);
    const note = printNote({ text: 'a\n', signatures: [good, bad] });
    await expect(openNote(note, [keyOne, keyTwo])).rejects.toThrow(error('bad-signature'));
  });

  test('a key counts once', async () => {
    const good = await signText('a\n', keyOne, one.sign);
    const note = printNote({ text: 'a\n', signatures: [good, good] });
    await expect(openNote(note, [keyOne])).rejects.toThrow(error('bad-signature'));
  });

  test('a key id under another name is another key', async () => {
    const line = { ...(await signText('a\n', keyOne, one.sign)), name: 'two.example' };
    const note = printNote({ text: 'a\n', signatures: [line] });
    await expect(openNote(note, [keyOne, keyTwo])).rejects.toThrow(error('unsigned'));
  });

  test('a witness key does not verify a plain signature', async () => {
    const witness = verifier('one.example', NOTE_COSIGNATURE, one.publicKey);
    expect(witness.keyId).not.toBe(keyOne.keyId);
    const note = printNote({ text: 'a\n', signatures: [await signText('a\n', witness, one.sign)] });
    await expect(openNote(note, [witness, keyOne])).rejects.toThrow(error('unsigned'));
  });

  const signature = 'AAAAAAA=';
  test.each([
    ['no signatures', 'a\n'],
    ['no signature lines', 'a\n\n'],
    ['no final newline', `a\n\n\u2014 n ${signature}`],
    ['a hyphen', `a\n\n- n ${signature}\n`],
    ['two spaces', `a\n\n\u2014  n ${signature}\n`],
    ['something after', `a\n\n\u2014 n ${signature} \n`],
    ['a carriage return', `a\r\n\n\u2014 n ${signature}\n`],
    ['a control character', `a\u0007\n\n\u2014 n ${signature}\n`],
    ['a lone surrogate', `a\ud800\n\n\u2014 n ${signature}\n`],
    ['a plus in a name', `a\n\n\u2014 n+m ${signature}\n`],
    ['a space in a name', `a\n\n\u2014 n\u2003m ${signature}\n`],
    ['no base64', `a\n\n\u2014 n AAAAAA?=\n`],
    ['another form of the same base64', `a\n\n\u2014 n AAAAAAB=\n`],
    ['no signature behind the key id', 'a\n\n\u2014 n AAAAAA==\n'],
    ['text among the signatures', `a\n\n\u2014 n ${signature}\nb\n`],
  ])('refuses %s', (_, note) => {
    expect(() => parseNote(note)).toThrow(error('malformed'));
  });
  test('INVARIANT: whatever is accepted prints again as the same text', () => {
    const piece = fc.constantFrom('', ' ', '\n', '=', 'A', '+', '\u2014 ', '\u00a0', '\r', '\u0000', 'é');
    fc.assert(
      fc.property(fc.nat(exampleNote.length), fc.nat(2), piece, (at, cut, put) => {
        const changed = exampleNote.slice(0, at) + put + exampleNote.slice(at + cut);
        try {
          expect(printNote(parseNote(changed))).toBe(changed);
        } catch (cause) {
          expect(cause).toMatchObject({ name: 'NoteError' });
        }
      }),
      { numRuns: 2000 },
    );
  });
  test('bounds the number of signatures and the size', () => {
    const lines = (count: number) => `a\n\n${`\u2014 n ${signature}\n`.repeat(count)}`;
    expect(parseNote(lines(64)).signatures).toHaveLength(64);
    expect(() => parseNote(lines(65))).toThrow(error('too-large'));
    expect(() => parseNote(`${'a'.repeat(140_000)}\n\n\u2014 n ${signature}\n`)).toThrow(error('too-large'));
  });
  test('refuses to sign what it would refuse to open', async () => {
    await expect(signText('a', keyOne, one.sign)).rejects.toThrow(error('malformed'));
    await expect(signText('a\tb\n', keyOne, one.sign)).rejects.toThrow(error('malformed'));
  });
});

describe('verifier keys', () => {
  const [name, id, key] = exampleKey.split('+') as [string, string, string];
  test.each([
    ['another id', `${name}+530d903b+${key}`],
    ['the id in capitals', `${name}+530D903A+${key}`],
    ['another name', `example.com/bar+${id}+${key}`],
    ['a type of its own', `${name}+${id}+${toBase64(fromBase64(key).with(0, 2))}`],
    ['the other type under the same id', `${name}+${id}+${toBase64(fromBase64(key).with(0, 4))}`],
    ['a short key', `${name}+${id}+${toBase64(fromBase64(key).subarray(0, 32))}`],
    ['no key', `${name}+${id}`],
    ['something after', `${exampleKey}\n`],
  ])('%s is refused', (_, text) => {
    expect(() => parseVerifier(text)).toThrow(error('bad-key'));
  });
  test('a name with a space or plus is refused', () => {
    for (const bad of ['', 'a b', 'a+b', 'a\u00a0b', 'a\nb'])
      expect(() => verifier(bad, NOTE_ED25519, new Uint8Array(32))).toThrow(error('bad-name'));
  });
});

test('Ed25519: RFC 8032 section 7.1, test 2', async () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
  const key = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
  const signature = hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  expect(await verifyEd25519(key, hex('72'), signature)).toBe(true);
  expect(await verifyEd25519(key, hex('73'), signature)).toBe(false);
  expect(await verifyEd25519(key, hex('72'), signature.with(63, 1))).toBe(false);
  expect(await verifyEd25519(key.with(0, 0), hex('72'), signature)).toBe(false);
  expect(await verifyEd25519(key.subarray(1), hex('72'), signature)).toBe(false);
  expect(await verifyEd25519(key, hex('72'), signature.subarray(1))).toBe(false);
  expect(await verifyEd25519(new Uint8Array(32).fill(255), utf8('72'), signature)).toBe(false);
});
