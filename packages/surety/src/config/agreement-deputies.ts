// Who stands in for whom: people who exist, for a time that begins and ends.

import type { Installation } from './installation.ts';
import type { Findings, Names } from './names.ts';
import { quote } from './problem.ts';

const dayMs = 86_400_000;
/** Whoever is away longer is replaced: give the function to somebody. */
const daysMax = 366;

export function checkDeputies(found: Findings, { people = [] }: Installation, names: Names): void {
  people.forEach(({ id, accounts = [], deputies = [] }, index) => {
    deputies.forEach(({ person, from, until }, at) => {
      const place = ['people', index, 'deputies', at];
      if (person === id || accounts.includes(person))
        found.add(
          [...place, 'person'],
          `${quote(person)} cannot stand in for themselves`,
          'name somebody else',
        );
      else found.declared([...place, 'person'], 'person', person, names.people.keys(), '`people`');
      for (const [key, written] of [
        ['from', from],
        ['until', until],
      ] as const)
        if (written !== undefined && new Date(dayOf(written)).toISOString().slice(0, 10) !== written)
          found.add([...place, key], `${quote(written)} is no day`, 'write it as `2026-03-31`');
      const days = from === undefined ? 0 : (dayOf(until) - dayOf(from)) / dayMs;
      if (days < 0) found.add([...place, 'until'], 'it ends before it begins', 'write a later day');
      if (days > daysMax)
        found.add([...place, 'until'], `it would last longer than ${daysMax} days`, 'name an earlier day');
    });
  });
}

/** Of `2026-02-30`, the day that it would be. */
const dayOf = (written: string): number => {
  const [year = 0, month = 1, date = 1] = written.split('-').map(Number);
  return Date.UTC(year, month - 1, date);
};
