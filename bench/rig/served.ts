// What the server processes of a benchmark share: the body taken whole, and a life as long as their parent's.

import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export function readBody(request: IncomingMessage, use: (body: Buffer) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => use(Buffer.concat(parts)));
}

/** Listens on any free port of this host, says which on stdout, and ends when stdin does. */
export function serveForParent(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
}
