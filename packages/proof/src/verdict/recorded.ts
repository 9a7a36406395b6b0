// Recorded: how complete the evidence is. The ladder C0 to C5 (docs/formats.md): C1 contiguous per
// process, C2 witnessed, C3 intent before effect, C4 no other way to the tool, C5 reconciled.

import { type Book, changesIn, doubtedIn, type GovernedCall, missingIn } from '../book/index.ts';
import {
  type Answer,
  answerOf,
  callsOf,
  decidedTools,
  type Evidence,
  listed,
  Reasons,
} from '../reasons/index.ts';
import { parseVerifier } from '../records/note.ts';
import { isReached, type PolicyWitness, parsePolicy, seatsOf } from '../records/policy.ts';
import { toBase64, utf8 } from '../values/bytes.ts';
import type { Reconciliation } from './reconciled.ts';

export const rungs = ['C0', 'C1', 'C2', 'C3', 'C4', 'C5'] as const;
export type Rung = (typeof rungs)[number];

export interface Recording {
  readonly answer: Answer;
  /** The highest rung whose conditions, and those of all below it, are met. */
  readonly rung: Rung;
}

export function recorded(evidence: Evidence, { answer, rowed }: Reconciliation): Recording {
  const { outcome } = evidence;
  const reasons = new Reasons(outcome.owner);
  const decided = decidedTools(evidence);
  const met = [
    true,
    contiguous(evidence, reasons),
    witnessed(evidence, reasons),
    [settled(evidence, callsOf(evidence, rowed), reasons), crossing(decided, reasons)].every(Boolean),
    exclusive(outcome.needs.rung, reasons),
    (answer.otherwise ?? answer.verdict) === 'proven',
  ];
  clockReasons(evidence, reasons);
  const first = met.indexOf(false);
  return {
    answer: answerOf('recorded', decided.length > 0 ? 'observed' : 'recomputed', reasons),
    rung: rungs[first === -1 ? 5 : first - 1] as Rung,
  };
}

function contiguous({ book, window }: Evidence, reasons: Reasons): boolean {
  const missing = missingIn(book.chain, window);
  for (const { text, facts } of missing) reasons.say('sequence-gap', text, facts);
  return missing.length === 0;
}

/** Times are claims; who makes them, and whether they agree with the order, is said. */
function clockReasons({ book, window }: Evidence, reasons: Reasons): void {
  const injected = [...book.chain.emitters.values()].filter(
    ({ clock, startedAt }) => clock === 'injected' && startedAt < window.to,
  );
  if (injected.length > 0)
    reasons.say(
      'simulated',
      'the clock was injected, not the system clock',
      injected.map(({ position }) => position),
    );
  const doubted = doubtedIn(book.chain.doubts, window);
  if (doubted.length > 0)
    reasons.say('time-backwards', 'facts claim times long before those ahead of them', doubted);
}

/**
 * By the quorum that is declared, else by any declared witness. What rests on the operator's own host is simulated;
 * and who lowers a quorum once the window has begun cannot reach it that way.
 */
function witnessed(evidence: Evidence, reasons: Reasons): boolean {
  const { book, head } = evidence;
  const by = head.cosigned.map((witness) => ({ witness, ...book.witnesses.get(witness) }));
  const real = by.filter(({ body }) => body?.simulated === false);
  const names = (some: typeof by) => some.map(({ witness }) => witness);
  const quorum = quorumOf(book);
  const changed = changesIn(evidence, [], (stream) => stream.startsWith('quorum/'));
  if (changed.length > 0)
    reasons.say(
      'declaration-changed',
      'the quorum of the heads changed since the window began',
      changed.map(({ position }) => position),
    );
  const reached = by.length > 0 && quorum.reached(names(by));
  if (!reached) sayMissing(book, quorum, names(by), reasons);
  else if (real.length === 0 || !quorum.reached(names(real)))
    reasons.say(
      'simulated',
      `the witness runs on the operator's own host: ${listed(names(by.filter((each) => !real.includes(each))))}`,
      by.flatMap(({ position, body }) =>
        position === undefined || body?.simulated === false ? [] : [position],
      ),
    );
  return reached;
}

interface Quorum {
  readonly name: string;
  readonly position: number | undefined;
  readonly seats: readonly PolicyWitness[];
  /** Whether these declared witnesses are enough. */
  readonly reached: (witnesses: readonly string[]) => boolean;
}

function quorumOf(book: Book): Quorum {
  const { body, position } = book.quorum ?? {};
  if (body === undefined) return { name: 'any', position, seats: [], reached: () => true };
  const keysOf = (names: readonly string[]) =>
    names.flatMap((witness) => book.witnesses.get(witness)?.body.key ?? []);
  try {
    const policy = parsePolicy(utf8(body.policy));
    return {
      ...{ name: policy.quorum, position, seats: seatsOf(policy) },
      reached: (witnesses) => isReached(policy, keysOf(witnesses)),
    };
  } catch {
    // What cannot be read asks for something that nobody has done.
    return { name: 'unreadable', position, seats: [], reached: () => false };
  }
}

const bytesOf = (key: string): string => toBase64(parseVerifier(key).publicKey);

/** Who can end it is the function whose seat is empty. */
function sayMissing(
  { witnesses }: Book,
  { name, position, seats }: Quorum,
  by: readonly string[],
  reasons: Reasons,
): void {
  const declared = new Map([...witnesses.values()].map(({ body }) => [bytesOf(body.key), body]));
  const empty = seats
    .map(({ name: seat, key }) => ({ name: seat, body: declared.get(toBase64(key.publicKey)) }))
    .filter(({ body }) => body === undefined || !by.includes(body.witness));
  const whose = empty.map((each) =>
    each.body?.seat === undefined ? each.name : `${each.name} (${each.body.seat})`,
  );
  const text =
    empty.length > 0
      ? `the quorum \`${name}\` is not reached: ${listed(whose)} has not cosigned the head`
      : by.length === 0
        ? 'no witness has cosigned the head'
        : 'the declared quorum cannot be read';
  const who = empty.map(({ body }) => body?.seat ?? 'operator');
  const facts = position === undefined ? [] : [position];
  reasons.say('witness-missing', text, facts, who.length === 0 ? undefined : [...new Set(who)]);
}

/** The effect that the outcome reconciles has its own reasons, said there. */
function settled({ outcome }: Evidence, calls: readonly GovernedCall[], reasons: Reasons): boolean {
  const open = calls.filter(({ settlement, intended }) => settlement === undefined || !intended);
  for (const { call, tool, intent } of open)
    if (tool !== outcome.reconcile?.call)
      reasons.say('open-obligation', `nobody knows yet whether call ${call} took effect`, [intent]);
  return open.length === 0;
}

/** Intent before effect is shown only by whoever forwards the call. */
function crossing(decided: readonly string[], reasons: Reasons): boolean {
  if (decided.length > 0)
    reasons.say(
      'bypass-possible',
      `whoever calls these tools asks first, and could leave that out: ${listed(decided)}`,
      [],
    );
  return decided.length === 0;
}

function exclusive(needed: Rung, reasons: Reasons): boolean {
  if (rungs.indexOf(needed) >= rungs.indexOf('C4'))
    reasons.say(
      'bypass-possible',
      'nothing has shown that the tools can be reached through the gateway only',
      [],
    );
  return false;
}
