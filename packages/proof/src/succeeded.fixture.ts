// Mutants of a log that goes on under another name: what is told of its loss is less, or something else.

import { type Mutant, mutant } from './mutant.fixture.ts';
import { goOn, lies, lose, successorDay, told } from './succession.fixture.ts';
import { at, dayEnd, honestDay, hourMs } from './verify.fixture.ts';

const lied: readonly Mutant[] = lies.map(({ name, check, lie }) =>
  mutant(
    name,
    check,
    async (made) => {
      goOn(made, await lie(await lose(made), made));
      return {};
    },
    honestDay,
  ),
);

/** The auditor kept a head of the predecessor, which counts more than it says that it lost, or other facts. */
const kept = (name: string, differ: (made: ReturnType<typeof honestDay>) => unknown): Mutant => {
  const auditor: { head?: string; log: readonly string[] } = { log: [] };
  return mutant(
    name,
    'earlier-head',
    async (made) => {
      auditor.log = made.trust.log;
      const loss = await lose(made);
      differ(made);
      auditor.head = (await lose(made)).head;
      made.log.drafts.length = loss.kept;
      goOn(made, told(loss));
      return {};
    },
    honestDay,
    (made) => ({
      trust: { ...made.trust, log: [...made.trust.log, ...auditor.log] },
      earlierHead: auditor.head ?? '',
    }),
  );
};

export const succeeded: readonly Mutant[] = [
  ...lied,
  kept('a successor whose predecessor had signed more than it says is lost', ({ log }) =>
    log.write({ kind: 'action.opened', stream: 'action/9', time: at(14), body: { call: 'more' } }),
  ),
  kept('a successor whose predecessor had signed something else', ({ log }) =>
    Object.assign(log.drafts.at(-1) ?? {}, { time: at(12, 1) }),
  ),
  mutant(
    'a successor that takes a name which was given up',
    'sequence',
    () => ({}),
    () => {
      const day = successorDay();
      day.log.succeed(dayEnd + 3 * hourMs, 'acme.example/surety');
      return day;
    },
  ),
];
