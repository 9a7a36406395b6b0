// The `requestState` of a call that waits for inputs (MCP 2026-07-28, multi round-trip requests). The server's own
// goes to the client inside one of ours, and comes out again byte for byte. The client is hostile: it may show
// another's, change it, or show it on another call. AES-256-GCM binds it to who asks for what, where and in which
// case; what it opens names the suspended call, which the governor lets go on once.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Whose it is, and for what: any other opens nothing. */
export interface Bound {
  readonly agent: string;
  readonly endpoint: string;
  readonly tool: string;
  readonly case: string | undefined;
}

export interface Held {
  /** The suspended call. */
  readonly call: string;
  /** The server's own state; null if it gave none. */
  readonly state: string | null;
}

const [ivBytes, tagBytes] = [12, 16];
const lengthMax = 256 * 1024;
const form = /^[A-Za-z0-9_-]+$/;

export class SealedStates {
  /** Of this process: the calls that it suspended are known to nobody else. */
  readonly #key = randomBytes(32);

  seal(bound: Bound, held: Held): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(said(bound)));
    const hidden = Buffer.concat([
      cipher.update(JSON.stringify([held.call, held.state]), 'utf8'),
      cipher.final(),
    ]);
    return Buffer.concat([iv, hidden, cipher.getAuthTag()]).toString('base64url');
  }

  /** Undefined for what was not sealed here, for exactly this. */
  open(bound: Bound, text: unknown): Held | undefined {
    if (typeof text !== 'string' || text.length > lengthMax || !form.test(text)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    // One form: what decodes alike is not the same.
    if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== text) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(said(bound)));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      const opened = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]);
      const [call, state] = JSON.parse(opened.toString('utf8')) as [string, string | null];
      return { call, state };
    } catch {
      return undefined;
    }
  }
}

const said = (bound: Bound): string =>
  JSON.stringify([bound.agent, bound.endpoint, bound.tool, bound.case ?? null]);
