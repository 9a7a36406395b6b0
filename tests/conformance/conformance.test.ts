// The official conformance suite, directly and through the gateway: the same checks with the same outcome, but for the
// differences in known-differences.json. One that is no longer there fails as one that nobody knew of.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Difference,
  differencesOf,
  entriesOf,
  judge,
  type Known,
  placeOf,
  scoreOf,
} from './comparison.ts';
import { compareLeg } from './legs.ts';
import { type Checks, legs, revisions, scenariosOf } from './suite.ts';

const knownText = readFileSync(new URL('./known-differences.json', import.meta.url), 'utf8');
const known = JSON.parse(knownText) as Known[];

describe('the official suite', () => {
  test.each(legs.flatMap((leg) => revisions.map((revision) => [leg, revision] as const)))(
    'says of the %s leg at %s the same through the gateway',
    async (leg, revision) => {
      const run = await compareLeg(leg, revision, known);
      const ofRun = known.filter((each) => each.leg === leg && each.revision === revision);
      const { unknown, stale } = judge(run.differences, ofRun);
      expect(unknown).toEqual([]);
      expect(stale).toEqual([]);
      expect(run.direct.passed).toBeGreaterThan(0);
    },
    // Not a limit on how fast it is: the suite ends each of its scenarios itself.
    30 * 60_000,
  );

  test('every known difference names a scenario of the suite, and says why', () => {
    for (const { leg, revision, scenario, why } of known) {
      expect(scenariosOf(leg, revision)).toContain(scenario);
      expect(why).not.toBe('');
    }
  });
});

describe('a comparison', () => {
  const place = { leg: 'server', revision: '2025-11-25' } as const;
  const checks = (text: string): Checks =>
    new Map([
      [
        'ping',
        text.split(' ').flatMap((each) => {
          const [id = '', status] = each.split('=');
          return status === undefined ? [] : [{ id, status: status as 'SUCCESS', message: '' }];
        }),
      ],
    ]);
  const found = (direct: string, through: string) =>
    differencesOf(place, checks(direct), checks(through)).map(
      ({ check, direct: before, through: after }) => `${check} ${before} ${after}`,
    );

  test.each([
    ['the same', 'a=SUCCESS b=FAILURE', 'a=SUCCESS b=FAILURE', []],
    ['a check that fails', 'a=SUCCESS', 'a=FAILURE', ['a SUCCESS FAILURE']],
    ['a check that is not made', 'a=SUCCESS b=SUCCESS', 'a=SUCCESS', ['b SUCCESS ABSENT']],
    ['a check that only the gateway meets', 'a=SUCCESS', 'a=SUCCESS b=FAILURE', ['b ABSENT FAILURE']],
    ['a pass that the server does not earn', 'a=FAILURE', 'a=SUCCESS', ['a FAILURE SUCCESS']],
    ['one of several that fails', 'a=SUCCESS a=SUCCESS', 'a=FAILURE a=SUCCESS', ['a SUCCESS FAILURE']],
    ['nothing at all', 'a=SUCCESS', '', ['a SUCCESS ABSENT']],
  ])('%s', (_, direct, through, expected) => expect(found(direct, through)).toEqual(expected));

  const difference = (check: string): Difference => ({
    ...{ ...place, scenario: 'ping', check, message: 'no answer' },
    ...{ direct: 'SUCCESS', through: 'FAILURE' },
  });
  const entry: Known = { ...place, scenario: 'ping', checks: ['a', 'b'], why: 'on its way' };

  test('tells the unknown from the known, and the known from what is gone', () => {
    const { unknown, stale } = judge([difference('a'), difference('c')], [entry]);
    expect(unknown.map(placeOf)).toEqual(['server 2025-11-25 ping:c']);
    expect(stale).toEqual(['server 2025-11-25 ping:b']);
  });

  test('keeps the reason of what was known', () => {
    expect(entriesOf([difference('a')], [entry])).toEqual([{ ...entry, checks: ['a'] }]);
    expect(entriesOf([difference('a')], [])[0]?.why).toBe('no answer');
  });

  test('counts as the suite does', () =>
    expect(scoreOf(checks('a=SUCCESS a=SUCCESS b=FAILURE c=WARNING d=SKIPPED'))).toEqual({
      ...{ passed: 2, failed: 1, warnings: 1, skipped: 1 },
    }));
});
