// The writer that `erasing.test.ts` kills at every boundary: values about three subjects, of which two are erased,
// and says what was done.  node erasing.fixture.ts <folder>

import type { NewFact } from '../../facts/index.ts';
import { optionsFor, refused } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';

export const subjects = ['vendor/1', 'vendor/2', 'vendor/3'] as const;
/** How the fact of an erasure tells which. */
export const erasedBy = (subject: string): string => `erased ${subject}`;

if (import.meta.main) {
  const log = await openLog(optionsFor(process.argv[2] as string));
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  for (const subject of subjects) {
    const facts = [0, 1, 2].map((n): NewFact => ({ ...refused('c', [`said-${n}`]), about: subject }));
    await log.append([{ stream: 's', facts }]);
    say(`kept ${subject}`);
  }
  for (const subject of subjects.slice(1)) {
    const order = { subjects: [log.subjectName(subject)], facts: 3, disclosures: 3 };
    await log.append([{ stream: 'erased', facts: [refused(erasedBy(subject))] }], order);
    say(`erased ${subject}`);
  }
  await log.close();
}
