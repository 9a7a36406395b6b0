import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, fromBase64url, toBase64, utf8 } from '../values/bytes.ts';
import { cosign, openHead, parseHead, printHead, signHead } from './heads.ts';
import {
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  parseNote,
  printNote,
  printVerifier,
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

// The example of C2SP tlog-cosignature; the spec does not give its keys.
const exampleText = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const example = `${exampleText}
\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;

describe('the text of a head', () => {
  test('the example of the spec', () => {
    const { text, signatures } = parseNote(example);
    const head = parseHead(text);
    expect(head).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    expect(head.root).toHaveLength(32);
    expect(printHead(head)).toBe(exampleText);
    // Its cosignature carries the time that the spec's prose names.
    const cosignature = signatures[1]?.signature as Uint8Array;
    expect(new DataView(cosignature.buffer, cosignature.byteOffset).getBigUint64(0)).toBe(1679315147n);
    expect(cosignature).toHaveLength(72);
  });

  const root = toBase64(new Uint8Array(32));
  test.each([
    ['a leading zero', `o\n01\n${root}\n`],
    ['a sign', `o\n+1\n${root}\n`],
    ['a negative size', `o\n-1\n${root}\n`],
    ['minus zero', `o\n-0\n${root}\n`],
    ['an exponent', `o\n1e3\n${root}\n`],
    ['a space', `o\n 1\n${root}\n`],
    ['no size', `o\n\n${root}\n`],
    ['a size no double holds', `o\n9007199254740993\n${root}\n`],
    ['a fraction', `o\n1.5\n${root}\n`],
    ['no origin', `\n1\n${root}\n`],
    ['a short root', `o\n1\n${root.slice(4)}\n`],
    ['another base64', `o\n1\n${root.slice(0, -2)}B=\n`],
    ['no padding', `o\n1\n${root.slice(0, -1)}\n`],
    ['no final newline', `o\n1\n${root}`],
    ['an extension line', `o\n1\n${root}\nmore\n`],
    ['an empty extension line', `o\n1\n${root}\n\n`],
    ['a carriage return', `o\r\n1\r\n${root}\r\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseHead(text)).toThrow(error('malformed'));
  });
});

describe('a signed head', () => {
  const [log, legal, finance] = [pair(), pair(), pair()];
  const origin = 'ledger.example/acme';
  const logKey = verifier(origin, NOTE_ED25519, log.publicKey);
  const legalKey = verifier('legal.example', NOTE_COSIGNATURE, legal.publicKey);
  const financeKey = verifier('finance.example', NOTE_COSIGNATURE, finance.publicKey);
  const head = { origin, size: 7, root: new Uint8Array(32).fill(9) };
  const text = printHead(head);
  const keys = { log: [logKey], witnesses: [legalKey, financeKey] };
  const signed = async (...more: Parameters<typeof printNote>[0]['signatures'][number][]) => {
    const note = parseNote(await signHead(head, log.publicKey, log.sign));
    return printNote({ text: note.text, signatures: [...note.signatures, ...more] });
  };

  test('opens with who signed, who cosigned when, and how many nobody knows', async () => {
    const stranger = pair();
    const strangerKey = verifier('stranger.example', NOTE_COSIGNATURE, stranger.publicKey);
    const note = await signed(
      await cosign(text, legalKey, 1679315147, legal.sign),
      await cosign(text, strangerKey, 1, stranger.sign),
      await cosign(text, financeKey, 1679315150, finance.sign),
    );
    expect(await openHead(note, keys)).toEqual({
      ...head,
      logKeys: [origin],
      cosigned: [
        { witness: 'legal.example', key: printVerifier(legalKey), timeSeconds: 1679315147 },
        { witness: 'finance.example', key: printVerifier(financeKey), timeSeconds: 1679315150 },
      ],
      unknown: 1,
    });
  });

  test('a cosignature is over the bytes that the spec writes', async () => {
    const { signature } = await cosign(text, legalKey, 1679315147, legal.sign);
    const message = `cosignature/v1\ntime 1679315147\n${origin}\n7\n${toBase64(head.root)}\n`;
    const time = Uint8Array.of(0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb);
    expect(signature).toEqual(concat(time, legal.sign(utf8(message))));
  });

  test('a cosignature of another head, time or key refuses the whole', async () => {
    const other = await cosign(printHead({ ...head, size: 8 }), legalKey, 5, legal.sign);
    await expect(openHead(await signed(other), keys)).rejects.toThrow(error('bad-signature'));
    const good = await cosign(text, legalKey, 5, legal.sign);
    const later = { ...good, signature: good.signature.with(7, 6) };
    await expect(openHead(await signed(later), keys)).rejects.toThrow(error('bad-signature'));
    const far = { ...good, signature: good.signature.with(0, 0x80) };
    await expect(openHead(await signed(far), keys)).rejects.toThrow(error('bad-signature'));
    const cut = { ...good, signature: good.signature.subarray(8) };
    await expect(openHead(await signed(cut), keys)).rejects.toThrow(error('bad-signature'));
    const stub = { ...good, signature: Uint8Array.of(1) };
    await expect(openHead(await signed(stub), keys)).rejects.toThrow(error('bad-signature'));
    const forged = await cosign(text, legalKey, 5, finance.sign);
    await expect(openHead(await signed(forged), keys)).rejects.toThrow(error('bad-signature'));
  });

  test('a plain signature is no cosignature, nor the other way round', async () => {
    const plain = await signText(text, { ...legalKey }, legal.sign);
    await expect(openHead(await signed(plain), keys)).rejects.toThrow(error('bad-signature'));
    const asLog = verifier(origin, NOTE_COSIGNATURE, log.publicKey);
    const note = printNote({ text, signatures: [await cosign(text, asLog, 5, log.sign)] });
    await expect(openHead(note, keys)).rejects.toThrow(error('unsigned'));
    await expect(cosign(text, logKey, 5, log.sign)).rejects.toThrow(error('bad-key'));
  });

  test('a time that no safe integer holds is refused, though rightly signed', async () => {
    const time = Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0);
    const signature = concat(time, legal.sign(utf8(`cosignature/v1\ntime ${2n ** 53n}\n${text}`)));
    const line = { name: legalKey.name, keyId: legalKey.keyId, signature };
    await expect(openHead(await signed(line), keys)).rejects.toThrow(error('bad-signature'));
  });

  test('a key of the wrong kind in the place of a witness is an unknown key', async () => {
    const plainKey = verifier('legal.example', NOTE_ED25519, legal.publicKey);
    const note = await signed(await signText(text, plainKey, legal.sign));
    expect(await openHead(note, { log: [logKey], witnesses: [plainKey] })).toMatchObject({
      cosigned: [],
      unknown: 1,
    });
  });

  test('one witness counts once, one key under two names not at all', async () => {
    const good = await cosign(text, legalKey, 5, legal.sign);
    const again = await cosign(text, legalKey, 6, legal.sign);
    await expect(openHead(await signed(good, again), keys)).rejects.toThrow(error('bad-signature'));
    const alias = verifier('alias.example', NOTE_COSIGNATURE, legal.publicKey);
    const doubled = { log: [logKey], witnesses: [legalKey, alias] };
    await expect(openHead(await signed(good), doubled)).rejects.toThrow(error('bad-key'));
    const ownWitness = { log: [logKey], witnesses: [verifier('w', NOTE_COSIGNATURE, log.publicKey)] };
    await expect(openHead(await signed(good), ownWitness)).rejects.toThrow(error('bad-key'));
  });

  test('witnesses alone do not make a head', async () => {
    const note = printNote({ text, signatures: [await cosign(text, legalKey, 5, legal.sign)] });
    await expect(openHead(note, keys)).rejects.toThrow(error('unsigned'));
  });

  test('what cannot be a head or a time is not signed', async () => {
    const sized = (size: number) => async () => signHead({ ...head, size }, log.publicKey, log.sign);
    await expect(sized(-1)()).rejects.toThrow(error('malformed'));
    await expect(sized(2 ** 53)()).rejects.toThrow(error('malformed'));
    await expect(cosign(text, legalKey, 1.5, legal.sign)).rejects.toThrow(error('malformed'));
    await expect(cosign('hello\n', legalKey, 1, legal.sign)).rejects.toThrow(error('malformed'));
  });
});
