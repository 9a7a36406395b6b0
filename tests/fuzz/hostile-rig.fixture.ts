// For the fuzzer: a gateway in this process, on a real ledger, with a server over HTTP and one on stdio that answer as a
// case says, a server that behaves, and a bystander that nobody may be led to.

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpUpstream } from '../../packages/surety/src/gateway/mcp/http.ts';
import { StdioUpstream } from '../../packages/surety/src/gateway/mcp/stdio.ts';
import {
  initializeText,
  type RawReply,
  raw,
  scripted,
  serve,
} from '../../packages/surety/src/gateway/mcp/surroundings.fixture.ts';
import { files, TestHouse } from '../../packages/surety/src/house.fixture.ts';
import { bytesOf, good, type HttpCase, pieces, type StdioCase } from './hostile.fixture.ts';

const program = fileURLToPath(new URL('./hostile-server.fixture.ts', import.meta.url));
export const answerBytesMax = 64 * 1024;
export const boundsIn = (timeoutMs: number) => ({
  ...{ answerBytesMax, depthMax: 64, timeoutMs },
  answerWithinMs: 2 * timeoutMs,
});

/** What a hostile server is asked, and where. */
interface Asked {
  readonly id: unknown;
  readonly method: string;
  readonly mark: string;
  readonly lastEventId: string | undefined;
}

/** A server that speaks HTTP as it likes: `answers` gives the bytes. */
class HostileHttp {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly answers: (asked: Asked, socket: Socket) => void;
  connections = 0;

  constructor(answers: HostileHttp['answers']) {
    this.answers = answers;
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      let heard: Buffer = Buffer.alloc(0);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      socket.on('data', (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk]);
        heard = this.#take(heard, socket);
      });
    });
  }

  #take(heard: Buffer, socket: Socket): Buffer {
    const end = heard.indexOf('\r\n\r\n');
    const head = end === -1 ? '' : heard.subarray(0, end).toString('latin1');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (end === -1 || heard.length < end + 4 + length) return heard;
    const text = heard.subarray(end + 4, end + 4 + length).toString();
    const { id, method = head.split(' ')[0], params } = text === '' ? {} : JSON.parse(text);
    const lastEventId = /^last-event-id: (.*)$/im.exec(head)?.[1];
    this.answers({ id, method, mark: params?.arguments?.mark ?? '', lastEventId }, socket);
    return this.#take(heard.subarray(end + 4 + length), socket);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** As a server that behaves would say it. */
export function say(socket: Socket, id: unknown, result: object, headers: readonly string[] = []): void {
  const body = JSON.stringify({ jsonrpc: '2.0', id, result });
  const head = [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    ...headers,
    `Content-Length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
}
export const refuse = (socket: Socket, status: string): void =>
  void socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);

export const initialized = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'hostile', version: '1' },
};

/** Sends what the case says, and ends as it says. */
export async function perform(each: HttpCase, socket: Socket, fill: (text: string) => string): Promise<void> {
  for (const piece of pieces(bytesOf(each, fill), each.cuts)) {
    if (socket.destroyed) return;
    await new Promise((resolve) => socket.write(piece, () => setImmediate(resolve)));
  }
  if (each.ending === 'end') socket.end();
  if (each.ending === 'reset') socket.resetAndDestroy();
  // Comments, as a server sends them that still works.
  if (each.ending === 'forever') {
    const alive = setInterval(
      () => socket.write(each.framing === 'chunked' ? '4\r\n: x\n\r\n' : ': x\n'),
      20,
    );
    socket.once('close', () => clearInterval(alive));
  }
}

/** More often than a server that breaks off for ever is waited for. */
const comebacksMax = 100;

export class Rig {
  readonly #closing: (() => Promise<unknown>)[] = [];
  house!: TestHouse;
  bystander!: HostileHttp;
  bystanderUrl = '';
  /** What the server over HTTP answers a call with this mark. */
  readonly cases = new Map<string, HttpCase>();
  readonly problems: string[] = [];
  readonly #received = new Map<string, number>();
  #port = 0;
  readonly #headers = new Map<string, Record<string, string>>();

  static async open(waitMs: number): Promise<Rig> {
    const rig = new Rig();
    await rig.#open(boundsIn(waitMs));
    return rig;
  }

  async #open(bounds: ReturnType<typeof boundsIn>): Promise<void> {
    this.house = await TestHouse.open({
      'surety.yaml': files['surety.yaml']
        .replace(
          'servers: { erp',
          'servers: { far: { http: "http://127.0.0.1:9/", pins: observe }, pipe: { stdio: [node, x.js], pins: observe }, erp',
        )
        .replace('  erp.note:', '  far.note: { effect: write }\n  pipe.note: { effect: write }\n  erp.note:'),
      'policies/agents.cedar': `${files['policies/agents.cedar']}
@id("far")\npermit (principal, action, resource in Server::"far");
@id("pipe")\npermit (principal, action, resource in Server::"pipe");
`,
    });
    this.#closing.push(() => this.house.close());
    this.bystander = new HostileHttp((_, socket) => refuse(socket, '200 OK'));
    this.bystanderUrl = `http://127.0.0.1:${await this.bystander.listen()}/`;
    this.#closing.push(() => this.bystander.close());
    const far = await this.hostile((asked, socket) => this.#answer(asked, socket));
    const onProblem = (problem: string) => this.problems.push(problem);
    const received = this.#file;
    const upstreams = [
      new HttpUpstream({ server: 'far', url: far, ...bounds, onProblem }),
      new StdioUpstream({
        ...{ server: 'pipe', command: process.execPath, args: [program, received], ...bounds, onProblem },
        graceMs: 200,
      }),
      scripted('plain', {}, 'erp'),
    ];
    const served = await serve({ governor: this.house.house.gateway, upstreams, onProblem });
    this.#port = served.port;
    this.#closing.push(...upstreams.map((each) => () => each.close()), () => served.close());
    for (const agent of ['buyer', 'second']) {
      const { credential } = await this.house.house.issue(agent, 86_400_000);
      this.#headers.set(agent, { authorization: `Bearer ${credential}` });
    }
    for (const [agent, path] of [
      ['buyer', '/mcp/far'],
      ['buyer', '/mcp/pipe'],
      ['second', '/mcp/erp'],
    ] as const) {
      const opened = await raw(this.#port, path, initializeText({}), this.#headers.get(agent));
      this.#headers.set(`${agent}${path}`, {
        ...this.#headers.get(agent),
        'mcp-session-id': String(opened.headers['mcp-session-id']),
        'mcp-protocol-version': '2025-11-25',
      });
    }
  }

  get #file(): string {
    return join(this.house.folder, 'received.txt');
  }

  /** The address of a server that answers as `answers` says. */
  async hostile(answers: HostileHttp['answers']): Promise<string> {
    const server = new HostileHttp(answers);
    const port = await server.listen();
    this.#closing.push(() => server.close());
    return `http://127.0.0.1:${port}/mcp`;
  }

  /** How often the call with this mark reached its server. */
  reached(mark: string): number {
    const piped = existsSync(this.#file)
      ? readFileSync(this.#file, 'utf8')
          .split('\n')
          .filter((line) => line === mark).length
      : 0;
    return piped + (this.#received.get(mark) ?? 0);
  }

  #answer({ id, method, mark, lastEventId }: Asked, socket: Socket): void {
    if (method === 'initialize') return say(socket, id, initialized, ['Mcp-Session-Id: s']);
    if (method === 'tools/list') return say(socket, id, { tools: [] });
    // A stream that broke off: a server that says again and again that there is more, or one that answers.
    if (method === 'GET' && lastEventId !== undefined) {
      const text =
        Number(lastEventId) % 2 === 0
          ? 'retry: 0\nid: 2\n: x\n\n'
          : `data: ${good.replace('{{id}}', lastEventId)}\n\n`;
      return void socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n${text}`,
      );
    }
    const each = this.cases.get(mark);
    if (method !== 'tools/call' || each === undefined)
      return refuse(socket, method === 'GET' ? '405 No' : '202 Accepted');
    this.#received.set(mark, (this.#received.get(mark) ?? 0) + 1);
    void perform(each, socket, this.filling(String(id), mark));
  }

  filling(id: string, mark: string): (text: string) => string {
    return (text) =>
      text
        .replaceAll('{{id}}', id)
        .replaceAll('{{mark}}', mark)
        .replaceAll('{{bystander}}', this.bystanderUrl);
  }

  async call(agent: 'buyer' | 'second', path: string, name: string, args: object): Promise<RawReply> {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: JSON.stringify(args).slice(0, 40),
      method: 'tools/call',
      params: { name, arguments: args },
    });
    const headers = this.#headers.get(`${agent}${path}`);
    let reply = await raw(this.#port, path, body, headers);
    // A stream that ends without an answer says from where its client comes back for it.
    for (let turn = 0; turn < comebacksMax && !/^data: .*"(?:result|error)":/m.test(reply.text); turn++) {
      const last = [...reply.text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1];
      if (last === undefined) return reply;
      const back = { ...headers, accept: 'text/event-stream', 'last-event-id': last };
      const more = await raw(this.#port, path, undefined, back, 'GET');
      reply = { ...more, text: reply.text + more.text };
    }
    return reply;
  }

  pipe(mark: string, each: StdioCase): Promise<RawReply> {
    const { body, cuts, ending } = each;
    return this.call('buyer', '/mcp/pipe', 'note', { mark, body, cuts, ending });
  }

  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}
