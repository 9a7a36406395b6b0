// docs/proof.md says which grade each answer can have: exactly those that some day gives it.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { honestDay } from '../verify.fixture.ts';
import { guardedDays } from './guarded.fixture.ts';
import { grades, questions } from './index.ts';
import { otherDays } from './other.fixture.ts';
import { reconciledDays } from './reconciled.fixture.ts';

test('every answer has the grades that docs/proof.md gives it', async () => {
  const found = new Map<string, Set<string>>(questions.map((question) => [question, new Set()]));
  const days = [
    () => honestDay().close(),
    ...[...reconciledDays, ...guardedDays, ...otherDays].map(({ day }) => day),
  ];
  for (const day of days)
    for (const { question, grade } of (await day().judged()).questions) found.get(question)?.add(grade);
  const page = readFileSync(new URL('../../../../docs/proof.md', import.meta.url), 'utf8');
  const rows = page.slice(page.indexOf('| Answer | Grade |')).split('\n');
  for (const question of questions) {
    const [, , cell = ''] = rows.find((row) => row.startsWith(`| \`${question}\` |`))?.split('|') ?? [];
    const said = grades.filter((grade) => cell.includes(`\`${grade}\``));
    expect([question, said]).toEqual([question, grades.filter((grade) => found.get(question)?.has(grade))]);
  }
});
