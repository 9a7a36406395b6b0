// Receipts: the spec's example, what a receipt that holds shows, and for each check the change that only it finds.

import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64url, toBase64, utf8 } from '../values/bytes.ts';
import { sha256 } from '../values/sha256.ts';
import { cosign, signHead } from './heads.ts';
import { NOTE_COSIGNATURE, NOTE_ED25519, parseNote, printNote, verifier } from './note.ts';
import { makeReceipt, openReceipt, parseReceipt, printReceipt } from './receipt.ts';
import { leafHash, subtreeOf, treeRoot } from './tree.ts';

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: fromBase64url(publicKey.export({ format: 'jwk' }).x as string),
    sign: (message: Uint8Array) => new Uint8Array(nodeSign(null, message, privateKey)),
  };
}
const error = (name: string, code: string) => expect.objectContaining({ name, code });

// The example of C2SP tlog-proof. It leaves out most of each signature, and twelve of the seventeen hashes.
const example = `c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

\u2014 example.com/fancylog hI2DJw[...]1roloI=
`;

const [log, other, witness] = [pair(), pair(), pair()];
const origin = 'ledger.example/acme';
const logKey = verifier(origin, NOTE_ED25519, log.publicKey);
const otherKey = verifier('other.example/log', NOTE_ED25519, other.publicKey);
const witnessKey = verifier('witness.example', NOTE_COSIGNATURE, witness.publicKey);
const keys = { log: [logKey, otherKey], witnesses: [witnessKey] };

const entries = Array.from({ length: 7 }, (_, at) => utf8(`entry ${at}`));
const leaves = entries.map((entry) => leafHash(entry, sha256));
const root = treeRoot(leaves, sha256);

async function headOver(size: number, by = log, name = origin): Promise<string> {
  const head = { origin: name, size, root: treeRoot(leaves.slice(0, size), sha256) };
  const { text, signatures } = parseNote(await signHead(head, by.publicKey, by.sign));
  const cosignature = await cosign(text, witnessKey, 1_700_000_000, witness.sign);
  return printNote({ text, signatures: [...signatures, cosignature] });
}

async function receiptOf(index: number, size = 7): Promise<string> {
  const entry = entries[index] as Uint8Array;
  const made = makeReceipt({ index, entry, head: await headOver(size) }, subtreeOf(leaves, sha256), sha256);
  return printReceipt(made);
}

describe('the form', () => {
  test('the example of the spec', () => {
    const receipt = parseReceipt(example);
    expect(receipt.index).toBe(73_894);
    expect(receipt.proof.map((hash) => hash.length)).toEqual([32, 32, 32, 32, 32]);
    expect(toBase64(receipt.proof[0] as Uint8Array)).toBe('gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=');
    expect(Buffer.from(receipt.entry as Uint8Array).toString('latin1')).toMatch(/^age-v1\.2\.1-darwin-arm64/);
    expect(receipt.head.startsWith('example.com/fancylog\n109482\n')).toBe(true);
    expect(printReceipt(receipt)).toBe(example);
  });

  test('is as the spec writes it: mark, extra, index, hashes, an empty line, the note verbatim', async () => {
    const head = await headOver(3);
    expect(await receiptOf(2, 3)).toBe(
      `c2sp.org/tlog-proof@v1\nextra ${Buffer.from('entry 2').toString('base64')}\nindex 2\n` +
        `${toBase64(subtreeOf(leaves, sha256)(1, 0))}\n\n${head}`,
    );
    const bare = makeReceipt({ index: 0, head: await headOver(1) }, subtreeOf(leaves, sha256), sha256);
    expect(printReceipt(bare)).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${await headOver(1)}`);
  });

  test('what is accepted prints again as the same text', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.array(hash, { maxLength: 53 }),
        fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
        fc.string({ unit: 'grapheme' }),
        (index, proof, entry, head) => {
          const receipt = { index, proof, head, ...(entry === undefined ? {} : { entry }) };
          expect(parseReceipt(printReceipt(receipt))).toEqual(receipt);
        },
      ),
    );
  });

  const line = 'A'.repeat(43).concat('=');
  test.each([
    ['another version', example.replace('@v1', '@v2')],
    ['nothing', ''],
    ['the mark alone', 'c2sp.org/tlog-proof@v1\n'],
    ['an empty line after the mark', example.replace('\n', '\n\n')],
    ['carriage returns', example.replaceAll('\n', '\r\n')],
    ['no index', example.replace('index 73894\n', '')],
    ['a leading zero', example.replace('index 73894', 'index 073894')],
    ['a sign', example.replace('index 73894', 'index +73894')],
    ['a fraction', example.replace('index 73894', 'index 1.5')],
    ['an exponent', example.replace('index 73894', 'index 1e3')],
    ['a negative index', example.replace('index 73894', 'index -1')],
    ['an index no double holds', example.replace('index 73894', 'index 9007199254740993')],
    ['a trailing space', example.replace('index 73894', 'index 73894 ')],
    ['an empty extra line', example.replace(/extra .*/, 'extra ')],
    ['two extra lines', example.replace('index', 'extra AA==\nindex')],
    ['the extra line after the index', example.replace(/(extra .*\n)(index .*\n)/, '$2$1')],
    ['url-safe base64', example.replace('1U8anccXmA', '1U8anccX-A')],
    ['a short hash', example.replace('AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=', 'AHCi')],
    ['another base64 of the same bytes', example.replace('5vk=', '5vl=')],
    ['more hashes than a tree is high', example.replace('\n\n', `\n${`${line}\n`.repeat(49)}\n`)],
    ['no note', example.slice(0, example.indexOf('\n\n'))],
  ])('refuses %s', (_, text) => {
    expect(() => parseReceipt(text)).toThrow(error('ReceiptError', 'malformed'));
  });

  test('refuses what is larger than any receipt', () => {
    const long = example.replace(/extra .*/, `extra ${'A'.repeat(4 * 21_846)}`);
    expect(() => parseReceipt(long)).toThrow(error('ReceiptError', 'too-large'));
    expect(() => parseReceipt(`${example}${'a'.repeat(200_000)}`)).toThrow(
      error('ReceiptError', 'too-large'),
    );
  });
});

describe('a receipt', () => {
  test('shows its entry, its position, whose head and who cosigned it', async () => {
    for (let size = 1; size <= 7; size++)
      for (let index = 0; index < size; index++) {
        const opened = await openReceipt(await receiptOf(index, size), keys, { sha256 });
        expect(opened).toMatchObject({ index, entry: entries[index], head: { origin, size, unknown: 0 } });
        expect(opened.head.cosigned).toMatchObject([
          { witness: 'witness.example', timeSeconds: 1_700_000_000 },
        ]);
      }
  });

  test('without its entry holds for whoever has that', async () => {
    const text = (await receiptOf(4)).replace(/extra .*\n/, '');
    expect(await openReceipt(text, keys, { sha256, entry: entries[4] as Uint8Array })).toMatchObject({
      index: 4,
      entry: entries[4],
    });
    await expect(openReceipt(text, keys, { sha256 })).rejects.toThrow(error('ReceiptError', 'no-entry'));
  });

  test('is made only of what is in the tree', async () => {
    const head = await headOver(3);
    expect(() => makeReceipt({ index: 3, head }, subtreeOf(leaves, sha256), sha256)).toThrow(RangeError);
  });

  test('does not hold for another entry, position, proof or root', async () => {
    const text = await receiptOf(4);
    const refused = (changed: string) =>
      expect(openReceipt(changed, keys, { sha256 })).rejects.toThrow(error('ReceiptError', 'not-included'));
    await refused(text.replace(/extra .*/, `extra ${toBase64(entries[3] as Uint8Array)}`));
    await refused(text.replace('index 4', 'index 5'));
    await refused(text.replace('index 4', 'index 7'));
    const { head, proof } = parseReceipt(text);
    const entry = entries[4] as Uint8Array;
    for (let at = 0; at < proof.length; at++) {
      await refused(printReceipt({ index: 4, head, entry, proof: proof.toSpliced(at, 1) }));
      await refused(printReceipt({ index: 4, head, entry, proof: proof.with(at, root) }));
    }
    await refused(printReceipt({ index: 4, head, entry, proof: [...proof, root] }));
    await refused(printReceipt({ index: 4, proof, entry, head: await headOver(6) }));
  });

  test('an inner node is no entry', async () => {
    const proof = [subtreeOf(leaves, sha256)(1, 1)];
    const entry = new Uint8Array([...(leaves[0] as Uint8Array), ...(leaves[1] as Uint8Array)]);
    const text = printReceipt({ index: 0, proof, entry, head: await headOver(4) });
    await expect(openReceipt(text, keys, { sha256 })).rejects.toThrow(error('ReceiptError', 'not-included'));
  });

  test('of another entry than the one given is refused', async () => {
    const entry = entries[3] as Uint8Array;
    await expect(openReceipt(await receiptOf(4), keys, { sha256, entry })).rejects.toThrow(
      error('ReceiptError', 'other-entry'),
    );
  });

  test('the key of one log does not speak for another', async () => {
    // Rightly signed by a trusted key, under a name that is not its own.
    const { text } = parseNote(await headOver(7));
    const signature = { name: otherKey.name, keyId: otherKey.keyId, signature: other.sign(utf8(text)) };
    const head = printNote({ text, signatures: [signature] });
    const receipt = printReceipt({ ...parseReceipt(await receiptOf(4)), head });
    await expect(openReceipt(receipt, keys, { sha256 })).rejects.toThrow(error('ReceiptError', 'wrong-log'));
  });

  test('a head that no trusted log key signed, or with one false signature, is refused', async () => {
    const text = await receiptOf(4);
    const witnessesOnly = { log: [otherKey], witnesses: [witnessKey] };
    await expect(openReceipt(text, witnessesOnly, { sha256 })).rejects.toThrow(
      error('NoteError', 'unsigned'),
    );
    const { text: headText, signatures } = parseNote(parseReceipt(text).head);
    for (const at of [0, 1]) {
      const one = signatures[at];
      if (one === undefined) throw new Error('no such signature');
      const forged = { ...one, signature: one.signature.map((byte, bit) => (bit === 40 ? byte ^ 1 : byte)) };
      const head = printNote({ text: headText, signatures: signatures.with(at, forged) });
      const receipt = printReceipt({ ...parseReceipt(text), head });
      await expect(openReceipt(receipt, keys, { sha256 })).rejects.toThrow(
        error('NoteError', 'bad-signature'),
      );
    }
  });
});
