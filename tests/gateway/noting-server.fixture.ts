// For tests: a server on stdio that writes down each call that reached it, a line a call, into the file that it is
// given, before it answers. Tools called `hang` are never answered, `large` answers with as much as it is asked for.

import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [received = ''] = process.argv.slice(2);
const answer = (id: unknown, result: unknown): void => {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize')
    return answer(id, {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'noting', version: '1' },
    });
  if (method === 'tools/list') {
    const tools = ['look', 'note', 'hang', 'large'].map((name) => ({
      name,
      inputSchema: { type: 'object' },
    }));
    return answer(id, { tools });
  }
  if (method !== 'tools/call') {
    // What is not known is said, so that nobody waits for it.
    const error = { code: -32601, message: 'no such method' };
    if (id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
    return;
  }
  appendFileSync(received, `${line}\n`);
  if (params.name === 'hang') return;
  const text =
    params.name === 'large' ? 'x'.repeat(Number(params.arguments.bytes)) : JSON.stringify(params.arguments);
  answer(id, { content: [{ type: 'text', text }] });
});
