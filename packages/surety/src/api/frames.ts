// A long answer with an end: bytes of unknown length in frames, then one JSON document that says how it went. Whoever
// reads it can tell an answer that ended from one that was cut off.
// Frame: the length in four bytes, big-endian, and as many bytes. A frame of length 0, and the rest is the document.

import type { Sink } from '@surety/proof/bundle';

const lengthBytes = 4;
const frameBytesMax = 2 ** 31;

/** Resolves when the first bytes are written, so that a refusal before them is still an answer of its own. */
export async function framed(
  write: (sink: Sink) => Promise<object>,
  onFault: (error: Error) => void,
): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const out = writable.getWriter();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const work = write(async (bytes) => {
    begin();
    if (bytes.length === 0) return;
    await out.write(lengthOf(bytes.length));
    await out.write(bytes);
  });
  await Promise.race([begun, work]);
  const end = async (document: object): Promise<void> => {
    await out.write(lengthOf(0));
    await out.write(new TextEncoder().encode(JSON.stringify(document)));
    await out.close();
  };
  // Too late for a refusal: the answer breaks off, and whoever reads it can tell.
  void work.then(end).catch(async (error: Error) => {
    onFault(error);
    await out.abort(error).catch(() => undefined);
  });
  return readable;
}

/** Gives the document at the end. Throws for an answer that ends before it. */
export async function unframed(answer: AsyncIterable<Uint8Array>, sink: Sink): Promise<unknown> {
  let rest = Buffer.alloc(0);
  /** What is still to come of the frame at hand; -1 before its length, -2 in the document. */
  let left = -1;
  for await (const part of answer) {
    rest = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    while (left !== -2 && rest.length > 0) {
      if (left === -1) {
        if (rest.length < lengthBytes) break;
        left = rest.readUInt32BE(0);
        if (left > frameBytesMax) throw new Error('the running Surety gave a frame that is too large');
        rest = rest.subarray(lengthBytes);
        if (left === 0) left = -2;
        continue;
      }
      const bytes = rest.subarray(0, left);
      await sink(bytes);
      rest = rest.subarray(bytes.length);
      left -= bytes.length;
      if (left === 0) left = -1;
    }
  }
  if (left !== -2) throw new Error('the running Surety broke off its answer');
  return JSON.parse(rest.toString());
}

function lengthOf(length: number): Uint8Array {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUInt32BE(length);
  return bytes;
}
