// The server behind every hop: MCP over streamable HTTP (2025-11-25), without sessions, answering a constant.
// A process of its own; says its port on stdout, and ends when its stdin does.

import { createServer } from 'node:http';
import { readBody, serveForParent } from './served.ts';

const structuredContent = {
  status: 'matched',
  payment_id: 'P-1',
  lines: Array.from({ length: 8 }, (_, line) => ({ line, text: 'paper, a4', amount: '230.06' })),
  note: 'r'.repeat(1_300),
};
const called = JSON.stringify({ content: [{ type: 'text', text: 'matched' }], structuredContent });
const listed = JSON.stringify({
  tools: ['match_invoice', 'get_invoice', 'pay_invoice'].map((name) => ({
    name,
    inputSchema: { type: 'object' },
  })),
});
const initialized = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'bench-upstream', version: '0.0.0' },
});
const results: ReadonlyMap<string, string> = new Map([
  ['tools/call', called],
  ['tools/list', listed],
  ['initialize', initialized],
  ['ping', '{}'],
]);

const server = createServer((request, response) => {
  readBody(request, (body) => {
    const { id, method } = JSON.parse(body.toString()) as { id?: number; method: string };
    if (id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const text = Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":${results.get(method) ?? '{}'}}`);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
  });
});

serveForParent(server);
