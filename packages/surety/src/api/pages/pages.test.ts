// The page that asks a person: what it shows, to whom, and what becomes of an answer. What the agent sends is hostile.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, hourMs, people, told } from '../../house.fixture.ts';
import { readable, TestPages } from './pages.fixture.ts';

const { ines, sam, lena, paul, tove, dora } = people;

let pages: TestPages;
beforeAll(async () => {
  pages = await TestPages.open();
});
afterAll(async () => {
  expect(pages.faults).toEqual([]);
  await pages?.close();
});

describe('what is shown', () => {
  let hold: string;
  beforeAll(async () => {
    ({ hold } = await pages.held('A-1', { note: 'for the <b>spring</b> order' }));
  });

  test('who wants what for whom, how much, every argument, why it waits and until when', async () => {
    const { status, text } = await pages.visit(ines, `/approve/${hold}`);
    expect(status).toBe(200);
    const seen = readable(text);
    expect(seen).toContain('The agent buyer, for sam@acme.example, wants to spend money with erp.pay');
    expect(seen).toContain('14,250.00 USD');
    expect(seen).toContain('invoice A-1');
    expect(seen).toContain('for the <b>spring</b> order');
    expect(seen).toContain('What the user asked for Please pay.');
    expect(seen).toContain('No supplier is paid without a match and, above 10,000, a second pair of eyes.');
    expect(seen).toContain('tove@acme.example answers for it');
    expect(seen).toContain(
      'Its checkpoint four-eyes asks people before erp.pay, where money > 1000000 is true',
    );
    expect(seen).toContain(
      'One person of finance must approve, and not whoever the agent acts for nor whoever answers for the agent.',
    );
    expect(seen).toContain('Nobody has yet.');
    expect(text).not.toContain('<b>spring');
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  test('to whom it goes stands as large as the amount: by the label of the tool, else by the names of arguments', async () => {
    const partiesIn = async (own: TestPages, more: Readonly<Record<string, unknown>>) => {
      const { hold: asked } = await own.held('A-2', more);
      const { text } = await own.visit(ines, `/approve/${asked}`);
      await own.close();
      return [...text.matchAll(/<span class="party">(.*?)<\/span>/g)].map(([, one = '']) => readable(one));
    };
    const named = { supplier: 'Globex', iban: 'LT02', memo: 'x', to: { a: 1 } };
    expect(await partiesIn(await TestPages.open(), named)).toEqual(['iban LT02', 'supplier Globex']);
    const labelled = files['surety.yaml'].replace(
      'erp.pay: { effect: spend,',
      'erp.pay: { effect: spend, subject: { vendor: args.vendor_id },',
    );
    const own = await TestPages.open({ 'surety.yaml': labelled });
    expect(await partiesIn(own, { vendor_id: 'V-17', iban: 'LT02' })).toEqual(['vendor V-17', 'iban LT02']);
  });

  test('the answers stand after all that is to be read', async () => {
    const { text } = await pages.visit(ines, `/approve/${hold}`);
    const order = ['Every argument', 'Why it waits', 'Your answer', '<form method="post" action="/approve/'];
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  test('the inbox has it for those who can answer, and apart for those who only may look', async () => {
    expect(readable((await pages.visit(ines, '/')).text)).toMatch(/1 call waits for you .*14,250\.00 USD/);
    const requester = readable((await pages.visit(sam, '/')).text);
    expect(requester).toContain('Nothing waits for you');
    expect(requester).toMatch(/Waits, and not for you .*the requester cannot approve/);
    expect(readable((await pages.visit(dora, '/')).text)).not.toContain('14,250.00');
  });

  test.each([
    ['its approvers', ines, 200, undefined],
    ['whoever it acts for', sam, 200, 'You cannot approve it: the requester cannot approve.'],
    [
      'whoever answers for the agent',
      lena,
      200,
      'You cannot approve it: the owner of the agent cannot approve.',
    ],
    [
      'the owner of the outcome',
      tove,
      200,
      'You cannot approve it: it waits for finance, which you do not act for.',
    ],
    ['nobody of another function', paul, 404, undefined],
  ] as const)('it concerns %s', async (_, who, status, why) => {
    const seen = await pages.visit(who, `/approve/${hold}`);
    expect(seen.status).toBe(status);
    if (why !== undefined) expect(readable(seen.text)).toContain(why);
    if (status === 404) expect(seen.text).toBe((await pages.visit(who, '/approve/h-none00000000')).text);
  });

  test('what was erased cannot be approved', async () => {
    const { args, ...shown } = {
      ...(await import('./holds.ts')).holdFor(pages.house.house.pages, ines.id, hold),
    };
    expect(args).toBeDefined();
    const { against } = await import('./holds.ts');
    expect(against(pages.house.house.pages, ines.id, { ...shown, args: undefined } as never)).toBe(
      'its arguments were erased',
    );
  });
});

describe('what an agent may send', () => {
  const shown = async (more: Readonly<Record<string, unknown>>, invoice: string) => {
    const { hold } = await pages.held(invoice, more);
    const { text, status } = await pages.visit(ines, `/approve/${hold}`);
    expect(status).toBe(200);
    return text;
  };

  test('markup is text, in names as in values', async () => {
    const hostile = '</dd><script>alert(1)</script><img src=x onerror=alert(2)>"\'&';
    const text = await shown({ [hostile]: hostile, list: [{ [hostile]: [hostile] }] }, 'M-1');
    expect(text).not.toMatch(/<script>alert|<img|onerror=alert\(2\)>"/);
    expect(readable(text).split(hostile).length - 1).toBe(4);
  });

  test('what cannot be seen is marked, and said to be unusual', async () => {
    const text = await shown(
      { note: 'pay \u202Egnp.exe\u2066 to\u200B V\u00A017\u0000\u{E0041}\u3164' },
      'M-2',
    );
    for (const mark of ['U+202E', 'U+2066', 'U+200B', 'U+00A0', 'U+0000', 'U+E0041', 'U+3164'])
      expect(text).toContain(`>${mark}</span>`);
    for (const mark of '\u202E\u2066\u200B\u00A0\u0000\u3164') expect(text).not.toContain(mark);
    expect(readable(text)).toContain(
      'The argument note holds characters that cannot be seen, or that reorder others',
    );
  });

  test('words of mixed scripts are told', async () => {
    expect(readable(await shown({ name: 'Gl\u043Ebex' }, 'M-3'))).toContain(
      'The argument name has a word with letters of different scripts, which can look alike.',
    );
    expect(readable(await shown({ name: 'Müller GmbH, Ελλάς' }, 'M-4'))).not.toContain('different scripts');
  });

  test('100 kB in one value, and thousands of arguments, are all there', async () => {
    const long = `${'x'.repeat(100_000)}THE END`;
    expect(await shown({ long }, 'M-5')).toContain('THE END');
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`argument-${at}`, at]));
    const text = await shown(many, 'M-6');
    for (const at of [0, 1_500, 2_999]) expect(text).toContain(`argument-${at}`);
  });

  test('a text that reads like a number is told from one', async () => {
    expect(readable(await shown({ code: '12', count: 12, none: '', list: [], more: {} }, 'M-7'))).toMatch(
      /code "12" count 12 .*list an empty list more an empty object none an empty text/,
    );
  });
});

describe('what is unusual', () => {
  test('is said from the ledger: first with little to compare, then against what was let through', async () => {
    const own = await TestPages.open({});
    try {
      const seen = async (invoice: string, more = {}, amount = '14250.00') => {
        const { hold } = await own.held(invoice, more, amount);
        return readable((await own.visit(ines, `/approve/${hold}`)).text);
      };
      expect(await seen('U-0')).toContain('No call of erp.pay was let through before');
      for (const [at, amount] of [900, 800, 700, 600, 500, 400].entries()) {
        const invoice = `P-${at}`;
        await own.house.match(invoice);
        const paid = await own.house.call('erp.pay', {
          invoice,
          amount: `${amount}.00`,
          currency: 'USD',
          bank: at < 4 ? 'A' : 'B',
        });
        expect(told(paid)).toBe('result');
      }
      const large = await seen('U-1', { bank: 'A' });
      expect(large).toContain(
        'The amount is above every one of the last 6 calls of erp.pay in USD that were let through; the largest was 900.00 USD.',
      );
      expect(large).not.toContain('The argument bank has a new value');
      expect(large).not.toContain('The argument invoice has a new value');
      expect(large).toContain('The agent is new here');
      const strange = await seen('U-2', { bank: 'C' });
      expect(strange).toContain(
        'The argument bank has a new value: none of the last 6 calls of erp.pay had it; they had 2 different ones.',
      );
      own.house.advance(9 * 24 * hourMs);
      for (const name of ['U-3', 'U-4', 'U-5']) await own.held(name);
      const often = await seen('U-6');
      expect(often).toContain('It is one of 4 calls of this agent on that day that waited for people');
      expect(often).not.toContain('The agent is new here');
    } finally {
      await own.close();
    }
  });
});

describe('a refusal', () => {
  test('needs a reason, is kept, stops the call, and is shown as it was said', async () => {
    const { hold, args, case: of } = await pages.held('R-1');
    const empty = await pages.send(ines, `/approve/${hold}/no`, { reason: '  ' });
    expect(empty.status).toBe(409);
    expect(readable(empty.text)).toContain('A refusal has a reason, of at most 1000 characters.');
    const sent = await pages.send(ines, `/approve/${hold}/no`, { reason: 'Not <our> supplier' });
    expect([sent.status, sent.headers.get('location')]).toEqual([303, `/approve/${hold}`]);
    const [fact] = (await pages.house.factsOf('hold.refused')).slice(-1);
    expect(fact?.body).toMatchObject({ hold, function: 'finance', person: ines.id });
    expect(pages.house.opened(fact as never, fact?.body.cause ?? [])).toBe('Not <our> supplier');
    const { text } = await pages.visit(ines, `/approve/${hold}`);
    expect(readable(text)).toMatch(
      /It was refused\. ines@acme\.example refused it, .*Not <our> supplier.*fact \d+/,
    );
    expect(text).not.toContain('<textarea');
    expect(told(await pages.house.call('erp.pay', args, { case: of }))).toMatch(/^refused/);
    expect(await pages.house.whyRefused()).toContain('a person has refused it');
    const again = await pages.send(ines, `/approve/${hold}/no`, { reason: 'again' });
    expect(again.status).toBe(409);
  });

  test.each([
    ['whoever it acts for', sam, 409],
    ['whoever answers for the agent', lena, 409],
    ['the owner of the outcome, of another function', tove, 409],
    ['whom it does not concern', paul, 404],
  ] as const)('is not for %s', async (_, who, status) => {
    const { hold } = await pages.held(`R-2-${who.id}`);
    expect((await pages.send(who, `/approve/${hold}/no`, { reason: 'no' })).status).toBe(status);
    expect(pages.house.house.gateway.logic.hold(hold)?.refused).toBeUndefined();
  });

  test('outweighs an approval that is not used, and survives a restart', async () => {
    const { hold, args, case: of } = await pages.held('R-3');
    await pages.house.answerHold(hold, ines);
    expect(readable((await pages.visit(ines, `/approve/${hold}`)).text)).toContain(
      'It is approved, and not yet used. A no still stops it.',
    );
    await pages.send(ines, `/approve/${hold}/no`, { reason: 'I looked again' });
    expect(told(await pages.house.call('erp.pay', args, { case: of }))).toMatch(/^refused/);
  });
});

describe('a planted request', () => {
  test('looks like any other until it is answered; refused by a session it is caught, and its page says what it was', async () => {
    const own = await TestPages.open({
      'surety.yaml': `${files['surety.yaml']}\nseeds: {}\n`,
      'seeds/changed-account.yaml': [
        'seed: changed-account',
        "because: The account is not the supplier's.",
        'checkpoint: payments/four-eyes',
        'call: erp.pay',
        'args: { invoice: "INV-{digits:6}", amount: "14250.00", currency: USD }',
        'agent: buyer',
        'application: desk',
        'user: sam@acme.example',
        'words: Please pay.',
        '',
      ].join('\n'),
    });
    try {
      const { hold: real } = await own.held('INV-100200');
      await own.house.house.plant();
      const planted = (await own.house.factsOf('call.held')).at(-1)?.body.hold ?? '';
      const shape = async (hold: string) => {
        const { text } = await own.visit(ines, `/approve/${hold}`);
        return readable(text)
          .replaceAll(hold, 'HOLD')
          .replace(/"expires":\d+/, 'EXPIRES')
          .replace(/INV-\d+/g, 'INV')
          .replace(/\d\d:\d\d UTC/g, 'TIME')
          .replace(/[\w-]{43,}|k-[\w-]{12}/g, 'ID');
      };
      expect(await shape(planted)).toBe(await shape(real));
      const sent = await own.send(ines, `/approve/${planted}/no`, { reason: 'another account' });
      expect(sent.status).toBe(303);
      const [answered] = await own.house.factsOf('seed.answered');
      expect(answered?.body).toMatchObject({ hold: planted, answer: 'refuse', person: ines.id });
      const after = await own.visit(ines, `/approve/${planted}`);
      expect(readable(after.text)).toContain('No agent asked for this: it was planted');
      expect(after.text).not.toContain('<textarea');
      expect(own.faults).toEqual([]);
    } finally {
      await own.close();
    }
  });
});
