// Seeds: which holds were planted, as only this process knows until they are answered. Names and salts follow from one key
// and a count, so that nothing has to be kept beside the log, and a log without the key tells nobody anything.

import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { commitScalar } from '@surety/proof/records';
import { writeDurable } from '../ledger/durable.ts';
import { sha256 } from '../ledger/hash.ts';

/** A hold that may be planted. */
export interface Slot {
  readonly hold: string;
  readonly digest: string;
  /** The disclosure behind the digest. */
  readonly opened: string;
  readonly index: number;
  /** When it was committed to. */
  readonly committedAt: number;
}

/** A hold that waits, or waited, for somebody who does not know. */
export interface Planted {
  readonly slot: Slot;
  readonly heldAt: number;
  readonly expires: number;
  readonly function: string;
  /** Keyed. */
  readonly action: string;
}

const keyBytes = 32;

/** The key in this file, made where there is none. */
export function seedKey(file: string): Uint8Array {
  if (!existsSync(file)) writeDurable(file, randomBytes(keyBytes), { mode: 0o600 });
  const key = readFileSync(file);
  if (key.length !== keyBytes)
    throw new Error(`\`${file}\` is no key of seeds: it has not ${keyBytes} bytes`);
  return key;
}

export class Seeds {
  readonly #key: () => Uint8Array;
  #committed = 0;
  readonly #slots = new Map<string, Slot>();
  readonly #planted = new Map<string, Planted>();
  /** True once the log holds a commitment that this key does not make: then it knows nothing of them. */
  isForeign = false;
  lastCommittedAt: number | undefined;

  constructor(key: () => Uint8Array) {
    this.#key = key;
  }

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'seed.committed')) {
      for (const digest of fact.body.slots) this.#commit(digest, fact.time);
      this.lastCommittedAt = fact.time;
    } else if (isKind(fact, 'seed.answered')) {
      this.#planted.delete(fact.body.hold);
    } else if (isKind(fact, 'call.held')) {
      const { hold, expires, approve, action } = fact.body;
      const slot = this.#slots.get(hold);
      if (slot === undefined) return;
      this.#planted.set(hold, { slot, heldAt: fact.time, expires, function: approve.function, action });
      this.#slots.delete(hold);
    }
  }

  #commit(digest: string, committedAt: number): void {
    const slot = { ...this.slot(this.#committed), committedAt };
    this.#committed += 1;
    if (slot.digest === digest) this.#slots.set(slot.hold, slot);
    else this.isForeign = true;
  }

  /** The next that can be committed to. */
  nextSlots(count: number): readonly string[] {
    return Array.from({ length: count }, (_, nth) => this.slot(this.#committed + nth).digest);
  }

  slot(index: number): Omit<Slot, 'committedAt'> {
    const hold = `h-${this.#bytes(`hold ${index}`).subarray(0, 9).toString('base64url')}`;
    const salt = () => new Uint8Array(this.#bytes(`salt ${index}`).subarray(0, 16));
    const { digest, disclosure } = commitScalar(hold, 'hold', salt, sha256);
    return { hold, digest, opened: disclosure, index };
  }

  #bytes(of: string): Buffer {
    return createHmac('sha256', this.#key()).update(of).digest();
  }

  /** Committed to, and not planted. */
  get free(): readonly Slot[] {
    return [...this.#slots.values()];
  }

  /** Those that wait, or ended without an answer that was recorded. */
  get waiting(): readonly Planted[] {
    return [...this.#planted.values()];
  }

  planted(hold: string): Planted | undefined {
    return this.#planted.get(hold);
  }

  /** A number from 0 to 1 that belongs to these words, and that nobody else can tell. */
  draw(of: string): number {
    return this.#bytes(`draw ${of}`).readUIntBE(0, 6) / 2 ** 48;
  }

  /** So many digits that belong to a slot. */
  digits(index: number, nth: number, count: number): string {
    const drawn = this.#bytes(`digits ${index} ${nth}`);
    return Array.from({ length: count }, (_, at) => (drawn[at % drawn.length] ?? 0) % 10).join('');
  }
}
