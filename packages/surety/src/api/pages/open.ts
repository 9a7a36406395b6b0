// The address that people reach: a listener of its own, so that what an agent holds opens nothing here.

import { getRequestListener } from '@hono/node-server';
import type { Config, PagesConfig } from '../../config/index.ts';
import { Refusal } from '../../gateway/mcp/index.ts';
import { Tally } from '../../gateway/mcp/tally.ts';
import { Admission } from '../admission.ts';
import { Certificates } from '../certificates.ts';
import { type Listener, openListener } from '../listener.ts';
import { pagesApp } from './app.ts';
import type { PagesDesk } from './port.ts';
import { Provider } from './provider.ts';
import { Refusals } from './refusals.ts';
import { Sessions } from './sessions.ts';
import { answerPath } from './sign-in.ts';

export interface PagesListenerParts {
  readonly desk: PagesDesk;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  readonly onFault: (fault: Error) => void;
}

export interface PagesListener extends Pick<Listener, 'port'> {
  close(until: Promise<unknown>): Promise<void>;
}

/** People are few; whoever opens more connections than that is none. */
const connectionsMax = 256;
const requestsMax = 64;
/** Requests a second from one address. */
const rateMax = 30;

/** Throws `CertificateError`. */
export async function openPages(
  { listen, url, tls, signIn }: PagesConfig,
  limits: Config['limits'],
  { desk, onNote, onFault }: PagesListenerParts,
): Promise<PagesListener> {
  const sessions = new Sessions(desk.now);
  const refusals = new Refusals((fact) => desk.log.append([{ stream: 'sessions', facts: [fact] }]));
  const provider = signIn && new Provider(signIn, `${url}${answerPath}`);
  const app = pagesApp({ desk, origin: url, sessions, provider, refusals, onNote, onFault });
  const respond = getRequestListener(app.fetch);
  const turnedAway = new Tally<string>((what, count) => onNote('warn', `${what}, ${count} so far`));
  const admission = new Admission({
    ...{ names: [new URL(url).hostname, listen.host], requestsMax, rateMax },
    // No credential counts here: everybody is an address.
    identify: () => undefined,
    onTurnedAway: (_, why) => turnedAway.add(`turned away from the pages: too many requests (${why})`),
  });
  const listener = await openListener({
    ...{ host: listen.host, port: listen.port, limits: { ...limits, connectionsMax }, onNote },
    certificates: tls === undefined ? undefined : new Certificates(tls, onNote),
    onRequest: (request, response) => {
      try {
        admission.admit(request, response);
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        const headers = {
          'content-type': 'text/plain; charset=utf-8',
          ...cause.headers,
          connection: 'close',
        };
        return void response.writeHead(cause.status, headers).end(`${cause.message}\n`);
      }
      return void respond(request, response);
    },
  });
  return {
    port: listener.port,
    close: async (until) => {
      const closed = listener.close();
      // Answers that are being recorded are said; `until` resolves when they are to wait no longer.
      await Promise.race([closed, until]);
      listener.cut();
      await closed;
      refusals.close();
    },
  };
}
