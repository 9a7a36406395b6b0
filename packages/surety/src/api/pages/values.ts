// Arguments, each whole: nobody approves what they could not see. Their names and values are the agent's choice.

import { html } from 'hono/html';
import { type Markup, said } from './marks.ts';

type Members = Readonly<Record<string, unknown>>;

export const argumentsOf = (args: Members): Markup =>
  Object.keys(args).length === 0 ? html`<p>None.</p>` : members(args);

const members = (value: Members): Markup => html`<dl class="args">
${Object.entries(value).map(([name, each]) => html`<div><dt>${said(name)}</dt> <dd>${shownAs(each)}</dd></div>\n`)}
</dl>`;

function shownAs(value: unknown): Markup {
  if (Array.isArray(value)) return value.length === 0 ? kind('an empty list') : listed(value);
  if (typeof value === 'object' && value !== null)
    return Object.keys(value).length === 0 ? kind('an empty object') : members(value as Members);
  return typeof value === 'string' ? text(value) : html`<code>${JSON.stringify(value)}</code>`;
}

const listed = (value: readonly unknown[]): Markup =>
  html`<ol class="args">${value.map((each) => html`<li>${shownAs(each)}</li>\n`)}</ol>`;

/** Longer texts say how long they are, so that their end is known when it is reached. */
const longChars = 400;

function text(value: string): Markup {
  if (value === '') return kind('an empty text');
  const length = value.length > longChars ? kind(`${value.length.toLocaleString('en')} characters`) : '';
  const quote = couldBeAnother(value) ? '"' : '';
  return html`${length}<span class="value">${quote}${said(value)}${quote}</span>`;
}

/** A text that reads like a number, or begins or ends with nothing to see, is told from one that does not. */
const couldBeAnother = (value: string): boolean =>
  /^(?:-?\d[\d.eE+-]*|true|false|null)$/.test(value) || value.trim() !== value;

const kind = (words: string): Markup => html`<small class="kind">${words}</small> `;
