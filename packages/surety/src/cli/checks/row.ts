// One line of `surety doctor`: what was looked at, what was found, and what to do about it.

export interface Row {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy?: string;
}

export const ok = (check: string, found: string): Row => ({ check, state: 'ok', found });
export const warn = (check: string, found: string, remedy: string): Row => ({
  check,
  state: 'warn',
  found,
  remedy,
});
export const fail = (check: string, found: string, remedy: string): Row => ({
  check,
  state: 'fail',
  found,
  remedy,
});

/** A check that itself breaks has failed: it must never look passed, nor end the others. */
export async function attempt(
  check: string,
  remedy: string,
  look: () => Row | readonly Row[] | Promise<Row | readonly Row[]>,
): Promise<readonly Row[]> {
  try {
    const rows = await look();
    return Array.isArray(rows) ? rows : [rows as Row];
  } catch (error) {
    return [fail(check, error instanceof Error ? error.message : String(error), remedy)];
  }
}
