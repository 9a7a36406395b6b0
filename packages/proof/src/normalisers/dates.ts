// Dates and times, as people write them; the key is the ISO 8601 form. A date that two countries read differently
// (`03/04/2026`) is read as none. Days are counted for the expressions that calculate with them.

import { listOf } from './plain.ts';

const months = 'january february march april may june july august september october november december';
const monthNames: ReadonlyMap<string, number> = new Map(
  months.split(' ').flatMap((name, index) => [
    [name, index + 1],
    [name.slice(0, 3), index + 1],
  ]),
);

/** As a call holds it. */
const iso = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
export const dateKey = (text: string): string | undefined => {
  const [, year, month, day] = iso.exec(text) ?? [];
  return keyOf(Number(year), Number(month), Number(day));
};

function keyOf(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = year >= 1_000 && year <= 9_999 && date.getUTCMonth() === month - 1;
  return isReal && date.getUTCDate() === day ? date.toISOString().slice(0, 10) : undefined;
}

const dayMs = 86_400_000;
export const dayNumber = (key: string): number => Date.parse(`${key}T00:00:00Z`) / dayMs;
export function dateOfDay(day: number): string | undefined {
  const date = new Date(day * dayMs);
  return Number.isNaN(date.getTime())
    ? undefined
    : keyOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
}

const dayFirst = /^([0-9]{1,2})(?:st|nd|rd|th)? (?:of )?([a-z]{3,9})(?:\.?,? ([0-9]{4}))?$/;
const monthFirst = /^([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?:,? ([0-9]{4}))?$/;

/**
 * `2 March 2026`, `March 2nd, 2026`, `2026-03-02`, `02.03.2026`, `13/03/2026`. Without a year it is that of `at`, when
 * it was said, or the next: the two that a person can mean.
 */
export function dateKeys(piece: string, at: number): readonly string[] {
  const text = piece.toLowerCase().replace(/\s+/g, ' ');
  const whole = dateKey(text.replaceAll('/', '-')) ?? numeric(text);
  if (whole !== undefined) return [whole];
  const [, day, monthAfter, yearAfter] = dayFirst.exec(text) ?? [];
  const [, monthBefore, dayAfter, yearBefore] = monthFirst.exec(text) ?? [];
  const month = monthNames.get(monthAfter ?? monthBefore ?? '');
  const of = Number(day ?? dayAfter);
  if (month === undefined) return [];
  const said = yearAfter ?? yearBefore;
  const thisYear = new Date(at).getUTCFullYear();
  const years = said === undefined ? [thisYear, thisYear + 1] : [Number(said)];
  return years.flatMap((year) => keyOf(year, month, of) ?? []);
}

/** With points the day comes first, everywhere; with strokes only where the other reading is no date. */
function numeric(text: string): string | undefined {
  const [, first, mark, second, year] = /^([0-9]{1,2})([./])([0-9]{1,2})\2([0-9]{4})$/.exec(text) ?? [];
  const european = keyOf(Number(year), Number(second), Number(first));
  const american = keyOf(Number(year), Number(first), Number(second));
  if (mark === '.' || european === american) return european;
  if (european !== undefined && american !== undefined) return undefined;
  return european ?? american;
}

/** `09:30`; seconds stand in it only if there are any. */
export function timeKey(text: string): string | undefined {
  const [, hours, minutes, seconds = '00'] = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?$/.exec(text) ?? [];
  return hours === undefined ? undefined : clock(Number(hours), minutes ?? '', seconds);
}

function clock(hours: number, minutes: string, seconds: string): string | undefined {
  if (hours > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const key = `${String(hours).padStart(2, '0')}:${minutes}`;
  return seconds === '00' ? key : `${key}:${seconds}`;
}

/** `09:30`, `9:30`, `9:30 am`, `9 pm`. */
export function timeKeys(piece: string): readonly string[] {
  const pattern = /^([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)?(?: ?([ap])\.?m\.?)?$/;
  const [, hours, minutes, seconds = '00', half] = pattern.exec(piece.toLowerCase()) ?? [];
  if (hours === undefined || (minutes === undefined && half === undefined)) return [];
  if (half === undefined) return listOf(clock(Number(hours), minutes ?? '', seconds));
  if (Number(hours) < 1 || Number(hours) > 12) return [];
  const hour = (Number(hours) % 12) + (half === 'p' ? 12 : 0);
  return listOf(clock(hour, minutes ?? '00', seconds));
}

const minutes = new Map([
  ['min', 1],
  ['minute', 1],
  ['hour', 60],
  ['day', 1_440],
  ['week', 10_080],
]);

const counts = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
function countOf(word: string): number {
  if (/^[0-9]/.test(word)) return Number(word);
  return word === 'a' || word === 'an' ? 1 : counts.indexOf(word);
}

/** `30 days`, `90 minutes`, `2 weeks`, `one hour`: whole days, or minutes. */
export function durationKeys(piece: string): readonly string[] {
  const [, word = '', unit = ''] =
    /^([0-9]{1,4}|[a-z]{1,6})[ -]([a-z]{3,7})$/.exec(piece.toLowerCase()) ?? [];
  const each = minutes.get(unit.replace(/s$/, ''));
  const count = countOf(word);
  if (word === '' || count === -1 || each === undefined) return [];
  const all = count * each;
  return [each >= 1_440 ? `days:${all / 1_440}` : `minutes:${all}`];
}
