// For tests of telemetry: a receiver of OTLP that takes what the specification says and nothing else, a server that tells
// back what came in `_meta`, and a client of the earlier era.

import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Program } from './program.fixture.ts';

/** A server that tells back what came in `_meta`. */
const erp = `
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
const tool = (name) => ({ name, inputSchema: { type: 'object' } });
let rest = '';
process.stdin.on('data', (part) => {
  const lines = (rest + part).split('\\n');
  rest = lines.pop();
  for (const { id, method, params } of lines.map((line) => JSON.parse(line))) {
    if (method === 'initialize')
      answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'erp', version: '1' } });
    else if (method === 'tools/list') answer(id, { tools: ['look', 'pay', 'note'].map(tool) });
    else if (method === 'tools/call')
      answer(id, { content: [], structuredContent: { meta: params._meta ?? null }, isError: params.arguments.fail === true });
    else if (id !== undefined) answer(id, {});
  }
});
`;

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}
export interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: Attribute[];
}

/** What an OTLP receiver over HTTP with JSON must take (opentelemetry.io/docs/specs/otlp); refuses anything else. */
export class Receiver {
  readonly bodies: { readonly path: string; readonly text: string; readonly key: string | undefined }[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (asked, response) => {
      const parts: Buffer[] = [];
      for await (const part of asked) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      const wellFormed = asked.method === 'POST' && asked.headers['content-type'] === 'application/json';
      this.bodies.push({ path: asked.url ?? '', text, key: asked.headers['x-key'] as string | undefined });
      response.writeHead(wellFormed ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  spans(): Span[] {
    return this.bodies
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ text }) => JSON.parse(text).resourceSpans as { scopeSpans: { spans: Span[] }[] }[])
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans);
  }

  metricNames(): Set<string> {
    return new Set(
      this.bodies
        .filter(({ path }) => path === '/v1/metrics')
        .flatMap(
          ({ text }) =>
            JSON.parse(text).resourceMetrics as { scopeMetrics: { metrics: { name: string }[] }[] }[],
        )
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    );
  }
}

export const attributeOf = ({ attributes }: Span, key: string): unknown => {
  const { stringValue, intValue } = attributes.find((each) => each.key === key)?.value ?? {};
  return stringValue ?? intValue;
};

/** A client of the earlier era. */
export class Client {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  #nth = 0;

  private constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  static async open(url: string, credential: string): Promise<Client> {
    const headers = {
      authorization: `Bearer ${credential}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const client = new Client(`${url}/mcp/erp`, headers);
    const answer = await client.#post('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    headers['mcp-session-id' as 'accept'] = answer.headers.get('mcp-session-id') ?? '';
    await answer.text();
    return client;
  }

  async call(name: string, args: object, meta?: object, headers: Record<string, string> = {}) {
    const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
    const answer = await this.#post('tools/call', params, headers);
    const text = await answer.text();
    const json = text.startsWith('{') ? text : (/^data: (\{.*\})$/m.exec(text)?.[1] ?? '');
    return (JSON.parse(json) as { result: { structuredContent?: { meta: { traceparent?: string } } } })
      .result;
  }

  #post(method: string, params: object, headers: Record<string, string> = {}): Promise<Response> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#nth, method, params });
    return fetch(this.#url, { method: 'POST', headers: { ...this.#headers, ...headers }, body });
  }
}

export function fetchFrom(socketPath: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', reject).end();
  });
}

export async function prepared(telemetry: string): Promise<Program> {
  const here = new Program();
  here.write('erp.js', erp);
  here.edit('surety.yaml', (text) => `${text}\n${telemetry}\n`);
  return here;
}
