// For tests: a started Surety in front of a server that notes every call which reached it, and ways to come at it:
// whole requests, and raw bytes on a socket.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Fact, parseFact, type UnknownFact } from '../../packages/proof/src/facts.ts';
import { openReader } from '../../packages/surety/src/ledger/stores/reader.ts';
import { Program } from './program.fixture.ts';

const noting = fileURLToPath(new URL('./noting-server.fixture.ts', import.meta.url));

export interface SiegeOptions {
  /** As in surety.yaml: `body: 64KiB, ...`. */
  readonly limits?: string;
  /** Address of a server over HTTP, which becomes `far`. */
  readonly far?: string;
  /** More of surety.yaml. */
  readonly more?: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export class Siege {
  readonly program = new Program();
  child: ChildProcess | undefined;
  port = 0;
  said: () => string = () => '';
  readonly #credentials = new Map<string, string>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  /** With credentials for `buyer` and `second`. */
  static async start({
    limits = '',
    far = 'http://127.0.0.1:9/mcp',
    more = '',
  }: SiegeOptions = {}): Promise<Siege> {
    const siege = new Siege();
    const received = siege.program.path('received.jsonl');
    siege.program.edit('surety.yaml', (text) =>
      text
        .replace(
          'servers: { erp: { stdio: [node, erp.js], pins: observe } }',
          `servers:\n  erp: { stdio: ["${process.execPath}", "${noting}", "${received}"], pins: observe }\n` +
            `  far: { http: "${far}", timeout: 5s, pins: observe }\nlimits: { ${limits} }\n${more}`,
        )
        .replace(
          '  erp.note:',
          '  far.*: { effect: read }\n  erp.hang: { effect: read }\n  erp.large: { effect: read }\n  erp.note:',
        ),
    );
    siege.program.edit(
      'policies/agents.cedar',
      (text) => `${text}\n@id("far")\npermit (principal, action, resource in Server::"far");\n`,
    );
    const { port, child, said } = await siege.program.up();
    Object.assign(siege, { port, child, said });
    for (const agent of ['buyer', 'second']) siege.#credentials.set(agent, await siege.#issue(agent));
    return siege;
  }

  /** As `surety credential` does, through the administrator's socket. */
  async #issue(identity: string): Promise<string> {
    const sent = request({
      socketPath: this.program.path('store/admin.sock'),
      path: '/credentials',
      method: 'POST',
    });
    sent.setHeader('host', 'surety').end(JSON.stringify({ identity, lifeMs: 86_400_000 }));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return (JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { credential: string })
      .credential;
  }

  bearer(agent = 'buyer'): string {
    return `Bearer ${this.#credentials.get(agent)}`;
  }

  /** A request of MCP 2026-07-28, as one line of JSON. */
  callText(tool: string, args: object = {}): string {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    return JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: tool, arguments: args, _meta },
    });
  }

  /** Headers that belong to such a request. */
  headers(tool: string, agent = 'buyer'): Record<string, string> {
    return {
      authorization: this.bearer(agent),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': tool,
    };
  }

  call(tool: string, args: object = {}, agent = 'buyer', server = 'erp'): Promise<Reply> {
    return this.ask(`/mcp/${server}`, this.callText(tool, args), this.headers(tool, agent));
  }

  ask(
    path: string,
    body: string | Buffer | undefined,
    headers: Readonly<Record<string, string | string[]>> = {},
    method = 'POST',
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: this.#agent },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              text: Buffer.concat(parts).toString(),
              headers: answer.headers,
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** A connection that says what the test has it say. */
  socket(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => {
        socket.off('error', reject).on('error', () => undefined);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }

  /** Sends bytes, and gives all that came back until the other side closed: the last request has to ask for that. */
  async raw(text: string | Buffer): Promise<string> {
    const socket = await this.socket();
    const heard = heardOn(socket);
    socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return heard;
  }

  /** Lines of the calls that reached the server. */
  received(): string[] {
    const file = this.program.path('received.jsonl');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  /** How often a call with this text in it reached the server. */
  reached(mark: string): number {
    return this.received().filter((line) => line.includes(mark)).length;
  }

  /** Facts in the store now. */
  facts(): (Fact | UnknownFact)[] {
    const reader = openReader(this.program.path('store'));
    try {
      return reader.read(0, reader.size()).map(({ bytes, position }) => parseFact(bytes, position));
    } finally {
      reader.close();
    }
  }

  async end(): Promise<void> {
    this.#agent.destroy();
    await this.program.remove();
  }
}

/** Everything that is heard until the connection is closed. */
export function heardOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('data', (part: Buffer) => {
      heard += part.toString('latin1');
    });
    socket.on('error', () => undefined).on('close', () => resolve(heard));
  });
}

/** The statuses of the answers in a stream of them. */
export const statusesIn = (heard: string): number[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
