// The frame of every page: readable without scripts and without style, one column, one heading.

import { html } from 'hono/html';
import { type Markup, said } from './marks.ts';
import type { Session } from './sessions.ts';

export interface Framed {
  readonly title: string;
  readonly session?: Session | undefined;
  readonly body: unknown;
  /** Asks the browser to open this path by itself: it then comes from here, and brings the cookie. */
  readonly onward?: string;
  readonly hasScript?: boolean;
}

export const page = ({
  title,
  session,
  body,
  onward,
  hasScript = false,
}: Framed): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${onward === undefined ? '' : html`<meta http-equiv="refresh" content="0; url=${onward}">`}
<title>${title} · Surety</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/look.css">
${hasScript ? html`<script src="/passkey.js" defer></script>` : ''}
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<header>
<p class="eyebrow"><a href="/">Surety</a></p>
${session === undefined ? '' : signedIn(session)}
</header>
<main id="main">
${body}
</main>
</body>
</html>
`;

const signedIn = ({
  person,
  token,
}: Session): Markup => html`<form class="who" method="post" action="/sign-out">
<span>${said(person)}</span>
<input type="hidden" name="token" value="${token}">
<button class="quiet">Sign out</button>
</form>`;

/** A page that says one thing. */
export const notice = (
  title: string,
  text: unknown,
  more: Omit<Framed, 'title' | 'body'> & { readonly next?: unknown } = {},
): Markup =>
  page({ ...more, title, body: html`<h1>${title}</h1>\n<p class="lead">${text}</p>\n${more.next ?? ''}` });

/** What the script puts into a form that asks a passkey. */
export const passkeyFields = html`${['credential', 'authenticatorData', 'clientDataJSON', 'signature'].map((name) => html`<input type="hidden" name="${name}">`)}`;
