// At the start a witness asks each log whose address it knows for its newest head. If that carries a cosignature of
// the witness's own over more than it remembers, its memory was set back. A log that lies can withhold this; one that
// is honest cannot be harmed by a witness that forgot.

import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { equal, type Verifier } from '@surety/proof/records';
import { type Forgotten, type Memory, ownHead } from './memory.ts';
import type { WitnessedLog } from './witness.ts';

const answerMsMax = 3_000;
const answerBytesMax = 128 * 1024;

/** What this witness cosigned and does not remember, if the log can show it. */
export async function askLog(
  { key, url }: WitnessedLog,
  own: Verifier,
  memory: Memory,
  onNote: (note: string) => void,
): Promise<Forgotten | undefined> {
  if (url === undefined) return undefined;
  const address = new URL(`${url.replace(/\/+$/, '')}/checkpoint`);
  let head: Awaited<ReturnType<typeof ownHead>>;
  try {
    head = await ownHead(await textAt(address), own);
  } catch (cause) {
    onNote(`the newest head of ${key.name} was not compared: ${(cause as Error).message}`);
    return undefined;
  }
  if (head === undefined || head.origin !== key.name) return undefined;
  const { size, root } = memory.last(head.origin);
  const isKnown = head.size < size || (head.size === size && equal(head.root, root));
  return isKnown ? undefined : { origin: head.origin, size: head.size };
}

function textAt(address: URL): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const get = address.protocol === 'https:' ? httpsGet : httpGet;
  const asked = get(address, { signal: AbortSignal.timeout(answerMsMax) }, (response) => {
    if (response.statusCode !== 200) {
      response.destroy(new Error(`it answered ${response.statusCode}`));
      reject(new Error(`it answered ${response.statusCode}`));
      return;
    }
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    response.on('data', (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > answerBytesMax) response.destroy(new Error('its answer is too large'));
      else parts.push(part);
    });
    response.on('error', reject);
    response.on('end', () => resolve(Buffer.concat(parts).toString()));
  });
  asked.on('error', reject);
  return promise;
}
