// For the fuzzer: a server on stdio that answers each call with the bytes that stand in it, in the pieces that it says.

import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [received = ''] = process.argv.slice(2);
const write = (bytes: Buffer | string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(bytes, () => setImmediate(resolve)));
const answer = (id: unknown, more: object) => write(`${JSON.stringify({ jsonrpc: '2.0', id, ...more })}\n`);

async function call(id: number, { mark, body, cuts, ending }: Record<string, unknown>): Promise<void> {
  appendFileSync(received, `${mark}\n`);
  const text = String(body).replaceAll('{{id}}', String(id)).replaceAll('{{mark}}', String(mark));
  const bytes = Buffer.from(text, 'latin1');
  const ends = [
    ...(cuts as number[]).filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
    bytes.length,
  ];
  for (const [nth, end] of ends.entries()) await write(bytes.subarray(nth === 0 ? 0 : ends[nth - 1], end));
  if (ending === 'exit') process.exit(1);
  // A line that never ends, or a flood of them, for as long as anybody reads.
  while (ending === 'forever') await write('x'.repeat(4_096));
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    const serverInfo = { name: 'hostile', version: '1' };
    return void answer(id, {
      result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo },
    });
  }
  if (method === 'tools/list')
    return void answer(id, { result: { tools: [{ name: 'note', inputSchema: { type: 'object' } }] } });
  if (method === 'tools/call') return void call(id, params.arguments);
  if (method !== undefined && id !== undefined)
    void answer(id, { error: { code: -32601, message: 'no such method' } });
});
