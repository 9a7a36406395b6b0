// Every kind of fact that a verdict reads, with its strict shape, and the envelope around it.
// One vocabulary: the product writes these, the verifier parses them; an unknown member is refused,
// an unknown kind is kept whole and counted, never interpreted.
// Envelope and meanings: docs/formats.md.

import { changeBodies } from './changed.ts';
import {
  approveRule,
  budget,
  commitments,
  digest,
  effects,
  identifier,
  milliseconds,
  moneyLabel,
  outcome,
  personId,
  personKey,
  position,
  resultLabel,
  rule,
  signed,
  toolId,
} from './declared.ts';
import { noticeBodies } from './notices.ts';
import { orderBodies } from './orders.ts';
import { passkeyBodies } from './passkeys.ts';
import { contractBodies, pinning } from './pinned.ts';
import { rotation } from './records/rotation.ts';
import { seedBodies } from './seeds.ts';
import { sessionBodies } from './sessions.ts';
import { parsePrintedJson } from './values/printed.ts';
import {
  bool,
  either,
  exactly,
  type Infer,
  json,
  list,
  map,
  natural,
  oneOf,
  optional,
  pair,
  record,
  type Shape,
  ShapeError,
  text,
} from './values/shape.ts';

export * from './declared.ts';
export { type AskBounds, askDefault, type Channels, type NoticeKind, noticeKinds } from './notices.ts';
export {
  type ContainmentScope,
  containmentDefault,
  containmentScope,
  type OrderStatement,
  orderStatement,
} from './orders.ts';
export { type PasskeyStatement, passkeyStatement } from './passkeys.ts';
export { type ContractStatement, contractDefault, contractStatement } from './pinned.ts';

/** The exact action that a person approved: RFC 8785 of this is what they sign. */
export const approvalStatement = record({
  action: digest,
  agent: identifier,
  user: optional(personId),
  case: text,
  rule: digest,
  hold: text,
  expires: milliseconds,
  function: identifier,
  person: personId,
  decision: oneOf('approve', 'refuse'),
  /** Why, of a refusal. */
  reason: optional(text),
});
export type ApprovalStatement = Infer<typeof approvalStatement>;

const checkpointPassed = record({
  rule: digest,
  /** `passed` the evidence below was found; `not-needed` its `when` was false; `observed` it failed in observe mode. */
  answer: oneOf('passed', 'not-needed', 'observed'),
  evidence: list(position),
  approvals: list(position),
});

/** Members that every `call.*` fact carries: the audit fields of the IETF WIMSE agent-identity draft. */
const audit = {
  /** Correlates the facts of one call. */
  call: text,
  tool: toolId,
  effect: oneOf(...effects),
  /** The canonical action's id, keyed with the log's salt. */
  action: digest,
  /** What screened the content: `none` says that nothing did. */
  screened: oneOf('none'),
  /** What attests the agent's software: `none` says that nothing does. */
  attestation: oneOf('none'),
};

export const bodies = {
  'log.opened': record({
    origin: text,
    salt: commitments,
    /** Names the keys that the sealer and the product sign with from the start. */
    logKey: text,
    statementKey: text,
  }),
  /** The log goes on under another name after a loss. What each member means: docs/formats.md, Successors. */
  'log.succeeded': record({
    ...{ origin: text, logKey: text, statementKey: text, predecessor: text },
    root: digest,
    head: optional(text),
    witnessed: list(record({ witness: text, size: natural })),
    lost: optional(record({ from: position, to: position })),
  }),
  /** From the next head on, `to` is in force in place of `from`; both signed it. */
  'key.rotated': rotation,
  'process.started': record({
    program: oneOf('gateway', 'command'),
    version: text,
    clock: oneOf('system', 'injected'),
    predecessor: optional(text),
    /** `may-be-lost`: the predecessor did not stop cleanly; reads queued in it may never have been recorded. */
    tail: oneOf('none', 'clean', 'may-be-lost'),
  }),
  'process.stopped': record({}),
  'server.declared': record({
    server: identifier,
    /** `decided`: its calls never cross the gateway, whoever makes them asks first. */
    transport: oneOf('stdio', 'http', 'decided'),
    definition: digest,
    /** Whether a contract must be approved before its tool is called; absent in logs that knew of none. */
    pins: optional(pinning),
  }),
  'tool.labelled': record({
    tool: toolId,
    effect: oneOf(...effects),
    money: optional(moneyLabel),
    /** Whom its calls are about: what their disclosures hold is erased together. */
    subject: optional(record({ kind: identifier, path: text })),
    /** By the path of a field of its results, whose word it is. */
    results: optional(map(resultLabel)),
  }),
  'person.enrolled': record({
    person: personId,
    name: commitments,
    functions: list(identifier),
    keys: list(personKey),
    /** Other names under which this person acts: whoever uses one is this person. */
    accounts: optional(list(personId)),
    /** Who stands in for this person, from when until when. */
    deputies: optional(list(record({ person: personId, from: optional(milliseconds), until: milliseconds }))),
    /** Played by a program (a story, a drill): whatever it touches is `simulated`. */
    simulated: bool,
  }),
  'identity.enrolled': record({
    identity: identifier,
    is: oneOf('agent', 'application'),
    owner: personId,
    budget: optional(budget),
    timeZone: text,
  }),
  'credential.issued': record({ identity: identifier, hash: digest, expires: milliseconds }),
  'credential.revoked': record({ identity: identifier, hash: digest }),
  'policy.activated': record({ policy: text, hash: digest, cedar: json }),
  'record.declared': record({ record: identifier, kind: oneOf('sqlite'), definition: digest }),
  'witness.declared': record({
    witness: text,
    key: text,
    simulated: bool,
    /** The function that runs it. */
    seat: optional(identifier),
  }),
  /** Which witnesses must have cosigned a head: the text of a C2SP tlog-policy. */
  'quorum.declared': record({ policy: text }),
  'outcome.declared': outcome,
  'rule.activated': rule,
  'declaration.withdrawn': record({ stream: text }),
  'case.opened': record({ application: identifier, words: commitments }),
  'call.intended': record({
    ...audit,
    args: commitments,
    /** Hashes of the Cedar policies that decided. */
    policies: list(digest),
    checkpoints: list(checkpointPassed),
    /** The stream of each budget that this call reserved from. */
    budgets: list(text),
    /** Commits to the certificates of its arguments, as one list; `not-traced` where no outcome asks for any. */
    origins: either(oneOf('not-traced'), commitments),
    /** Values that it writes, keyed: those without an origin, and those that have one again. */
    written: optional(record({ unvouched: list(digest), vouched: list(digest) })),
    contract: optional(digest),
  }),
  'call.held': record({
    ...audit,
    args: commitments,
    /** Hides a `money`, for the people who are asked; the verdict computes it from the arguments. */
    amount: optional(commitments),
    hold: text,
    rule: digest,
    approve: approveRule,
    expires: milliseconds,
  }),
  'call.refused': record({
    ...audit,
    args: commitments,
    step: text,
    code: text,
    /** For people, never for the agent; may hold values, hence committed. */
    cause: commitments,
    rule: optional(digest),
  }),
  /** What a person or a model answered to the server in the middle of a call, before the server heard it. */
  'call.continued': record({ ...audit, input: commitments }),
  'call.settled': record({
    ...audit,
    /** Position of the intent; a read has none and carries its arguments itself. */
    intent: optional(position),
    args: optional(commitments),
    /** `none`: nothing left the gateway, or the record shows no effect. `unknown` stays open. */
    settlement: oneOf('ok', 'error', 'none'),
    /** `caller`: by the word of whoever made the call, past the gateway. */
    by: oneOf('upstream', 'record', 'gateway', 'caller'),
    result: commitments,
    /** Of a read: under which contract its tool was listed; an intent says so itself. */
    contract: optional(digest),
  }),
  'approval.given': record({
    hold: text,
    function: identifier,
    person: personId,
    statement: commitments,
    ...signed,
  }),
  'approval.refused': record({
    hold: text,
    function: identifier,
    person: personId,
    statement: commitments,
    ...signed,
  }),
  'approval.consumed': record({ hold: text, call: text }),
  'approval.released': record({ hold: text, call: text }),
  'evidence.consumed': record({ rule: digest, call: text }),
  'evidence.released': record({ rule: digest, call: text }),
  /** Hides a `money`: an amount is an argument of the call, in other units. */
  'budget.reserved': record({ identity: identifier, call: text, amount: commitments }),
  'budget.released': record({ identity: identifier, call: text, amount: commitments }),
  /** A call that some limit or prohibition of the rule counts. */
  'call.counted': record({ rule: digest, call: text }),
  'action.opened': record({ call: text }),
  'action.closed': record({ call: text }),
  'record.extracted': record({
    outcome: identifier,
    /** `population`, or the id of an invariant. */
    extract: text,
    record: identifier,
    query: digest,
    from: milliseconds,
    to: milliseconds,
    /** Names what was read, keyed with the log's salt; no verdict reads it. */
    snapshot: digest,
    columns: list(text),
    count: natural,
    /** Hides the sums of the money column in minor units by currency: over one row, its amount. */
    totals: commitments,
    /** RFC 6962 root over the salted commitments of the rows, in the order read. */
    rowRoot: digest,
    /** `ok`, or why the record could not be read: then count is 0 and nothing is known. */
    answer: oneOf('ok', 'away'),
  }),
  'verdict.given': record({
    outcome: identifier,
    from: milliseconds,
    to: milliseconds,
    verdict: oneOf('holding', 'proven', 'violated', 'unproven', 'unsound'),
    /** Names the judgement, keyed with the log's salt; a later verdict may repeat it, none follows from it. */
    judgement: digest,
    ledgerSize: natural,
    /** Names each reason that violates, keyed with the log's salt, where the outcome says what to do on a breach. */
    breach: optional(list(digest)),
  }),
  ...orderBodies,
  ...noticeBodies,
  ...seedBodies,
  ...changeBodies,
  ...contractBodies,
  ...passkeyBodies,
  ...sessionBodies,
} as const;

export type Kind = keyof typeof bodies;
export type Body<K extends Kind> = Infer<(typeof bodies)[K]>;

const envelope = record({
  v: exactly(1),
  kind: text,
  /** The log's origin: a fact copied from another log does not parse as ours. */
  log: text,
  stream: text,
  streamVersion: natural,
  basis: list(pair(text, natural)),
  emitter: text,
  emitterSeq: natural,
  time: milliseconds,
  case: optional(text),
  agent: optional(identifier),
  user: optional(personId),
  body: json,
});
type Envelope = Infer<typeof envelope>;

/** One fact as read from the log. `position` is the order that is proven, `time` a claim. */
export type Fact<K extends Kind = Kind> = {
  [P in K]: Omit<Envelope, 'kind' | 'body'> & {
    readonly kind: P;
    readonly body: Body<P>;
    readonly position: number;
  };
}[K];
/** A fact of a kind that this version does not know: counted, never interpreted. */
export type UnknownFact = Omit<Envelope, 'kind'> & { readonly kind: 'unknown'; readonly position: number };

/** Facts are JSON bytes stored exactly as hashed, at most this many (C2SP tlog-tiles, uint16 length). */
export const factBytesMax = 65_535;

/**
 * Parses the bytes of one log entry. Throws `ShapeError` or `JsonError` for anything that is not a fact.
 * A fact of an unknown kind is returned as `unknown`, so that a newer log still verifies.
 */
export function parseFact(bytes: Uint8Array, position: number): Fact | UnknownFact {
  // The envelope is made anew here, so it may be completed in place.
  const fact = Object.assign(envelope(parsePrintedJson(bytes), ''), { position }) as Completed;
  // Whoever writes a fact chooses its kind: `constructor` is none.
  if (Object.hasOwn(bodies, fact.kind)) {
    const shape: Shape<unknown> = bodies[fact.kind as Kind];
    fact.body = shape(fact.body, '/body');
  } else fact.kind = 'unknown';
  return fact as Fact | UnknownFact;
}

type Completed = { kind: string; body: unknown };

/** True if the value is a fact of this kind. */
export const isKind = <K extends Kind>(
  fact: Fact | UnknownFact,
  kind: K,
): fact is Extract<Fact, { readonly kind: K }> => fact.kind === kind;

const committed =
  'args result cause words name salt statement amount totals positions whole reason origins'.split(' ');

/** Every commitment in a fact: what a disclosure may belong to. */
export function commitmentsIn(fact: Fact | UnknownFact): readonly string[] {
  if (fact.kind === 'unknown') return [];
  const body = fact.body as Readonly<Record<string, unknown>>;
  let all: readonly string[] = [];
  for (const member of committed) {
    const own = body[member];
    if (Array.isArray(own)) all = all.length === 0 ? own : [...all, ...own];
  }
  return all;
}

export { ShapeError };
