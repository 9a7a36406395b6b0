// What came of an exchange over HTTP, as an answer to the request; and what whoever asked is told of on the way.

import type { Exchange } from './http-exchange.ts';
import type { Answered } from './port.ts';
import type { Asking } from './upstream.ts';

export function replyOf(exchange: Extract<Exchange, { is: 'answered' }>): Answered {
  if (exchange.answer === undefined)
    return { is: 'lost', cause: `http status ${exchange.status} without an answer` };
  const { id: _, ...reply } = exchange.answer;
  // A result with a status that says failure is two answers in one.
  if (reply.is === 'result' && exchange.status >= 300)
    return { is: 'lost', cause: `a result with http status ${exchange.status}` };
  return reply;
}

/** What whoever asks wants to be told of its stream. */
export const toldOf = ({ alive, primed, away }: Asking) => ({
  ...(alive === undefined ? {} : { alive }),
  ...(primed === undefined ? {} : { primed }),
  ...(away === undefined ? {} : { away }),
});
