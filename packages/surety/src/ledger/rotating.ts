// Rotating a key, in steps of which each can be the last before a crash and all lead on:
//   1 the next key is made            <stem>.next.key    in force only once a fact says so
//   2 both keys sign the order        <role>.rotation    not carried out: nothing has changed
//   3 the fact is appended                               from the next head on, the next key is in force
//   4 the head over it is signed      by both keys, or by the new one alone if the old one is compromised
//   5 the next key takes the old one's place, the order is removed: one private key again
// Whoever starts again looks at the facts, not at the files, for which key is in force.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  eraAt,
  type KeyHistory,
  type KeyRole,
  keyAt,
  type PlacedRotation,
  type Rotation,
  type RotationReason,
  rotation,
  rotationProblem,
  rotationText,
  toBase64,
  utf8,
} from '@surety/proof/records';
import { writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';
import { keyStream } from './key-history.ts';
import { ensureNextKey, type KeyPlace, readKeys } from './keys.ts';
import type { Append } from './log.ts';

/** The last head: what the key that ends vouched for. */
export interface HeadBefore {
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface Rotating {
  readonly role: KeyRole;
  readonly reason: RotationReason;
  readonly head: HeadBefore;
  readonly at: number;
}

/** Signs an order under both keys, making the next one. Throws if a rotation is under way already. */
export async function signRotation(
  place: KeyPlace,
  history: KeyHistory,
  { role, reason, head, at }: Rotating,
): Promise<Rotation> {
  const from = keyAt(history, role, head.size);
  const last = history.rotations.findLast((each) => each.role === role);
  if (last !== undefined && last.position >= head.size)
    throw new LedgerError(
      'held',
      `the ${role} key was rotated in fact ${last.position}, over which there is no head yet`,
    );
  const old = readKeys(place).find(({ vkey }) => vkey === from);
  if (old === undefined)
    throw new LedgerError('missing', `the ${role} key in force is not in \`${place.folder}\``);
  const next = ensureNextKey(place);
  const terms = { role, from, to: next.vkey, reason, ...head, at };
  const text = utf8(rotationText(eraAt(history, head.size).origin, terms));
  const [signature, acceptance] = await Promise.all([old.sign(text), next.sign(text)]);
  return { ...terms, signature: toBase64(signature), acceptance: toBase64(acceptance) };
}

const orderPath = (folder: string, role: KeyRole): string => join(folder, `${role}.rotation`);

/** Keeps the order until it is carried out; the account of the gateway reads it. */
export function writeOrder(folder: string, order: Rotation): void {
  writeDurable(orderPath(folder, order.role), JSON.stringify(order), { mode: 0o644 });
}

export function removeOrder(folder: string, role: KeyRole): void {
  rmSync(orderPath(folder, role), { force: true });
}

/** The order that waits, if there is one, and it still ends the key in force. */
export function waitingOrder(
  folder: string,
  role: KeyRole,
  history: KeyHistory,
  size: number,
): Rotation | undefined {
  const path = orderPath(folder, role);
  if (!existsSync(path)) return undefined;
  const order = parseOrder(readFileSync(path, 'utf8'));
  return order.from === keyAt(history, role, size) ? order : undefined;
}

/** What the other account wrote is checked like a fact before it becomes one. */
function parseOrder(text: string): Rotation {
  try {
    return rotation(JSON.parse(text), '');
  } catch (cause) {
    throw new LedgerError('invalid', `the order to rotate is none: ${(cause as Error).message}`);
  }
}

/** Carried out too long after its head it would be no rotation: then it is signed anew. */
const orderLagMax = 8_192;
export const isStale = (order: Rotation, size: number): boolean => size - order.size > orderLagMax;

/**
 * The append that carries the order out, conditional on nobody having rotated this key meanwhile. Throws `invalid`
 * for an order that would be no rotation: recorded, it would make the log unsound for every verifier.
 */
export async function rotationAppend(
  history: KeyHistory,
  order: Rotation,
  { size, version }: { readonly size: number; readonly version: number },
): Promise<Append> {
  const placed: PlacedRotation = { ...order, position: size };
  const problem = await rotationProblem(history, placed);
  if (problem !== undefined) throw new LedgerError('invalid', `this order to rotate ${problem}`);
  if (order.size > size || isStale(order, size))
    throw new LedgerError('invalid', 'this order to rotate does not follow the last head');
  return {
    stream: keyStream(order.role),
    expected: version,
    facts: [{ kind: 'key.rotated', body: order }],
  };
}
