// Rotation: how a key of the log hands over to the next. A rotation is a fact, so its place is proven; the key that
// ends signs it, together with the last head that was signed before, so that the new key cannot rewrite what the
// old one vouched for; the key that begins signs it too, so that nobody rotates to a key that is not there.
//
// INVARIANT: at every size of the log exactly one key of a role is in force, and the facts alone say which.

import { fromBase64, type Sha256, toBase64, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { type Infer, natural, oneOf, record, text } from '../values/shape.ts';
import { isSignedBy, parseVerifier } from './note.ts';
import { appendLeaf, emptyFrontier, type Frontier, rootOf } from './tree.ts';

/** What a key signs: the log key heads, the statement key verdicts. */
export const keyRoles = ['log', 'statement'] as const;
export type KeyRole = (typeof keyRoles)[number];

/** `compromised`: somebody else may have the old key, so its signature under a rotation passes no trust on. */
export const rotationReasons = ['scheduled', 'compromised'] as const;
export type RotationReason = (typeof rotationReasons)[number];

/** As a fact records it: the terms, and both signatures under them. */
export const rotation = record({
  role: oneOf(...keyRoles),
  /** Verifier keys (C2SP signed-note): the one that ends and the one that begins. */
  from: text,
  to: text,
  reason: oneOf(...rotationReasons),
  /** The last head before: the rotation stands soon after these facts, and their root (base64) is this. */
  size: natural,
  root: text,
  /** When, by the signer's clock; milliseconds. */
  at: natural,
  /** Base64: by `from`, and by `to`. */
  signature: text,
  acceptance: text,
});
export type Rotation = Infer<typeof rotation>;
/** What both keys sign. */
export type RotationTerms = Omit<Rotation, 'signature' | 'acceptance'>;

export interface PlacedRotation extends Rotation {
  /** Of the fact in the log. */
  readonly position: number;
}

/** The name and the keys that the log has from a fact on: that it was opened, or that it goes on under another name. */
export interface KeyEra extends Readonly<Record<KeyRole, string>> {
  readonly position: number;
  readonly origin: string;
}

export const eraOf = (
  position: number,
  { origin, logKey, statementKey }: Readonly<Record<'origin' | 'logKey' | 'statementKey', string>>,
): KeyEra => ({ position, origin, log: logKey, statement: statementKey });

/** The keys of one log: those of each of its names, and every rotation, in the order of their positions. */
export interface KeyHistory {
  /** At least one, at position 0. */
  readonly eras: readonly KeyEra[];
  readonly rotations: readonly PlacedRotation[];
}

/** What the log of this size is called, and the keys that it had then. */
export const eraAt = ({ eras }: KeyHistory, size: number): KeyEra =>
  eras.findLast(({ position }) => position < size) ?? (eras[0] as KeyEra);

/** The bytes that both keys sign, under a prefix that nothing else signs: no head, no statement, no approval. */
export function rotationText(origin: string, terms: RotationTerms): string {
  const { role, from, to, reason, size, root, at } = terms;
  return `surety-rotation/v1\n${canonicalJson({ log: origin, role, from, to, reason, size, root, at })}`;
}

/** The verifier key of this role in a log of this size: rotations count from the next head on. */
export function keyAt(history: KeyHistory, role: KeyRole, size: number): string {
  const era = eraAt(history, size);
  const last = history.rotations.findLast((each) => each.role === role && each.position < size);
  return last !== undefined && last.position > era.position ? last.to : era[role];
}

/** Why this rotation is none, given those before it; undefined if it is one. Its root is the caller's to compare. */
export async function rotationProblem(
  history: KeyHistory,
  placed: PlacedRotation,
): Promise<string | undefined> {
  const { role, from, to, position } = placed;
  const before = history.rotations.filter((each) => each.position < position);
  const eras = history.eras.filter((each) => each.position < position);
  if (from !== keyAt({ ...history, rotations: before }, role, position))
    return `ends a key that is not the ${role} key in force`;
  const [ending, beginning] = [parseVerifier(from), parseVerifier(to)];
  if (ending.name !== beginning.name || ending.type !== beginning.type)
    return `names a key of another kind or name than the ${role} key`;
  const used = [...eras.flatMap((each) => [each.log, each.statement]), ...before.map((each) => each.to)];
  // In any role: a key that returns, or serves twice, would make two things one signature.
  if (used.some((each) => publicHalf(each) === publicHalf(to))) return 'names a key that this log had before';
  const terms = utf8(rotationText(eraAt(history, position).origin, placed));
  if (!(await isSignedBy(ending, terms, fromBase64(placed.signature))))
    return `is not signed by the ${role} key that it ends`;
  if (!(await isSignedBy(beginning, terms, fromBase64(placed.acceptance))))
    return 'was not accepted by the key that it names';
  return undefined;
}

/** A rotation follows its head within so many facts: the verifier need remember no more of the log behind it. */
export const rotationLagMax = 65_536;

/** One that comes later is none: it changes nothing, and is made again. */
export const isTimely = ({ position, size }: Pick<PlacedRotation, 'position' | 'size'>): boolean =>
  position - size <= rotationLagMax;

const hashBytes = 32;

/** The roots of a log that is read from front to back, at sizes that lie at most `rotationLagMax` back. */
export class RecentRoots {
  readonly #sha256: Sha256;
  #before: Frontier = emptyFrontier();
  /** One after the other: as arrays of their own they would weigh several times as much. */
  readonly #leaves = new Uint8Array(2 * rotationLagMax * hashBytes);
  #count = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  get size(): number {
    return this.#before.size + this.#count;
  }

  add(leaf: Uint8Array): void {
    this.#leaves.set(leaf, this.#count * hashBytes);
    this.#count += 1;
    if (this.#count < 2 * rotationLagMax) return;
    // Half at a time, so that each leaf is moved once.
    this.#before = this.#grown(rotationLagMax);
    this.#leaves.copyWithin(0, rotationLagMax * hashBytes);
    this.#count = rotationLagMax;
  }

  /** In base64; undefined if the log is shorter, or was so too long ago. */
  at(size: number): string | undefined {
    const leaves = size - this.#before.size;
    if (leaves < 0 || size > this.size || this.size - size > rotationLagMax) return undefined;
    return toBase64(rootOf(this.#grown(leaves), this.#sha256));
  }

  #grown(leaves: number): Frontier {
    let frontier = this.#before;
    for (let at = 0; at < leaves; at++)
      frontier = appendLeaf(frontier, this.#leaves.slice(at * hashBytes, (at + 1) * hashBytes), this.#sha256);
    return frontier;
  }
}

const publicHalf = (key: string): string => toBase64(parseVerifier(key).publicKey);
