// For tests: the pages of a real house, asked as a browser asks, each person with their own cookie.

import type { Hono } from 'hono';
import { type Person, referenceIn, TestHouse } from '../../house.fixture.ts';
import { pagesApp } from './app.ts';
import { cookieNames } from './guard.ts';
import type { Provider } from './provider.ts';
import { Refusals } from './refusals.ts';
import { type Session, Sessions } from './sessions.ts';

export const origin = 'https://approve.acme.example';

export interface Visited {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export class TestPages {
  readonly house: TestHouse;
  readonly sessions: Sessions;
  readonly app: Hono;
  readonly refusals: Refusals;
  readonly notes: string[] = [];
  readonly faults: Error[] = [];
  readonly #cookies = new Map<string, { readonly session: Session; readonly cookie: string }>();

  constructor(
    house: TestHouse,
    {
      ratePerPerson = 10_000,
      attemptsPerSecond = 10_000,
      provider,
    }: { ratePerPerson?: number; attemptsPerSecond?: number; provider?: Provider } = {},
  ) {
    this.house = house;
    this.refusals = new Refusals((fact) => house.log.append([{ stream: 'sessions', facts: [fact] }]), 40);
    this.sessions = new Sessions(() => house.now());
    this.app = pagesApp({
      ...{ desk: house.house.pages, origin, sessions: this.sessions, ratePerPerson, provider },
      attemptsPerSecond,
      refusals: this.refusals,
      onNote: (_, note) => this.notes.push(note),
      onFault: (fault) => this.faults.push(fault),
    });
  }

  static async open(changed: Readonly<Record<string, string>> = {}): Promise<TestPages> {
    return new TestPages(await TestHouse.open(changed));
  }

  close(): Promise<void> {
    return this.house.close();
  }

  /** Signed in, without a page of its own for it. */
  signIn({ id }: Pick<Person, 'id'>): { readonly session: Session; readonly cookie: string } {
    const found = this.#cookies.get(id);
    if (found !== undefined && this.sessions.find(found.cookie) !== undefined) return found;
    const opened = this.sessions.open(id, 'passkey');
    this.#cookies.set(id, opened);
    return opened;
  }

  async ask(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Visited> {
    const { host } = new URL(origin);
    const response = await this.app.request(`${origin}${path}`, {
      ...init,
      headers: { host, ...init.headers },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  visit(who: Pick<Person, 'id'> | undefined, path: string): Promise<Visited> {
    return this.ask(path, { headers: who === undefined ? {} : { cookie: this.cookieOf(who) } });
  }

  cookieOf(who: Pick<Person, 'id'>): string {
    return `${cookieNames.session}=${this.signIn(who).cookie}`;
  }

  /** A form as its page would send it, with what `changed` says of the headers. */
  send(
    who: Pick<Person, 'id'>,
    path: string,
    fields: Readonly<Record<string, string>>,
    changed: Readonly<Record<string, string>> = {},
  ): Promise<Visited> {
    const { session } = this.signIn(who);
    return this.ask(path, {
      method: 'POST',
      body: new URLSearchParams({ token: session.token, ...fields }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: this.cookieOf(who),
        ...{ origin, 'sec-fetch-site': 'same-origin' },
        ...changed,
      },
    });
  }

  /** A matched invoice above the limit, held; gives the hold. */
  async held(invoice: string, more: Readonly<Record<string, unknown>> = {}, amount = '14250.00') {
    const mine = await this.house.openCase();
    await this.house.match(invoice, { case: mine });
    const args = { invoice, amount, currency: 'USD', ...more };
    return { hold: referenceIn(await this.house.call('erp.pay', args, { case: mine })), case: mine, args };
  }
}

/** What a reader sees: without markup, each run of white space as one space. */
export const readable = (text: string): string =>
  text
    .replace(/<head>[\s\S]*?<\/head>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
