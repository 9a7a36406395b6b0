// What the tests put around the wire: a governor that forwards everything, a front on a port, raw requests.

import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createFront, type FrontOptions } from './front.ts';
import type { Caller, Governor, Input, ToolReply, ToolRequest } from './port.ts';
import { type StdioOptions, StdioUpstream } from './stdio.ts';
import type { Asking } from './upstream.ts';

export const token = 'Bearer test-credential';

/** Lets everything pass and remembers it. Two agents, so that one can try the other's session. */
export class Permissive implements Governor {
  readonly requests: ToolRequest[] = [];
  readonly inputs: Input[] = [];
  hidden = new Set<string>();
  reply: ((request: ToolRequest) => Promise<ToolReply>) | undefined;

  identify(authorization: string | undefined): Caller | undefined {
    if (authorization === token) return { agent: 'clerk' };
    return authorization === `${token}-2` ? { agent: 'other' } : undefined;
  }

  mayUse(_: Caller, tool: string): boolean {
    return !this.hidden.has(tool);
  }

  async call(_: Caller, asked: ToolRequest): Promise<ToolReply> {
    this.requests.push(asked);
    if (this.reply !== undefined) return this.reply(asked);
    return {
      is: 'upstream',
      reply: await asked.forward({
        onInput: async (input) => void this.inputs.push(input),
        mayLeave: () => true,
      }),
    };
  }
}

export const scripted = (
  mode = 'plain',
  options: Partial<StdioOptions> = {},
  server = 'scripted',
): StdioUpstream =>
  new StdioUpstream({
    server,
    command: process.execPath,
    args: [fileURLToPath(new URL('./scripted-server.fixture.ts', import.meta.url)), mode],
    ...options,
  });

/** As the front asks for a call. */
export const call = (paramsText: string, more: Partial<Asking> = {}): Asking => ({
  method: 'tools/call',
  paramsText,
  ...more,
});

export interface Served {
  readonly url: string;
  readonly port: number;
  /** Ends the streams; what is under way is still answered. */
  end(): Promise<void>;
  /** Resolves when everything is answered that has to be, before servers can go. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function serve(options: FrontOptions): Promise<Served> {
  const front = createFront(options);
  const server: Server = createServer(front.respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await front.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  return { url: `http://127.0.0.1:${port}`, port, end: () => front.close(), idle: () => front.idle(), close };
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type RawHeaders = Record<string, string | string[] | undefined>;

/** A request exactly as given; headers set to undefined are left out. */
export function raw(
  port: number,
  path: string,
  body: string | Buffer | undefined,
  headers: RawHeaders = {},
  method = 'POST',
): Promise<RawReply> {
  const all: RawHeaders = {
    authorization: token,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  };
  const sent = Object.entries(all).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, method, headers: Object.fromEntries(sent) as never }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(parts).toString(),
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** A client of the earlier era introduces itself. */
export const initializeText = (capabilities: object, protocolVersion = '2025-11-25'): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'i',
    method: 'initialize',
    params: { protocolVersion, capabilities, clientInfo: { name: 't', version: '1' } },
  });

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A request of 2026-07-28 with its headers, each of which a test may bend. */
export function modern(method: string, params: Record<string, unknown> = {}, headers: RawHeaders = {}) {
  const { _meta, ...rest } = params;
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: { ...rest, _meta: { ...envelope, ...(_meta as object) } },
  });
  const named = params.name ?? params.uri;
  const name = typeof named === 'string' ? { 'mcp-name': named } : {};
  return {
    body,
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...name, ...headers },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
