// What of `surety.yaml` says where people open the pages that ask them.

import { resolve } from 'node:path';
import { z } from 'zod';
import { hostPort, text } from './words.ts';

export interface PagesConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** As browsers write the origin: `https://approve.acme.example`. */
  readonly url: string;
  /** Absolute paths. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export const pages = z
  .strictObject({
    url: text.describe(
      'the address that people open, without a path, such as `https://approve.acme.example`; passkeys are made for exactly this one',
    ),
    listen: hostPort.optional().describe('host:port that the pages listen on (default 127.0.0.1:7320)'),
    tls: z
      .strictObject({
        certificate: text.describe('file of the certificate and its chain, PEM, relative to this file'),
        key: text.describe('file of its private key, PEM; for the account of Surety alone'),
      })
      .optional()
      .describe('makes the pages answer over TLS; without, a proxy on this host encrypts'),
  })
  .describe('pages where people approve and refuse what waits (docs/people.md); default: none');

export type WrittenPages = z.infer<typeof pages>;

const listenDefault = '127.0.0.1:7320';

export function pagesIn({ url, listen = listenDefault, tls }: WrittenPages, folder: string): PagesConfig {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return {
    listen: { host, port: Number(listen.slice(colon + 1)) },
    url: originOf(url) ?? url,
    ...(tls === undefined
      ? {}
      : { tls: { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) } }),
  };
}

/** As browsers write it; undefined of what is no address without a path. */
export function originOf(written: string): string | undefined {
  if (!URL.canParse(written)) return undefined;
  const { origin, protocol, pathname, search, hash, username, password } = new URL(written);
  const isBare = pathname === '/' && search === '' && hash === '' && username === '' && password === '';
  return isBare && /^https?:$/.test(protocol) ? origin : undefined;
}
