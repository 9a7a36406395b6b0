// What a request must be before its body is read: to a name of ours (DNS rebinding), with a credential we
// know, with no header twice, of a type we read, and within bounds. Everything here is written by strangers.

import type { IncomingMessage } from 'node:http';
import type { FrontLimits } from './front-limits.ts';
import { Refusal } from './refusal.ts';
import { type Message, parseMessage, rpc, WireError } from './wire.ts';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

export class Door {
  readonly #names: ReadonlySet<string>;

  constructor(allowedHosts: readonly string[]) {
    this.#names = new Set([...loopbackNames, ...allowedHosts].map(hostOf));
  }

  /**
   * A page of any site can make a browser send requests here under that site's name. It cannot forge `Host` or
   * `Origin`, so both must name us; the address that was connected to needs no list, since it is no name.
   */
  checkNames(request: IncomingMessage): void {
    const { localAddress } = request.socket;
    const local = localAddress === undefined ? undefined : hostOf(localAddress.replace(/^::ffff:/, ''));
    const known = (name: string | undefined) =>
      name !== undefined && (this.#names.has(name) || name === local);
    if (!known(nameIn(`http://${only(request, 'host') ?? ''}`)))
      throw new Refusal(403, rpc.transport, 'this host is not served here');
    const origin = only(request, 'origin');
    if (origin !== undefined && !known(nameIn(origin)))
      throw new Refusal(403, rpc.transport, 'this origin is not allowed');
  }
}

/** As the host part of a URL is printed: lower case, IPv6 in brackets. */
function hostOf(host: string): string {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return nameIn(`http://${bracketed}`) ?? host.toLowerCase();
}

function nameIn(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, username, password, pathname } = new URL(url);
  return hostname === '' || username !== '' || password !== '' || pathname !== '/' ? undefined : hostname;
}

/** A header that may come once. Two could be read differently by whoever stands before or behind us. */
export function only(request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name];
  if (values === undefined) return undefined;
  if (values.length > 1) throw new Refusal(400, rpc.transport, `the header \`${name}\` comes more than once`);
  return values[0];
}

/** Arguments that come in headers too, of tools that this gateway may not know that they want it: passed on as they are. */
export function paramHeadersOf(request: IncomingMessage): Record<string, string> {
  const names = Object.keys(request.headers).filter((name) => name.startsWith('mcp-param-'));
  return Object.fromEntries(names.map((name) => [name, only(request, name) ?? '']));
}

export function checkTypes(request: IncomingMessage): void {
  const type = only(request, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  const encoding = only(request, 'content-encoding') ?? 'identity';
  if (type !== 'application/json' || encoding !== 'identity')
    throw new Refusal(415, rpc.transport, 'the body is not plain application/json');
  checkAccepts(request, 'application/json');
}

export function checkAccepts(request: IncomingMessage, type: string): void {
  if (!takes(request, type)) throw new Refusal(406, rpc.transport, `the client does not accept ${type}`);
}

/** Whether the client says that it reads this type, or says nothing. */
export function takes({ headers: { accept = '*/*' } }: IncomingMessage, type: string): boolean {
  const taken = accept.split(',').map((each) => each.split(';')[0]?.trim().toLowerCase());
  return taken.some((each) => each === type || each === `${type.split('/')[0]}/*` || each === '*/*');
}

const tooLarge = (): Refusal =>
  // Closed afterwards: whatever else was sent is not read.
  new Refusal(413, rpc.transport, 'the body is too large', { headers: { connection: 'close' } });

/** The whole body; undefined if the client went away before it was here. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= bytesMax) parts.push(part);
      else {
        parts.length = 0;
        reject(tooLarge());
      }
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

/** A body as a message. Throws `Refusal`. */
export function messageIn(
  body: Buffer,
  { depthMax, bodyBytesMax: bytesMax }: Pick<FrontLimits, 'depthMax' | 'bodyBytesMax'>,
): Message {
  try {
    return parseMessage(body, { depthMax, bytesMax });
  } catch (cause) {
    if (cause instanceof WireError) throw new Refusal(400, cause.code, cause.message);
    throw cause;
  }
}
