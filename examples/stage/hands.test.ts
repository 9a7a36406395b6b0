// `gatewayTools` against real MCP endpoints over HTTP, of both eras, with the books behind them.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { retry } from '../supplier-payments/agent/clerk.ts';
import { openDatabase, rowsOf } from '../supplier-payments/erp/database.ts';
import { faultsFrom } from '../supplier-payments/erp/fault.ts';
import { seed } from '../supplier-payments/erp/seed.ts';
import { erpServer } from '../supplier-payments/erp/tools.ts';
import { gatewayTools, type OpenTools } from './hands.ts';

let folder: string;
let db: DatabaseSync;
let server: Server | undefined;
let tools: OpenTools | undefined;
let seen: { url: string; headers: IncomingHttpHeaders }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clerk-tools-'));
  seed(join(folder, 'erp.db'));
  db = openDatabase(join(folder, 'erp.db'));
  seen = [];
});

afterEach(async () => {
  await tools?.close();
  await stop();
  db.close();
  rmSync(folder, { recursive: true });
});

async function stop(): Promise<void> {
  const stopping = server;
  server = undefined;
  if (stopping === undefined) return;
  await new Promise<void>((done) => {
    stopping.close(() => done());
    stopping.closeAllConnections();
  });
}

async function listen(made: Server, port: number): Promise<number> {
  server = made;
  await new Promise<void>((done) => made.listen(port, '127.0.0.1', done));
  return (made.address() as AddressInfo).port;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** The modern era only: `legacy: 'reject'` would fail a client that fell back. */
function serveBooks(port = 0): Promise<number> {
  const books = {
    db,
    user: 'surety-gateway',
    faults: faultsFrom(undefined),
    now: () => Date.UTC(2026, 2, 2),
  };
  const handler = createMcpHandler(() => erpServer(books), { legacy: 'reject' });
  const made = createServer((request, response) => {
    const { url = '', method = 'GET', headers } = request;
    seen.push({ url, headers });
    const forward = async () => {
      const plain = Object.entries(headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      );
      const body = method === 'POST' ? { body: await bodyOf(request) } : {};
      const init = { method, headers: new Headers(Object.fromEntries(plain)), ...body };
      const answer = await handler.fetch(new Request(new URL(url, 'http://127.0.0.1'), init));
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(await answer.text());
    };
    void forward();
  });
  return listen(made, port);
}

const honest = { invoice_id: 'INV-4101', amount: '4800.00', currency: 'USD', iban: 'DE11000412880071349205' };

test('names the case and shows the token at each server’s own endpoint', async () => {
  const url = `http://127.0.0.1:${await serveBooks()}`;
  tools = gatewayTools({ url, token: 'a-token', caseId: 'case-7' });
  const answer = await tools.call('erp', 'pay_invoice', honest);
  expect(answer).toMatchObject({
    isError: false,
    structured: { payment_id: 'PAY-000001', amount: '4800.00' },
  });
  expect(JSON.parse(answer.text)).toEqual(answer.structured);
  for (const { url: path, headers } of seen) {
    expect(path).toBe('/mcp/erp');
    expect(headers).toMatchObject({ authorization: 'Bearer a-token', 'surety-case': 'case-7' });
  }
  expect(seen.at(-1)?.headers['mcp-protocol-version']).toBe('2026-07-28');
});

test('a server error and a protocol error are answers, not exceptions', async () => {
  tools = gatewayTools({ url: `http://127.0.0.1:${await serveBooks()}`, token: 't', caseId: 'c' });
  expect(await tools.call('erp', 'get_invoice', { invoice_id: 'INV-9' })).toEqual({
    text: 'there is no invoice `INV-9`',
    isError: true,
  });
  expect(await tools.call('erp', 'no_such_tool', {})).toMatchObject({ isError: true });
});

test('a gateway that is away is a failure; the next call connects anew', async () => {
  const port = await serveBooks();
  tools = gatewayTools({ url: `http://127.0.0.1:${port}`, token: 't', caseId: 'c' });
  await tools.call('erp', 'list_vendors', {});
  await stop();
  await expect(tools.call('erp', 'pay_invoice', honest)).rejects.toThrow();
  const entry = { invoice: 'INV-4101', letter: '', pay: honest, did: 'failed', message: 'away' } as const;
  const away = await retry(tools, [entry]);
  expect(away.entries).toMatchObject([{ did: 'failed' }]);
  await serveBooks(port);
  expect((await retry(tools, away.entries)).entries).toMatchObject([
    { did: 'paid', payment_id: 'PAY-000001' },
  ]);
  expect(rowsOf(db, 'payments', 10)).toHaveLength(1);
});

test('a server of the older era is spoken to in its own way', async () => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const made = createServer((request, response) => {
    const serve = async () => {
      const known = sessions.get(String(request.headers['mcp-session-id']));
      if (known !== undefined) return known.handleRequest(request, response);
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => void sessions.set(id, transport),
      });
      const old = new OldServer({ name: 'old', version: '1' });
      old.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'good day' }] }));
      await old.connect(transport as Parameters<typeof old.connect>[0]);
      return transport.handleRequest(request, response);
    };
    void serve();
  });
  tools = gatewayTools({ url: `http://127.0.0.1:${await listen(made, 0)}`, token: 't', caseId: 'c' });
  expect(await tools.call('old', 'greet', {})).toEqual({ text: 'good day', isError: false });
});
