// Addresses, links and account numbers inside free text: what in a message tells its reader where to go or pay. Found
// by how they look, in whatever alphabet: one that is not in plain form has no origin, it is not overlooked.

import type { Span } from './said.ts';

/** Ends of names of hosts that mail programs turn into links without being asked. */
const domains = new Set(
  'com net org io co ai app dev info biz me xyz site online shop store top link click live cloud page ru cn de uk eu us fr nl ch at it es pl be ie in jp kr br au ca se no dk fi to ly gg tv cc example test'.split(
    ' ',
  ),
);
const digitsMin = 8;
const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])/;

/** Without any of these there is no address in a word. */
const mark = /[@.:\p{Nd}\uff20\ufe6b]/u;

/** In order; they do not overlap. */
export function entitiesIn(text: string): readonly Span[] {
  if (!mark.test(text)) return [];
  const words: Span[] = [];
  for (const { 0: word, index } of text.matchAll(/[^\s()[\]{}<>"'`“”‘’«»]+/gu)) {
    const [, start = ''] = /^([.,;:!?*|_~]*)/.exec(word) ?? [];
    const bare = word.slice(start.length).replace(/[.,;:!?*|_~]{1,40}$/, '');
    if (isAddress(bare)) words.push([index + start.length, index + start.length + bare.length]);
  }
  const runs: Span[] = [];
  let next = 0;
  for (const { 0: run, index } of text.matchAll(/\+?\p{Nd}(?:[ \u00a0\p{Pd}]?\p{Nd}){7,63}/gu)) {
    const to = index + run.length;
    // Both are in order: what ends before this run ends before every later one.
    while ((words[next]?.[1] ?? to) <= index) next += 1;
    const isIn = (words[next]?.[0] ?? to) < to;
    if (!isIn && !day.test(run)) runs.push([index, to]);
  }
  return [...words, ...runs].sort(([a], [b]) => a - b);
}

function isAddress(word: string): boolean {
  if (!mark.test(word)) return false;
  if (
    /^[^@\uff20\ufe6b]{1,2000}[@\uff20\ufe6b][^@]/.test(word) ||
    word.includes('://') ||
    /^www\./i.test(word)
  )
    return true;
  const digits = word.replace(/\P{Nd}/gu, '').length;
  if (digits >= digitsMin && !/^[\p{Nd}\p{Pd}+]*$/u.test(word) && !day.test(word)) return true;
  const [host = ''] = word.split(/[/?#:]/, 1);
  const labels = host.split('.');
  return labels.length > 1 && !labels.includes('') && domains.has((labels.at(-1) ?? '').toLowerCase());
}
