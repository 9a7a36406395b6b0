// For tests: a real OpenID Connect provider on loopback, a browser that signs in there, and a provider that lies.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider as RealProvider } from 'oidc-provider';

export const client = { id: 'surety', secret: 'a-secret-of-the-client' } as const;

export interface Opened {
  readonly issuer: string;
  close(): Promise<void>;
}

async function listening(handler: () => RequestListener): Promise<{ server: Server; issuer: string }> {
  const server = createServer((request, response) => handler()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const closing = (server: Server) => (): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** `accounts`: what the provider says of each login. */
export async function openProvider(
  redirect: string,
  accounts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<Opened> {
  let handler: RequestListener = () => undefined;
  const { server, issuer } = await listening(() => handler);
  const provider = new RealProvider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirect] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts[sub] }) }),
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
  });
  handler = provider.callback();
  return { issuer, close: closing(server) };
}

/** What the provider's own pages lead to when this login signs in there: the address that the browser is sent back to. */
export async function signInAt(url: string, login: string, back: string): Promise<URL> {
  const jar = new Map<string, string>();
  let next = new URL(url);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step++) {
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    form = undefined;
    if (location !== null) {
      next = new URL(location, next);
      if (next.origin === back) return next;
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined) throw new Error(`no form: ${page.slice(0, 400)}`);
    next = new URL(action, next);
    form = new URLSearchParams({ prompt, login, password: 'any' });
  }
  throw new Error('the provider leads nowhere');
}

/** What a lying provider puts into its token, and how it signs it. */
export interface Lie {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: 'ES256' | 'HS256' | 'none';
  readonly otherKey?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A provider that answers whatever it is asked with a token for `email`, and `lie` in it. */
export async function openLiar(email: string): Promise<Opened & { lie: Lie; nonce: string }> {
  const [own, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  const { server, issuer } = await listening(() => (request, response) => {
    const { pathname } = new URL(request.url ?? '/', issuer);
    const say = (value: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (pathname === '/.well-known/openid-configuration')
      return say({
        ...{ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` },
        ...{ jwks_uri: `${issuer}/keys`, response_types_supported: ['code'] },
        id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
        ...opened.lie.metadata,
      });
    if (pathname === '/keys') return say({ keys: [jwk] });
    return void tokenOf().then((token) =>
      say({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: token }),
    );
  });
  const tokenOf = async (): Promise<string> => {
    const at = Math.floor(Date.now() / 1_000);
    const { claims = {}, alg = 'ES256', otherKey = false } = opened.lie;
    const said = {
      ...{ iss: issuer, sub: 'u', aud: client.id, iat: at, exp: at + 60, nonce: opened.nonce },
      ...{ email, email_verified: true, ...claims },
    };
    if (alg === 'none') {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none' })}.${part(said)}.`;
    }
    const key =
      alg === 'HS256'
        ? new TextEncoder().encode(client.secret.padEnd(32, '-'))
        : (otherKey ? other : own).privateKey;
    return new SignJWT(said).setProtectedHeader({ alg, kid: 'k' }).sign(key);
  };
  const opened = { issuer, lie: {} as Lie, nonce: '', close: closing(server) };
  return opened;
}
