// Medians and percentiles of what was measured. Nearest rank: every figure printed is one that was seen.

/** `share` between 0 and 1; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
  return sorted[rank - 1] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The median over rounds of a figure of each round: one disturbed round does not count. */
export const overRounds = <T>(rounds: readonly T[], figure: (round: T) => number): number =>
  median(rounds.map(figure));
