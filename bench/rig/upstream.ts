// The server behind every hop: MCP (2025-11-25), answering a constant of about the size that it was asked with.
// A process of its own that ends when its stdin does. Over streamable HTTP, without sessions, it says its port on
// stdout; `node upstream.ts stdio` reads and writes a message a line.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { largeBytes } from './calls.ts';
import { readBody, serveForParent } from './served.ts';

const structuredContent = {
  status: 'matched',
  payment_id: 'P-1',
  lines: Array.from({ length: 8 }, (_, line) => ({ line, text: 'paper, a4', amount: '230.06' })),
  note: 'r'.repeat(1_300),
};
const answered = (more: object): string =>
  JSON.stringify({
    content: [{ type: 'text', text: 'matched' }],
    structuredContent: { ...structuredContent, ...more },
  });
const called = answered({});
const calledLarge = answered({ scan: 's'.repeat(largeBytes - called.length) });
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
  ['tools/list', listed],
  ['initialize', initialized],
  ['ping', '{}'],
]);

/** What a tool says while it works, before it answers: told to whoever gave a token for it. */
const events = 20;
const progress = (token: unknown, n: number): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: token, progress: n, total: events, message: 'p'.repeat(200) },
  });

/** Undefined for a call that wants no events. */
function eventsFor(text: string): readonly string[] | undefined {
  if (!text.includes('progressToken')) return undefined;
  const { params } = JSON.parse(text) as { params?: { _meta?: { progressToken?: unknown } } };
  const token = params?._meta?.progressToken;
  return token === undefined ? undefined : Array.from({ length: events }, (_, n) => progress(token, n + 1));
}

/** Undefined for a notification. */
function answerTo(text: string): string | undefined {
  const { id, method } = JSON.parse(text) as { id?: number | string; method: string };
  if (id === undefined) return undefined;
  const call = text.length > largeBytes / 2 ? calledLarge : called;
  const result = method === 'tools/call' ? call : (results.get(method) ?? '{}');
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}

if (process.argv[2] === 'stdio') {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const answer = answerTo(line);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  });
  lines.on('close', () => process.exit(0));
} else {
  const server = createServer((request, response) => {
    readBody(request, (body) => {
      const answer = answerTo(body.toString());
      if (answer === undefined) {
        response.writeHead(202).end();
        return;
      }
      const said = eventsFor(body.toString());
      if (said !== undefined) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const each of said) response.write(`data: ${each}\n\n`);
        response.end(`data: ${answer}\n\n`);
        return;
      }
      const bytes = Buffer.from(answer);
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
        .end(bytes);
    });
  });
  serveForParent(server);
}
