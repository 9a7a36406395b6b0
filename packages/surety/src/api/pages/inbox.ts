// What waits for the person who is signed in.

import { html } from 'hono/html';
import type { PasskeyShown } from '../../governance/index.ts';
import { page } from './frame.ts';
import type { HoldShown } from './holds.ts';
import { type Markup, said } from './marks.ts';
import type { Session } from './sessions.ts';
import { amountText, when } from './unusual.ts';

export interface Asked {
  readonly shown: HoldShown;
  /** Why this person cannot answer it; undefined if they can. */
  readonly against: string | undefined;
}

export function inboxPage(
  session: Session,
  asked: readonly Asked[],
  passkeys: readonly PasskeyShown[],
): Markup {
  const mine = asked.filter(({ against }) => against === undefined);
  const others = asked.filter(({ against }) => against !== undefined);
  const body = html`<h1>${heading(mine.length)}</h1>
${mine.length === 0 ? html`<p class="lead">When an agent asks for something that needs your word, it stands here.</p>` : list(mine)}
${passkeys.length === 0 ? '' : toConfirm(passkeys)}
${
  others.length === 0
    ? ''
    : html`<section>
<h2>Waits, and not for you</h2>
${list(others)}
</section>`
}`;
  return page({ title: heading(mine.length), session, body });
}

const toConfirm = (passkeys: readonly PasskeyShown[]): Markup => html`<section>
<h2>Passkeys that wait to be confirmed</h2>
<ul class="asks">
${passkeys.map(
  ({
    invitation,
    person,
    by,
    expires,
  }) => html`<li><a href="/confirm/${invitation}"><strong>${said(person)}</strong>
<small>invited by ${said(by)} · until ${when(expires)}</small></a></li>
`,
)}
</ul>
</section>`;

const heading = (count: number): string =>
  count === 0 ? 'Nothing waits for you' : `${count} ${count === 1 ? 'call waits' : 'calls wait'} for you`;

const list = (asked: readonly Asked[]): Markup => html`<ul class="asks">
${asked.map(
  ({ shown, against }) => html`<li><a href="/approve/${shown.hold}"><strong>${what(shown)}</strong>
<small>${said(shown.agent)}${shown.user === undefined ? '' : html`, for ${said(shown.user)}`} · ${said(shown.tool)} · until ${when(shown.expires)}</small>
<small>${summary(shown)}</small>
${against === undefined ? '' : html`<small>${said(against)}</small>`}</a></li>
`,
)}
</ul>`;

function what({ money, subject, tool }: HoldShown): Markup {
  const party = subject === undefined ? '' : html` · ${said(subject.replace('/', ' '))}`;
  return money === undefined ? html`${said(tool)}${party}` : html`${amountText(money)}${party}`;
}

const [shownMax, charsMax] = [3, 60];

/** Enough to know it again; the page itself shows all of it. */
function summary({ args = {}, money }: HoldShown): Markup[] {
  const saidAlready = money === undefined ? [] : amountText(money).replaceAll(',', '').split(' ');
  return Object.entries(args)
    .filter(([, value]) => typeof value !== 'object' && !saidAlready.includes(String(value)))
    .slice(0, shownMax)
    .map(([name, value], at) => {
      const text = String(value);
      // Never in the middle of a character.
      const short = text.slice(0, charsMax).replace(/[\ud800-\udbff]$/, '');
      return html`${at === 0 ? '' : ' · '}${said(name.slice(0, charsMax))} ${said(short)}${short === text ? '' : '…'}`;
    });
}
