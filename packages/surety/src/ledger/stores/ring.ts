// The key ring: one data key for each subject whose disclosures are kept, in slots of one flat file beside the
// log. Each is wrapped (AES-256-GCM, SP 800-38D) by the key of the ring, which lies in a file of its own.
// Erasing a subject is overwriting its slot: whatever copies of the disclosures exist, they open no more.
// A new slot is durable before anything is encrypted under it. docs/decisions/012.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeDurable } from '../durable.ts';
import { LedgerError } from '../errors.ts';

export const ringFile = 'keyring';
const slotBytes = 64;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const wrappedBytes = nonceBytes + keyBytes + tagBytes;
const magic = Buffer.from('surety-keyring/1');
/** Slots made at once, so that a new subject seldom waits for a sync. */
const spareSlots = 256;
/** Data keys held open, for speed only. */
const openKeysMax = 1024;

/** Where the key of the ring lies: apart from the ring in every backup (docs/privacy.md). */
export const ringKeyFile = (folder: string): string => join(folder, 'keys', 'keyring.key');

export class KeyRing {
  readonly #file: number;
  readonly #key: KeyObject;
  readonly #id: Buffer;
  readonly #open = new Map<number, KeyObject>();
  /** Slots that a power cut cannot take away: a write that failed may have left more in the file. */
  #durable = 0;

  /** Throws `missing` without the ring or its key, `corrupt` if they do not belong together or others can read them. */
  constructor(folder: string, writable = false) {
    const path = join(folder, ringFile);
    if (!existsSync(path)) throw new LedgerError('missing', `there is no key ring \`${path}\``);
    const key = readRingKey(folder);
    this.#key = createSecretKey(key);
    this.#file = openSync(path, writable ? 'r+' : 'r');
    try {
      const header = this.#read(0);
      if (!header.subarray(0, 16).equals(magic))
        throw new LedgerError('corrupt', `\`${path}\` is no key ring of this version`);
      if (!timingSafeEqual(header.subarray(32), checkOf(key)))
        throw new LedgerError('wrong-log', `\`${ringKeyFile(folder)}\` is not the key of \`${path}\``);
      this.#id = Buffer.from(header.subarray(16, 32));
    } catch (cause) {
      closeSync(this.#file);
      throw cause;
    } finally {
      key.fill(0);
    }
  }

  /** Slots that are in the file; they are numbered from 1. */
  get slots(): number {
    return Math.max(0, Math.floor(fstatSync(this.#file).size / slotBytes) - 1);
  }

  /** The data key of a slot; undefined if it was destroyed. Throws `corrupt` for a slot that is neither. */
  key(slot: number): KeyObject | undefined {
    const known = this.#open.get(slot);
    if (known !== undefined) return known;
    const wrapped = this.#read(slot);
    if (wrapped.every((byte) => byte === 0)) return undefined;
    const key = this.#unwrap(slot, wrapped);
    if (key === undefined) throw new LedgerError('corrupt', `slot ${slot} of the key ring is damaged`);
    this.#hold(slot, key);
    return key;
  }

  #hold(slot: number, key: KeyObject): void {
    if (this.#open.size >= openKeysMax) this.#open.clear();
    this.#open.set(slot, key);
  }

  /** Keys that are open are forgotten, and read again from the file. */
  forget(): void {
    this.#open.clear();
  }

  /** Makes sure of slots up to this one, with some to spare. Durable when it returns. */
  reach(slot: number): void {
    if (slot <= this.#durable) return;
    const from = this.#durable + 1;
    const to = slot + spareSlots;
    const made = Buffer.alloc((to - from + 1) * slotBytes);
    const keys: KeyObject[] = [];
    for (let at = from; at <= to; at++) {
      const { key, wrapped } = this.#wrap(at);
      wrapped.copy(made, (at - from) * slotBytes);
      keys.push(key);
    }
    this.#write(made, from);
    this.#durable = to;
    for (const [nth, key] of keys.entries()) this.#hold(from + nth, key);
  }

  /** Slots after `used` that a crash left half written are made again: nothing was encrypted under them. */
  repair(used: number): void {
    const whole = this.slots;
    for (let slot = used + 1; slot <= whole; slot++)
      if (this.#unwrap(slot, this.#read(slot)) === undefined) this.#write(this.#wrap(slot).wrapped, slot);
    fsyncSync(this.#file);
    this.#durable = whole;
  }

  /** Overwrites the slots in place. The data keys are gone when it returns. */
  destroy(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#open.delete(slot);
      writeSync(this.#file, Buffer.alloc(slotBytes), 0, slotBytes, slot * slotBytes);
    }
    fsyncSync(this.#file);
  }

  close(): void {
    this.#open.clear();
    closeSync(this.#file);
  }

  #read(slot: number): Buffer {
    const bytes = Buffer.alloc(slotBytes);
    const read = readSync(this.#file, bytes, 0, slotBytes, slot * slotBytes);
    if (read !== slotBytes) throw new LedgerError('corrupt', `the key ring has no slot ${slot}`);
    return bytes;
  }

  #write(bytes: Buffer, slot: number): void {
    for (let at = 0; at < bytes.length; )
      at += writeSync(this.#file, bytes, at, bytes.length - at, slot * slotBytes + at);
    fsyncSync(this.#file);
  }

  /** Bound to its ring and its slot: a wrapped key that was moved does not open. */
  #place(slot: number): Buffer {
    return Buffer.from(`surety-keyring/1 ${this.#id.toString('hex')} ${slot}`);
  }

  /** A new data key, and what stands in its slot. */
  #wrap(slot: number): { readonly key: KeyObject; readonly wrapped: Buffer } {
    const nonce = randomBytes(nonceBytes);
    const bytes = randomBytes(keyBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(this.#place(slot));
    const wrapped = cipher.update(bytes);
    cipher.final();
    const key = createSecretKey(bytes);
    bytes.fill(0);
    const padding = Buffer.alloc(slotBytes - wrappedBytes, 1);
    return { key, wrapped: Buffer.concat([nonce, wrapped, cipher.getAuthTag(), padding]) };
  }

  #unwrap(slot: number, bytes: Buffer): KeyObject | undefined {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes));
    decipher.setAAD(this.#place(slot));
    decipher.setAuthTag(bytes.subarray(nonceBytes + keyBytes, wrappedBytes));
    try {
      const key = decipher.update(bytes.subarray(nonceBytes, nonceBytes + keyBytes));
      decipher.final();
      const opened = createSecretKey(key);
      key.fill(0);
      return opened;
    } catch {
      return undefined;
    }
  }
}

/**
 * Opens the ring for the writer, making it and its key where the store holds nothing yet (`used` is 0). A ring
 * that is gone while the store has rows under it is never made anew: that would hide the loss.
 */
export function openRing(folder: string, used: number): KeyRing {
  const path = join(folder, ringFile);
  if (used === 0 && !existsSync(path)) {
    const key = existsSync(ringKeyFile(folder)) ? readRingKey(folder) : makeRingKey(folder);
    const header = Buffer.concat([magic, randomBytes(16), checkOf(key)]);
    key.fill(0);
    writeDurable(path, header);
  }
  const ring = new KeyRing(folder, true);
  try {
    if (ring.slots < used) throw new LedgerError('corrupt', `the key ring ends before slot ${used}`);
    ring.repair(used);
    ring.reach(used + 1);
    return ring;
  } catch (cause) {
    ring.close();
    throw cause;
  }
}

const prefix = 'surety-keyring-key/1 ';

function makeRingKey(folder: string): Buffer {
  makeFolder(join(folder, 'keys'), 0o700);
  const key = randomBytes(keyBytes);
  writeDurable(ringKeyFile(folder), `${prefix}${key.toString('base64')}\n`, { mode: 0o600 });
  return key;
}

function readRingKey(folder: string): Buffer {
  const path = ringKeyFile(folder);
  if (!existsSync(path))
    throw new LedgerError('missing', `there is no key \`${path}\`: without it no disclosure can be read`);
  if ((statSync(path).mode & 0o077) !== 0)
    throw new LedgerError('corrupt', `key \`${path}\` can be read by others: set its mode to 0600`);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(256);
    const text = bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
    bytes.fill(0);
    const key = text.startsWith(prefix) ? Buffer.from(text.slice(prefix.length).trim(), 'base64') : undefined;
    if (key?.length !== keyBytes) throw new LedgerError('corrupt', `\`${path}\` holds no key of a key ring`);
    return key;
  } finally {
    closeSync(file);
  }
}

/** Tells the right key from a wrong one, and nothing about it. */
const checkOf = (key: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from('surety-keyring-key/1 check '), key]), 'buffer');
