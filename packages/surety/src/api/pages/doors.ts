// What is remembered between asking somebody who they are and their answer: sealed, and kept by their own browser, so that
// a flood of strangers costs no memory. Each is for one kind of answer, for some minutes, and serves once.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { hashOf } from './sessions.ts';

const lifeMs = 10 * 60_000;
/** Of those that let somebody in; a stranger's are never kept. */
const usedMax = 100_000;
const algorithm = 'aes-256-gcm';
const [ivBytes, tagBytes] = [12, 16];

export type DoorKind = 'passkey' | 'provider' | 'register';

export class Doors {
  /** Of this process: after a restart nobody's is open any more. */
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  readonly #used = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  seal(kind: DoorKind, state: Readonly<Record<string, string>>): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key, iv).setAAD(Buffer.from(kind));
    const text = JSON.stringify({ ...state, until: this.#now() + lifeMs });
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
  }

  /** What was sealed for this kind of answer; undefined if it was not, or too long ago, or let somebody in before. */
  open(kind: DoorKind, sealed: string | undefined): Readonly<Record<string, string>> | undefined {
    if (sealed === undefined || this.#used.has(hashOf(sealed))) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== sealed) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, ivBytes))
      .setAAD(Buffer.from(kind))
      .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      const { until, ...state } = JSON.parse(text.toString()) as { until: number } & Record<string, string>;
      const at = this.#now();
      return at < until && until - at <= lifeMs ? state : undefined;
    } catch {
      return undefined;
    }
  }

  /** It has let somebody in. False if it had already: of two at once, one gets in. */
  use(sealed: string): boolean {
    const at = this.#now();
    for (const [key, until] of this.#used) if (at >= until) this.#used.delete(key);
    const key = hashOf(sealed);
    if (this.#used.has(key) || this.#used.size >= usedMax) return false;
    this.#used.set(key, at + lifeMs);
    return true;
  }
}
