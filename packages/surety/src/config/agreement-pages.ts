// What the pages for people must agree on: an address at which browsers know passkeys, and nobody reads along.

import { checkPort, isLoopback } from './agreement.ts';
import type { Installation } from './installation.ts';
import type { Findings } from './names.ts';
import { originOf } from './pages.ts';
import { quote } from './problem.ts';

export function checkPages(found: Findings, { pages, listen }: Installation): void {
  if (pages === undefined) return;
  checkPort(found, ['pages', 'listen'], pages.listen);
  checkUrl(found, pages.url);
  const own = pages.listen ?? '127.0.0.1:7320';
  if (own === (listen ?? '127.0.0.1:7300'))
    found.add(
      ['pages', 'listen'],
      'agents and people have the same address',
      'give each a port of its own: what agents send must never reach the pages',
    );
  const host = own.slice(0, own.lastIndexOf(':'));
  if (pages.tls === undefined && !isLocal(host))
    found.warn(
      ['pages', 'listen'],
      'whoever is on the way reads these pages, and what people answer',
      'add `tls` here, or have a proxy on this host encrypt and listen on 127.0.0.1',
    );
}

/** `0.0.0.0` is every address of this host. */
const isLocal = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(host);

function checkUrl(found: Findings, written: string): void {
  const origin = originOf(written);
  const place = ['pages', 'url'] as const;
  if (origin === undefined) {
    const remedy = 'write scheme and host, as people open it, such as `https://approve.acme.example`';
    found.add(place, `\`url\` is no address without a path: ${quote(written)}`, remedy);
    return;
  }
  const { protocol, hostname } = new URL(origin);
  // Browsers give passkeys and such cookies to these alone (W3C Secure Contexts).
  if (protocol === 'http:' && hostname !== 'localhost')
    found.add(
      place,
      'browsers know passkeys over https only',
      'use https; `http://localhost:PORT` to try it out',
    );
  else if (
    protocol === 'https:' &&
    (isLoopback(hostname) || /^[\d.]+$|^\[/.test(hostname)) &&
    hostname !== 'localhost'
  )
    found.add(place, 'browsers know passkeys for names, not for addresses', 'give the pages a host name');
}
