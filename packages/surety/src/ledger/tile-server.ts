// The log over HTTP, to read (C2SP tlog-tiles): `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`, `/tile/entries/<N>[.p/<W>]`.
// Whoever asks may be anybody: a path is parsed to numbers and never used as it came, what is in flight is
// bounded, and a browser that was sent here under another site's name is refused. Entries are facts: ids,
// tools and times in the clear. Who may reach this is for whoever opens the port to decide.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { parseTilePath } from '@surety/proof/records';
import { PublishedTiles } from './published.ts';

export interface TileServerOptions {
  /** The log's folder. */
  readonly folder: string;
  /** What stands before `/checkpoint`; default nothing. */
  readonly prefix?: string;
  /**
   * Names by which this may be asked, beside `localhost` and any address written as numbers. Undefined where no
   * browser can ask, on a socket in a folder.
   */
  readonly names?: readonly string[] | undefined;
  readonly onProblem?: (problem: string) => void;
}

/** Answers under way at once: the largest bundle has 16 MiB. */
const inFlightMax = 8;
/** A reader that takes longer than this is cut off: it holds one of those places. */
const answerMsMax = 60_000;
/** Larger bundles are sent as they are: compressing would hold a thread for long. */
const gzipBytesMax = 1024 * 1024;
const zipped = promisify<Uint8Array, object, Uint8Array>(gzip);

const immutable = 'max-age=31536000, immutable';
const text = 'text/plain; charset=utf-8';

interface Found {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly cache: string;
  readonly compressible?: boolean;
}

/** An answer other than 200. */
class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export function tileListener(options: TileServerOptions): RequestListener {
  const { onProblem = () => {} } = options;
  const tiles = new PublishedTiles(options.folder);
  let inFlight = 0;
  return async (request, response) => {
    const tooLong = setTimeout(() => request.socket.destroy(), answerMsMax);
    inFlight += 1;
    response.once('close', () => {
      clearTimeout(tooLong);
      inFlight -= 1;
    });
    try {
      if (inFlight > inFlightMax) throw new Refused(503, 'too many at once', { 'retry-after': '1' });
      checkRequest(request, options.names);
      await send(request, response, await find(tiles, pathOf(request, options.prefix ?? '')));
    } catch (cause) {
      refuse(response, cause, onProblem);
    }
  };
}

function checkRequest(request: IncomingMessage, names: readonly string[] | undefined): void {
  const { method = '', headersDistinct } = request;
  if (method !== 'GET' && method !== 'HEAD')
    throw new Refused(405, 'this is to be read only', { allow: 'GET, HEAD' });
  if (names === undefined) return;
  // A page of any site can have its own name lead here, and then read what is answered under it.
  const [host = '', ...more] = headersDistinct['host'] ?? [];
  if (more.length > 0 || !isNamed(host, names)) throw new Refused(403, 'this host is not served here');
}

function isNamed(host: string, names: readonly string[]): boolean {
  const url = `http://${host}`;
  if (!URL.canParse(url)) return false;
  const { hostname, username, password, pathname } = new URL(url);
  if (username !== '' || password !== '' || pathname !== '/') return false;
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 || ['localhost', ...names].includes(hostname);
}

function pathOf({ url = '' }: IncomingMessage, prefix: string): string {
  if (!url.startsWith(`${prefix}/`)) throw notThere();
  return url.slice(prefix.length + 1);
}

async function find(tiles: PublishedTiles, path: string): Promise<Found> {
  if (path === 'checkpoint') {
    const note = await tiles.head();
    if (note === undefined) throw notThere();
    return { bytes: Buffer.from(note), type: text, cache: 'no-store' };
  }
  const address = parseTilePath(path);
  const bytes = address === undefined ? undefined : await tiles.read(address);
  if (bytes === undefined) throw notThere();
  const compressible = address?.level === 'entries';
  return { bytes, type: 'application/octet-stream', cache: immutable, compressible };
}

async function send(request: IncomingMessage, response: ServerResponse, found: Found): Promise<void> {
  const { bytes, type, cache, compressible = false } = found;
  const isZipped = compressible && bytes.length <= gzipBytesMax && takesGzip(request);
  const body = isZipped ? await zipped(bytes, { level: constants.Z_BEST_SPEED }) : bytes;
  response.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': cache,
    'x-content-type-options': 'nosniff',
    ...(compressible ? { vary: 'accept-encoding' } : {}),
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(body);
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return String(headers['accept-encoding'] ?? '')
    .split(',')
    .some((each) => /^\s*gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*))?\s*$/i.test(each));
}

const notThere = (): Refused => new Refused(404, 'there is nothing at this address');

function refuse(response: ServerResponse, cause: unknown, onProblem: (problem: string) => void): void {
  if (!(cause instanceof Refused)) onProblem(`the log cannot be served: ${(cause as Error).message}`);
  const { status, headers, message } =
    cause instanceof Refused ? cause : new Refused(500, 'the log cannot be read');
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, {
    ...headers,
    'content-type': text,
    'content-length': Buffer.byteLength(message) + 1,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(`${message}\n`);
}
