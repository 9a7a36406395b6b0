// The window against the calendar of its time zone, as the platform's own (ICU) writes it: it begins and ends at the
// first instant of a local day, and holds as many days as the outcome says.

import { type OpenedProof, type Redone, Tally } from './opened.ts';

const dayMs = 86_400_000;

export function redoCalendar({ judgement }: OpenedProof): Redone {
  const { window, declared } = judgement;
  const { timeZone, needs } = declared;
  const tally = new Tally(
    'calendar',
    `ICU ${process.versions['icu'] ?? ''}, time zones ${process.versions['tz'] ?? ''}`,
  );
  const dayOf = (at: number) => new Date(at).toLocaleDateString('sv-SE', { timeZone });
  for (const [name, at] of Object.entries(window))
    tally.compare(
      dayOf(at) !== dayOf(at - 1),
      () => `\`${name}\` is not where a day begins in ${timeZone}: ${new Date(at).toISOString()}`,
      [],
    );
  const [first, behind] = [dayOf(window.from), dayOf(window.to)].map((day) => Date.parse(`${day}T00:00:00Z`));
  const [days, wanted] = [
    ((behind ?? 0) - (first ?? 0)) / dayMs,
    Math.max(1, Math.round(needs.windowMs / dayMs)),
  ];
  tally.compare(days === wanted, () => `the window has ${days} days, the outcome asks for ${wanted}`, []);
  return tally.redone;
}
