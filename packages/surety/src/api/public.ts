// What agents and applications reach: one address, everybody admitted first, then MCP at `/mcp` and the API beside it.

import type { ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Config, Limits } from '../config/index.ts';
import { createFront, type Governor, Refusal, type Upstream } from '../gateway/mcp/index.ts';
import { Tally } from '../gateway/mcp/tally.ts';
import { Admission } from './admission.ts';
import { publicApp } from './app.ts';
import { Certificates } from './certificates.ts';
import { type Listener, openListener } from './listener.ts';
import type { Desk } from './port.ts';

export interface PublicParts {
  readonly desk: Desk;
  readonly governor: Governor;
  readonly upstreams: readonly Upstream[];
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  readonly onFault: (fault: Error) => void;
}

export interface PublicListener extends Omit<Listener, 'close' | 'cut'> {
  /** As `Front.swap`; from here on these limits hold, but for those of connections. */
  swap(upstreams: readonly Upstream[], limits: Limits): Promise<void>;
  /** Takes nothing more, answers what is under way, and closes; `until` resolves when it is to wait no longer. */
  close(until: Promise<unknown>): Promise<void>;
}

/** Throws `CertificateError`. */
export async function openPublic(
  { listen: at, names: others, tls, limits, pages }: Config,
  port: number | undefined,
  { desk, governor, upstreams, onNote, onFault }: PublicParts,
): Promise<PublicListener> {
  const onProblem = (problem: string) => onNote('warn', problem);
  const names = [at.host, ...others];
  const front = createFront({
    governor,
    upstreams,
    allowedHosts: names,
    onProblem,
    limits: frontLimits(limits),
    pages,
  });
  const api = getRequestListener(publicApp(desk, onFault).fetch);
  const turnedAway = new Tally<string>((what, count) => onProblem(`${what}, ${count} so far`));
  const admitting = (bounds: Limits) =>
    new Admission({
      ...bounds,
      names,
      identify: (authorization) => desk.agent(authorization) ?? desk.application(authorization),
      onTurnedAway: (who, why) => turnedAway.add(`turned away: too many requests ${words[why]} of ${who}`),
    });
  let admission = admitting(limits);
  let current = limits;
  // INVARIANT: after a request that is not understood, nothing that came with it on its connection is taken for one
  // (RFC 9112, section 9.6): it may be the rest of the first, as somebody else reads it.
  const closing = new WeakSet<object>();
  const listener = await openListener({
    host: at.host,
    port: port ?? at.port,
    limits,
    certificates: tls === undefined ? undefined : new Certificates(tls, onNote),
    onNote,
    onRequest: (request, response) => {
      if (closing.has(request.socket)) return;
      const toMcp = isMcp(request.url);
      let leave: () => void;
      try {
        leave = admission.admit(request, response);
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        if (cause.headers['connection'] === 'close') closing.add(request.socket);
        return refuse(response, cause, toMcp);
      }
      return toMcp ? front.respond(request, response, leave) : void api(request, response);
    },
  });
  const { scheme, port: own } = listener;
  return {
    ...{ scheme, port: own },
    swap: (others, bounds) => {
      if (JSON.stringify(bounds) !== JSON.stringify(current)) admission = admitting(bounds);
      current = bounds;
      return front.swap(others, frontLimits(bounds));
    },
    close: async (until) => {
      const closed = listener.close();
      await Promise.race([front.idle(), until]);
      // Streams that would never end by themselves.
      await Promise.race([front.close(), until]);
      await Promise.race([closed, until]);
      listener.cut();
      await closed;
    },
  };
}

const frontLimits = (limits: Limits) => ({ ...limits, inFlightMax: limits.requestsMax });

const words = { rate: 'a second', requests: 'at once' } as const;

const isMcp = (url: string | undefined): boolean =>
  url === '/mcp' || url?.startsWith('/mcp/') === true || url?.startsWith('/mcp?') === true;

/** As whoever asks there reads errors. */
function refuse(response: ServerResponse, refusal: Refusal, toMcp: boolean): void {
  const { status, message, headers } = refusal;
  const code = status === 429 ? 'too-many' : status === 403 ? 'forbidden' : 'malformed';
  const body = toMcp ? refusal.body() : JSON.stringify({ error: { code, message } });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}
