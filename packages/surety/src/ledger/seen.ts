// What witnesses have seen of a log: each is asked for the head that it cosigned last (C2SP tlog-witness). Whoever comes
// back from a backup must know this before it goes on under the old name.

import { createHash } from 'node:crypto';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { openHead, type Verifier } from '@surety/proof/records';
import { post, sizeIn } from './cosigning.ts';
import { LedgerError } from './errors.ts';

export interface Seen {
  readonly witness: string;
  /** How many facts the head counts that it cosigned last; 0 if it has cosigned none. */
  readonly size: number;
  /** That head, with its cosignature. */
  readonly note?: string;
}

const answerMsMax = 3_000;
const answerBytesMax = 64 * 1024;

/**
 * `head` is a signed head of the log, if there is one, for witnesses that give out no heads but correct a size. Throws
 * `LedgerError` `missing` when it does not say, so that nobody takes silence for an answer.
 */
export async function askWitness(
  witness: { readonly key: Verifier; readonly url: string },
  log: Verifier,
  head: { readonly size: number; readonly note: string } | undefined,
): Promise<Seen> {
  const base = witness.url.replace(/\/+$/, '');
  const hash = createHash('sha256').update(log.name).digest('hex');
  const { name } = witness.key;
  try {
    const { status, text } = await textAt(new URL(`${base}/${hash}/checkpoint`));
    if (status === 404 && head !== undefined)
      return { witness: name, size: await sizeAt(new URL(`${base}/add-checkpoint`), head) };
    if (status !== 200) throw new Error(`it answered ${status}`);
    const opened = await openHead(text, { log: [log], witnesses: [witness.key] });
    if (opened.origin !== log.name || opened.cosigned.length !== 1)
      throw new Error('its answer is no head of this log that it cosigned');
    return { witness: name, size: opened.size, note: text };
  } catch (cause) {
    throw new LedgerError(
      'missing',
      `the witness ${name} does not say what it has seen: ${(cause as Error).message}`,
    );
  }
}

/** A head that pretends to follow itself is right for whom it is the newest; whoever knows another says its size. */
async function sizeAt(url: URL, { size, note }: { size: number; note: string }): Promise<number> {
  const answer = await post(url, `old ${size}\n\n${note}`);
  const known = answer.status === 200 ? size : answer.status === 409 ? sizeIn(answer) : undefined;
  if (known === undefined) throw new Error(`it answered ${answer.status}`);
  // Of the same size and not the same root: what this witness saw is another history.
  if (answer.status === 409 && known === size) throw new Error('it has cosigned another head of this size');
  return known;
}

function textAt(address: URL): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const get = address.protocol === 'https:' ? httpsGet : httpGet;
  const signal = AbortSignal.timeout(answerMsMax);
  const asked = get(address, { signal }, (response) => {
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    response.on('data', (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > answerBytesMax) response.destroy(new Error('its answer is too large'));
      else parts.push(part);
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
    );
  });
  asked.on('error', (cause) => reject(signal.aborted ? new Error(`no answer in ${answerMsMax} ms`) : cause));
  return promise;
}
