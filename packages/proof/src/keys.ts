// Whose keys signed: the keys that an auditor pinned, carried along the rotations that the log records, as far as
// the auditor's trust lets them be carried. Nothing here makes a key trusted that no pinned key handed over to.

import { type KeyHistory, type KeyRole, keyAt, keyRoles, rotationProblem } from './records/rotation.ts';
import type { Trust } from './trust.ts';

/**
 * Why the key of this role in a log of this size does not count, or undefined if it does. Without pinned keys those
 * of the log's own facts are taken, whoever they belong to: then the proof only agrees with itself.
 */
export function keyObjection(
  history: KeyHistory,
  trust: Trust | undefined,
  role: KeyRole,
  size: number,
): string | undefined {
  const key = keyAt(history, role, size);
  const shown = `the ${role} key in force at ${size} facts`;
  if (trust?.revoked.includes(key) === true) return `${shown} is one that you revoked`;
  if (trust === undefined || trust[role].length === 0 || reached(history, trust[role], trust).has(key))
    return undefined;
  return trust[role].some((each) => isOf(history, role, each))
    ? `${shown} is not one that you pinned, and none that you pinned hands over to it`
    : `${shown} is not one that you pinned`;
}

const isOf = ({ eras, rotations }: KeyHistory, role: KeyRole, key: string): boolean =>
  eras.some((each) => each[role] === key) || rotations.some((each) => each.role === role && each.to === key);

/** The keys in force that none of the pinned ones is. Without pinned keys nobody's are followed. */
export const followedKeys = (
  history: KeyHistory,
  trust: Trust | undefined,
  size: number,
): readonly string[] =>
  keyRoles
    .filter((role) => trust !== undefined && trust[role].length > 0)
    .map((role) => ({ role, key: keyAt(history, role, size) }))
    .filter(({ role, key }) => trust?.[role].includes(key) === false)
    .map(({ key }) => key);

/** Pinned keys, and those that they handed over to while nobody else had them. */
function reached({ rotations }: KeyHistory, pinned: readonly string[], trust: Trust): ReadonlySet<string> {
  const keys = new Set(pinned);
  if (trust.rotation === 'refused') return keys;
  for (const { from, to, reason } of rotations)
    if (reason !== 'compromised' && keys.has(from) && !trust.revoked.includes(from)) keys.add(to);
  return keys;
}

/** Every rotation in the log is one, and follows the head that it says it follows. */
export async function rotationsProblem(
  history: KeyHistory,
  /** The true root at the size that each rotation names, by the position of the rotation. */
  rootsBefore: ReadonlyMap<number, string | undefined>,
): Promise<string | undefined> {
  for (const rotation of history.rotations) {
    const problem = await rotationProblem(history, rotation);
    if (problem !== undefined) return `the rotation in fact ${rotation.position} ${problem}`;
    // A root over the rotation itself cannot be signed in it: this also says that it stands after that head.
    if (rootsBefore.get(rotation.position) !== rotation.root)
      return `the rotation in fact ${rotation.position} does not follow the head that it names`;
  }
  return undefined;
}
