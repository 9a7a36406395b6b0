// The door of the pages: what a browser must bring, what it is told to do with what it gets, and how long a session lasts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people } from '../../house.fixture.ts';
import { origin, TestPages } from './pages.fixture.ts';

const { ines, paul, dora } = people;

let pages: TestPages;
beforeAll(async () => {
  pages = await TestPages.open();
});
afterAll(async () => {
  expect(pages.faults).toEqual([]);
  await pages?.close();
});

describe('the door', () => {
  const get = (path: string, headers: Record<string, string>) => pages.ask(path, { headers });

  test('who is not signed in is sent to sign in, with the way back, and sees nothing', async () => {
    const { hold } = await pages.held('D-1');
    const seen = await pages.visit(undefined, `/approve/${hold}`);
    expect([seen.status, seen.headers.get('location'), seen.text]).toEqual([
      303,
      `/sign-in?to=${encodeURIComponent(`/approve/${hold}`)}`,
      '',
    ]);
  });

  test('by a link on another site the browser kept the cookie back: it comes again from here', async () => {
    const seen = await get('/approve/h-1', { 'sec-fetch-site': 'cross-site' });
    expect(seen.status).toBe(200);
    expect(seen.text).toContain('<meta http-equiv="refresh" content="0; url=/approve/h-1">');
    const hostile = await get('/approve/h-1%22%3E%3Cscript%3E', { 'sec-fetch-site': 'cross-site' });
    expect(hostile.text).not.toMatch(/<script>|"><script/);
  });

  test('an address of another name gets nothing (DNS rebinding)', async () => {
    for (const host of [
      'evil.example',
      'approve.acme.example.evil.example',
      'approve.acme.example:81',
      'localhost',
      '',
    ])
      expect((await get('/', { host, cookie: pages.cookieOf(ines) })).status, host).toBe(421);
  });

  test('every answer says what a browser may do with it', async () => {
    for (const path of ['/', '/approve/h-none', '/look.css', '/passkey.js', '/nowhere', '/sign-in']) {
      const { headers } = await pages.visit(ines, path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/);
      expect(headers.get('referrer-policy')).toBe('same-origin');
    }
  });

  test('pages hold no script and no style of their own', async () => {
    const { hold } = await pages.held('D-2');
    for (const path of ['/', `/approve/${hold}`]) {
      const { text } = await pages.visit(ines, path);
      expect(text).not.toMatch(/<style|<[^>]*\s(?:style|on\w+)=|javascript:|<script>|https?:\/\//);
    }
  });

  const forms: [string, Record<string, string>, Record<string, string>][] = [
    ['from another site', {}, { origin: 'https://evil.example' }],
    ['from a page above ours', {}, { origin: 'https://acme.example' }],
    ['from nowhere', {}, { origin: 'null' }],
    ['that its browser calls foreign', {}, { 'sec-fetch-site': 'same-site' }],
    ['without the token of its session', { token: '' }, {}],
    ['with a token that is another', { token: 'A'.repeat(43) }, {}],
    ['of another type', {}, { 'content-type': 'text/plain' }],
  ];
  test.each(forms)('a form %s does nothing', async (_, fields, headers) => {
    const { hold } = await pages.held(`D-3-${Math.random()}`);
    const sent = await pages.send(ines, `/approve/${hold}/no`, { reason: 'forged', ...fields }, headers);
    expect(sent.status).toBe(403);
    expect(pages.house.house.gateway.logic.hold(hold)?.refused).toBeUndefined();
  });

  test('the token of another person does nothing, nor does a field that comes twice', async () => {
    const { hold } = await pages.held('D-4');
    const other = pages.signIn(paul).session.token;
    expect((await pages.send(ines, `/approve/${hold}/no`, { reason: 'x', token: other })).status).toBe(403);
    const { token } = pages.signIn(ines).session;
    const twice = await pages.ask(`/approve/${hold}/no`, {
      method: 'POST',
      body: `token=${token}&reason=a&reason=b`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: pages.cookieOf(ines), origin },
    });
    expect(twice.status).toBe(403);
  });

  test('a form that is too large is not read', async () => {
    expect((await pages.send(ines, '/approve/h-1/no', { reason: 'x'.repeat(70_000) })).status).toBe(413);
  });

  test('one person who asks all the time is slowed down, and others are not', async () => {
    const slow = new TestPages(pages.house, { ratePerPerson: 2 });
    const answers = await Promise.all([1, 2, 3, 4].map(() => slow.visit(ines, '/')));
    expect(answers.map(({ status }) => status)).toContain(429);
    expect((await slow.visit(paul, '/')).status).toBe(200);
  });

  test('a cookie that comes twice is none', async () => {
    const cookie = `${pages.cookieOf(ines)}; ${pages.cookieOf(paul)}`;
    expect((await get('/', { cookie })).status).toBe(303);
  });
});

describe('a session', () => {
  test('ends when its person signs out, idles, or after its time', async () => {
    const own = await TestPages.open();
    try {
      expect((await own.visit(ines, '/')).status).toBe(200);
      const cookie = own.cookieOf(ines);
      const out = await own.send(ines, '/sign-out', {});
      expect(out.status).toBe(303);
      expect(out.headers.get('set-cookie')).toMatch(
        /^__Host-surety=; Max-Age=0; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
      );
      expect((await own.ask('/', { headers: { cookie } })).status).toBe(303);
      const idle = own.cookieOf(paul);
      own.house.advance(31 * 60_000);
      expect((await own.ask('/', { headers: { cookie: idle } })).status).toBe(303);
      const long = own.cookieOf(ines);
      for (let at = 0; at < 18; at++) {
        own.house.advance(29 * 60_000);
        const { status } = await own.ask('/', { headers: { cookie: long } });
        expect(status, String(at)).toBe(at < 16 ? 200 : 303);
      }
    } finally {
      await own.close();
    }
  });

  test('is over for who is enrolled no more', async () => {
    const own = await TestPages.open();
    try {
      const cookie = own.cookieOf({ id: 'gone@acme.example' });
      expect((await own.ask('/', { headers: { cookie } })).status).toBe(303);
    } finally {
      await own.close();
    }
  });

  test('one person has a few, and the oldest goes', () => {
    const cookies = Array.from({ length: 7 }, () => pages.sessions.open(dora.id, 'provider').cookie);
    const live = cookies.map((cookie) => pages.sessions.find(cookie) !== undefined);
    expect(live).toEqual([false, false, true, true, true, true, true]);
  });
});
