// Signed webhooks (Standard Webhooks 1.0: standardwebhooks.com): an id, a time and an HMAC over both and the body. To the
// declared address only, never after a redirect; what comes back is not read beyond its status.

import { createHmac } from 'node:crypto';
import { Client } from 'undici';
import { connectorTo, type Resolve } from '../connector.ts';
import type { Delivered } from './notifier.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly secret: Uint8Array;
  readonly timeoutMs: number;
  readonly resolve?: Resolve | undefined;
}

const answerBytesMax = 64 * 1024;

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. */
export const signatureOf = (secret: Uint8Array, id: string, seconds: number, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')}`;

export async function post(
  { url, secret, timeoutMs, resolve }: WebhookOptions,
  id: string,
  payload: object,
  now: number,
): Promise<Delivered> {
  const target = new URL(url);
  const body = JSON.stringify(payload);
  const seconds = Math.floor(now / 1_000);
  const client = new Client(target.origin, {
    connect: connectorTo(target, { timeoutMs, linkLocal: false, resolve }),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: answerBytesMax,
  });
  try {
    const answer = await client.request({
      method: 'POST',
      path: `${target.pathname}${target.search}`,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'surety',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf(secret, id, seconds, body),
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer.body.on('error', () => undefined).resume();
    const { statusCode } = answer;
    if (statusCode >= 200 && statusCode < 300) return { is: 'accepted' };
    // Gone: whoever received it says that nothing is to come any more.
    if (statusCode === 410) return { is: 'given-up', cause: 'it answers 410' };
    const isAway = statusCode === 429 || statusCode >= 500;
    return { is: isAway ? 'away' : 'refused', cause: `it answers ${statusCode}` };
  } catch (error) {
    return { is: 'away', cause: causeOf(error) };
  } finally {
    await client.destroy();
  }
}

/** A code, never the text of an error: it may hold what the other side chose. */
export function causeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(code)) return code;
  return typeof name === 'string' && /^[A-Za-z]{1,64}$/.test(name) ? name : 'it cannot be reached';
}
