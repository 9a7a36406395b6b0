// The report in every state that a day can be in: what a reader learns first, and that nothing in it is markup or
// order of somebody else's.

import { describe, expect, it } from 'vitest';
import { erase, give, positionsOf } from '../verdict/erased.fixture.ts';
import { guardedDays } from '../verdict/guarded.fixture.ts';
import { type Judgement, reasonCodes } from '../verdict/index.ts';
import { otherDays } from '../verdict/other.fixture.ts';
import { reconciledDays } from '../verdict/reconciled.fixture.ts';
import { Day, honestDay } from '../verify.fixture.ts';
import { reportHtml } from './html.ts';
import { moneyText, titleOf, titles, windowText } from './words.ts';

const origin = 'acme.example/surety';
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
const pageOf = async (day: Day): Promise<string> => textOf(reportHtml(await day.judged(), origin));

describe('the report', () => {
  it('says first what was promised, that it was broken, over how much money, and who can end it', async () => {
    const day = honestDay();
    day.stray({ id: 'X1', amount: '31000.00' });
    const page = await pageOf(day.close());
    const order = [
      'Verdict on supplier-payments, 2 March 2026 (UTC)',
      'What was promised No supplier is paid without a matching order',
      'The promise was broken.',
      '1 row over 31,000.00 USD in the record, accounted for by nothing.',
      'Agents made 4 calls',
      'tove@acme.example answers for this promise.',
      'What broke it',
      'Something happened that nothing accounts for',
      'id X1',
      'tove@acme.example can end it: explain or recover the row',
      'What stands in the record',
      'Done by an agent, through the gateway, and agrees with what was asked 4',
      'paul@acme.example answers for it 1 2,500.00 USD',
      'Accounted for by nothing 1 31,000.00 USD',
      'All rows 6',
      'The six questions',
      'What is not proven, and who can end it',
      'What exactly was judged',
      'What is taken for granted',
      'How to check this',
    ].map((words) => [words, page.indexOf(words)] as const);
    expect(order.filter(([, at]) => at === -1)).toEqual([]);
    expect(order.map(([, at]) => at)).toEqual(order.map(([, at]) => at).sort((a, b) => a - b));
    // Once, laid out; not a second time in the list of rows.
    expect(page.split('X1').length - 1).toBe(1);
  });

  const opening = async (day: Day) => (await pageOf(day)).replace(/.*What was promised/, '');
  it('says what is not proven without saying that anything was broken', async () => {
    const day = honestDay().close();
    const { questions } = await day.judged();
    const page = await opening(day);
    expect(page).toContain('Not proven. Nothing here shows that the promise was broken');
    expect(page).not.toContain('What broke it');
    const open = questions.flatMap(({ reasons }) => reasons).length;
    expect(page).toContain(`${open} things are not proven`);
  });

  it('over an open window says that it is open, and that the record is read later', async () => {
    const day = honestDay();
    day.asOf = day.log.drafts.at(-1)?.time ?? 0;
    const page = await opening(day);
    expect(page).toContain('Holding so far.');
    expect(page).toContain('was not read for this period. It is read when the period is over.');
  });

  it('that is proven says so, and that nothing is open', async () => {
    const judgement = await honestDay().close().judged();
    const questions = judgement.questions.map((each) => ({
      ...each,
      verdict: 'proven' as const,
      reasons: [],
    }));
    const page = textOf(reportHtml({ ...judgement, verdict: 'proven', questions } as Judgement, origin));
    expect(page).toContain('The promise was kept. This proves it, under what is taken for granted below.');
    expect(page).toContain('Nothing else is open.');
    expect(page).toContain('Nothing is open: every question is answered.');
    expect(page).not.toContain('Not proven');
  });

  it.each([
    ['no record named', honestDay({ outcome: { reconcile: undefined } }), 'No business record was named'],
    [
      'a record that was not read',
      honestDay(),
      'was not read for this period. Nothing is known of its rows.',
    ],
    ['no row', new Day().close(), 'was read, and holds no row for this period.'],
  ])('has words for %s', async (_, day, words) => {
    expect(await pageOf(day)).toContain(words);
  });

  it('counts what broke it in an earlier reading of the record too', async () => {
    const day = honestDay();
    day.stray({ id: 'X1' });
    day.close();
    day.rows.pop();
    const page = await opening(day.close(day.asOf + 3_600_000));
    expect(page).toContain('The promise was broken. 1 breach, listed below.');
  });

  it('shows rows that could not be judged, and counts those that are withheld', async () => {
    const day = honestDay();
    Object.assign(day.rows[0] as object, { amount: 'four hundred' });
    const page = await pageOf(day.close());
    expect(page).toContain('Rows that could not be judged Its amount cannot be read exactly');
    expect(page).toContain('amount four hundred');
    const hidden = honestDay().close();
    hidden.log.rows.clear();
    expect(await pageOf(hidden)).toContain('Not shown in this proof, or erased 1 –');
  });

  it.each([...reconciledDays, ...guardedDays, ...otherDays])('has words for $name', async ({ day, code }) => {
    const judgement = await day().judged();
    const html = reportHtml(judgement, origin);
    const page = textOf(html);
    expect(page).toContain(code);
    for (const { reasons } of judgement.questions)
      for (const { remedy, ...reason } of reasons) {
        expect(page).toContain(titleOf(reason));
        expect(page).toContain(remedy.replaceAll('`', ' ').split('  ')[0]?.trim());
      }
    expect(html).not.toMatch(/undefined|\[object|NaN/);
  });

  it('says what was erased, and what was found before that', async () => {
    const day = honestDay().close();
    give(day, 'proven');
    erase(day, positionsOf(day, 'call.intended', '"c-4101"'));
    const page = await pageOf(day);
    expect(page).toContain('were erased by order on 3 March 2026, 03:00 UTC: nobody can show them any more.');
    expect(page).toContain(
      'Before that, on 3 March 2026, 02:00 UTC, the verdict on this period was: the promise was kept (proven).',
    );
    expect(page).toContain('Nobody can end this: Evidence that was erased');
    expect(page).not.toContain('disclose the values');
    const never = honestDay().close();
    erase(never, positionsOf(never, 'call.intended', '"c-4101"'));
    expect(await pageOf(never)).toContain('No verdict on this period had been given before.');
  });

  it('takes nothing as markup, and shows what would hide or turn round a text', async () => {
    const day = honestDay();
    day.stray({ id: '<img src=x onerror=alert(1)>', created_by: 'a\u202e00.1\u200b\u0007', iban: '"\'&' });
    const html = reportHtml(await day.close().judged(), origin);
    expect(html).not.toContain('<img');
    expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;');
    expect(html).toContain('a\\u202e00.1\\u200b\\u0007');
    expect(html).toContain('&#34;&#39;&#38;');
  });

  it('needs nothing from anywhere, and runs nothing', async () => {
    const html = reportHtml(await honestDay().close().judged(), origin);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<img|<link|<iframe|url\(|@import|https?:|\son[a-z]+=/i);
  });

  it('has a title for every reason', () => {
    expect(Object.keys(titles).sort()).toEqual(Object.keys(reasonCodes).sort());
  });
});

describe('words', () => {
  it.each([
    [1820000, 'USD', '18,200.00 USD'],
    [123456789012, 'USD', '1,234,567,890.12 USD'],
    [-150, 'EUR', '-1.50 EUR'],
    [-123456, 'EUR', '-1,234.56 EUR'],
    [1234567, 'JPY', '1,234,567 JPY'],
    [1234567, 'KWD', '1,234.567 KWD'],
    [5, 'ZZZ', '5 minor units of ZZZ'],
  ])('%i %s is %s', (amount, currency, text) => expect(moneyText(amount, currency)).toBe(text));

  it('name the days of a window in its own time zone', async () => {
    const judgement = await honestDay().close().judged();
    const zoned = (timeZone: string, from: string, to: string) =>
      windowText({
        ...judgement,
        declared: { ...judgement.declared, timeZone },
        window: { from: Date.parse(from), to: Date.parse(to) },
      });
    expect(zoned('Europe/Oslo', '2026-03-01T23:00Z', '2026-03-02T23:00Z')).toBe('2 March 2026 (Europe/Oslo)');
    expect(zoned('UTC', '2026-02-23T00:00Z', '2026-03-02T00:00Z')).toBe(
      '23 February 2026 to 1 March 2026 (UTC)',
    );
  });
});
