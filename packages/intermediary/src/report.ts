// What came of the checks, for people: one line each, with the reason below where there is one.

import type { Check } from './check.ts';
import type { Result, Summary } from './run.ts';

const marks = { held: 'held   ', broken: 'BROKEN ', 'not-applicable': 'n/a    ' } as const;

export function lineOf({ check, lane, outcome }: Result): string {
  const mark = outcome.is === 'broken' && check.level === 'should' ? 'advised' : marks[outcome.is];
  const head = `${mark}  ${check.id.padEnd(30)}${lane ?? ''}`.trimEnd();
  if (outcome.is === 'held') return head;
  const why = `         ${outcome.why.replace(/\s+/g, ' ').slice(0, 300)}`;
  if (outcome.is === 'not-applicable') return `${head}\n${why}`;
  return [
    `${head}\n${why}`,
    `         sent: ${check.sends}`,
    `         must hold: ${check.holds}`,
    `         source: ${check.source}`,
  ].join('\n');
}

export const summaryLine = ({ held, broken, advised, notApplicable }: Summary): string =>
  `${held} held, ${broken} broken, ${advised} advised, ${notApplicable} not applicable`;

export const catalogLine = ({ id, level, sends, holds, source }: Check): string =>
  `${id} (${level})\n  sends: ${sends}\n  must hold: ${holds}\n  source: ${source}`;

/** As JSON: no credential, no body of what was sent. */
export const recordOf = ({ check, lane, outcome }: Result): Record<string, unknown> => ({
  ...{ id: check.id, level: check.level, outcome: outcome.is },
  ...(outcome.is === 'held' ? {} : { why: outcome.why }),
  ...(lane === undefined ? {} : { lane }),
  ...{ sends: check.sends, holds: check.holds, source: check.source },
});
