// The pages for people: who is not signed in learns nothing, whoever is sees what concerns them. Each route stands in the
// table of `access.ts`; a test fails for one that does not.

import { readFileSync } from 'node:fs';
import { approvalText, challengeOf } from '@surety/proof/rules';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { html } from 'hono/html';
import { ApprovalError } from '../../logic/approve.ts';
import { Rates } from '../rates.ts';
import { approvePage, type Signing } from './approve.ts';
import { assertedIn } from './asserted.ts';
import { Doors } from './doors.ts';
import { notice } from './frame.ts';
import { cookieOf, dropCookie, formOf, guard, isFromElsewhere } from './guard.ts';
import { against, type HoldShown, holdFor, holdsFor, mayRefuse, statementFor } from './holds.ts';
import { inboxPage } from './inbox.ts';
import { icon, look } from './look.ts';
import type { PagesDesk } from './port.ts';
import type { Provider } from './provider.ts';
import type { Refusals } from './refusals.ts';
import { addRegistering, toConfirm } from './registering.ts';
import { isSame, type Session, type Sessions } from './sessions.ts';
import { addSignIn } from './sign-in.ts';
import { unusualAbout } from './unusual.ts';

export interface PagesParts {
  readonly desk: PagesDesk;
  /** Of the address that people open. */
  readonly origin: string;
  readonly sessions: Sessions;
  /** Where else people sign in. */
  readonly provider?: Provider | undefined;
  readonly refusals: Refusals;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  readonly onFault: (fault: Error) => void;
  /** Pages a second of one person (default 10): each reads the ledger. */
  readonly ratePerPerson?: number;
  /** Attempts to sign in, of everybody together. */
  readonly attemptsPerSecond?: number;
}

const script = readFileSync(new URL('passkey.js', import.meta.url), 'utf8');
const formBytesMax = 64 * 1024;
const refMax = 64;

type Shown = ReturnType<typeof notice>;

export function pagesApp(parts: PagesParts): Hono {
  const { desk, origin, sessions, onFault, ratePerPerson = 10 } = parts;
  const app = new Hono();
  const rates = new Rates(ratePerPerson);
  app.use(guard({ origin }));
  app.use(
    bodyLimit({
      maxSize: formBytesMax,
      onError: (c) => c.html(notice('Too much', 'This is more than a form of ours sends.'), 413),
    }),
  );
  app.onError((error, c) => {
    onFault(error);
    return c.html(
      notice('Something went wrong here', 'Nothing was recorded. Whoever runs Surety finds why in its log.'),
      500,
    );
  });
  app.notFound((c) => c.html(nothing(), 404));

  app.get('/look.css', (c) => fixed(c, 'text/css; charset=utf-8', look));
  app.get('/passkey.js', (c) => fixed(c, 'text/javascript; charset=utf-8', script));
  app.get('/icon.svg', (c) => fixed(c, 'image/svg+xml', icon));

  /** The session that the request belongs to, or the answer to whoever has none. */
  const entered = (c: Context): Session | Response | Promise<Response> => {
    const session = sessions.find(cookieOf(c, 'session'));
    if (session === undefined || !desk.people.has(session.person)) return outside(c);
    if (rates.take(session.person)) return session;
    c.header('retry-after', '1');
    return c.html(notice('Too fast', 'Wait a second, and load the page again.', { session }), 429);
  };
  /** The same for a form, which must carry what only our pages of this session know. */
  const sent = async (c: Context) => {
    const session = await entered(c);
    if (session instanceof Response) return session;
    const fields = await formOf(c);
    if (fields !== undefined && isSame(fields.get('token') ?? '', session.token)) return { session, fields };
    return c.html(
      notice('This form is out of date', 'Load the page again, and answer there.', { session }),
      403,
    );
  };

  app.get('/', async (c) => {
    const session = await entered(c);
    if (session instanceof Response) return session;
    const asked = holdsFor(desk, session.person).map((shown) => ({
      shown,
      against: against(desk, session.person, shown),
    }));
    return c.html(inboxPage(session, asked, toConfirm(desk, session.person)));
  });

  app.get('/approve/:hold', async (c) => {
    const session = await entered(c);
    if (session instanceof Response) return session;
    return asked(c, session);
  });
  const asked = async (c: Context, session: Session, said: { problem?: string; reason?: string } = {}) => {
    const shown = holdIn(c, session);
    if (shown === undefined) return c.html(nothing(session), 404);
    const { person } = session;
    const view = {
      ...{ session, shown, unusual: await unusualAbout(desk, shown), ...said },
      againstYes: against(desk, person, shown),
      againstNo: mayRefuse(desk, person, shown),
      signing: signingOf(parts, shown, person),
    };
    return c.html(approvePage(view), said.problem === undefined ? 200 : 409);
  };
  const holdIn = (c: Context, { person }: Session): HoldShown | undefined => {
    const name = c.req.param('hold') ?? '';
    return name.length <= refMax ? holdFor(desk, person, name) : undefined;
  };

  app.post('/approve/:hold/yes', async (c) => {
    const form = await sent(c);
    if (form instanceof Response) return form;
    const { session, fields } = form;
    const shown = holdIn(c, session);
    if (shown === undefined) return c.html(nothing(session), 404);
    const { person } = session;
    const asserted = assertedIn(desk, fields);
    const statement = statementFor(desk, shown, person);
    const why = against(desk, person, shown);
    if (why !== undefined || statement === undefined)
      return asked(c, session, { problem: sentenceOf(why ?? 'nobody can approve it') });
    if (asserted?.person !== person)
      return asked(c, session, { problem: 'This passkey is not yours here. Nothing was recorded.' });
    try {
      await desk.answer({ statement, ...asserted.signed });
    } catch (error) {
      if (error instanceof ApprovalError) return asked(c, session, { problem: sentenceOf(error.message) });
      throw error;
    }
    return c.redirect(`/approve/${shown.hold}`, 303);
  });

  app.post('/approve/:hold/no', async (c) => {
    const form = await sent(c);
    if (form instanceof Response) return form;
    const { session, fields } = form;
    const shown = holdIn(c, session);
    if (shown === undefined) return c.html(nothing(session), 404);
    const reason = fields.get('reason') ?? '';
    try {
      await desk.refuse({ hold: shown.hold, person: session.person, session: session.id, reason });
    } catch (error) {
      if (error instanceof ApprovalError)
        return asked(c, session, { problem: sentenceOf(error.message), reason });
      throw error;
    }
    return c.redirect(`/approve/${shown.hold}`, 303);
  });

  app.post('/sign-out', async (c) => {
    const form = await sent(c);
    if (form instanceof Response) return form;
    const { id, person } = form.session;
    sessions.close(cookieOf(c, 'session') ?? '');
    dropCookie(c, 'session');
    const facts = [{ kind: 'session.closed', body: { session: id, person } }] as const;
    await desk.log.append([{ stream: `session/${id}`, facts }]);
    return c.redirect('/sign-in', 303);
  });

  addRegistering(app, { ...parts, entered, sent });
  addSignIn(app, { ...parts, provider: parts.provider, doors: new Doors(() => desk.now()) });
  return app;
}

function signingOf({ desk, origin }: PagesParts, shown: HoldShown, person: string): Signing | undefined {
  const statement = statementFor(desk, shown, person);
  if (statement === undefined) return undefined;
  const text = approvalText(statement);
  const credentials = desk.people
    .passkeysOf(person)
    .flatMap(({ passkey }) => (passkey?.origin === origin ? [passkey.credential] : []));
  return { text, challenge: challengeOf(text), credentials };
}

const fixed = (c: Context, type: string, text: string) => {
  c.header('content-type', type);
  return c.body(text);
};

/** The same for what is not there and for what is nobody's business. */
const nothing = (session?: Session): Shown =>
  notice('There is nothing here', 'Either nothing waits under this name, or it does not concern you.', {
    session,
    next: html`<p><a href="/">What waits for you</a></p>`,
  });

const sentenceOf = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;

/** Whoever has no session: by a link on another site the browser may only have kept the cookie back, so it asks again. */
function outside(c: Context): Response | Promise<Response> {
  if (c.req.method !== 'GET')
    return c.html(
      notice('You are signed out', 'Nothing was recorded. Sign in, and answer again.', {
        next: html`<p><a href="/sign-in">Sign in</a></p>`,
      }),
      403,
    );
  const { path } = c.req;
  if (isFromElsewhere(c))
    return c.html(notice('One moment', html`<a href="${path}">Go on to the page</a>`, { onward: path }));
  return c.redirect(path === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(path)}`, 303);
}
