// What of `surety.yaml` says where people open the pages that ask them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { resolve } from 'node:path';
import { z } from 'zod';
import { fillIn } from './secret.ts';
import { hostPort, text } from './words.ts';

export interface PagesConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** As browsers write the origin: `https://approve.acme.example`. */
  readonly url: string;
  /** Absolute paths. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** The secret is filled in: never to be written anywhere. */
  readonly signIn?: {
    readonly issuer: string;
    readonly client: string;
    readonly secret?: string;
    readonly claim: string;
  };
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
    'sign-in': z
      .strictObject({
        issuer: text.describe('the issuer of an OpenID Connect provider, as it names itself'),
        client: text.describe('the client id that Surety has there'),
        secret: z
          .string({ error: 'is not text\nput it in quotes' })
          .optional()
          .describe(
            'the secret of that client, as `${NAME}` from the environment (default: a public client)',
          ),
        claim: z
          .string()
          .regex(/^[A-Za-z0-9_:./-]{1,128}$/, 'is not the name of a claim\nwrite, for example, `email`')
          .optional()
          .describe(
            'the claim that names the person, as `id` or one of `accounts` in `people` (default `email`, which the provider must have verified)',
          ),
      })
      .optional()
      .describe('where people can sign in beside their passkeys: to look and to refuse, never to approve'),
  })
  .describe('pages where people approve and refuse what waits (docs/people.md); default: none');

export type WrittenPages = z.infer<typeof pages>;

const listenDefault = '127.0.0.1:7320';

export function pagesIn(
  { url, listen = listenDefault, tls, 'sign-in': signIn }: WrittenPages,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): PagesConfig {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return {
    listen: { host, port: Number(listen.slice(colon + 1)) },
    url: originOf(url) ?? url,
    ...(tls === undefined
      ? {}
      : { tls: { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) } }),
    ...(signIn === undefined ? {} : { signIn: providerIn(signIn, env) }),
  };
}

function providerIn(
  { issuer, client, secret, claim = 'email' }: NonNullable<WrittenPages['sign-in']>,
  env: Readonly<Record<string, string | undefined>>,
): NonNullable<PagesConfig['signIn']> {
  return { issuer, client, claim, ...(secret === undefined ? {} : { secret: fillIn(secret, env).value }) };
}

/** As browsers write it; undefined of what is no address without a path. */
export function originOf(written: string): string | undefined {
  if (!URL.canParse(written)) return undefined;
  const { origin, protocol, pathname, search, hash, username, password } = new URL(written);
  const isBare = pathname === '/' && search === '' && hash === '' && username === '' && password === '';
  return isBare && /^https?:$/.test(protocol) ? origin : undefined;
}
