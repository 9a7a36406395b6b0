// What the pages for people must agree on: an address at which browsers know passkeys, and nobody reads along.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { checkPort, type Environment, isLoopback } from './agreement.ts';
import type { Installation } from './installation.ts';
import type { Findings } from './names.ts';
import { originOf, type WrittenPages } from './pages.ts';
import { quote } from './problem.ts';
import { fillIn } from './secret.ts';

export function checkPages(found: Findings, { pages, listen }: Installation, env: Environment): void {
  if (pages === undefined) return;
  if (pages['sign-in'] !== undefined) checkProvider(found, pages['sign-in'], env);
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

function checkProvider(
  found: Findings,
  { issuer, secret }: NonNullable<WrittenPages['sign-in']>,
  env: Environment,
): void {
  const place = ['pages', 'sign-in', 'issuer'] as const;
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    found.add(
      place,
      `\`issuer\` is no address: ${quote(issuer)}`,
      'write it as the provider names itself, such as `https://login.acme.example`',
    );
  else if (url.username !== '' || url.password !== '')
    found.add(place, 'an address holds no secret', 'put it under `secret`, as `${NAME}`');
  // What it says of people would be anybody's on the way to choose.
  else if (url.protocol === 'http:' && !isLoopback(url.hostname))
    found.add(place, 'a provider is believed over https only', 'use https; http only for one on this host');
  if (secret === undefined) return;
  const at = ['pages', 'sign-in', 'secret'] as const;
  const { faults, usesSecret } = fillIn(secret, env);
  for (const { offset, problem, remedy } of faults)
    found.problems.push(found.document.within(at, offset, problem, remedy));
  if (!usesSecret)
    found.warn(at, 'a secret is written in the file', 'take it from the environment: `${NAME}`');
}
