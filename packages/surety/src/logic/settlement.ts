// Settling a call from what the log holds of it, by somebody who did not wait for its answer: the record, or
// whoever made the call past the gateway. It closes the action, and gives back what was reserved only if
// nothing happened.

import { type Body, type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { commit } from '@surety/proof/records';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Append, Log } from '../ledger/log.ts';

export interface Settled extends Pick<Body<'call.settled'>, 'settlement' | 'by'> {
  /** As rules will see it; undefined if nobody knows. */
  readonly result: unknown;
}

/** An intent and what it reserved are one append of few facts. */
const appendFactsMax = 32;

/** What to append; nothing if there is no intent at this position. Throws what `commit` throws. */
export function settlementOf(log: Log, intent: number, { settlement, by, result }: Settled): Append[] {
  // The facts that were appended together with an intent lie right behind it.
  const facts = log.read(intent, appendFactsMax).map(({ bytes, position }) => parseFact(bytes, position));
  const [first] = facts;
  if (first === undefined || !isKind(first, 'call.intended')) return [];
  const { call, tool, effect, action, screened, attestation } = first.body;
  const shown = result === undefined ? { digests: [], disclosures: [] } : commit(result, salt, sha256);
  const body: Body<'call.settled'> = {
    ...{ call, tool, effect, action, screened, attestation },
    ...{ intent, settlement, by, result: shown.digests },
  };
  const settled: NewFact = {
    kind: 'call.settled',
    body,
    ...(first.case === undefined ? {} : { case: first.case }),
    ...(first.agent === undefined ? {} : { agent: first.agent }),
    ...(first.user === undefined ? {} : { user: first.user }),
    disclosures: shown.disclosures,
    about: { sameAs: intent },
  };
  const closing = facts.flatMap((fact) => closingOf(log, fact, call, settlement));
  return [{ stream: first.stream, facts: [settled] }, ...closing];
}

const disclosed = (log: Log, { position }: Fact): string[] =>
  log.disclosures(position, position + 1).map(([, disclosure]) => disclosure);

/** Closes the action; if nothing happened, gives back what was reserved. */
function closingOf(
  log: Log,
  fact: Fact | UnknownFact,
  call: string,
  settlement: Settled['settlement'],
): Append[] {
  const { stream } = fact;
  // INVARIANT: one settlement. Whoever settled it before has moved this stream on.
  if (isKind(fact, 'action.opened') && fact.body.call === call)
    return [{ stream, expected: fact.streamVersion + 1, facts: [{ kind: 'action.closed', body: { call } }] }];
  if (settlement !== 'none') return [];
  if (isKind(fact, 'budget.reserved') && fact.body.call === call) {
    const { body } = fact;
    const shown = { disclosures: disclosed(log, fact), about: { sameAs: fact.position } };
    return [{ stream, facts: [{ kind: 'budget.released', body, ...shown }] }];
  }
  if (isKind(fact, 'evidence.consumed') && fact.body.call === call)
    return [{ stream, facts: [{ kind: 'evidence.released', body: fact.body }] }];
  if (isKind(fact, 'approval.consumed') && fact.body.call === call)
    return [{ stream, facts: [{ kind: 'approval.released', body: fact.body }] }];
  return [];
}
