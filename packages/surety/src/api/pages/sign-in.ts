// Signing in: by a passkey, or at the customer's own provider. Nobody who is not enrolled gets in, and whoever does not is
// told no more than that. Each answer belongs to one question, which the person's own browser keeps, and serves once.

import { randomBytes } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { Rates } from '../rates.ts';
import { assertedIn, signInChallenge, signInText } from './asserted.ts';
import type { DoorKind, Doors } from './doors.ts';
import { notice, page, passkeyFields } from './frame.ts';
import { cookieOf, dropCookie, formOf, setCookie } from './guard.ts';
import type { Markup } from './marks.ts';
import type { PagesDesk } from './port.ts';
import { type Provider, ProviderError } from './provider.ts';
import type { Refusals } from './refusals.ts';
import type { Session, Sessions } from './sessions.ts';

export interface SignInParts {
  readonly desk: PagesDesk;
  readonly origin: string;
  readonly sessions: Sessions;
  readonly doors: Doors;
  readonly refusals: Refusals;
  readonly provider: Provider | undefined;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  /** Attempts of everybody together (default 20): each is a signature to check, or a request to the provider. */
  readonly attemptsPerSecond?: number;
}

/** Where the provider sends people back to: to be registered there. */
export const answerPath = '/sign-in/provider/answer';

/** Where somebody wanted to go: a page of ours, never another site's. */
export const ownPath = (wanted: string | undefined): string =>
  wanted !== undefined && /^\/(?:approve|invite|confirm)\/[\w-]{1,64}$/.test(wanted) ? wanted : '/';

export function addSignIn(app: Hono, parts: SignInParts): void {
  const { desk, origin, sessions, doors, refusals, provider } = parts;
  const attempts = new Rates(parts.attemptsPerSecond ?? 20);

  app.get('/sign-in', (c) => {
    const to = ownPath(c.req.query('to'));
    const nonce = randomBytes(32).toString('base64url');
    setCookie(c, 'door', doors.seal('passkey', { nonce, to }), 'Strict');
    return c.html(
      signInPage({ challenge: signInChallenge(origin, nonce), to, hasProvider: provider !== undefined }),
    );
  });

  /** What was asked of this browser; the answer to whoever was asked nothing. */
  const answered = (c: Context, kind: DoorKind) => {
    const sealed = cookieOf(c, 'door');
    const state = doors.open(kind, sealed);
    dropCookie(c, 'door');
    return state === undefined || sealed === undefined ? undefined : { sealed, state };
  };
  const turnedAway = (c: Context, by: Session['by'], code: string, status: 401 | 403 | 429 | 502 = 403) => {
    refusals.add(by, code);
    const words = status === 502 ? awayWords : refusedWords;
    return c.html(notice(words[0], words[1], { next: html`<p><a href="/sign-in">Sign in</a></p>` }), status);
  };

  app.post('/sign-in/passkey', async (c) => {
    if (!attempts.take('all')) return turnedAway(c, 'passkey', 'too-many', 429);
    const door = answered(c, 'passkey');
    if (door === undefined) return turnedAway(c, 'passkey', 'not-asked');
    const asserted = assertedIn(desk, (await formOf(c)) ?? new Map());
    if (asserted === undefined) return turnedAway(c, 'passkey', 'unknown-passkey');
    const { person, signed } = asserted;
    const text = signInText(origin, door.state['nonce'] ?? '');
    if (!desk.people.signedBy(person, text, signed)) return turnedAway(c, 'passkey', 'bad-signature');
    if (!doors.use(door.sealed)) return turnedAway(c, 'passkey', 'used-before');
    await enter(c, person, { by: 'passkey', key: signed.key });
    return c.redirect(ownPath(door.state['to']), 303);
  });

  app.get('/sign-in/provider', async (c) => {
    if (provider === undefined) return c.notFound();
    if (!attempts.take('all')) return turnedAway(c, 'provider', 'too-many', 429);
    try {
      const { url, ask } = await provider.begin();
      // The provider sends the browser back from another site: for that one request the cookie may come along.
      setCookie(c, 'door', doors.seal('provider', { ...ask, to: ownPath(c.req.query('to')) }), 'Lax');
      return c.redirect(url, 303);
    } catch (error) {
      return refusedByProvider(c, error);
    }
  });

  app.get(answerPath, async (c) => {
    if (provider === undefined) return c.notFound();
    if (!attempts.take('all')) return turnedAway(c, 'provider', 'too-many', 429);
    const door = answered(c, 'provider');
    if (door === undefined) return turnedAway(c, 'provider', 'not-asked');
    const { state = '', nonce = '', verifier = '', to } = door.state;
    try {
      const named = await provider.finish({ state, nonce, verifier }, new URL(c.req.url).searchParams);
      const person = desk.people.personOf(named);
      if (!desk.people.has(person)) return turnedAway(c, 'provider', 'not-enrolled');
      if (!doors.use(door.sealed)) return turnedAway(c, 'provider', 'used-before');
      await enter(c, person, { by: 'provider', issuer: provider.issuer });
    } catch (error) {
      return refusedByProvider(c, error);
    }
    const path = ownPath(to);
    // A redirect would still come from the provider's site, without the cookie that it has just got.
    return c.html(notice('You are signed in', html`<a href="${path}">Go on</a>`, { onward: path }));
  });

  const refusedByProvider = (c: Context, error: unknown) => {
    if (!(error instanceof ProviderError)) throw error;
    const isAway = error.code === 'provider-away';
    const { code, message = '' } = (error.cause ?? {}) as { code?: string; message?: string };
    // What the library says names claims and headers, never their values; ours is the code.
    parts.onNote(
      'warn',
      `nobody signed in at the provider: ${error.code}${code === undefined ? '' : ` (${code})`}${isAway ? `: ${message}` : ''}`,
    );
    return turnedAway(c, 'provider', error.code, isAway ? 502 : 403);
  };

  async function enter(
    c: Context,
    person: string,
    how: { readonly by: Session['by']; readonly key?: string; readonly issuer?: string },
  ): Promise<void> {
    const before = cookieOf(c, 'session');
    const { session, cookie } = sessions.open(person, how.by);
    const { id, until } = session;
    try {
      await desk.log.append([
        {
          stream: `session/${id}`,
          expected: 0,
          facts: [{ kind: 'session.opened', body: { session: id, person, until, ...how } }],
        },
      ]);
    } catch (error) {
      // INVARIANT: nobody is signed in whom the ledger does not know of.
      sessions.close(cookie);
      throw error;
    }
    if (before !== undefined) sessions.close(before);
    setCookie(c, 'session', cookie);
  }
}

const refusedWords = [
  'You are not signed in',
  'Either this was not meant for here, or nobody is enrolled who signs in so. Whoever runs Surety finds why in its ledger.',
] as const;
const awayWords = [
  'Your provider does not answer',
  'Nothing is wrong with you. Try again in a moment.',
] as const;

function signInPage(shown: {
  readonly challenge: string;
  readonly to: string;
  readonly hasProvider: boolean;
}): Markup {
  const { challenge, to, hasProvider } = shown;
  const provider = `/sign-in/provider${to === '/' ? '' : `?to=${encodeURIComponent(to)}`}`;
  const body = html`<h1>Sign in</h1>
<p class="lead">${to === '/' ? 'To see what waits for you.' : 'Then you see the call that waits for you.'}</p>
<div class="answers">
<form class="bare" method="post" action="/sign-in/passkey" data-passkey="get" data-challenge="${challenge}">
${passkeyFields}
<button hidden>Sign in with a passkey</button>
<p class="alert" role="alert"></p>
<noscript><p>A passkey is asked for by a script, and scripts are off.${hasProvider ? ' You can sign in at your provider without one.' : ''}</p></noscript>
</form>
${hasProvider ? html`<p><a class="button quiet" href="${provider}">Sign in at your provider</a></p>` : ''}
</div>
<p><small>Signed in, you can look, and refuse. An approval asks for your passkey each time.</small></p>`;
  return page({ title: 'Sign in', body, hasScript: true });
}
