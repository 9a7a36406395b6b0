// What the gateway listens with: HTTP/1.1, plain or over TLS, for clients that may be anybody. Headers, bodies and
// answers take bounded time, and connections are bounded: one more closes the one that has done nothing longest, so
// idle connections, however many, never keep out a client that works.

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Certificates, safeTls } from './certificates.ts';

export interface ListenerLimits {
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersWithinMs: number;
  readonly requestWithinMs: number;
  /** How long a client may leave an answer unread. */
  readonly readWithinMs: number;
  readonly idleWithinMs: number;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: ListenerLimits;
  /** Encrypts; without, HTTP is plain. */
  readonly certificates?: Certificates | undefined;
  readonly onRequest: RequestListener;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
}

export interface Listener {
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Takes no more connections; resolves when the requests under way are answered. */
  close(): Promise<void>;
  /** Ends the connections that are left, whatever is under way on them. */
  cut(): void;
}

/** How often time is looked at. */
const tickMs = 1_000;

export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, limits, certificates, onRequest } = options;
  const timed = {
    headersTimeout: limits.headersWithinMs,
    requestTimeout: limits.requestWithinMs,
    keepAliveTimeout: limits.idleWithinMs,
    connectionsCheckingInterval: tickMs,
    maxHeaderSize: limits.headerBytesMax,
    requireHostHeader: true,
    insecureHTTPParser: false,
    // A small answer is not held back for a larger one.
    noDelay: true,
  };
  const server =
    certificates === undefined
      ? createServer(timed)
      : createTlsServer({
          ...timed,
          ...safeTls,
          ...certificates.read(),
          handshakeTimeout: limits.headersWithinMs,
        });
  // Without a listener its error would be nobody's, and end the process: a handshake that fails is a stranger's.
  server.on('tlsClientError', (_: Error, socket: Socket) => socket.destroy());
  const connections = new Connections(server, roomFor(limits.connectionsMax, options.onNote));
  const answers = new Answers(limits.readWithinMs);
  server.on('request', (request, response) => {
    connections.working(request.socket, response);
    if (!server.listening) response.shouldKeepAlive = false;
    answers.watch(response);
    onRequest(request, response);
  });
  const watching = setInterval(() => answers.look(), tickMs).unref();
  const renewing = certificates?.onRenewal((renewed) => {
    if ('setSecureContext' in server) server.setSecureContext({ ...safeTls, ...renewed });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    scheme: certificates === undefined ? 'http' : 'https',
    close: async () => {
      renewing?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Their clients are told to come no more on these connections.
      answers.letGo();
      connections.closeIdle();
      await closed;
      clearInterval(watching);
    },
    cut: () => server.closeAllConnections(),
  };
}

/** Files of the store, and connections to servers and records. */
const filesReserved = 512;

/** As many as wanted, or as this process may open: a connection too many must not take the ledger's files. */
function roomFor(wanted: number, onNote: ListenerOptions['onNote']): number {
  const files = openFilesMax();
  if (wanted + filesReserved <= files) return wanted;
  const room = Math.max(1, Math.min(wanted, files - filesReserved));
  onNote(
    'warn',
    `${room} connections at most, not ${wanted}: this process may open ${files} files (ulimit -n)`,
  );
  return room;
}

/** What the system allows this process. Node has raised its soft limit to the hard one. */
function openFilesMax(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

interface Connection {
  readonly socket: Socket;
  /** Requests being answered on it; a client may send several at once. */
  requests: number;
}

/** By both ends, since a request over TLS comes on another object than the connection did. */
const endsOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

class Connections {
  readonly #open = new Map<string, Connection>();
  /** Those without a request being answered, the longest idle first; also those that never sent a whole one. */
  readonly #idle = new Set<Connection>();
  readonly #max: number;

  constructor(server: Server, max: number) {
    this.#max = max;
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  #opened(socket: Socket): void {
    if (this.#open.size >= this.#max && !this.#makeRoom()) return void socket.destroy();
    const ends = endsOf(socket);
    const connection = { socket, requests: 0 };
    this.#open.set(ends, connection);
    this.#idle.add(connection);
    socket.once('close', () => this.#forget(ends, connection));
  }

  #makeRoom(): boolean {
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    const ends = endsOf(oldest.socket);
    oldest.socket.destroy();
    this.#forget(ends, oldest);
    return true;
  }

  #forget(ends: string, connection: Connection): void {
    this.#idle.delete(connection);
    if (this.#open.get(ends) === connection) this.#open.delete(ends);
  }

  /** Until the answer has gone. */
  working(socket: Socket, response: ServerResponse): void {
    const connection = this.#open.get(endsOf(socket));
    if (connection === undefined) return;
    connection.requests++;
    this.#idle.delete(connection);
    response.once('close', () => {
      connection.requests--;
      if (connection.requests === 0 && !connection.socket.destroyed) this.#idle.add(connection);
    });
  }

  closeIdle(): void {
    for (const { socket } of this.#idle) socket.destroy();
  }
}

/** Answers that their clients do not read: each holds memory and a place. */
class Answers {
  readonly #withinMs: number;
  /** Since when the answer waits for its client; undefined while it waits for us. */
  readonly #waiting = new Map<ServerResponse, number | undefined>();

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  watch(response: ServerResponse): void {
    this.#waiting.set(response, undefined);
    response.once('close', () => this.#waiting.delete(response));
  }

  /** Each ends its connection. */
  letGo(): void {
    for (const response of this.#waiting.keys()) response.shouldKeepAlive = false;
  }

  look(): void {
    const now = performance.now();
    for (const [response, since] of this.#waiting) {
      const waits = response.writableEnded || response.writableNeedDrain;
      if (!waits) this.#waiting.set(response, undefined);
      else if (since === undefined) this.#waiting.set(response, now);
      else if (now - since > this.#withinMs) response.destroy();
    }
  }
}
