// A day on which every argument came from where it may, and that the log at hand and a proof of it tell the same.

import { expect, test } from 'vitest';
import { Fold } from '../book/index.ts';
import { parseFact } from '../facts.ts';
import { digestOf } from '../records/index.ts';
import { honestDay, sha256 } from '../verify.fixture.ts';
import { verify } from '../verify.ts';
import { originDays, originOptions, traced } from './origins.fixture.ts';

test('a day of arguments with certificates that hold is proven as far as origins go, and says on what it stands', async () => {
  const day = traced(honestDay(originOptions())).close();
  const { questions, assumptions } = await day.judged();
  const guarded = questions.find(({ question }) => question === 'guarded');
  expect(guarded).toMatchObject({ verdict: 'proven', grade: 'checked', reasons: [] });
  const said = assumptions.map(({ text }) => text);
  expect(said).toContain('the words of a case are what its user said, as the application sent them');
  expect(said).toContain('the record vouches for these results field by field, as they are labelled: erp.*');
  const { judgement } = await verify(await day.proof(), { sha256, trust: day.trust });
  expect(judgement?.questions).toEqual(questions);
});

test.each(originDays.map(({ name, day }) => [name, day] as const))(
  '%s: whoever has the whole log finds the same as whoever reads it once',
  async (_, make) => {
    const day = make();
    const known = new Map([...day.log.disclosures].map((each) => [digestOf(each, sha256), each]));
    const find = (digest: string) => known.get(digest);
    const facts = day.log.entries.map(parseFact);
    const sourceAt = (position: number) => {
      const fact = facts[position];
      return fact && { fact, find };
    };
    const told = async (input: ConstructorParameters<typeof Fold>[0]) => {
      const fold = new Fold(input);
      for (const fact of facts) await fold.add(fact);
      return [...fold.book.calls.values()].map(({ call, traced: found }) => [call, found]);
    };
    expect(await told({ sha256, find, sourceAt })).toEqual(await told({ sha256, find }));
  },
);
