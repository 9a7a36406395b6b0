// The least that a gateway in Node can cost: `node:http` in front, undici behind, bodies sent on unread, whole or, where
// they are events, as they come. A process of its own: `node hop.ts <upstream port>`; ends when its stdin does.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { readBody, serveForParent } from './served.ts';

/** What is used here of the undici that the product itself calls servers with. */
interface Undici {
  readonly Pool: new (
    origin: string,
    options: object,
  ) => {
    request(options: object): Promise<{
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, unknown>>;
      readonly body: { arrayBuffer(): Promise<ArrayBuffer> } & NodeJS.ReadableStream;
    }>;
  };
}

const requireOfProduct = createRequire(new URL('../../packages/surety/package.json', import.meta.url));
const { Pool } = requireOfProduct('undici') as Undici;
const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 64, pipelining: 1 });

async function forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const answer = await pool.request({
    method: 'POST',
    path: request.url ?? '/',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (answer.headers['content-type'] === 'text/event-stream') {
    response.writeHead(answer.statusCode, { 'content-type': 'text/event-stream' });
    answer.body.pipe(response);
    return;
  }
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  response
    .writeHead(answer.statusCode, { 'content-type': 'application/json', 'content-length': bytes.length })
    .end(bytes);
}

const server = createServer((request, response) => {
  readBody(request, (body) => {
    forward(request, body, response).catch(() => response.writeHead(502).end());
  });
});
serveForParent(server);
