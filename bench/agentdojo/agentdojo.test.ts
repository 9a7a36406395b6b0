// The replays of the excerpt, judged: what each profile lets pass, and that no label vouches for what outsiders write.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from './deciding.ts';
import { profilesOf, readLabels } from './profiles.ts';
import { type Replay, readReplays, suitesIn } from './replays.ts';
import { attackScores, chanceOf, type Judged, wilson, workScores } from './scores.ts';
import { variantsWith } from './variants.ts';

const folder = join(import.meta.dirname, 'excerpt');
const replays = readReplays(folder);
const labels = readLabels(['office']);
const fields = new Map([
  ['office.list_invoices', new Set(['result.number', 'result.iban', 'result.amount'])],
]);
const profiles = new Map(profilesOf(labels, fields).map((each) => [each.name, each]));
const decide = inProcess(labels, Date.parse('2026-03-02T09:00:00Z'));
const [office] = replays.suites;

async function judged(profile: string, all: readonly Replay[] = []): Promise<readonly Judged[]> {
  const known = profiles.get(profile);
  if (known === undefined) throw new Error(`no profile ${profile}`);
  return Promise.all(all.map(async (replay) => ({ replay, decisions: await decide(replay, known) })));
}

describe('the excerpt', () => {
  test.each([
    ['monday', 3],
    ['unlabelled', 2],
    ['inferred', 1],
    ['reviewed', 1],
  ])('%s asks about %i of three tasks', async (profile, asked) => {
    expect(workScores(await judged(profile, office?.benign)).asked).toEqual({ hits: asked, of: 3 });
  });

  const variants = variantsWith((tool) => labels.get(tool)?.outsiders ?? []);
  test.each([
    ['plain', 4],
    ['encoded', 4],
    ['split', 4],
    ['identity', 4],
    ['look-alike', 2],
  ])('no attack passes as %s', async (name, of) => {
    const variant = variants.find((each) => each.name === name);
    const all = office?.attacks.flatMap((replay) => variant?.of(replay) ?? []);
    for (const profile of profiles.keys())
      expect(attackScores(await judged(profile, all)).passed).toEqual({ hits: 0, of });
  });

  test('and passes where somebody vouches for what an outsider writes', async () => {
    const careless = new Map(labels).set('office.read_mail', {
      effect: 'read',
      results: { 'result.sender': 'record' },
    });
    const [, , , profile] = profilesOf(careless, fields);
    const plant = variants.find(({ name }) => name === 'identity');
    const all = office?.attacks.flatMap((replay) => plant?.of(replay) ?? []) ?? [];
    const passed = await Promise.all(
      all.map(async (replay) => profile && chanceOf({ replay, decisions: await decide(replay, profile) }, 0)),
    );
    expect(passed.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('an encoded payload stands nowhere, and the calls are the same', () => {
    const [attack] = office?.attacks ?? [];
    const changed = attack && variants[1]?.of(attack);
    expect(JSON.stringify(changed?.steps.map(({ result }) => result))).not.toContain('FR14');
    expect(changed?.steps.map(({ args }) => args)).toEqual(attack?.steps.map(({ args }) => args));
  });
});

describe('labels', () => {
  const names = readdirSync(join(import.meta.dirname, 'labels')).map((file) => file.replace('.yaml', ''));
  test.each(names)('of %s do not vouch for what outsiders set', (suite) => {
    for (const [tool, { results = {}, outsiders = [] }] of readLabels([suite]))
      for (const path of outsiders)
        expect([tool, path, results[path] ?? 'outsider-text']).not.toEqual([tool, path, 'record']);
  });

  test('there are some for each suite that is measured', () => {
    expect(names).toEqual(expect.arrayContaining(['banking', 'slack', 'travel', 'workspace', 'office']));
    expect(() => readLabels(['elsewhere'])).toThrow('has no labels');
    expect(suitesIn(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('scores', () => {
  test('Wilson intervals, as printed in tables', () => {
    const of = (hits: number, all: number) =>
      wilson({ hits, of: all }).map((each) => Number(each.toFixed(2)));
    expect(of(0, 10)).toEqual([0, 27.75]);
    expect(of(5, 10)).toEqual([23.66, 76.34]);
    expect(of(4, 1409)).toEqual([0.11, 0.73]);
  });

  test('an attack that needs three calls needs three yeses, and stops at a refusal', () => {
    const [attack] = office?.attacks ?? [];
    const steps = ['ask', 'ask', 'allow', 'ask'].map(() => ({ ...attack?.steps[1], isCritical: true }));
    const decisions = (answers: readonly ('allow' | 'ask' | 'block')[]) =>
      answers.map((answer) => ({ answer, isConsequential: true, unmet: [], tookMs: 0 }));
    const replay = { ...attack, steps } as Replay;
    expect(chanceOf({ replay, decisions: decisions(['ask', 'ask', 'allow', 'ask']) }, 0.1)).toBeCloseTo(
      0.001,
    );
    expect(chanceOf({ replay, decisions: decisions(['ask', 'block', 'allow', 'ask']) }, 1)).toBe(0);
  });
});
