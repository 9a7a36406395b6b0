// The writer that `crashes.test.ts` kills at every boundary: the same appends each time, each acknowledged on stdout.
//   node crash-writer.fixture.ts <folder> <log key>

import type { Fact } from '@surety/proof/facts';
import type { Append } from './log.ts';
import { opened, optionsFor, refused } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

/** What was promised: this fact at this position, with these values behind it. */
export interface Acknowledged {
  readonly fact: Fact;
  readonly disclosures: readonly string[];
}

/** More than the write-ahead log takes between two checkpoints. */
const large: Append = {
  stream: 'large',
  facts: Array.from({ length: 70 }, (_, at) => refused(`${at} ${'x'.repeat(61_000)}`)),
};

if (import.meta.main) {
  const [, , folder = '', logKey = ''] = process.argv;
  const log = await openLog({ ...optionsFor(folder), logKey });
  const known = new Map<number, Acknowledged>();
  log.subscribe((recorded) => {
    for (const { fact, disclosures } of recorded)
      known.set(fact.position, { fact: fact as Fact, disclosures });
  });
  const append = async (appends: readonly Append[]): Promise<void> => {
    const answer = await log.append(appends);
    if ('positions' in answer)
      for (const position of answer.positions)
        process.stdout.write(`${JSON.stringify(known.get(position))}\n`);
  };
  await append([
    { stream: 'case/a', expected: await log.version('case/a'), facts: [refused('one', ['WzFd'])] },
  ]);
  await append([
    { stream: 'case/a', facts: [refused('two', ['WzJd', 'WzNd']), refused('three')] },
    { stream: 'budget/a', facts: [opened('two')] },
  ]);
  await append([{ stream: 'case/a', expected: 0, facts: [refused('never')] }]);
  await append([large]);
  await Promise.all(
    ['b', 'c', 'd'].map((name) => append([{ stream: `case/${name}`, facts: [opened(name)] }])),
  );
  await append([{ stream: 'case/a', facts: [opened('last')] }]);
  await log.close();
}
