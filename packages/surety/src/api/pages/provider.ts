// Signing in at the customer's own provider: OpenID Connect, authorization code with PKCE, state and nonce (RFC 6749,
// 7636, 9207; OpenID Connect Core 1.0). What the provider says of a person lets them look and refuse, never approve.

import * as oauth from 'oauth4webapi';

export interface ProviderConfig {
  readonly issuer: string;
  readonly client: string;
  /** Without one it is a public client, which PKCE alone protects. */
  readonly secret?: string;
  /** Whose value names the person. */
  readonly claim: string;
}

/**
 * `provider-away`; `denied` by the provider or the person; `answer-refused` it is none to what was asked, or not the
 * provider's; `unverified` nobody checked that the address is the person's; `no-claim`.
 */
export class ProviderError extends Error {
  readonly code: 'provider-away' | 'denied' | 'answer-refused' | 'unverified' | 'no-claim';
  constructor(code: ProviderError['code'], cause?: unknown) {
    super(code, { cause });
    this.name = 'ProviderError';
    this.code = code;
  }
}

/** What is asked with, and must come back; kept by the person's browser, sealed. */
export interface ProviderAsk {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const withinMs = 10_000;
const bytesMax = 1024 * 1024;
/** The provider's own description of itself is asked for again after this time. */
const knownForMs = 3_600_000;

export class Provider {
  readonly #config: ProviderConfig;
  readonly #redirect: string;
  readonly #client: oauth.Client;
  readonly #authentication: oauth.ClientAuth;
  #known: { readonly server: oauth.AuthorizationServer; readonly at: number } | undefined;

  constructor(config: ProviderConfig, redirect: string) {
    this.#config = config;
    this.#redirect = redirect;
    this.#client = { client_id: config.client };
    this.#authentication =
      config.secret === undefined ? oauth.None() : oauth.ClientSecretBasic(config.secret);
  }

  get issuer(): string {
    return this.#config.issuer;
  }

  /** Where the person is sent, and what is to be kept until they come back. Throws ProviderError. */
  async begin(): Promise<{ readonly url: string; readonly ask: ProviderAsk }> {
    const { authorization_endpoint: endpoint } = await this.#server();
    if (endpoint === undefined) throw new ProviderError('provider-away');
    const ask = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
    };
    const url = new URL(endpoint);
    const parameters = {
      ...{ client_id: this.#config.client, redirect_uri: this.#redirect, response_type: 'code' },
      ...{ scope: 'openid email', state: ask.state, nonce: ask.nonce, code_challenge_method: 'S256' },
      code_challenge: await oauth.calculatePKCECodeChallenge(ask.verifier),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return { url: url.href, ask };
  }

  /** The value of the claim that names the person, by the answer that came back. Throws ProviderError. */
  async finish(ask: ProviderAsk, answer: URLSearchParams): Promise<string> {
    const server = await this.#server();
    const claims = await this.#claims(server, ask, answer);
    const { claim } = this.#config;
    const value = claims[claim];
    if (typeof value !== 'string' || value === '') throw new ProviderError('no-claim');
    // Anybody may type an address at some providers: it is the person's if the provider has checked that.
    if (claim === 'email' && claims['email_verified'] !== true) throw new ProviderError('unverified');
    return value;
  }

  async #claims(
    server: oauth.AuthorizationServer,
    ask: ProviderAsk,
    answer: URLSearchParams,
  ): Promise<Readonly<Record<string, unknown>>> {
    const [client, options] = [this.#client, this.#options()];
    try {
      // State, and the issuer where the provider names it: the answer is this provider's, to this person (mix-up).
      const parameters = oauth.validateAuthResponse(server, client, answer, ask.state);
      const response = await oauth.authorizationCodeGrantRequest(
        ...([
          server,
          client,
          this.#authentication,
          parameters,
          this.#redirect,
          ask.verifier,
          options,
        ] as const),
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: ask.nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, response, options);
      const own = oauth.getValidatedIdTokenClaims(tokens);
      if (own === undefined) throw new ProviderError('answer-refused');
      if (own[this.#config.claim] !== undefined || server.userinfo_endpoint === undefined) return own;
      // Many providers give the address here only; it must be about the same subject.
      const asked = await oauth.userInfoRequest(server, client, tokens.access_token, options);
      return await oauth.processUserInfoResponse(server, client, own.sub, asked);
    } catch (error) {
      throw errorFor(error);
    }
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    const { issuer } = this.#config;
    if (this.#known !== undefined && performance.now() - this.#known.at < knownForMs)
      return this.#known.server;
    try {
      const url = new URL(issuer);
      const response = await oauth.discoveryRequest(url, this.#options());
      const server = await oauth.processDiscoveryResponse(url, response);
      this.#known = { server, at: performance.now() };
      return server;
    } catch (error) {
      throw new ProviderError('provider-away', error);
    }
  }

  /** Plain HTTP only for a provider on this very host, as the configuration says: never for what it then names. */
  #options() {
    return {
      [oauth.allowInsecureRequests]: new URL(this.#config.issuer).protocol === 'http:',
      [oauth.customFetch]: bounded,
      signal: AbortSignal.timeout(withinMs),
    };
  }
}

/** Nothing of a provider is followed or read without end. */
async function bounded(url: string, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname))
    throw new ProviderError('answer-refused');
  const response = await fetch(url, init as RequestInit);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > bytesMax) throw new ProviderError('answer-refused');
    parts.push(part);
  }
  const { status, headers } = response;
  const body = [101, 204, 205, 304].includes(status) ? null : Buffer.concat(parts);
  return new Response(body, { status, headers });
}

function errorFor(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof oauth.AuthorizationResponseError) return new ProviderError('denied', error);
  const isAway = error instanceof TypeError || (error as Error).name === 'TimeoutError';
  return new ProviderError(isAway ? 'provider-away' : 'answer-refused', error);
}
