// Quorums: which of two policies over the heads asks for more. Exactly, by trying every set of their witnesses.

import { printVerifier } from '../records/note.ts';
import { isReached, parsePolicy } from '../records/policy.ts';
import { toHex, utf8 } from '../values/bytes.ts';
import { isSame, type Relation } from './relation.ts';

/** Beyond it nothing is shown: the sets double with each witness. */
const witnessesMax = 10;

/** Two bodies of `quorum.declared`: narrows if every set that is enough by the new one was enough before. */
export function compareQuorum(before: unknown, after: unknown): Relation {
  if (isSame(before, after)) return 'same';
  try {
    const [old, next] = [policyIn(before), policyIn(after)];
    const keys = new Map(
      [...old.witnesses, ...next.witnesses].map(({ key }) => [toHex(key.publicKey), printVerifier(key)]),
    );
    if (keys.size > witnessesMax) return 'weakens';
    const all = [...keys.values()];
    for (let set = 0; set < 2 ** all.length; set++) {
      const some = all.filter((_, at) => Math.floor(set / 2 ** at) % 2 === 1);
      if (isReached(next, some) && !isReached(old, some)) return 'weakens';
    }
    return 'narrows';
  } catch {
    // One that nobody can read is not shown to be anything.
    return 'weakens';
  }
}

const policyIn = (body: unknown) => parsePolicy(utf8(String((body as { policy?: unknown }).policy)));
