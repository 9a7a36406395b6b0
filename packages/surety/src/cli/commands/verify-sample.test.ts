// `surety verify --sample --nonce`, as an auditor types it: what is printed, what the document says, and that each item
// stands alone.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawSample, parseHead, parseNote } from '@surety/proof/records';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Day, honestDay } from '../../../../proof/src/verify.fixture.ts';
import { sha256 } from '../../ledger/hash.ts';
import { capture } from '../capture.fixture.ts';
import { verifyProof } from './verify.ts';
import { type SampleShown, sampleLines, verdictWithSample } from './verify-sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'surety-sample-'));
const proof = join(folder, 'day.proof.zip');
const nonce = 'dice: 4 1 6';
let day: Day;

beforeAll(async () => {
  day = honestDay().close();
  writeFileSync(proof, await day.proof());
  writeFileSync(join(folder, 'trust.txt'), day.trustText);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(asked: object, file = proof) {
  const terminal = capture();
  const openRecord = () => Promise.reject(new Error('no record was asked for'));
  const code = await verifyProof(terminal, openRecord, file, { trust: join(folder, 'trust.txt'), ...asked });
  return { code, out: terminal.stdout(), notes: terminal.stderr() };
}
const documentOf = async (asked: object): Promise<{ head: string; sample: SampleShown }> =>
  JSON.parse((await run({ json: true, ...asked })).out);

describe('a sample', () => {
  test('is the one that the head and the nonce draw, whoever asks', async () => {
    const { head, sample } = await documentOf({ sample: '7', nonce });
    const drawing = { head: parseHead(parseNote(head).text), nonce, count: 7 };
    expect(sample.items.map(({ position }) => position)).toEqual(drawSample(drawing, sha256));
    expect(sample).toMatchObject({ nonce, origin: day.log.origin, ledgerSize: day.log.entries.length });
    expect(sample.checks.map(({ check, ok }) => [check, ok])).toEqual([
      ['sample-drawn', true],
      ['sample-included', true],
      ['sample-disclosed', true],
    ]);
    expect((await documentOf({ sample: '7', nonce })).sample).toEqual(sample);
    expect((await documentOf({ sample: '7', nonce: `${nonce} ` })).sample.items).not.toEqual(sample.items);
  });

  test('has items that stand alone: each receipt verifies by itself', async () => {
    const { sample } = await documentOf({ sample: '5', nonce });
    for (const { position, receipt, fact } of sample.items) {
      const file = join(folder, `${position}.tlog-proof`);
      writeFileSync(file, receipt);
      const { code, out } = await run({ json: true }, file);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        receipt: 'sound',
        position,
        fact: { kind: (fact as Body).kind },
      });
    }
  });

  test('shows what is disclosed, and what it says', async () => {
    const { sample } = await documentOf({ sample: '10000', nonce });
    expect(sample.items).toHaveLength(day.log.entries.length);
    const values = sample.items.flatMap(({ disclosed }) => disclosed.map(({ value }) => value));
    expect(values).toContain('4104');
    const { code, out } = await run({ sample: '10000', nonce });
    expect(code).toBe(11);
    expect(out).toContain(`Sample of ${day.log.entries.length} of ${day.log.entries.length} facts`);
    expect(out).toContain('✓ sample-included');
    expect(out).toMatch(/call\.intended: .*4104.*\(\d+ hashes to the root\)/);
    expect(out).toContain('/invoice_id "4104"');
    // The document has what the text leaves out, and both say so.
    expect(out).toContain('each path, leaf by leaf up to the root, and each fact as a receipt: --json');
    for (const { inclusion } of sample.items) expect(inclusion.length).toBeGreaterThan(0);
  });

  test('that does not hold makes everything unsound', async () => {
    const { sample } = await documentOf({ sample: '3', nonce });
    const wrong = { ...sample, checks: [{ check: 'sample-drawn', ok: false, text: 'fact 1 is drawn' }] };
    expect(verdictWithSample('unproven', sample)).toBe('unproven');
    expect(verdictWithSample('proven', wrong)).toBe('unsound');
    expect(sampleLines(wrong, { paint: (_, text) => text }).join('\n')).toContain(
      '✕ sample-drawn: fact 1 is drawn',
    );
  });

  test('is not drawn from what is not sound', async () => {
    const broken = join(folder, 'broken.zip');
    writeFileSync(broken, 'PK');
    const { code, out } = await run({ json: true, sample: '3', nonce }, broken);
    expect(code).toBe(12);
    expect(JSON.parse(out)).not.toHaveProperty('sample');
  });

  test.each([
    [{ sample: '3' }, 'a sample needs a nonce'],
    [{ sample: '3', nonce: '' }, 'a sample needs a nonce'],
    [{ nonce }, '`--nonce` draws a sample'],
    [{ sample: '0', nonce }, 'is no size of a sample'],
    [{ sample: '1e3', nonce }, 'is no size of a sample'],
    [{ sample: '10001', nonce }, 'is no size of a sample'],
  ])('%j is refused before anything is read', async (asked, message) => {
    await expect(run(asked, join(folder, 'nowhere'))).rejects.toThrow(message);
  });
});

interface Body {
  readonly kind: string;
}
