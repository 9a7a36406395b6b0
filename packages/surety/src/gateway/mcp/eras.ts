// Which era a message belongs to, and whether its headers say what its body says: MCP up to 2025-11-25
// (sessions) and 2026-07-28 (every request carries its version). The body decides; a header that disagrees
// is an attack on whoever decides by headers, and is refused (2026-07-28, SEP-2243).
// The order of the checks is that of the official SDK, so that clients meet the errors they know.

import { Refusal } from './refusal.ts';
import { isMembers, type Members, type Notification, type Request, rpc } from './wire.ts';

export type Era = 'legacy' | 'modern';

export const modernVersions: readonly string[] = ['2026-07-28'];
export const legacyVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26'];

export const metaKeys = {
  version: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  server: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The standard headers, as they came; each at most once. */
export interface MirrorHeaders {
  readonly version: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
}

/** Throws `Refusal`. */
export function eraOf(headers: MirrorHeaders, message: Request | Notification): Era {
  const meta = metaOf(message.params);
  const claims = meta !== undefined && Object.hasOwn(meta, metaKeys.version);
  if (message.method === 'initialize' && !(claims && isModernClaim(meta))) {
    if (namesModern(headers)) throw mismatch('an initialize request belongs to an earlier version');
    return legacy(headers);
  }
  if (claims) return claimed(headers, message, meta);
  if (!namesModern(headers)) return legacy(headers);
  if (message.is === 'request') throw envelope(meta === undefined ? '_meta' : metaKeys.version, 'is missing');
  // A notification carries no claim, so its header is all there is.
  mirrorsMethod(headers, message);
  return 'modern';
}

/** Dates, so their order as text is their order in time. */
const isModern = (version: string): boolean => version >= (modernVersions[0] as string);
const namesModern = ({ version }: MirrorHeaders): boolean => version !== undefined && isModern(version);

const isModernClaim = (meta: Members): boolean => {
  const version = meta[metaKeys.version];
  return typeof version === 'string' && isModern(version) && flawOf(meta) === undefined;
};

export const metaOf = (params: Members): Members | undefined =>
  isMembers(params._meta) ? params._meta : undefined;

function legacy({ version }: MirrorHeaders): Era {
  if (version !== undefined && !legacyVersions.includes(version))
    throw new Refusal(400, rpc.transport, 'unsupported protocol version');
  return 'legacy';
}

function claimed(headers: MirrorHeaders, message: Request | Notification, meta: Members): Era {
  const version = meta[metaKeys.version];
  if (message.is === 'request') {
    const flaw = flawOf(meta);
    if (flaw !== undefined) throw envelope(...flaw);
  }
  if (typeof version !== 'string') throw envelope(metaKeys.version, 'is not a string');
  if (headers.version !== undefined && headers.version !== version)
    throw mismatch('MCP-Protocol-Version is not the version in the body');
  mirrorsMethod(headers, message);
  if (!modernVersions.includes(version)) {
    const data = { supported: modernVersions, requested: version };
    throw new Refusal(400, rpc.unsupportedVersion, 'unsupported protocol version', { data });
  }
  if (message.is === 'request') mirrors(headers, message);
  return 'modern';
}

/** What is wrong with the envelope that every modern request carries. */
function flawOf(meta: Members): [key: string, problem: string] | undefined {
  const capabilities = meta[metaKeys.capabilities];
  const client = meta[metaKeys.client];
  if (typeof meta[metaKeys.version] !== 'string') return [metaKeys.version, 'is not a string'];
  if (capabilities === undefined) return [metaKeys.capabilities, 'is missing'];
  if (!isMembers(capabilities)) return [metaKeys.capabilities, 'is not an object'];
  if (client === undefined) return undefined;
  const named = isMembers(client) && typeof client.name === 'string' && typeof client.version === 'string';
  return named ? undefined : [metaKeys.client, 'has no name and version'];
}

function mirrorsMethod(headers: MirrorHeaders, { method }: Request | Notification): void {
  if (headers.method !== undefined && headers.method !== method)
    throw mismatch('Mcp-Method is not the method in the body');
}

/** The headers that every modern request has to carry. */
function mirrors(headers: MirrorHeaders, { method, params }: Request): void {
  if (headers.version === undefined) throw mismatch('MCP-Protocol-Version is missing');
  if (headers.method === undefined) throw mismatch('Mcp-Method is missing');
  const member = nameMembers.get(method);
  if (member === undefined) return;
  const named = params[member];
  if (headers.name === undefined) {
    if (typeof named === 'string') throw mismatch('Mcp-Name is missing');
    return;
  }
  const name = decoded(headers.name);
  if (name === undefined) throw mismatch('Mcp-Name cannot be decoded');
  if (typeof named === 'string' && name !== named) throw mismatch('Mcp-Name is not the name in the body');
}

/** The member of `params` that `Mcp-Name` repeats, for the methods that have one. */
export const nameMembers: ReadonlyMap<string, 'name' | 'uri' | 'taskId'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

const sentinel = /^=\?base64\?(.*)\?=$/s;

/** A header value, which may be written as `=?base64?...?=`; undefined if that is not canonical base64 of UTF-8. */
export function decoded(value: string): string | undefined {
  const encoded = sentinel.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const mismatch = (what: string): Refusal =>
  new Refusal(400, rpc.headerMismatch, `the headers and the body disagree: ${what}`);

const envelope = (key: string, problem: string): Refusal =>
  new Refusal(400, rpc.invalidParams, `the envelope in _meta is not valid: ${key} ${problem}`, {
    data: { envelope: { key, problem } },
  });

/**
 * The params as an earlier server may have them: the envelope belongs to this hop only, and beside the header
 * of the upstream session it would be a mismatch. `_meta` alone is printed anew; every other byte stays.
 */
export function withoutEnvelope(meta: Members): Members {
  const hop = new Set<string>([metaKeys.version, metaKeys.client, metaKeys.capabilities, metaKeys.logLevel]);
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !hop.has(key)));
}
