// The verifier's page in a real browser, from disk: the same verdicts and checks as in Node, no network,
// nothing of a proof as markup. And the page that is kept is the one that its sources give.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageHtml, pagePath } from '../../packages/proof/build-page.ts';
import { type Day, honestDay, sha256, who } from '../../packages/proof/src/verify.fixture.ts';
import { steps, type VerifyOptions, verify } from '../../packages/proof/src/verify.ts';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const quiet = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

it('verify.html is what its sources give', async () => {
  const isFresh = readFileSync(pagePath, 'utf8') === (await pageHtml());
  expect(isFresh, 'stale: run node packages/proof/build-page.ts').toBe(true);
});

it('says what each check asks', () => {
  const words = readFileSync(new URL('../../packages/proof/page/page.ts', import.meta.url), 'utf8');
  for (const { check } of steps) expect(words).toMatch(new RegExp(`^ {2}'?${check}'?: ['"]\\w+ `, 'm'));
});

const simulatedDay = () =>
  honestDay({ simulated: Object.values(who), witness: 'simulated', clock: 'injected' }).close();
const violatedDay = () => {
  const day = honestDay();
  day.stray({ id: '<img src=x onerror="document.title=1">', amount: '31000.00' });
  return day.close();
};

const cases: readonly (readonly [string, () => Day, (proof: Uint8Array) => Uint8Array])[] = [
  ['a day that is lowered by what is simulated', simulatedDay, (proof) => proof],
  ['a violated day, with markup in a row', violatedDay, (proof) => proof],
  [
    'a proof with one byte changed',
    violatedDay,
    (proof) => proof.map((byte, at) => (at === 5_000 ? byte ^ 1 : byte)),
  ],
];

describe('the page', () => {
  let browser: Browser | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'surety-page-'));
  beforeAll(async () => {
    if (browserPath !== undefined)
      browser = await chromium.launch({ executablePath: browserPath, args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(({ skip }) => skip(browser === undefined, 'no chromium on this machine'));

  const opened = async (problems: string[]): Promise<Page> => {
    if (browser === undefined) throw new Error('no browser');
    const page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('request', (request) => {
      if (!/^(?:file|blob):/.test(request.url())) problems.push(request.url());
    });
    await page.goto(pathToFileURL(pagePath).href);
    return page;
  };

  /** What the page says about these files, by its pickers. */
  async function said(page: Page, files: Readonly<Record<string, Uint8Array | string>>) {
    for (const [id, content] of Object.entries(files)) {
      const path = join(folder, id === 'proof' ? 'supplier-payments.proof.zip' : `${id}.txt`);
      writeFileSync(path, content);
      await page.setInputFiles(`#${id}`, path);
    }
    await page.waitForSelector('#result[data-verdict] .checks li:last-child');
    return page.evaluate(() => ({
      verdict: document.querySelector<HTMLElement>('#result')?.dataset['verdict'],
      failed: [...document.querySelectorAll('.checks .violated code')].map((code) => code.textContent),
      checks: [...document.querySelectorAll('.checks code')].map((code) => code.textContent),
      answers: [...document.querySelectorAll('.answer strong')].map((answer) => answer.textContent),
      focus: document.activeElement?.className,
      markup: document.querySelectorAll('#result img').length,
    }));
  }

  const linesOf = (day: Day): string => day.trustText;

  it.each(cases)('gives the verdict and the checks that Node gives: %s', async (_, makeDay, change) => {
    const day = makeDay();
    const proof = change(await day.proof());
    const earlierHead = await day.log.seal([], 10);
    const problems: string[] = [];
    const page = await opened(problems);
    const shown = await said(page, { trust: linesOf(day), head: earlierHead, proof });
    const options: VerifyOptions = { sha256, trust: day.trust, earlierHead };
    const { verdict, checks, judgement } = await verify(proof, options);
    expect(shown.verdict).toBe(verdict);
    expect(shown.checks).toEqual(checks.map(({ check }) => check));
    expect(shown.failed).toEqual(checks.filter(({ ok }) => !ok).map(({ check }) => check));
    const answers = judgement?.questions.map((answer) => `${answer.question}: ${answer.verdict}`) ?? [];
    expect(shown.answers).toEqual(answers);
    expect(shown).toMatchObject({ focus: 'verdict', markup: 0 });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('takes dropped files, and says what is wrong with a trust file', async () => {
    const day = simulatedDay();
    const page = await opened([]);
    const bytes = [...(await day.proof())];
    await page.evaluate(
      ({ zip, trust }) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(zip)], 'p.proof.zip'));
        files.items.add(new File([trust], 'trust'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true }));
      },
      { zip: bytes, trust: linesOf(day) },
    );
    await page.waitForSelector('#result[data-verdict="unproven"]');
    await page.setInputFiles('#trust', {
      name: 'trust',
      mimeType: 'text/plain',
      buffer: Buffer.from('log x'),
    });
    await page.waitForSelector('.problem');
    expect(await page.textContent('.problem')).toContain('line 1 of the trust file');
    await page.close();
  });
});
