// The headers that repeat what a message says (MCP 2026-07-28, SEP-2243), and those of a session of the earlier era.

import { metaKeys, metaOf, nameMembers } from './eras.ts';
import type { Mirrored } from './mirrored.ts';
import { encoded } from './modern.ts';
import { isMembers, type Notification, type Request } from './wire.ts';

interface Session {
  readonly id: string | undefined;
  readonly version: string | undefined;
}

export const sessionless = (session: Session | undefined): Record<string, string> => ({
  ...(session?.id === undefined ? {} : { 'mcp-session-id': session.id }),
  ...(session?.version === undefined ? {} : { 'mcp-protocol-version': session.version }),
});

/** The body of a message decides its era: a version in `_meta` is the newer one. */
export function headersOf(
  message: Request | Notification,
  session: Session | undefined,
  mirrored: readonly Mirrored[],
): Record<string, string> {
  const { method, params } = message;
  const version = metaOf(params)?.[metaKeys.version];
  if (typeof version !== 'string') return method === 'initialize' ? {} : sessionless(session);
  const name = params[nameMembers.get(method) ?? 'name'];
  return {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': encoded(name) } : {}),
    ...paramHeaders(mirrored, params.arguments),
  };
}

/** The arguments that a tool wants repeated in headers, as headers. */
export function paramHeaders(mirrored: readonly Mirrored[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, header } of mirrored) {
    const value = path.reduce<unknown>(
      (at, key) => (isMembers(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      args,
    );
    if (['string', 'boolean', 'number'].includes(typeof value)) headers[header] = encoded(String(value));
  }
  return headers;
}
