// The process that the erasure tests kill: node erasing.fixture.ts <folder>
// Records values about subjects and erases some of them, without end, and says what it began and what was done.

import type { NewFact } from '../../facts/index.ts';
import { optionsFor, refused } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const saidOf = (subject: string, nth: number): string => `said-of-${subject.replace('/', '-')}-${nth}`;
/** How the fact of an erasure tells which. */
export const erasedBy = (subject: string): string => `erased ${subject}`;

async function eraseForever(folder: string): Promise<void> {
  const log = await openLog(optionsFor(folder));
  say({ started: process.pid });
  const run = Math.random().toString(36).slice(2);
  for (let nth = 0; ; nth++) {
    const subject = `vendor/${run}-${nth}`;
    const facts = [0, 1, 2].map((n): NewFact => ({ ...refused('c', [saidOf(subject, n)]), about: subject }));
    await log.append([{ stream: 's', facts }]);
    say({ kept: subject });
    if (nth % 2 === 1) continue;
    say({ ordered: subject });
    const order = { subjects: [log.subjectName(subject)], facts: 3, disclosures: 3 };
    await log.append([{ stream: 'erased', facts: [refused(erasedBy(subject))] }], order);
    say({ erased: subject });
  }
}

if (import.meta.main) await eraseForever(process.argv[2] as string);
