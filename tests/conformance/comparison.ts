// Two runs of the suite, directly and through the gateway, check by check; and the differences that are known.
// Pure: who compares has run the suite, and says what comes of it.

import type { Check, Checks, Leg, Revision, Status } from './suite.ts';

export interface Difference {
  readonly leg: Leg;
  readonly revision: Revision;
  readonly scenario: string;
  readonly check: string;
  readonly direct: Status | 'ABSENT';
  readonly through: Status | 'ABSENT';
  /** What the suite said of the run through the gateway. */
  readonly message: string;
}

/** A check may be made several times in a scenario: the worst counts, as it does for the suite. */
const severity: readonly (Status | 'ABSENT')[] = ['ABSENT', 'SKIPPED', 'SUCCESS', 'WARNING', 'FAILURE'];

function worst(checks: readonly Check[]): Map<string, Check> {
  const found = new Map<string, Check>();
  for (const check of checks) {
    const before = found.get(check.id)?.status ?? 'ABSENT';
    if (severity.indexOf(check.status) > severity.indexOf(before)) found.set(check.id, check);
  }
  return found;
}

/** Everything that is not the same, for better or worse: a pass that the server itself does not earn is no pass. */
export function differencesOf(
  { leg, revision }: { readonly leg: Leg; readonly revision: Revision },
  direct: Checks,
  through: Checks,
): Difference[] {
  return [...direct].flatMap(([scenario, checks]) => {
    const ours = worst(checks);
    const theirs = worst(through.get(scenario) ?? []);
    return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((check) => {
      const before = ours.get(check)?.status ?? 'ABSENT';
      const after = theirs.get(check)?.status ?? 'ABSENT';
      if (before === after) return [];
      const message = theirs.get(check)?.message ?? '';
      return [{ leg, revision, scenario, check, direct: before, through: after, message }];
    });
  });
}

export interface Score {
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  readonly skipped: number;
}

/** As the suite counts: every check that was made. */
export function scoreOf(checks: Checks): Score {
  const all = [...checks.values()].flat();
  const count = (status: Status) => all.filter((check) => check.status === status).length;
  return {
    passed: count('SUCCESS'),
    failed: count('FAILURE'),
    warnings: count('WARNING'),
    skipped: count('SKIPPED'),
  };
}

/** Differences of one scenario that are known, and why they are there. */
export interface Known {
  readonly leg: Leg;
  readonly revision: Revision;
  readonly scenario: string;
  readonly checks: readonly string[];
  readonly why: string;
}

type Place = Pick<Difference, 'leg' | 'revision' | 'scenario' | 'check'>;
export const placeOf = ({ leg, revision, scenario, check }: Place): string =>
  `${leg} ${revision} ${scenario}:${check}`;

/** What nobody knew of, and what is known and no longer there: either fails. */
export function judge(
  differences: readonly Difference[],
  known: readonly Known[],
): { readonly unknown: readonly Difference[]; readonly stale: readonly string[] } {
  const expected = known.flatMap(({ checks, ...place }) =>
    checks.map((check) => placeOf({ ...place, check })),
  );
  const found = new Set(differences.map(placeOf));
  return {
    unknown: differences.filter((each) => !expected.includes(placeOf(each))),
    stale: expected.filter((place) => !found.has(place)),
  };
}

/** The differences as entries; what was already known keeps its reason. */
export function entriesOf(differences: readonly Difference[], known: readonly Known[]): Known[] {
  const groups = Object.groupBy(differences, ({ leg, revision, scenario }) =>
    [leg, revision, scenario].join(),
  );
  return Object.values(groups).map((group = []) => {
    const { leg, revision, scenario, message } = group[0] as Difference;
    const before = known.find(
      (each) => each.leg === leg && each.revision === revision && each.scenario === scenario,
    );
    return { leg, revision, scenario, checks: group.map(({ check }) => check), why: before?.why ?? message };
  });
}
