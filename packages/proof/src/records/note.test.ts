import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, fromBase64url, toBase64 } from '../values/bytes.ts';
import {
  knownVerifiers,
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
    ['the other type under the same id', `${name}+${id}+${toBase64(fromBase64(key).with(0, 4))}`],
    ['a short key', `${name}+${id}+${toBase64(fromBase64(key).subarray(0, 32))}`],
    ['no key', `${name}+${id}`],
    ['something after', `${exampleKey}\n`],
  ])('%s is refused', (_, text) => {
    expect(() => parseVerifier(text)).toThrow(error('bad-key'));
  });
  test.each([
    [2, '0x02, ECDSA'],
    [3, '0x03'],
    [6, '0x06, an ML-DSA-44 cosignature'],
    [255, '0xff, one without a number'],
  ])('of type %i is refused by name', (type, said) => {
    const other = `${name}+${id}+${toBase64(fromBase64(key).with(0, type))}`;
    expect(() => parseVerifier(other)).toThrow(error('unknown-algorithm'));
    expect(() => parseVerifier(other)).toThrow(
      `unknown-algorithm: the key of \`example.com/foo\` is of type ${said}`,
    );
    // Where somebody else chose the keys, one of another type is counted, and the others still serve.
    expect(knownVerifiers([other, exampleKey])).toEqual({ known: [parseVerifier(exampleKey)], unknown: 1 });
    expect(() => knownVerifiers([other, 'nonsense'])).toThrow(error('bad-key'));
  });
  test('a name with a space or plus is refused', () => {
    for (const bad of ['', 'a b', 'a+b', 'a\u00a0b', 'a\nb'])
      expect(() => verifier(bad, NOTE_ED25519, new Uint8Array(32))).toThrow(error('bad-name'));
  });
});
