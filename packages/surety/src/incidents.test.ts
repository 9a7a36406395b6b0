// Incidents, played in a real house: with the controls that stop them nothing happens that must not, and without them
// everything does, and the verdict says so.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { play } from './incidents.ts';
import { findIncident, incidentNames } from './packs/index.ts';

test('there are incidents', () => expect(incidentNames().length).toBeGreaterThan(0));

describe.each(incidentNames())('%s', (name) => {
  const loaded = findIncident(name);
  const found = 'incident' in loaded ? loaded : undefined;

  test('can be read, and something in it is stopped', () => {
    expect(loaded).not.toHaveProperty('problems');
    expect(found?.incident.incident).toBe(name);
    expect(found?.incident.steps.some(({ answer }) => answer !== 'done')).toBe(true);
  });

  test('with the controls it is stopped where it says', async () => {
    const { steps, verdict, reasons } = await play(found ?? expect.fail(), true);
    expect(steps.map(({ answer }) => answer)).toEqual(found?.incident.steps.map(({ answer }) => answer));
    expect([verdict, reasons]).toEqual(['unproven', []]);
  });

  test('without them all of it happens, and the outcome is violated', async () => {
    const { steps, verdict, reasons } = await play(found ?? expect.fail(), false);
    expect(steps.map(({ answer }) => answer)).toEqual(steps.map(() => 'done'));
    expect(verdict).toBe('violated');
    expect(reasons.map(({ code }) => code)).toContain('invariant-broken');
  });
});

test('the page lists every one of them, and what stops it', () => {
  const page = readFileSync(new URL('../../../docs/incidents.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z-]+)`: (.*?) \((.*?)\) \| (.*?) of `([a-z-]+)` \|$/gm)].map(
    ([, ...row]) => row,
  );
  const known = incidentNames().map((name) => {
    const found = findIncident(name);
    const { title, date, stops, pack } = 'incident' in found ? found.incident : expect.fail(name);
    return [name, title, date, stops.join(', '), pack];
  });
  expect(listed).toEqual(known);
});
