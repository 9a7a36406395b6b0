// Puts a credential on what passes and changes nothing else. Host and Origin stay as they came where they do not
// name the forwarder itself: who tries another name must meet the gateway's answer, not ours.

import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function forward(
  target: string,
  authorization: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  const to = new URL(target);
  let own = '';
  const server = createServer((incoming, outgoing) => {
    const headers = incoming.rawHeaders.map((value) => value.replace(own, to.host));
    pass(to, [...headers, 'authorization', authorization], incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${own}${to.pathname}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(to: URL, headers: string[], incoming: IncomingMessage, outgoing: ServerResponse): void {
  const asked = ask(
    {
      host: to.hostname,
      port: to.port,
      path: incoming.url,
      method: incoming.method,
      headers: headers as never,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      // An answer may be a stream whose first event is late.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    },
  );
  asked.once('error', () => outgoing.destroy());
  outgoing.once('close', () => asked.destroy());
  incoming.pipe(asked);
}
