// The newer era towards servers (MCP 2026-07-28): every request carries who asks and what they can, and repeats in
// headers what its body says. Which era a server speaks is found by asking it; a refusal is no answer to that.

import { version } from '../../version.ts';
import { type Era, metaKeys, modernVersions, nameMembers } from './eras.ts';
import { UpstreamError } from './errors.ts';
import type { Exchange } from './http-exchange.ts';
import type { Answered } from './port.ts';
import type { Asking } from './upstream.ts';
import { isMembers, type Members, rpc } from './wire.ts';

export const modernVersion = modernVersions[0] as string;
/** Servers are renewed: what was found of their eras is asked again after this. */
const eraMsMax = 10 * 60_000;
const ourselves: Members = { name: 'surety', version };

/** What `_meta` of every request holds. Without a client nobody can be asked anything. */
export const envelope = (capabilities: Members = {}, client: unknown = ourselves): Members => ({
  [metaKeys.version]: modernVersion,
  [metaKeys.client]: client,
  [metaKeys.capabilities]: capabilities,
});

/** Params of a request of the gateway's own. */
export const ownParams = (params: Members = {}): string => JSON.stringify({ ...params, _meta: envelope() });

export const discovering: Asking = { method: 'server/discover', paramsText: ownParams() };

/** The headers that repeat what the body of a request says. */
export function repeated({ method, name, headers = {} }: Asking): Record<string, string> {
  return {
    ...headers,
    'mcp-protocol-version': modernVersion,
    'mcp-method': method,
    ...(name !== undefined && nameMembers.has(method) ? { 'mcp-name': encoded(name) } : {}),
  };
}

/** As it is where a header can hold it; else in the base64 form that says so itself. */
export function encoded(value: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?');
  return isPlain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}

/** What a server says of itself, as members of an initialize result; undefined if this is no such answer. */
export function discovered(reply: Answered): Members | undefined {
  if (reply.is !== 'result') return undefined;
  const { supportedVersions, capabilities, instructions, _meta } = reply.value;
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(modernVersion)) return undefined;
  const serverInfo = isMembers(_meta) ? _meta[metaKeys.server] : undefined;
  return {
    protocolVersion: modernVersion,
    capabilities: isMembers(capabilities) ? capabilities : {},
    serverInfo: serverInfo ?? { name: 'unnamed', version: '0' },
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

/** Whether a server refuses a version and names ours as one that it takes: then the client asks again (SEP-2575). */
export function wantsOurs(reply: Answered): boolean {
  if (reply.is !== 'error' || reply.code !== rpc.unsupportedVersion) return false;
  const { data } = JSON.parse(reply.text) as Members;
  return isMembers(data) && Array.isArray(data.supported) && data.supported.includes(modernVersion);
}

/** Whether an answer that is no discovery shows that the server speaks the earlier era only. */
export const showsLegacy = (exchange: Exchange): boolean =>
  exchange.is === 'answered' &&
  // Who is kept out, put off or broken says nothing about what it speaks.
  ![401, 403, 407, 408, 425, 429].includes(exchange.status) &&
  exchange.status < 500;

const againMs = 60_000;

/** What a server of the newer era says of itself in the earlier one. It is asked once, and again after a time. */
export class Earlier {
  readonly #msMax: number;
  #found: Promise<Members | undefined> | undefined;
  #until = Number.POSITIVE_INFINITY;

  constructor(msMax = eraMsMax) {
    this.#msMax = msMax;
  }

  /** `ask` throws where the server has not answered: then the newer era goes on, and it is asked again sooner. */
  get(ask: () => Promise<Members | undefined>): Promise<Members | undefined> {
    if (this.#found !== undefined && performance.now() < this.#until) return this.#found;
    this.#until = Number.POSITIVE_INFINITY;
    const kept = (ms: number) => {
      this.#until = performance.now() + ms;
    };
    this.#found = ask().then(
      (found) => {
        kept(this.#msMax);
        return found;
      },
      (cause) => {
        kept(isNo(cause) ? this.#msMax : againMs);
        return undefined;
      },
    );
    return this.#found;
  }
}

const isNo = (cause: unknown): boolean =>
  cause instanceof UpstreamError && (cause.code === 'refused' || cause.code === 'unknown-version');

/** What is known of a server's era. That it was the earlier one is asked again after a time: servers are renewed. */
export class KnownEra {
  /** True once an answer came as a stream of events. */
  answersInStreams = false;
  readonly #legacyMsMax: number;
  #era: Era | undefined;
  #since = 0;

  constructor(legacyMsMax = eraMsMax) {
    this.#legacyMsMax = legacyMsMax;
  }

  get(): Era | undefined {
    const stale = this.#era === 'legacy' && performance.now() - this.#since > this.#legacyMsMax;
    return stale ? undefined : this.#era;
  }

  forget(): void {
    this.#era = undefined;
  }

  found(era: Era): void {
    this.#era = era;
    this.#since = performance.now();
  }
}
