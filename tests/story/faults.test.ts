// The first day with books that fail in the middle of one payment: what was paid is settled from the record and
// paid once; what was not paid is released by the record and may be paid again.

import { afterEach, expect, test } from 'vitest';
import {
  answerTo,
  factsOf,
  newFolder,
  paidTwice,
  payments,
  proofBytes,
  readLog,
  removeFolder,
  runStory,
  verified,
} from './stage.fixture.ts';

let folder = '';
afterEach(({ task }) => {
  if (task.result?.state !== 'fail') removeFolder(folder);
});

async function firstDay(fault: string) {
  folder = newFolder();
  await runStory(folder, { until: 'day-1', env: { ERP_FAULT: fault, ERP_TIMEOUT: '1s' } });
  const log = readLog(folder);
  const settlements = factsOf(log, 'call.settled').filter(
    ({ body }) => body.tool === 'erp.pay_invoice' && body.by === 'record',
  );
  const verification = await verified(folder, proofBytes(folder, 'day-1'));
  expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(answerTo(verification, 'reconciled')).toMatchObject({ verdict: 'proven', codes: [] });
  expect(paidTwice(folder)).toEqual([]);
  const paid = payments(folder).map(({ invoice_id }) => invoice_id);
  return { paid, fromRecord: settlements.map(({ body }) => body.settlement) };
}

test('pays and ends before answering: the record shows that it was paid', async () => {
  const { paid, fromRecord } = await firstDay('lose-answer:INV-4103');
  expect(paid).toContain('INV-4103');
  expect(paid).toHaveLength(12);
  expect(fromRecord).toEqual(['ok']);
}, 300_000);

test('ends before paying: the record shows that nothing happened, and the next attempt pays', async () => {
  const { paid, fromRecord } = await firstDay('die:INV-4103');
  expect(paid).toContain('INV-4103');
  expect(paid).toHaveLength(12);
  expect(fromRecord).toEqual(['none']);
}, 300_000);

test('neither pays nor answers, however often it is asked: each attempt is released, none is taken for paid', async () => {
  const { paid, fromRecord } = await firstDay('hang:INV-4103');
  expect(paid).not.toContain('INV-4103');
  expect(paid).toHaveLength(11);
  expect(fromRecord.length).toBeGreaterThan(1);
  expect(new Set(fromRecord)).toEqual(new Set(['none']));
}, 300_000);
