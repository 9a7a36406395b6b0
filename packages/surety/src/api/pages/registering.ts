// Passkeys that people register themselves: `/invite/<code>` makes one, and `/confirm/<invitation>` lets a person of another
// function say that it is theirs. Whoever has the code needs no session; what they make signs nothing yet.

import { createHash, randomBytes } from 'node:crypto';
import { passkeyFunctions, passkeyText } from '@surety/proof/changes';
import type { PasskeyStatement } from '@surety/proof/facts';
import { challengeOf } from '@surety/proof/rules';
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { PasskeyError, type PasskeyShown } from '../../governance/index.ts';
import { fingerprintOf } from '../../people/fingerprint.ts';
import { Rates } from '../rates.ts';
import { assertedIn } from './asserted.ts';
import { notice, page, passkeyFields } from './frame.ts';
import { formOf } from './guard.ts';
import { type Markup, said } from './marks.ts';
import type { PagesDesk } from './port.ts';
import type { Session } from './sessions.ts';
import { when } from './unusual.ts';

export interface RegisteringParts {
  readonly desk: PagesDesk;
  readonly origin: string;
  readonly attemptsPerSecond?: number;
  readonly entered: (c: Context) => Session | Response | Promise<Response>;
  readonly sent: (
    c: Context,
  ) => Promise<Response | { readonly session: Session; readonly fields: ReadonlyMap<string, string> }>;
}

/** Those that wait, and that this person may confirm, the oldest first. */
export const toConfirm = ({ passkeys }: PagesDesk, person: string): readonly PasskeyShown[] =>
  passkeys.pending.filter((each) => passkeys.functionFor('confirm', person, each) !== undefined);

export function addRegistering(app: Hono, parts: RegisteringParts): void {
  const { desk, origin, entered, sent } = parts;
  const { passkeys } = desk;
  const attempts = new Rates(parts.attemptsPerSecond ?? 20);

  /** An answer to whoever has a code; what is wrong with it is said in a few words, the same to everybody. */
  const withCode = async (c: Context, work: (code: string) => Promise<Markup> | Markup) => {
    if (!attempts.take('all'))
      return c.html(notice('Too many at once', 'Load the page again in a moment.'), 429);
    try {
      return c.html(await work(c.req.param('code') ?? ''));
    } catch (error) {
      if (!(error instanceof PasskeyError)) throw error;
      const [title, text] = wrong[error.code] ?? wrong.malformed;
      return c.html(notice(title, text), error.code === 'unknown' ? 404 : 409);
    }
  };

  app.get('/invite/:code', (c) => withCode(c, (code) => makePage(desk, code, passkeys.open(code))));

  app.post('/invite/:code/made', (c) =>
    withCode(c, async (code) => {
      const made = madeIn((await formOf(c)) ?? new Map());
      const asked = passkeys.challengeFor(code, made, origin);
      return signPage({ code, made, person: passkeys.open(code).person, ...asked });
    }),
  );

  app.post('/invite/:code', (c) =>
    withCode(c, async (code) => {
      const fields = (await formOf(c)) ?? new Map<string, string>();
      const [authenticatorData = '', clientDataJSON = '', signature = ''] = [
        'authenticatorData',
        'clientDataJSON',
        'signature',
      ].map((name) => fields.get(name));
      const answer = { authenticatorData, clientDataJSON, signature };
      return registeredPage(desk, await passkeys.register(code, madeIn(fields), origin, answer));
    }),
  );

  app.get('/confirm/:invitation', async (c) => {
    const session = await entered(c);
    return session instanceof Response ? session : confirm(c, session);
  });
  const confirm = (c: Context, session: Session, problem?: string) => {
    const asked = confirming(desk, session.person, c.req.param('invitation') ?? '', desk.now());
    if (asked === undefined) return c.html(nothingToConfirm(session), 404);
    return c.html(confirmPage(desk, origin, session, asked, problem), problem === undefined ? 200 : 409);
  };

  app.post('/confirm/:invitation', async (c) => {
    const form = await sent(c);
    if (form instanceof Response) return form;
    const { session, fields } = form;
    const invitation = c.req.param('invitation') ?? '';
    const at = Number(fields.get('at'));
    const asked = confirming(desk, session.person, invitation, Number.isSafeInteger(at) ? at : 0);
    if (asked === undefined) return c.html(nothingToConfirm(session), 404);
    const asserted = assertedIn(desk, fields);
    if (asserted?.person !== session.person)
      return confirm(c, session, 'This passkey is not yours here. Nothing was recorded.');
    try {
      const { person } = await passkeys.carryOut({ statement: asked.statement, ...asserted.signed });
      return c.html(
        notice('Confirmed', html`From now on this passkey signs for ${said(person)}.`, {
          session,
          next: html`<p><a href="/">What waits for you</a></p>`,
        }),
      );
    } catch (error) {
      if (!(error instanceof PasskeyError)) throw error;
      const { message } = error;
      return confirm(c, session, `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
    }
  });
}

const wrong = {
  unknown: ['There is no such invitation', 'The address may be cut: open the whole of it.'],
  expired: ['This invitation is over', 'Ask whoever invited you for another.'],
  'done-already': [
    'This invitation was used',
    'If it was not you who used it, tell whoever invited you at once: somebody else may have the code.',
  ],
  'bad-signature': ['The passkey did not sign', 'Open the invitation again, and make the passkey anew.'],
  malformed: ['That is no passkey that can sign here', 'Open the invitation again, with another device.'],
  'not-yours': ['You cannot do this', 'Ask whoever invited you.'],
  stale: ['That took too long', 'Open the page again.'],
} as const satisfies Readonly<Record<PasskeyError['code'], readonly [string, string]>>;

const madeIn = (fields: ReadonlyMap<string, string>) => ({
  credential: fields.get('credential') ?? '',
  publicKey: fields.get('publicKey') ?? '',
});

/** The same for each passkey of a person, so that a new one takes the place of theirs on the same device. */
const handleOf = (person: string): string => createHash('sha256').update(person).digest('base64url');

function makePage({ people }: PagesDesk, code: string, { person, by, expires }: PasskeyShown): Markup {
  const known = people.passkeysOf(person).map(({ passkey }) => passkey?.credential ?? '');
  const body = html`<h1>A passkey for ${said(person)}</h1>
<p class="lead">${said(by)} invites you to make one, until ${when(expires)}. With it you sign what you approve: with your finger, your face or the code of this device.</p>
<p>If you are not ${said(person)}, close this page, and tell ${said(by)}.</p>
<div class="answers">
<form class="bare" method="post" action="/invite/${code}/made" data-passkey="create" data-challenge="${randomBytes(32).toString('base64url')}" data-user="${person}" data-handle="${handleOf(person)}" data-known="${known.join(' ')}">
<input type="hidden" name="credential"><input type="hidden" name="publicKey">
<button hidden>Make a passkey</button>
<p class="alert" role="alert"></p>
${scriptsOff}
</form>
</div>
<p><small>Step 1 of 2. It signs nothing until somebody else has confirmed that it is yours.</small></p>`;
  return page({ title: 'Make a passkey', body, hasScript: true });
}

const scriptsOff = html`<noscript><p>A passkey is made by a script, and scripts are off.</p></noscript>`;

function signPage(shown: {
  readonly code: string;
  readonly person: string;
  readonly made: { readonly credential: string; readonly publicKey: string };
  readonly challenge: string;
  readonly fingerprint: string;
}): Markup {
  const { code, person, made, challenge } = shown;
  const body = html`<h1>Now sign with it, once</h1>
<p class="lead">So it says itself that it belongs to ${said(person)}.</p>
<div class="answers">
<form class="bare" method="post" action="/invite/${code}" data-passkey="get" data-challenge="${challenge}" data-credentials="${made.credential}">
<input type="hidden" name="publicKey" value="${made.publicKey}">
${passkeyFields}
<button hidden>Sign with the new passkey</button>
<p class="alert" role="alert"></p>
${scriptsOff}
</form>
</div>
<p><small>Step 2 of 2.</small></p>`;
  return page({ title: 'Sign with the new passkey', body, hasScript: true });
}

function registeredPage(desk: PagesDesk, { fingerprint = '', person }: PasskeyShown): Markup {
  const { confirm } = passkeyFunctions(desk.inForce().standing);
  const body = html`<h1>Your passkey is registered</h1>
<p class="lead">It signs nothing yet. Somebody of ${confirm.join(' or ')} compares this fingerprint with you, by phone or face to face, and confirms it:</p>
<p class="sum"><span class="party"><code>${fingerprint}</code></span></p>
<p>Read it to them from this page. Do not send it along with the address of the invitation.</p>
<p><small>${said(person)} is the name that it signs for.</small></p>`;
  return page({ title: 'Your passkey is registered', body });
}

interface Confirming {
  readonly shown: PasskeyShown;
  readonly statement: PasskeyStatement;
  readonly at: number;
}

/** What this person would sign to confirm it; undefined if nothing waits for them under this name. */
function confirming(desk: PagesDesk, by: string, name: string, at: number): Confirming | undefined {
  const shown = toConfirm(desk, by).find(({ invitation }) => invitation === name);
  const as = shown && desk.passkeys.functionFor('confirm', by, shown);
  const passkey = desk.inForce().passkeys.get(name)?.passkey;
  if (shown === undefined || as === undefined || passkey === undefined) return undefined;
  const { invitation, person } = shown;
  const named = { does: 'confirm', log: desk.log.origin, invitation, person } as const;
  return {
    shown: { ...shown, fingerprint: fingerprintOf(passkey) },
    at,
    statement: { ...named, by, function: as, at, passkey },
  };
}

function confirmPage(
  desk: PagesDesk,
  origin: string,
  session: Session,
  { shown, statement, at }: Confirming,
  problem: string | undefined,
): Markup {
  const credentials = desk.people
    .passkeysOf(session.person)
    .flatMap(({ passkey }) => (passkey?.origin === origin ? [passkey.credential] : []));
  const { invitation, person, by, fingerprint = '' } = shown;
  const body = html`<h1>Is this passkey that of ${said(person)}?</h1>
${problem === undefined ? '' : html`<p class="alert" role="alert">${problem}</p>`}
<p class="sum"><span class="party"><code>${fingerprint}</code></span></p>
<p class="lead">Call them, by a number that you knew before, or go and see them. Have them read you the fingerprint that their page shows. Confirm only if it is this one.</p>
<dl class="plain">
<div><dt>Invited by</dt> <dd>${said(by)}, for ${said(shown.function)}</dd></div>
<div><dt>Made on</dt> <dd>${said(shown.origin ?? '')}</dd></div>
<div><dt>Waits until</dt> <dd>${when(shown.expires)}</dd></div>
</dl>
<section>
<h2>Your answer</h2>
<div class="answers">
${
  credentials.length === 0
    ? html`<p>You have no passkey here, and this is signed with one. In a terminal: <code>surety passkey confirm ${invitation} --key FILE</code></p>`
    : html`<form method="post" action="/confirm/${invitation}" data-passkey="get" data-challenge="${challengeOf(passkeyText(statement))}" data-credentials="${credentials.join(' ')}">
<input type="hidden" name="token" value="${session.token}">
<input type="hidden" name="at" value="${at}">
${passkeyFields}
<button hidden>It is theirs: confirm</button>
<p class="alert" role="alert"></p>
${scriptsOff}
</form>`
}
<p>If they read you another, do not confirm it, and have it ended: <code>surety passkey revoke ${invitation} --key FILE --reason TEXT</code></p>
</div>
</section>
<details>
<summary>Exactly what your passkey signs</summary>
<pre>${said(passkeyText(statement))}</pre>
</details>`;
  return page({ title: `Confirm the passkey of ${person}`, session, body, hasScript: true });
}

const nothingToConfirm = (session: Session): Markup =>
  notice('There is nothing here', 'Either nothing waits under this name, or it is not yours to confirm.', {
    session,
    next: html`<p><a href="/">What waits for you</a></p>`,
  });
