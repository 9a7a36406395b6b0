// The limits of the gateway, as people write them and as they apply: every size, count and time that a stranger, an
// agent or a server could otherwise choose. Each has a default that is safe for one machine.

import { z } from 'zod';
import type { Path } from './document.ts';
import type { Findings } from './names.ts';
import { quote } from './problem.ts';
import { duration, durationMs, size, sizeBytes } from './words.ts';

export interface Limits {
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersWithinMs: number;
  readonly requestWithinMs: number;
  readonly readWithinMs: number;
  readonly idleWithinMs: number;
  readonly bodyBytesMax: number;
  readonly depthMax: number;
  readonly requestsMax: number;
  readonly sessionsOfAgentMax: number;
  readonly sessionIdleMsMax: number;
  readonly ownLinksOfAgentMax: number;
  readonly streamsMax: number;
  readonly streamsOfAgentMax: number;
  readonly rateMax: number;
  readonly callsOfServerMax: number;
  readonly answerBytesMax: number;
  readonly queueBytesMax: number;
  readonly connectWithinMs: number;
  readonly answerWithinMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** What each limit may be, and what it is if nobody says anything. */
interface Kind {
  readonly is: 'count' | 'size' | 'duration';
  readonly member: keyof Limits;
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly meaning: string;
}

const kinds = {
  connections: {
    is: 'count',
    member: 'connectionsMax',
    min: 16,
    max: 1_000_000,
    fallback: 10_000,
    meaning: 'connections open at once; one more closes the one that has been idle longest (default 10000)',
  },
  headers: {
    is: 'size',
    member: 'headerBytesMax',
    min: 4 * KiB,
    max: MiB,
    fallback: 32 * KiB,
    meaning: 'the headers of a request (default 32KiB)',
  },
  'headers-within': {
    is: 'duration',
    member: 'headersWithinMs',
    min: 1_000,
    max: 300_000,
    fallback: 10_000,
    meaning: 'how long a client may take to connect and to send headers (default 10s)',
  },
  'request-within': {
    is: 'duration',
    member: 'requestWithinMs',
    min: 1_000,
    max: 3_600_000,
    fallback: 30_000,
    meaning: 'how long a client may take to send headers and body (default 30s)',
  },
  'read-within': {
    is: 'duration',
    member: 'readWithinMs',
    min: 1_000,
    max: 3_600_000,
    fallback: 60_000,
    meaning: 'how long a client may leave an answer unread (default 60s)',
  },
  idle: {
    is: 'duration',
    member: 'idleWithinMs',
    min: 1_000,
    max: 3_600_000,
    fallback: 60_000,
    meaning: 'how long a connection may stay open between requests (default 60s)',
  },
  body: {
    is: 'size',
    member: 'bodyBytesMax',
    min: 4 * KiB,
    max: 64 * MiB,
    fallback: 4 * MiB,
    meaning: 'the body of a request to `/mcp` (default 4MiB)',
  },
  depth: {
    is: 'count',
    member: 'depthMax',
    min: 8,
    max: 256,
    fallback: 64,
    meaning: 'how deep the JSON of a request or an answer may be nested (default 64)',
  },
  requests: {
    is: 'count',
    member: 'requestsMax',
    min: 4,
    max: 100_000,
    fallback: 1_024,
    meaning:
      'requests being answered at once; one agent never has more than are left for others (default 1024)',
  },
  rate: {
    is: 'count',
    member: 'rateMax',
    min: 1,
    max: 1_000_000,
    fallback: 2_000,
    meaning: 'requests a second of one agent, or of one address without a credential (default 2000)',
  },
  sessions: {
    is: 'count',
    member: 'sessionsOfAgentMax',
    min: 1,
    max: 10_000,
    fallback: 64,
    meaning: 'sessions of one agent; one more ends its oldest (default 64)',
  },
  'session-idle': {
    is: 'duration',
    member: 'sessionIdleMsMax',
    min: 1_000,
    max: 86_400_000,
    fallback: 1_800_000,
    meaning: 'how long a session may stay that nobody uses or listens to (default 30m)',
  },
  'agent-links': {
    is: 'count',
    member: 'ownLinksOfAgentMax',
    min: 1,
    max: 1_000,
    fallback: 16,
    meaning:
      'links to servers (a process each, on stdio) that the sessions of one agent have alone; as many for its calls that wait for input (default 16)',
  },
  streams: {
    is: 'count',
    member: 'streamsMax',
    min: 4,
    max: 1_000_000,
    fallback: 4_096,
    meaning:
      'event streams open at once, beside requests; one agent never has more than are left for others (default 4096)',
  },
  'agent-streams': {
    is: 'count',
    member: 'streamsOfAgentMax',
    min: 1,
    max: 100_000,
    fallback: 128,
    meaning: 'of these, those of one agent (default 128)',
  },
  'server-calls': {
    is: 'count',
    member: 'callsOfServerMax',
    min: 4,
    max: 10_000,
    fallback: 256,
    meaning: 'requests that one server answers at once; shared among agents in the same way (default 256)',
  },
  'server-queue': {
    is: 'size',
    member: 'queueBytesMax',
    min: MiB,
    max: 256 * MiB,
    fallback: 32 * MiB,
    meaning: 'what may wait for a server on stdio that does not read (default 32MiB)',
  },
  'server-connect-within': {
    is: 'duration',
    member: 'connectWithinMs',
    min: 1_000,
    max: 60_000,
    fallback: 10_000,
    meaning: 'how long connecting to a server over HTTP may take (default 10s)',
  },
  'answer-within': {
    is: 'duration',
    member: 'answerWithinMs',
    min: 1_000,
    max: 86_400_000,
    fallback: 3_600_000,
    meaning:
      'how long an answer may take in all, however often its server says that it still works, or waits for the client; never less than its `timeout` (default 1h)',
  },
  answer: {
    is: 'size',
    member: 'answerBytesMax',
    min: 4 * KiB,
    max: 64 * MiB,
    fallback: 8 * MiB,
    meaning: 'an answer of a server, or a line of one on stdio (default 8MiB)',
  },
} as const satisfies Record<string, Kind>;

type Key = keyof typeof kinds;
const keys = Object.keys(kinds) as Key[];

const count = z.int({ error: 'is not a whole number\nwrite digits' });
const formOf = { count, size, duration } as const;

export const limits = z
  .strictObject(
    Object.fromEntries(
      keys.map((key) => [key, formOf[kinds[key].is].optional().describe(kinds[key].meaning)]),
    ) as unknown as { [key in Key]: z.ZodOptional<z.ZodType<number | string>> },
  )
  .describe('bounds on what clients and servers may send, hold and take; each has a default');

type Written = z.infer<typeof limits>;

function numberOf(kind: Kind, written: number | string): number {
  if (kind.is === 'count') return Number(written);
  return kind.is === 'size' ? sizeBytes(String(written)) : durationMs(String(written));
}

export function limitsOf(written: Written = {}): Limits {
  const values = keys.map((key) => {
    const value = written[key];
    return [kinds[key].member, value === undefined ? kinds[key].fallback : numberOf(kinds[key], value)];
  });
  return Object.fromEntries(values) as unknown as Limits;
}

const shown = ({ is }: Kind, value: number): string => {
  if (is === 'count') return String(value);
  return is === 'size' ? `${value / KiB}KiB` : `${value / 1_000}s`;
};

/** Each within what the product was made for: a limit of nothing, or of everything, is none. */
export function checkLimits(found: Findings, path: Path, written: Written | undefined): void {
  for (const [key, value] of Object.entries(written ?? {}) as [Key, number | string][]) {
    const kind = kinds[key];
    const number = numberOf(kind, value);
    if (number >= kind.min && number <= kind.max) continue;
    found.add(
      [...path, key],
      `${quote(key)} is outside what it can be: ${quote(String(value))}`,
      `write from ${shown(kind, kind.min)} to ${shown(kind, kind.max)}`,
    );
  }
  const { headersWithinMs, requestWithinMs } = limitsOf(written);
  if (headersWithinMs > requestWithinMs)
    found.add(
      [...path, written?.['headers-within'] === undefined ? 'request-within' : 'headers-within'],
      'headers may take longer than the whole request',
      'let `request-within` be the longer one',
    );
}
