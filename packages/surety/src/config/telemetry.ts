// What of `surety.yaml` says who may watch the gateway, and how: all of it off unless it is named.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { z } from 'zod';
import { fillIn } from './secret.ts';
import { hostPort, text } from './words.ts';

export interface TelemetryConfig {
  /** Where spans and metrics are sent. The headers have their secrets filled in: never to be written anywhere. */
  readonly otlp?: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  /** Of the calls, from 0 to 1. */
  readonly traced: number;
  /** `socket`: at the administrator's socket only. */
  readonly prometheus?: { readonly host: string; readonly port: number } | 'socket';
}

const otlp = z.strictObject({
  http: text.describe(
    'address of an OTLP receiver (HTTP, JSON): spans go to its `/v1/traces`, metrics to `/v1/metrics`',
  ),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'is not a name of a header\nuse letters, digits and -'),
      z.string({ error: 'is not text\nput it in quotes' }),
    )
    .optional()
    .describe('headers sent with them; `${NAME}` takes a secret from the environment'),
});

export const telemetry = z
  .strictObject({
    otlp: otlp.optional().describe('sends OpenTelemetry spans and metrics (default: nowhere)'),
    traced: z
      .int('is not a whole number\nwrite a percentage from 0 to 100')
      .min(0, 'is not a percentage\nwrite a number from 0 to 100')
      .max(100, 'is not a percentage\nwrite a number from 0 to 100')
      .optional()
      .describe('of how many calls in a hundred spans are sent (default 100)'),
    prometheus: z
      .union([z.literal('socket'), hostPort], {
        error: 'is neither host:port nor `socket`\nwrite, for example, `127.0.0.1:9464`',
      })
      .optional()
      .describe(
        'host:port at which `/metrics` can be read by anyone who reaches it, or `socket`: at admin.sock only (default: nowhere)',
      ),
  })
  .describe('what those who watch the gateway are told; never a value (docs/telemetry.md)');

type Written = z.infer<typeof telemetry> | undefined;

/** Undefined if nothing is to be watched. */
export function telemetryIn(
  written: Written,
  env: Readonly<Record<string, string | undefined>>,
): TelemetryConfig | undefined {
  const { otlp: receiver, prometheus, traced = 100 } = written ?? {};
  if (receiver === undefined && prometheus === undefined) return undefined;
  return {
    traced: traced / 100,
    ...(receiver === undefined ? {} : { otlp: receiverOf(receiver, env) }),
    ...(prometheus === undefined ? {} : { prometheus: placeOf(prometheus) }),
  };
}

function receiverOf(
  { http, headers = {} }: z.infer<typeof otlp>,
  env: Readonly<Record<string, string | undefined>>,
): NonNullable<TelemetryConfig['otlp']> {
  const filled = Object.entries(headers).map(([name, value]) => [name, fillIn(value, env).value] as const);
  return { url: http.replace(/\/+$/, ''), headers: Object.fromEntries(filled) };
}

function placeOf(written: string): NonNullable<TelemetryConfig['prometheus']> {
  if (written === 'socket') return 'socket';
  const colon = written.lastIndexOf(':');
  const host = written.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(written.slice(colon + 1)) };
}
