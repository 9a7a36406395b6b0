// `/approve/<ref>`: one call that waits, in plain words. What is asked stands first and large, every argument whole, then
// why it waits and what is unusual; the answers come last, after all of it.

import { html } from 'hono/html';
import { page, passkeyFields } from './frame.ts';
import type { HoldShown } from './holds.ts';
import { type Markup, said } from './marks.ts';
import type { Session } from './sessions.ts';
import { amountText, type Unusual, when } from './unusual.ts';
import { argumentsOf } from './values.ts';

/** What the script asks the person's passkey for. */
export interface Signing {
  /** The exact text, and what the authenticator is given of it. */
  readonly text: string;
  readonly challenge: string;
  /** Names of the person's passkeys. */
  readonly credentials: readonly string[];
}

export interface ApproveView {
  readonly session: Session;
  readonly shown: HoldShown;
  readonly unusual: readonly Unusual[];
  /** Why this person cannot approve it, or cannot refuse it; undefined if they can. */
  readonly againstYes: string | undefined;
  readonly againstNo: string | undefined;
  readonly signing: Signing | undefined;
  /** What was wrong with the last answer. */
  readonly problem?: string | undefined;
  /** What was written as a reason, to be written no second time. */
  readonly reason?: string | undefined;
}

export function approvePage(view: ApproveView): Markup {
  const { session, shown } = view;
  const body = html`<h1>${sentence(shown)}</h1>
${sum(shown)}
${stateBand(view)}
${about(shown)}
${shown.words === undefined ? '' : html`<section>\n<h2>What the user asked for</h2>\n<blockquote>${said(shown.words)}</blockquote>\n</section>`}
<section>
<h2>What is unusual</h2>
${unusualList(view)}
</section>
<section>
<h2>Every argument</h2>
${shown.args === undefined ? html`<p>They were erased. Nobody can approve what they cannot see.</p>` : argumentsOf(shown.args)}
</section>
<section>
<h2>Why it waits</h2>
${why(shown)}
</section>
${answers(view)}`;
  return page({ title: titleOf(shown), session, body, hasScript: view.signing !== undefined });
}

const titleOf = ({ tool, money }: HoldShown): string =>
  money === undefined ? `A call of ${tool}` : `${amountText(money)} by ${tool}`;

const verbs: Readonly<Record<string, string>> = {
  ...{ read: 'read something', write: 'change something', send: 'send something', spend: 'spend money' },
  ...{ delete: 'delete something', grant: 'grant a right', execute: 'run something' },
};

const sentence = ({ agent, user, tool, effect }: HoldShown): Markup =>
  html`The agent <b>${said(agent)}</b>${user === undefined ? '' : html`, for <b>${said(user)}</b>,`} wants to ${verbs[effect] ?? 'act'} with <b>${said(tool)}</b>`;

function sum(shown: HoldShown): Markup {
  const { money } = shown;
  const [amount = '', unit = ''] = money === undefined ? [] : splitLast(amountText(money));
  const parties = partiesOf(shown);
  if (money === undefined && parties.length === 0) return html``;
  return html`<p class="sum">
${money === undefined ? '' : html`<span class="amount">${amount} <small>${unit}</small></span>`}
${parties.map(([name, value]) => html`<span class="party"><small>${said(name)}</small> ${said(value)}</span>\n`)}
</p>`;
}

/** What arguments are called that say to whom something goes. */
const partyName =
  /^(?:to|payee|recipient|beneficiary|creditor|supplier|vendor|customer|counterparty|account|iban|email|address)(?:[_-]?(?:id|name|number))?$/i;
const [partiesMax, partyCharsMax] = [4, 200];

/** Whom the call is about by its tool's label, and arguments that by their name say to whom it goes. */
function partiesOf({ subject, args = {} }: HoldShown): readonly (readonly [name: string, value: string])[] {
  const slash = subject?.indexOf('/') ?? 0;
  const labelled =
    subject === undefined ? [] : [[subject.slice(0, slash), subject.slice(slash + 1)] as const];
  const named = Object.entries(args).flatMap(([name, value]) => {
    const isOne = partyName.test(name) && (typeof value === 'string' || Number.isSafeInteger(value));
    const text = String(value);
    const isNew = text !== labelled[0]?.[1];
    return isOne && isNew && text !== '' && text.length <= partyCharsMax ? [[name, text] as const] : [];
  });
  return [...labelled, ...named].slice(0, partiesMax);
}

function splitLast(text: string): [string, string] {
  const at = text.lastIndexOf(' ');
  return [text.slice(0, at), text.slice(at + 1)];
}

const states: Readonly<Record<HoldShown['state'], readonly [tone: string, text: string]>> = {
  waiting: ['holding', 'It waits for people.'],
  approved: ['proven', 'It is approved, and not yet used. A no still stops it.'],
  used: ['proven', 'It was approved, and the agent has used that.'],
  refused: ['violated', 'It was refused.'],
  planted: [
    'unproven',
    'No agent asked for this: it was planted, to see whether people look. Nothing comes of it.',
  ],
  expired: ['unproven', 'It waits no longer: nobody answered in time.'],
};

function stateBand({ shown, session, problem }: ApproveView): Markup {
  const [tone, text] = states[shown.state];
  const own = [...shown.approvals, ...(shown.refusal === undefined ? [] : [shown.refusal])].find(
    ({ person }) => person === session.person,
  );
  const alert = problem === undefined ? '' : html`<p class="alert" role="alert">${problem}</p>\n`;
  if (shown.state === 'waiting' && own === undefined) return html`${alert}`;
  return html`${alert}<div class="band ${tone}" role="status">
<p class="verdict">${text}</p>
${shown.approvals.map((each) => html`<p>${said(each.person)} approved it, ${when(each.at)} <small>(fact ${each.position})</small></p>\n`)}
${refusal(shown)}
${shown.usedBy === undefined ? '' : html`<p>Used by the call <code>${shown.usedBy}</code>.</p>`}
${own === undefined ? '' : html`<p><small>Your answer stands in the ledger as fact ${own.position}: <code>surety receipt ${own.position}</code> gives a file that shows so to anybody.</small></p>`}
</div>`;
}

function refusal({ refusal: no }: HoldShown): Markup {
  if (no === undefined) return html``;
  return html`<p>${said(no.person)} refused it, ${when(no.at)} <small>(fact ${no.position})</small></p>
${no.reason === undefined ? '' : html`<blockquote>${said(no.reason)}</blockquote>`}`;
}

const term = (name: string, value: unknown): Markup => html`<div><dt>${name}</dt> <dd>${value}</dd></div>\n`;

const about = (shown: HoldShown): Markup => html`<dl class="plain">
${term('For', shown.user === undefined ? 'nobody named' : said(shown.user))}
${term('Owner of the agent', shown.agentOwner === undefined ? 'nobody known' : said(shown.agentOwner))}
${term('Tool', html`${said(shown.tool)} (${shown.effect})`)}
${term('Asked', when(shown.at))}
${term('Waits until', when(shown.expires))}
${term('Reference', html`<code>${shown.hold}</code>`)}
</dl>`;

const unusualList = ({ unusual }: ApproveView): Markup =>
  unusual.length === 0
    ? html`<p>Nothing that the ledger shows: compared with the calls of this tool that were let through before.</p>`
    : html`<ul class="odd">\n${unusual.map(({ text }) => html`<li>${said(text)}</li>\n`)}</ul>`;

function why({ rule, outcome, approve, approvals, at, state }: HoldShown): Markup {
  const { function: asked, count, not, escalate } = approve;
  const excluded = {
    requester: 'whoever the agent acts for',
    'agent-owner': 'whoever answers for the agent',
  };
  return html`${
    outcome === undefined
      ? ''
      : html`<blockquote>${said(outcome.statement)}</blockquote>
<p>So says the outcome <b>${said(outcome.name)}</b>; ${said(outcome.owner)} answers for it.</p>`
  }
${
  rule === undefined
    ? html`<p>The checkpoint that asked is not in force any more: nobody can approve this. The agent may ask again.</p>`
    : html`<p>Its checkpoint <b>${said(rule.rule)}</b> asks people before ${said(rule.before)}${rule.when === undefined ? '' : html`, where <code>${said(rule.when)}</code> is true <small>(<code>money</code> counts minor units)</small>`}.</p>`
}
<p>${count === 1 ? 'One person' : `${count} people`} of <b>${said(asked)}</b> must approve${not.length === 0 ? '' : `, and not ${not.map((each) => excluded[each]).join(' nor ')}`}.
${approvals.length === 0 ? 'Nobody has yet.' : html`${approvals.map(({ person }, at) => html`${at === 0 ? '' : ', '}${said(person)}`)} ${approvals.length === 1 ? 'has' : 'have'}; ${state === 'waiting' ? 'that is not enough' : 'that is enough'}.`}</p>
${escalate === undefined ? '' : html`<p>If it still waits at ${when(at + escalate.afterMs)}, people of <b>${said(escalate.function)}</b> can answer it too.</p>`}`;
}

function answers(view: ApproveView): Markup {
  const { shown, againstYes, againstNo } = view;
  if (shown.state !== 'waiting' && shown.state !== 'approved') return html``;
  return html`<section>
<h2>Your answer</h2>
<p>If enough people approve, the agent may make exactly this call, once, until ${when(shown.expires)}; a call that differs in one character waits again.
If one person refuses, it is not made, and the agent is not told why.</p>
<div class="answers">
${againstYes === undefined ? yes(view) : html`<p>${cannot(view, againstYes)}</p>`}
${againstNo === undefined ? no(view) : ''}
</div>
</section>
${view.signing === undefined || againstYes !== undefined ? '' : exact(view.signing)}`;
}

const cannot = ({ shown, session }: ApproveView, why: string): Markup =>
  shown.approvals.some(({ person }) => person === session.person)
    ? html`You have approved it. Until it is used, you can still refuse.`
    : html`You cannot approve it: ${said(why)}.`;

function yes({ shown, session, signing }: ApproveView): Markup {
  const typed = html`<p>In a terminal: <code>surety approve ${shown.hold} --key FILE</code></p>`;
  if (signing === undefined || signing.credentials.length === 0)
    return html`<div><p>You have no passkey here, and an approval is signed with one.</p>${typed}</div>`;
  return html`<form method="post" action="/approve/${shown.hold}/yes" data-passkey="get" data-challenge="${signing.challenge}" data-credentials="${signing.credentials.join(' ')}">
<input type="hidden" name="token" value="${session.token}">
${passkeyFields}
<button hidden>Approve with your passkey</button>
<p class="alert" role="alert"></p>
<noscript><p>A passkey is asked for by a script, and scripts are off. You can refuse without one.</p>${typed}</noscript>
</form>`;
}

const no = ({
  shown,
  session,
  reason = '',
}: ApproveView): Markup => html`<form method="post" action="/approve/${shown.hold}/no">
<input type="hidden" name="token" value="${session.token}">
<label for="reason">Reason to refuse</label>
<textarea id="reason" name="reason" required maxlength="1000" aria-describedby="kept">${reason}</textarea>
<small id="kept">Kept in the ledger, for people; the agent does not see it.</small>
<button class="refuse">Refuse</button>
</form>`;

const exact = ({ text, challenge }: Signing): Markup => html`<details>
<summary>Exactly what your passkey signs</summary>
<pre>${said(text)}</pre>
<p><small>The authenticator gets the SHA-256 of this text: <code>${challenge}</code></small></p>
</details>`;
