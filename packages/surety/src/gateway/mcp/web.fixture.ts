// Servers of the official SDK on a port of their own: those of the newer era, and sessions of the earlier one.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMcpHandler, isLegacyRequest, type McpServer } from '@modelcontextprotocol/server';
import { sessions } from '../../../../../tests/conformance/fixture/sessions.ts';

export interface WebServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Streams bodies both ways; a client that goes away aborts its request. */
export async function serveWeb(answer: (request: Request) => Promise<Response>): Promise<WebServer> {
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    const body = request.method === 'POST' ? { body: Readable.toWeb(request) as never, duplex: 'half' } : {};
    const asked = new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as [string, string][],
      signal: gone.signal,
      ...body,
    });
    const answering = answer(asked).then(async (answered) => {
      response.writeHead(answered.status, Object.fromEntries(answered.headers));
      response.flushHeaders();
      if (answered.body === null) response.end();
      else await pipeline(Readable.fromWeb(answered.body as never), response);
    });
    answering.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Era = 'legacy' | 'modern';

/** One endpoint for both eras, with sessions in the earlier one. */
export function bothEras(make: (era: Era) => McpServer): (request: Request) => Promise<Response> {
  const modern = createMcpHandler(({ era }) => make(era as Era), { legacy: 'reject' });
  const legacy = sessions(() => make('legacy'));
  return async (request) => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request));
}
