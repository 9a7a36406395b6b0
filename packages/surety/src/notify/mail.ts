// Mail by SMTP: one plain text to one person, over a connection that was encrypted before anything is said, to an address
// that was judged like every other that this gateway connects to.

import { isIP, type LookupFunction, connect as openSocket, type Socket } from 'node:net';
import { createTransport, type Transporter } from 'nodemailer';
import { judged, type Resolve, whyNotTo } from '../connector.ts';
import type { Delivered } from './notifier.ts';
import { causeOf } from './webhook.ts';
import type { Wording } from './wording.ts';

export interface MailOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly from: string;
  readonly user?: string;
  readonly password?: string;
  readonly timeoutMs: number;
  /** Beside those of the system, PEM. */
  readonly authorities?: string | undefined;
  readonly resolve?: Resolve | undefined;
}

/** What we hand to a mail server as an address; its grammar allows much more, and most of that is somebody's trick. */
const addressForm = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}$/;

export class Mail {
  readonly #options: MailOptions;
  readonly #transport: Transporter;

  constructor(options: MailOptions) {
    this.#options = options;
    const { host, port, tls, user, password, timeoutMs, authorities } = options;
    const bare = bareOf(host);
    this.#transport = createTransport({
      ...{ host: bare, port, secure: tls === 'implicit', requireTLS: tls === 'starttls' },
      ignoreTLS: tls === 'none',
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      tls: {
        minVersion: 'TLSv1.2',
        ...(isIP(bare) === 0 ? { servername: bare } : {}),
        ...(authorities === undefined ? {} : { ca: authorities }),
      },
      ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
      ...{ disableFileAccess: true, disableUrlAccess: true },
      getSocket: (_: unknown, done: (error: Error | null, found?: { connection: Socket }) => void) =>
        this.#open(done),
    } as Parameters<typeof createTransport>[0]);
  }

  #open(done: (error: Error | null, found?: { connection: Socket }) => void): void {
    const { host, port, timeoutMs, resolve } = this.#options;
    const bare = bareOf(host);
    const whyNot = whyNotTo(bare);
    if (whyNot !== undefined) return done(whyNot);
    const lookup: LookupFunction = judged(bare, { linkLocal: false, resolve });
    const socket = openSocket({ host: bare, port, lookup });
    const end = (error: Error | null) => {
      socket.removeAllListeners();
      socket.setTimeout(0);
      if (error === null) return done(null, { connection: socket });
      socket.on('error', () => undefined).destroy();
      return done(error);
    };
    socket.once('connect', () => end(null)).once('error', end);
    socket.setTimeout(timeoutMs, () => end(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })));
  }

  async send(to: string, id: string, { subject, text }: Wording): Promise<Delivered> {
    if (!addressForm.test(to)) return { is: 'given-up', cause: 'their name is no mail address' };
    const { from } = this.#options;
    try {
      await this.#transport.sendMail({
        from: { name: '', address: from },
        to: { name: '', address: to },
        envelope: { from, to: [to] },
        subject,
        text,
        messageId: `<${id}@${from.slice(from.indexOf('@') + 1)}>`,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      return { is: 'accepted' };
    } catch (error) {
      const { responseCode } = error as { readonly responseCode?: unknown };
      // 5xx: for good, for this message. Anything else may be about the server.
      if (typeof responseCode === 'number' && responseCode >= 550 && responseCode < 560)
        return { is: 'refused', cause: `the mail server answers ${responseCode}` };
      return { is: 'away', cause: causeOf(error) };
    }
  }

  close(): void {
    this.#transport.close();
  }
}

const bareOf = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
