// Planted requests: a real house, people who sign without knowing, and nothing that ever reaches the server.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, openCommitments } from '@surety/proof/records';
import { afterEach, describe, expect, test } from 'vitest';
import { seedReport, wilson } from './cli/seeded.ts';
import { openStore } from './cli/store.ts';
import { loadConfig } from './config/index.ts';
import { files, hourMs, people, referenceIn, TestHouse } from './house.fixture.ts';
import { sha256 } from './ledger/hash.ts';

const hashOf = (text: string): string => digestOf(text, sha256);
let house: TestHouse;
afterEach(() => house?.close());
const { ines } = people;

const seed = (more = '') => `
seed: changed-account
because: The account is not the supplier's.
checkpoint: payments/four-eyes
call: erp.pay
args: { invoice: "INV-{digits:6}", amount: "19999.00", currency: USD }
agent: buyer
${more}`;
const opened = 'application: desk\nuser: sam@acme.example\nwords: Please pay this.\n';

async function open(every = '', more = opened): Promise<void> {
  house = await TestHouse.open({
    'surety.yaml': `${files['surety.yaml']}\nseeds: {${every}}\n`,
    'seeds/changed-account.yaml': seed(more),
  });
}
const heldBy = async () => (await house.factsOf('call.held')).at(-1);

// By the formula, as other implementations print it.
test.each([
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [2, 3, 0.2077, 0.9385],
  [81, 263, 0.2553, 0.3662],
])('%i of %i is between %d and %d', (hits, count, low, high) => {
  const [from = 0, to = 0] = wilson(hits, count) ?? [];
  expect(from).toBeCloseTo(low, 3);
  expect(to).toBeCloseTo(high, 3);
});

describe('a planted hold', () => {
  test('looks like a real one, in every fact, until it is answered', async () => {
    await open();
    const mine = await house.openCase();
    await house.match('INV-1', { case: mine });
    await house.pay('INV-1', '20000.00', { case: mine });
    const real = await heldBy();
    await house.house.plant();
    const planted = await heldBy();
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(() => '');
      if (typeof value !== 'object' || value === null) return typeof value;
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shape(each)]));
    };
    expect(shape(planted)).toEqual(shape(real));
    expect(planted?.body.hold).not.toBe(real?.body.hold);
    // What commits to it lies before, and says nothing.
    const [committed] = await house.factsOf('seed.committed');
    expect(committed?.position).toBeLessThan(planted?.position ?? 0);
    const all = house.log.disclosures(0, house.log.size()).map(([, disclosure]) => disclosure);
    expect(
      openCommitments(committed?.body.slots ?? [], (digest) => all.find((each) => hashOf(each) === digest))
        .withheld,
    ).toBe(8);
    expect(JSON.stringify(await house.facts())).not.toContain('changed-account');
  });

  test('that is approved counts for nothing, and whoever approved it hears that', async () => {
    await open('', '');
    await house.house.plant();
    const planted = await heldBy();
    const hold = planted?.body.hold ?? '';
    const { invoice } = house.opened({ position: planted?.position ?? 0 }, planted?.body.args ?? []) as {
      invoice: string;
    };
    const answer = await house.answerHold(hold, ines);
    expect(answer).toEqual({
      ...{ hold, decision: 'approve' },
      seed: { seed: 'changed-account', caught: false, because: "The account is not the supplier's." },
    });
    // The same call by the agent itself, in the same case.
    await house.match(invoice);
    const reply = await house.pay(invoice, '19999.00');
    expect(reply.is).toBe('held');
    expect(referenceIn(reply)).not.toBe(hold);
    expect(house.sentFor('erp.pay', invoice)).toBe(0);
    await expect(house.answerHold(hold, ines)).rejects.toMatchObject({ code: 'no-hold' });
    const [answered] = await house.factsOf('seed.answered');
    expect(answered?.body).toMatchObject({ hold, answer: 'approve', person: ines.id, function: 'finance' });
    expect(hashOf(answered?.body.opened ?? '')).toBe(answered?.body.slot);
    expect((await house.factsOf('seed.committed'))[0]?.body.slots).toContain(answered?.body.slot);
    await house.restart();
    expect((await house.pay(invoice, '19999.00')).is).toBe('held');
    expect((await house.verified(house.now())).failed).toEqual([]);
  });

  test('is known after the process died, and one that is refused is caught', async () => {
    await open();
    await house.house.plant('changed-account');
    const hold = (await heldBy())?.body.hold ?? '';
    await house.restart();
    house.advance(90_000);
    const answer = await house.answerHold(hold, ines, { decision: 'refuse' });
    expect(answer).toMatchObject({ seed: { caught: true } });
    const [answered] = await house.factsOf('seed.answered');
    expect(answered?.body.tookMs).toBeGreaterThanOrEqual(90_000);
  });

  test('that nobody answers ends as others do, and is told then', async () => {
    await open();
    await house.house.plant();
    const hold = (await heldBy())?.body.hold ?? '';
    await house.house.settle();
    expect(await house.factsOf('seed.answered')).toEqual([]);
    house.advance(24 * hourMs + 1);
    await house.house.settle();
    await house.house.settle();
    expect((await house.factsOf('seed.answered')).map(({ body }) => body)).toEqual([
      expect.objectContaining({ hold, answer: 'none' }),
    ]);
  });
});

describe('what is planted', () => {
  test('by the schedule comes once a day at most, at a time of its own, over restarts', async () => {
    await open(' every: 1d ');
    for (let hour = 0; hour < 15; hour += 1) {
      await house.house.settle();
      if (hour === 7) await house.restart();
      house.advance(hourMs - 60_000);
    }
    expect((await house.factsOf('call.held')).length).toBeLessThanOrEqual(1);
    expect(await house.factsOf('seed.committed')).toHaveLength(1);
    house.advance(hourMs);
    for (let hour = 0; hour < 24; hour += 1) {
      await house.house.settle();
      house.advance(hourMs - 60_000);
    }
    const held = await house.factsOf('call.held');
    expect(held.length).toBeGreaterThanOrEqual(1);
    expect(held.length).toBeLessThanOrEqual(2);
  });

  test('by hand is bounded, and different each time', async () => {
    await open();
    for (let nth = 0; nth < 7; nth += 1) await house.house.plant();
    await expect(house.house.plant()).rejects.toThrow('enough are planted for today');
    const held = await house.factsOf('call.held');
    expect(new Set(held.map(({ body }) => body.action)).size).toBe(7);
  });

  test.each([
    ['a checkpoint that holds nothing', seed().replace('four-eyes', 'matched'), 'holds no call'],
    ['an agent that nobody enrolled', seed().replace('agent: buyer', 'agent: nobody'), 'is enrolled'],
    ['an amount that cannot be read', seed().replace('"19999.00"', '"1.999"'), 'amount'],
    ['half a case', seed('user: sam@acme.example'), 'belong together'],
    ['a key that nobody knows', seed('more: 1'), 'seeds/changed-account.yaml'],
  ])('is not %s', async (_, text, problem) => {
    await open();
    writeFileSync(join(house.folder, 'seeds/changed-account.yaml'), text);
    await expect(house.house.plant()).rejects.toThrow(problem);
    expect(await house.factsOf('call.held')).toEqual([]);
  });

  test('stays unplanted where nobody said that there are seeds, or another key committed', async () => {
    house = await TestHouse.open();
    await expect(house.house.plant()).rejects.toThrow('no seeds are declared');
    await house.close();
    await open();
    await house.house.plant();
    await house.restart(async () => {
      const file = join(house.folder, 'store/keys/seeds.key');
      expect(readFileSync(file)).toHaveLength(32);
      writeFileSync(file, Buffer.alloc(32, 9));
    });
    await expect(house.house.plant()).rejects.toThrow('the key of the seeds');
  });
});

describe('the report', () => {
  test('says how many were caught, how sure that is, and how long it took', async () => {
    await open();
    for (const decision of ['refuse', 'approve', 'refuse'] as const) {
      await house.house.plant();
      house.advance(60_000);
      await house.answerHold((await heldBy())?.body.hold ?? '', ines, { decision });
    }
    await house.log.flushed();
    const loaded = await loadConfig(house.folder, {});
    if (!loaded.ok) throw new Error('the files do not load');
    const store = openStore(loaded.config);
    try {
      const [report, ...more] = seedReport(store);
      expect(more).toEqual([]);
      expect(report).toMatchObject({ function: 'finance', answered: 3, caught: 2, unanswered: 0 });
      expect(report?.catchRate).toBeCloseTo(2 / 3);
      expect(report?.medianMs).toBeGreaterThanOrEqual(60_000);
    } finally {
      store.close();
    }
  });
});
