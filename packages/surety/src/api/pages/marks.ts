// Text that an agent chose, so that a person reads what is there: what cannot be seen gets a mark, what would reorder or
// hide its neighbours does nothing, and words that mix scripts are told. The escaping itself is that of the templates.

import { html } from 'hono/html';

export type Markup = ReturnType<typeof html>;

/**
 * Controls, formats, halves of characters, separators, private use, spaces but the plain one; what Unicode calls
 * ignorable (fillers, joiners, variation selectors, tags); and the empty braille cell.
 */
const unseen =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

const plainBreaks = /[\n\t]/;

/** Whether the text has something that cannot be seen; line breaks and tabs of longer texts are none. */
export const hidden = (text: string): boolean =>
  [...text.matchAll(unseen)].some(([mark]) => !plainBreaks.test(mark));

/** Scripts whose letters are taken for one another's. */
const alike = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];

const isMixed = (word: string): boolean => alike.filter((script) => script.test(word)).length > 1;

export const mixesScripts = (text: string): boolean => (text.match(/[\p{L}\p{M}]+/gu) ?? []).some(isMixed);

/** The text with a mark in the place of each character that cannot be seen. */
export function visible(text: string): Markup[] {
  const parts: Markup[] = [];
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(unseen)) {
    if (index > from) parts.push(...readable(text.slice(from, index)));
    parts.push(marked(mark));
    from = index + mark.length;
  }
  if (from < text.length) parts.push(...readable(text.slice(from)));
  return parts;
}

/** With a line under words whose letters are of several scripts. */
function readable(text: string): Markup[] {
  if (!mixesScripts(text)) return [html`${text}`];
  return text
    .split(/([\p{L}\p{M}]+)/u)
    .map((part) =>
      isMixed(part)
        ? html`<span class="mixed" title="letters of different scripts">${part}</span>`
        : html`${part}`,
    );
}

function marked(mark: string): Markup {
  if (mark === '\n') return html`<span class="unseen" title="line break">↵</span><br>`;
  if (mark === '\t') return html`<span class="unseen" title="tab">⇥</span>`;
  const code = (mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return html`<span class="unseen" title="a character that cannot be seen">U+${code}</span>`;
}

/** Isolated, so that its direction is its own. */
export const said = (text: string): Markup => html`<bdi>${visible(text)}</bdi>`;
