// Windows: half-open `[from, to)`, aligned to calendar days of the outcome's time zone.

const dayMs = 86_400_000;

/** `2026-03-02`: the calendar day of an instant in a time zone. Throws RangeError for an unknown zone. */
export function dayOf(atMs: number, timeZone: string): string {
  if (timeZone === 'UTC') return new Date(atMs).toISOString().slice(0, 10);
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** The first instant of a calendar day: days may have 23 or 25 hours, so it is searched, not computed. */
export function startOfDay(day: string, timeZone: string): number {
  const noonUtc = Date.parse(`${day}T12:00:00Z`);
  if (timeZone === 'UTC') return noonUtc - dayMs / 2;
  let [before, after] = [noonUtc - 1.5 * dayMs, noonUtc + dayMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle, timeZone) < day) before = middle;
    else after = middle;
  }
  return after;
}

/** The window of `windowMs` (whole days) that contains an instant. */
export function windowAt(atMs: number, windowMs: number, timeZone: string): { from: number; to: number } {
  const days = Math.max(1, Math.round(windowMs / dayMs));
  const from = startOfDay(dayOf(atMs, timeZone), timeZone);
  // Twelve hours past the last midnight lies inside the next day, whatever the clocks did.
  return { from, to: startOfDay(dayOf(from + days * dayMs + dayMs / 2, timeZone), timeZone) };
}
