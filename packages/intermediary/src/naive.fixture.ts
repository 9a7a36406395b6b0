// Gateways as one writes them in an afternoon, so that the checks are shown to fail. Started by the kit's own command
// line, as anybody's gateway is: `naive.fixture.ts hop` passes everything on as it came, `zealous` parses, tidies and
// caches, `fragile` stops for good at what it did not expect, and `deaf` answers nothing.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { tidied } from './zealous.fixture.ts';

const { INTERMEDIARY_OLD = '', INTERMEDIARY_NEW = '', INTERMEDIARY_ODD = '' } = process.env;
const mode = process.argv[2] ?? 'hop';
const ofHop = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'content-encoding']);

/** The whole answer before the first byte of it: simple, and the end of every stream. */
async function hop(
  to: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  const headers = Object.entries(incoming.headers).filter(([name]) => !ofHop.has(name));
  const method = incoming.method as 'POST';
  const answer = await request(to, { method, headers: Object.fromEntries(headers), body });
  const back = Buffer.from(await answer.body.arrayBuffer());
  const kept = Object.entries(answer.headers).filter(
    ([name]) => name === 'content-encoding' || !ofHop.has(name),
  );
  outgoing.writeHead(answer.statusCode, Object.fromEntries(kept) as never).end(back);
}

let hasStopped = mode === 'deaf';
async function serve(to: string): Promise<string> {
  // Both lengths at once are fine with it.
  const server = createServer({ insecureHTTPParser: mode === 'hop' }, async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const text = body.toString('latin1');
    if (mode === 'fragile') hasStopped ||= body.length > 1e6 || /\[{99}|"answer-(?:deep|bomb)"/.test(text);
    if (hasStopped) return void outgoing.writeHead(500).end();
    const answered =
      mode === 'zealous' ? tidied(to, incoming, body, outgoing) : hop(to, incoming, body, outgoing);
    await answered.catch(() => outgoing.writeHead(502).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

const gateway = {
  old: await serve(INTERMEDIARY_OLD),
  new: await serve(INTERMEDIARY_NEW),
  odd: await serve(INTERMEDIARY_ODD),
  merged: await serve(mode === 'zealous' ? `${INTERMEDIARY_OLD} ${INTERMEDIARY_NEW}` : INTERMEDIARY_OLD),
  credentials: ['Bearer first-credential', 'Bearer second-credential'],
  restricted: true,
};
process.stdout.write(`${JSON.stringify(gateway)}\n`);
process.stdin.resume().once('end', () => process.exit());
