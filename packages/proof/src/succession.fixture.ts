// Logs that went on under another name after a loss, for tests; and the lies that can be told about that.

import { headOf } from './log.fixture.ts';
import { printHead, signNote } from './records/index.ts';
import { at, type Day, honestDay } from './verify.fixture.ts';

export const second = 'acme.example/second';
const lostFacts = 3;

export interface Loss {
  /** Facts that were kept. */
  readonly kept: number;
  /** Signed over `kept` and those that were lost. */
  readonly head: string;
}

/** The day until it loses its last facts, which were signed. */
export async function lose(day: Day): Promise<Loss> {
  const kept = day.log.drafts.length;
  for (let count = 0; count < lostFacts; count++)
    day.log.write({ kind: 'action.opened', stream: `action/${count}`, time: at(14), body: { call: 'lost' } });
  const head = await day.log.seal([]);
  day.log.drafts.length = kept;
  return { kept, head };
}

/** What the successor truly says of it. */
export const told = ({ kept, head }: Loss): Record<string, unknown> => ({
  head,
  lost: { from: kept, to: kept + lostFacts },
});

export const goOn = (day: Day, body: Record<string, unknown>): Day => {
  day.log.succeed(at(15), second, body);
  return day.close();
};

/** As `goOn`, where only a witness knows how many there were. */
export function successorDay(): Day {
  const day = honestDay();
  const from = day.log.drafts.length;
  const witnessed = [{ witness: 'audit.example/witness', size: from + lostFacts }];
  return goOn(day, { witnessed, lost: { from, to: from + lostFacts } });
}

/** Each a way to tell less, or something else, than what was lost; the check that finds it, and nothing else does. */
export const lies: readonly {
  readonly name: string;
  readonly check: string;
  readonly lie: (loss: Loss, day: Day) => Record<string, unknown> | Promise<Record<string, unknown>>;
}[] = [
  {
    name: 'a successor of other facts than it took over',
    check: 'succession',
    lie: (loss) => ({ ...told(loss), root: 'A'.repeat(43) }),
  },
  {
    name: 'a successor with a head that its predecessor did not sign',
    check: 'succession',
    lie: (loss) => ({ ...told(loss), head: loss.head.replace(/ [A-Za-z0-9+/]{8}/g, ' AAAAAAAA') }),
  },
  {
    name: 'a successor with a head of another log',
    check: 'succession',
    lie: async (loss, { log }) => {
      const text = printHead({ ...headOf('acme.example/other', []), size: loss.kept + lostFacts });
      return { ...told(loss), head: await signNote(text, log.origin, log.logKey.publicKey, log.logKey.sign) };
    },
  },
  {
    name: 'a successor that leaves out what it lost',
    check: 'sequence',
    lie: ({ head }) => ({ head }),
  },
  {
    name: 'a successor that lost less than its head counts',
    check: 'sequence',
    lie: ({ kept, head }) => ({ head, lost: { from: kept, to: kept + 1 } }),
  },
  {
    name: 'a successor that lost less than a witness counts',
    check: 'sequence',
    lie: (loss) => ({ ...told(loss), witnessed: [{ witness: 'w', size: loss.kept + lostFacts + 1 }] }),
  },
  {
    name: 'a successor that claims to have lost what nobody saw',
    check: 'sequence',
    lie: ({ kept }) => ({ lost: { from: kept, to: kept + lostFacts } }),
  },
  {
    name: 'a successor with a head over less than it took over',
    check: 'sequence',
    lie: async (_, day) => ({ head: await day.log.seal([], 5) }),
  },
  {
    name: 'a successor of another log',
    check: 'origin',
    lie: (loss) => ({ ...told(loss), predecessor: 'acme.example/other' }),
  },
];
