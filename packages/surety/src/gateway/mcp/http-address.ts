// Where a server over HTTP is, and the gateway's own headers to it, as its owner wrote them: used as they are, or refused.

import { UpstreamError } from './errors.ts';

const ours = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host'],
  ...['mcp-protocol-version', 'mcp-session-id', 'transfer-encoding'],
]);

/** Throws `UpstreamError`. */
export function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UpstreamError('invalid', 'the address is not an http or https URL without credentials');
  return url;
}

/** Throws `UpstreamError`. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (ours.has(name.toLowerCase()))
      throw new UpstreamError('invalid', `the header \`${name}\` is set by the gateway`);
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new UpstreamError('invalid', `the header \`${name}\` cannot be sent`);
  }
}
