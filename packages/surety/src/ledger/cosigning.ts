// Asks witnesses for cosignatures (C2SP tlog-witness, `add-checkpoint`). A witness is somebody else's
// machine: its answer is bounded, verified against its pinned key, and its absence never stops sealing.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  consistencyProof,
  isBy,
  type NoteSignature,
  openHead,
  parseNote,
  printNote,
  type Subtree,
  toBase64,
  type Verifier,
} from '@surety/proof/records';
import { sha256 } from './hash.ts';

/** A head as the log signed it, and what proofs in its tree are made from. */
export interface SignedHead {
  readonly size: number;
  /** The signed note, without cosignatures. */
  readonly note: string;
  /** The log key in force at this size. */
  readonly logKey: Verifier;
  readonly subtree: Subtree;
}

const answerMsMax = 2000;
const answerBytesMax = 16 * 1024;
const pauseMsMax = 5000;

/** One witness: what it last cosigned, and when to ask it again. */
export class Cosigner {
  readonly key: Verifier;
  readonly #url: URL;
  /** Size of the head that it last cosigned, as far as we know; it corrects us (409). */
  #known = 0;
  /** The largest head that it cosigned, with that cosignature: it may forget, we do not. */
  #proven: { readonly size: number; readonly note: string } | undefined;
  #failures = 0;
  #askAgainAt = 0;
  /** Why it has not cosigned the last head it was asked about. */
  cause = 'not asked yet';

  constructor(key: Verifier, url: string) {
    this.key = key;
    this.#url = new URL(`${url.replace(/\/+$/, '')}/add-checkpoint`);
  }

  /** It cosigned this head, as a start finds it. `note` carries the cosignature. */
  took(size: number, note: string): void {
    this.#known = size;
    this.#proven = { size, note };
  }

  /** Asks unless it failed a moment ago; a failure gives nothing and says why in `cause`. */
  async ask(head: SignedHead, nowMs: number): Promise<NoteSignature | undefined> {
    if (nowMs < this.#askAgainAt) return undefined;
    try {
      const signature = await this.#cosignature(head);
      const { text, signatures } = parseNote(head.note);
      this.took(head.size, printNote({ text, signatures: [...signatures, signature] }));
      this.#failures = 0;
      this.#askAgainAt = 0;
      return signature;
    } catch (cause) {
      this.cause = cause instanceof Error ? cause.message : String(cause);
      this.#askAgainAt = nowMs + Math.min(pauseMsMax, 100 * 2 ** this.#failures++);
      return undefined;
    }
  }

  async #cosignature(head: SignedHead): Promise<NoteSignature> {
    // The first size may be a guess; the second is the witness's own word; a third would be a dispute.
    let answer = await this.#submit(head);
    const corrected = answer.status === 409 ? sizeIn(answer) : undefined;
    if (corrected !== undefined && corrected !== this.#known) {
      await this.#remind(corrected);
      if (corrected > head.size)
        throw new Error(`refused: it has cosigned ${corrected} facts, more than this head`);
      this.#known = corrected;
      answer = await this.#submit(head);
    }
    if (answer.status === 409 || answer.status === 422)
      throw new Error(`refused: this head does not extend the one it cosigned (${answer.status})`);
    if (answer.status === 403)
      throw new Error(
        `refused: it does not know the log key \`${head.logKey.name}+${head.logKey.keyId}\` (403)`,
      );
    if (answer.status !== 200) throw new Error(`refused: it answered ${answer.status}`);
    return this.#signatureIn(answer.body, head);
  }

  /** A witness that knows less than it cosigned was set back: it is shown its own cosignature, and believed no more. */
  async #remind(size: number): Promise<void> {
    const proven = this.#proven;
    if (proven === undefined || size >= proven.size) return;
    await post(this.#url, `old ${size}\n\n${proven.note}`).catch(() => undefined);
    throw new Error(`refused: it has forgotten that it cosigned ${proven.size} facts, and says ${size}`);
  }

  async #signatureIn(body: string, head: SignedHead): Promise<NoteSignature> {
    const { text, signatures } = parseNote(head.note);
    const own = parseNote(`${head.note}${body}`).signatures.filter((each) => isBy(each, this.key));
    const [first] = own;
    if (first === undefined) throw new Error('refused: its answer has no cosignature by its key');
    const cosigned = printNote({ text, signatures: [...signatures, first] });
    const opened = await openHead(cosigned, { log: [head.logKey], witnesses: [this.key] });
    if (opened.cosigned.length !== 1) throw new Error('refused: its cosignature is false');
    return first;
  }

  #submit(head: SignedHead): Promise<Answer> {
    const proof = consistencyProof(this.#known, head.size, head.subtree, sha256);
    const lines = [`old ${this.#known}`, ...proof.map(toBase64)];
    return post(this.#url, `${lines.join('\n')}\n\n${head.note}`);
  }
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** The size that a witness corrects us with. */
export function sizeIn({ type, body }: Answer): number | undefined {
  if (!type.startsWith('text/x.tlog.size') || !/^(0|[1-9][0-9]{0,15})\n$/.test(body)) return undefined;
  return Number(body);
}

export function post(url: URL, body: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(answerMsMax);
  const away = (cause: Error): void =>
    reject(
      new Error(`away: ${signal.aborted ? `no answer in ${answerMsMax} ms` : cause.message || cause.name}`),
    );
  const asked = send(
    url,
    { method: 'POST', signal, headers: { 'content-type': 'text/plain' } },
    (response) => {
      const parts: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (part: Buffer) => {
        sizeBytes += part.length;
        if (sizeBytes > answerBytesMax) response.destroy(new Error('its answer is too large'));
        else parts.push(part);
      });
      response.on('error', away);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body: Buffer.concat(parts).toString(),
        }),
      );
    },
  );
  asked.on('error', away);
  asked.end(body);
  return promise;
}
