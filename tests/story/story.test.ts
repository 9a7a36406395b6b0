// The story as anybody runs it, and what it must leave behind: the verdicts, the payments, the proofs, and that
// no byte of a proof can be changed unseen.

import { bytesSource, ProofReader } from '@surety/proof/bundle';
import { parseHead, parseNote } from '@surety/proof/records';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgerIban } from '../../examples/supplier-payments/erp/books.ts';
import { sha256 } from '../../packages/surety/src/ledger/hash.ts';
import {
  answerTo,
  newFolder,
  paidTwice,
  payments,
  proofBytes,
  removeFolder,
  runStory,
  type Told,
  verified,
} from './stage.fixture.ts';

const days = ['day-1', 'day-2', 'day-3'];
const opened = (proof: Uint8Array) => ProofReader.open(bytesSource(proof), { sha256 });

async function disclosedIn(proof: Uint8Array): Promise<string[]> {
  const disclosed: string[] = [];
  for await (const part of (await opened(proof)).parts())
    if (part.is === 'lines') disclosed.push(...part.text.trimEnd().split('\n'));
  return disclosed;
}

let folder: string;
let told: Told;
beforeAll(async () => {
  folder = newFolder();
  told = await runStory(folder);
}, 300_000);
afterAll(() => removeFolder(folder));

test('says one line of JSON on stdout: each day, its verdict and its proof', () => {
  expect(told.stdout.trimEnd().split('\n')).toHaveLength(1);
  const proof = (day: string) => `${folder}/${day}.proof.zip`;
  expect(JSON.parse(told.stdout)).toEqual({
    days: [
      { day: '2026-03-02', title: 'Honest work', verdict: 'unproven', proof: proof('day-1') },
      { day: '2026-03-03', title: 'The forged invoice', verdict: 'unproven', proof: proof('day-2') },
      { day: '2026-03-04', title: 'Past the gateway', verdict: 'violated', proof: proof('day-3') },
    ],
  });
});

describe('the books', () => {
  test('hold 12, 2 and 2 payments through the gateway, and two that came another way', () => {
    const byDay = (by: string) =>
      days.map((_, day) => {
        const date = `2026-03-0${day + 2}`;
        return payments(folder).filter(
          ({ created_by, created_at }) => created_by === by && created_at.startsWith(date),
        ).length;
      });
    expect(byDay('surety-gateway')).toEqual([12, 2, 2]);
    expect(byDay('m.keller')).toEqual([0, 0, 1]);
    expect(byDay('payroll-batch')).toEqual([0, 0, 1]);
    expect(payments(folder)).toHaveLength(18);
  });

  test('hold no payment of the gateway to the forger, and none twice', () => {
    const toForger = payments(folder).filter(({ iban }) => iban === forgerIban);
    expect(toForger.map(({ created_by }) => created_by)).toEqual(['m.keller']);
    expect(paidTwice(folder)).toEqual([]);
  });
});

describe('the proofs', () => {
  test.each(days)('of %s verifies offline with the keys from outside', async (day) => {
    const verification = await verified(folder, proofBytes(folder, day));
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification.pinned).toBe(true);
    expect(verification.witnessed).toMatchObject([{ witness: 'acme.example/witness', pinned: true }]);
  });

  test.each(['day-1', 'day-2'])('of %s says that the books and the ledger agree', async (day) => {
    const verification = await verified(folder, proofBytes(folder, day));
    expect(verification.verdict).toBe('unproven');
    expect(answerTo(verification, 'reconciled')).toMatchObject({ verdict: 'proven', codes: [] });
    const { codes } = answerTo(verification, 'guarded');
    expect(codes.filter((code) => code !== 'simulated')).toEqual([]);
  });

  test('of day 3 names the one row that nobody accounts for, and not the payroll', async () => {
    const verification = await verified(folder, proofBytes(folder, 'day-3'));
    expect(verification.verdict).toBe('violated');
    const { verdict, reasons } = answerTo(verification, 'reconciled');
    expect(verdict).toBe('violated');
    const orphans = reasons.filter(({ code }) => code === 'orphan');
    expect(orphans).toHaveLength(1);
    expect(orphans[0]?.text).toContain('PAY-900001');
    expect(reasons.map(({ code }) => code).sort()).toEqual(['orphan', 'simulated']);
    expect(JSON.stringify(reasons)).not.toContain('PAY-900002');
    expect(verification.judgement?.figures).toMatchObject({ rows: 4, governed: 2, elsewhere: 1, orphans: 1 });
  });

  test('disclose no name and no word of a user', async () => {
    for (const day of days) {
      const opened = (await disclosedIn(proofBytes(folder, day)))
        .map((each) => Buffer.from(each, 'base64url').toString())
        .join('\n');
      expect(opened).not.toContain('Tove Larsen');
      expect(opened).not.toContain('Please pay the invoices');
      expect(opened).toContain('INV-4101');
    }
  });
});

describe('earlier heads', () => {
  const headOf = async (day: string) => (await opened(proofBytes(folder, day))).headNote;
  const sizeOf = async (day: string) => parseHead(parseNote(await headOf(day)).text).size;

  test('a later proof extends an earlier head', async () => {
    expect(await sizeOf('day-1')).toBeLessThan(await sizeOf('day-2'));
    for (const [later, earlier] of [
      ['day-2', 'day-1'],
      ['day-3', 'day-1'],
      ['day-3', 'day-2'],
      ['day-2', 'day-2'],
    ]) {
      const earlierHead = await headOf(String(earlier));
      const { verdict } = await verified(folder, proofBytes(folder, String(later)), { earlierHead });
      expect(verdict).not.toBe('unsound');
    }
  });

  test('an earlier proof against a later head was cut', async () => {
    const verification = await verified(folder, proofBytes(folder, 'day-1'), {
      earlierHead: await headOf('day-2'),
    });
    expect(verification.verdict).toBe('unsound');
    expect(verification.checks.filter(({ ok }) => !ok)).toMatchObject([
      { text: expect.stringContaining('cut') },
    ]);
  });
});

describe('tampering', () => {
  // Spread over the whole file, so that headers, names, contents and the directory are all hit.
  const flips = 150;
  test(`any of ${flips} changed bytes is caught`, async () => {
    const proof = proofBytes(folder, 'day-3');
    const passed: number[] = [];
    for (let nth = 0; nth < flips; nth += 1) {
      const at = Math.floor(((nth + 0.5) * proof.length) / flips);
      const changed = proof.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (nth % 8));
      if ((await verified(folder, changed)).verdict !== 'unsound') passed.push(at);
    }
    expect(passed).toEqual([]);
  }, 300_000);

  test('so is a proof that was cut short or has something behind it', async () => {
    const proof = proofBytes(folder, 'day-1');
    const changed = [0, 1, 22, 100, Math.floor(proof.length / 2), proof.length - 22, proof.length - 1].map(
      (end) => proof.slice(0, end),
    );
    changed.push(
      new Uint8Array([...proof, 0]),
      new Uint8Array([0, ...proof]),
      new Uint8Array([...proof, ...proof]),
    );
    for (const each of changed) expect((await verified(folder, each)).verdict).toBe('unsound');
  });
});
