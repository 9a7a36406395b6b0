// A long answer arrives whole, in whatever parts, or is known to have broken off.

import { describe, expect, test } from 'vitest';
import { framed, unframed } from './frames.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};
const noFault = (error: Error): never => {
  throw error;
};

/** What is read of these bytes when they arrive in parts of this length. */
async function readIn(
  answer: Uint8Array,
  partBytes: number,
): Promise<{ content: string; document: unknown }> {
  let content = '';
  const parts = async function* () {
    for (let at = 0; at < answer.length; at += partBytes) yield answer.subarray(at, at + partBytes);
  };
  const document = await unframed(parts(), (bytes) => {
    content += text(bytes);
  });
  return { content, document };
}

const answer = async (): Promise<Buffer> =>
  bytesOf(
    await framed(async (sink) => {
      for (const part of ['PK', '', 'x'.repeat(3_000), '\u0000\u0000\u0000\u0000'])
        await sink(Buffer.from(part));
      return { verdict: 'proven' };
    }, noFault),
  );

describe('a framed answer', () => {
  test('comes whole, in parts of any length', async () => {
    const made = await answer();
    const whole = {
      content: `PK${'x'.repeat(3_000)}\u0000\u0000\u0000\u0000`,
      document: { verdict: 'proven' },
    };
    for (const partBytes of [1, 2, 3, 5, 1_000, made.length])
      expect(await readIn(made, partBytes)).toEqual(whole);
  });

  test('that is cut anywhere is refused', async () => {
    const made = await answer();
    for (let length = 0; length < made.length; length += 7)
      await expect(readIn(made.subarray(0, length), 64), `${length}`).rejects.toThrow();
  });

  test('is a refusal if nothing was written yet', async () => {
    await expect(framed(() => Promise.reject(new Error('no such outcome')), noFault)).rejects.toThrow(
      'no such outcome',
    );
  });

  test('breaks off if it fails on the way, and the fault is told here', async () => {
    const faults: Error[] = [];
    const stream = await framed(
      async (sink) => {
        await sink(Buffer.from('PK'));
        throw new Error('the disk is gone');
      },
      (error) => void faults.push(error),
    );
    await expect(bytesOf(stream)).rejects.toThrow();
    expect(faults.map(({ message }) => message)).toEqual(['the disk is gone']);
  });
});
