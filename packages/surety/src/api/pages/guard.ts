// What every request to the pages must be before anything is read of it, and what every answer says to the browser. The
// pages have one name; a request under another, a form from another site and a frame around a page get nothing.

import type { Context, MiddlewareHandler } from 'hono';

export interface GuardOptions {
  /** The one address that people open, as browsers write an origin: `https://approve.acme.example`. */
  readonly origin: string;
}

/** Only our own style, script and picture; no frame around us, no form to anywhere else (CSP Level 3). */
const policy = [
  ...["default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "form-action 'self'"],
  ...[
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ],
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  // To ourselves only. `no-referrer` would take the origin from our own forms too, by which they are known.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow',
};

const yearSeconds = 31_536_000;

export function guard({ origin }: GuardOptions): MiddlewareHandler {
  const { host, protocol } = new URL(origin);
  const more: Readonly<Record<string, string>> =
    protocol === 'https:' ? { 'strict-transport-security': `max-age=${yearSeconds}` } : {};
  return async (c, next) => {
    for (const [name, value] of Object.entries({ ...headers, ...more })) c.header(name, value);
    // A page of any site can make a browser ask here under that site's name (DNS rebinding): it cannot forge `Host`.
    if (c.req.header('host')?.toLowerCase() !== host) return c.text('this host is not served here\n', 421);
    const { method } = c.req;
    if (method !== 'GET' && method !== 'HEAD' && !isOwnForm(c, origin))
      return c.text('this form does not come from here\n', 403);
    await next();
    return undefined;
  };
}

/**
 * A form of ours: the browser says so itself. Every browser that knows passkeys sends `Origin` with a form; where it
 * also says from what kind of site, that must agree.
 */
function isOwnForm(c: Context, origin: string): boolean {
  const site = c.req.header('sec-fetch-site');
  return c.req.header('origin') === origin && (site === undefined || site === 'same-origin');
}

/** Came by a link on another site: then the browser kept back a cookie that is for our own only. */
export const isFromElsewhere = (c: Context): boolean =>
  c.req.method === 'GET' && c.req.header('sec-fetch-site') === 'cross-site';

/** Kept to this host over TLS, from scripts, and from whatever other sites ask for (RFC 6265bis, section 4.1.3). */
const attributes = (sameSite: 'Strict' | 'Lax'): string => `Path=/; Secure; HttpOnly; SameSite=${sameSite}`;

export const cookieNames = { session: '__Host-surety', door: '__Host-surety-door' } as const;

export function setCookie(
  c: Context,
  name: keyof typeof cookieNames,
  value: string,
  sameSite: 'Strict' | 'Lax' = 'Strict',
): void {
  c.header('set-cookie', `${cookieNames[name]}=${value}; ${attributes(sameSite)}`, { append: true });
}

export function dropCookie(c: Context, name: keyof typeof cookieNames): void {
  c.header('set-cookie', `${cookieNames[name]}=; Max-Age=0; ${attributes('Strict')}`, { append: true });
}

/** Undefined as well if it comes twice: two could be read differently. */
export function cookieOf(c: Context, name: keyof typeof cookieNames): string | undefined {
  const values = (c.req.header('cookie') ?? '').split(/; */).flatMap((pair) => {
    const [key, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    return key === cookieNames[name] ? [value] : [];
  });
  const [only] = values;
  return values.length === 1 && only !== undefined && /^[\w-]{43,2000}$/.test(only) ? only : undefined;
}

const fieldsMax = 20;

/** The fields of a form, or undefined: each once, and only of the type that browsers send without a script. */
export async function formOf(c: Context): Promise<ReadonlyMap<string, string> | undefined> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  const fields = [...new URLSearchParams(await c.req.text())];
  const found = new Map(fields);
  return found.size === fields.length && fields.length <= fieldsMax ? found : undefined;
}
