// The pages for people in a real browser, with an authenticator: somebody signs in, reads, approves and refuses; and
// without scripts everything is there to be read, and to be refused.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invited } from '../../packages/surety/src/api/pages/inviting.fixture.ts';
import { people, referenceIn, told } from '../../packages/surety/src/house.fixture.ts';
import { browserPath, launch, People, withAuthenticator } from './people.fixture.ts';

interface Options {
  readonly width?: number;
  readonly hasScripts?: boolean;
  /** Its authenticator has no passkey yet. */
  readonly isNew?: boolean;
  readonly passkey?: People['passkey'];
}

describe('the pages', () => {
  let browser: Browser | undefined;
  let pages: People;
  beforeAll(async () => {
    if (browserPath === undefined) return;
    browser = await launch();
    pages = await People.open();
  });
  afterAll(async () => {
    await browser?.close();
    expect(pages?.faults ?? []).toEqual([]);
    await pages?.close();
  });
  beforeEach(({ skip }) => skip(browser === undefined, 'no chromium on this machine'));

  const held = async (invoice: string, more: Readonly<Record<string, unknown>> = {}) => {
    const { house } = pages;
    const mine = await house.openCase('buyer', people.sam.id);
    await house.match(invoice, { case: mine });
    const args = { invoice, amount: '14250.00', currency: 'USD', ...more };
    const hold = referenceIn(await house.call('erp.pay', args, { case: mine }));
    return { hold, retry: () => house.call('erp.pay', args, { case: mine }) };
  };

  /** With Ines's authenticator, at this size; every complaint of the browser is kept. */
  const opened = async (options: Options = {}) => {
    if (browser === undefined) throw new Error('no browser');
    const { width = 390, hasScripts = true, isNew = false, passkey = pages.passkey } = options;
    const context = await browser.newContext({
      viewport: { width, height: 844 },
      javaScriptEnabled: hasScripts,
    });
    const problems: string[] = [];
    const { page, cdp, authenticatorId } = await withAuthenticator(context);
    page.on('console', (message) => {
      // That no RSA key is taken here.
      if (!message.text().includes('pub_key_cred_params')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== pages.origin) problems.push(request.url());
    });
    if (!isNew) await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: passkey.given });
    return { page, context, problems, cdp, authenticatorId };
  };

  it('a person signs in by a passkey, reads, and approves; the agent may make the call, and a proof verifies', async () => {
    const { page, context, problems } = await opened();
    const { hold, retry } = await held('B-1', { note: '</dd><script>document.title = "owned"</script>' });
    await page.goto(`${pages.origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(`${pages.origin}/approve/${hold}`);
    expect(await page.title()).toBe('14,250.00 USD by erp.pay · Surety');
    expect(await page.textContent('.amount')).toBe('14,250.00 USD');
    expect(await page.evaluate(() => document.scripts.length)).toBe(1);
    await page.getByRole('button', { name: 'Approve with your passkey' }).click();
    await page.waitForSelector('.band.proven');
    expect(await page.textContent('.band')).toContain('It is approved, and not yet used.');
    expect(told(await retry())).toBe('result');
    await page.reload();
    expect(await page.textContent('.band')).toContain('the agent has used that');
    expect(problems).toEqual([]);
    await context.close();
    const { failed, reasons } = await pages.house.verified(pages.house.now());
    expect(failed).toEqual([]);
    expect(reasons).not.toContain('checkpoint-passed-over');
  });

  it('a passkey is made by invitation, confirmed by another, and then signs: from nothing to an approval', async () => {
    const { house, origin } = pages;
    const { code, invitation } = await invited(house, people.lena, 'finance', people.ines);
    const { page, context, problems } = await opened({ isNew: true });
    await page.goto(`${origin}/invite/${code}`);
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByRole('button', { name: 'Sign with the new passkey' }).click();
    await page.waitForSelector('h1:has-text("Your passkey is registered")');
    const fingerprint = await page.textContent('.party');
    const { page: other, context: second } = await opened({ passkey: pages.confirmer });
    await other.goto(`${origin}/sign-in`);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.waitForURL(`${origin}/`);
    await other.getByRole('link', { name: people.ines.id }).click();
    expect(await other.textContent('.party')).toBe(fingerprint);
    await other.getByRole('button', { name: 'It is theirs: confirm' }).click();
    await other.waitForSelector('h1:has-text("Confirmed")');
    const { hold, retry } = await held('B-7');
    await page.goto(`${origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.waitForSelector('.band.proven');
    expect(told(await retry())).toBe('result');
    expect(problems).toEqual([]);
    await context.close();
    await second.close();
    const [confirmed] = (await house.factsOf('passkey.confirmed')).slice(-1);
    expect(confirmed?.body).toMatchObject({ invitation, by: people.paul.id });
    const { failed, reasons } = await house.verified(house.now());
    expect(failed).toEqual([]);
    expect(reasons).not.toContain('checkpoint-passed-over');
  });

  it('who cancels has sent nothing, and can try again', async () => {
    const { page, context, cdp, authenticatorId } = await opened();
    const { hold } = await held('B-2');
    await page.goto(`${pages.origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${pages.origin}/approve/${hold}`);
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    const size = pages.house.log.size();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.waitForSelector('form[data-passkey] .alert:not(:empty)');
    expect(await page.textContent('form[data-passkey] .alert')).toContain('Nothing was sent');
    expect(pages.house.log.size()).toBe(size);
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.waitForSelector('.band.proven');
    await context.close();
  });

  it('by a link on another site a person who is signed in gets to the page', async () => {
    const { page, context } = await opened();
    const { hold } = await held('B-3');
    await page.goto(`${pages.origin}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${pages.origin}/`);
    // Another site: another host name for the browser.
    await page.goto('about:blank');
    await page.setContent(`<a href="${pages.origin}/approve/${hold}">look</a>`);
    await page.getByRole('link').click();
    await page.waitForSelector('.amount');
    expect(page.url()).toBe(`${pages.origin}/approve/${hold}`);
    await context.close();
  });

  it('without scripts everything is read, and refused with a reason', async () => {
    const { hold, retry } = await held('B-4');
    const { page: scripted, context: first } = await opened();
    await scripted.goto(`${pages.origin}/sign-in`);
    await scripted.getByRole('button', { name: 'Sign in' }).click();
    await scripted.waitForURL(`${pages.origin}/`);
    const { page, context, problems } = await opened({ hasScripts: false });
    await context.addCookies(await first.cookies());
    await page.goto(`${pages.origin}/approve/${hold}`);
    expect(await page.getByRole('button', { name: 'Approve' }).isVisible()).toBe(false);
    expect(await page.textContent('noscript')).toContain('scripts are off');
    await page.getByLabel('Reason to refuse').fill('We know no such supplier.');
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.waitForSelector('.band.violated');
    expect(await page.textContent('.band')).toContain('We know no such supplier.');
    expect(told(await retry())).toMatch(/^refused/);
    expect(problems).toEqual([]);
    await first.close();
    await context.close();
  });

  it.each([390, 1440])('nothing is cut or hidden at %i px, and every field has its name', async (width) => {
    const { page, context } = await opened({ width });
    const { hold } = await held(`B-5-${width}`, {
      long: 'x'.repeat(3_000),
      deep: { a: { b: { c: ['one', { d: 'y'.repeat(400) }] } } },
    });
    await page.goto(`${pages.origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${pages.origin}/approve/${hold}`);
    const seen = await page.evaluate(() => ({
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      unnamed: [...document.querySelectorAll('input:not([type=hidden]),textarea,button,a')].filter(
        (each) => (each as HTMLInputElement).labels?.length === 0 && each.textContent?.trim() === '',
      ).length,
      headings: document.querySelectorAll('h1').length,
      lang: document.documentElement.lang,
      small: [...document.querySelectorAll('button:not([hidden])')].filter(
        (each) => each.getBoundingClientRect().height < 36,
      ).length,
    }));
    expect(seen).toEqual({ over: 0, unnamed: 0, headings: 1, lang: 'en', small: 0 });
    await context.close();
  });

  it.each(['light', 'dark'] as const)('every text stands out from what is behind it: %s', async (scheme) => {
    const { page, context } = await opened();
    await page.emulateMedia({ colorScheme: scheme });
    const { hold } = await held(`B-6-${scheme}`, { note: 'a\u202eb' });
    await page.goto(`${pages.origin}/approve/${hold}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${pages.origin}/approve/${hold}`);
    const weak = await page.evaluate(() => {
      const partsOf = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const luminance = (colour: string) => {
        const [r = 0, g = 0, b = 0] = partsOf(colour).map((each) => {
          const share = each / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (each: Element | null): string => {
        if (each === null) return 'rgb(255, 255, 255)';
        const { backgroundColor } = getComputedStyle(each);
        return partsOf(backgroundColor)[3] === 0 ? behind(each.parentElement) : backgroundColor;
      };
      return [...document.querySelectorAll('body *')].flatMap((each) => {
        const own = [...each.childNodes].some(
          (node) => node.nodeType === 3 && node.textContent?.trim() !== '',
        );
        if (!own || each.closest('noscript,.skip') !== null) return [];
        const [a, b] = [luminance(getComputedStyle(each).color), luminance(behind(each))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        return ratio < 4.5 ? [`${each.tagName} ${each.className} ${ratio.toFixed(2)}`] : [];
      });
    });
    expect(weak).toEqual([]);
    await context.close();
  });
});
