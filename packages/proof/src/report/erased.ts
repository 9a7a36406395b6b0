// What was erased, for a reader who is no engineer: by which orders, and what had been found while it was there. The verdict
// of before is repeated, never vouched for: it cannot be computed again from what is left.

import type { Judgement } from '../verdict/index.ts';
import { escapeHtml as e } from './escape.ts';
import { instant, momentText } from './words.ts';

type Erased = NonNullable<Judgement['erased']>;

const found: Readonly<Record<NonNullable<Erased['earlier']>['verdict'], string>> = {
  proven: 'the promise was kept',
  violated: 'the promise was broken',
  unproven: 'not proven',
  holding: 'holding so far',
  unsound: 'not sound',
};

/** Each in one sentence: that something was erased, and what was found before. */
export function erasedInWords({ by, earlier }: Erased): readonly string[] {
  const [first] = by;
  const when = first === undefined ? '' : ` on ${momentText(first.at)}`;
  return [
    `Values that this verdict rests on were erased by order${when}: nobody can show them any more.`,
    earlier === undefined
      ? 'No verdict on this period had been given before.'
      : `Before that, on ${momentText(earlier.at)}, the verdict on this period was: ${found[earlier.verdict]} (${earlier.verdict}).`,
  ];
}

export function erasedSection({ erased }: Judgement): string {
  if (erased === undefined) return '';
  const { by, earlier } = erased;
  const orders = by.map(
    ({ position, at, basis }) =>
      `<li>Erased on <time datetime="${e(instant(at))}">${e(momentText(at))}</time>, on the legal basis <code>${e(basis)}</code> <small>fact ${e(String(position))}</small></li>`,
  );
  const before =
    earlier === undefined
      ? ''
      : ` <small>Fact ${e(String(earlier.position))}, over ${e(String(earlier.ledgerSize))} facts.</small></p>
<p>It was the word of whoever ran Surety then, recorded before anything was erased. It cannot be computed again from what is left;
whoever kept the proof of then can check it. Its judgement is called <code>${e(earlier.judgement)}</code>.`;
  const [, said = ''] = erasedInWords(erased);
  return `<section class="erased"><h2>What was erased</h2><p>Values that this verdict rests on were erased by order. Facts and hashes are all there, and nothing else
changed; but nobody can show these values any more, so the answers that need them are not proven.</p><ul>${orders.join('')}</ul>
<p>${e(said)}${before}</p></section>`;
}
