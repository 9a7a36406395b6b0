// What people declare, as facts hold it, and the words that facts are made of.

import { algorithm } from './records/algorithms.ts';
import {
  exactly,
  type Infer,
  list,
  map,
  matching,
  natural,
  oneOf,
  optional,
  record,
  text,
} from './values/shape.ts';

/** SHA-256 as 43 characters of base64url without padding. */
export const digest = matching(/^[A-Za-z0-9_-]{43}$/, 'a SHA-256 in base64url');
/** A salted commitment (`records/commitment.ts`): what it hides lies in a disclosure. */
export const commitments = list(digest);
/** A position in the log: the order that is proven. */
export const position = natural;
export const milliseconds = natural;
export const identifier = matching(/^[a-z][a-z0-9-]{0,63}$/, 'an identifier (a-z, 0-9, -)');
export const personId = matching(/^[^\s@/]{1,64}@[^\s@/]{1,190}$/, 'a person (name@domain)');
/** What an authenticator signed over (WebAuthn): both as base64 of the very bytes. The browser wrote `clientData`. */
export const assertion = record({ authenticatorData: text, clientData: text });
export type Assertion = Infer<typeof assertion>;
/** A person's signature in base64, by which of their keys, and of a passkey with its assertion. */
export const signed = { key: digest, signature: text, assertion: optional(assertion) };
/** Where a passkey was made, and the name that its authenticator knows it by. */
const passkey = record({
  credential: matching(/^[A-Za-z0-9_-]{1,1364}$/, 'the id of a credential in base64url'),
  origin: matching(
    /^(?:https:\/\/(?:[a-z0-9-]{1,63}\.){0,8}[a-z0-9-]{1,63}|http:\/\/localhost)(?::[1-9]\d{0,4})?$/,
    'an origin (https://host)',
  ),
});
/** A person's public key, raw in base64; `alg` says how long it is and what verifies with it. */
export const personKey = record({ id: digest, alg: algorithm, public: text, passkey: optional(passkey) });
export type PersonKey = Infer<typeof personKey>;

const currency = matching(/^[A-Z]{3}$/, 'a currency code');
/** `<server>.<native name>`. */
export const toolId = matching(/^[a-z][a-z0-9-]{0,63}\.[^\s]{1,256}$/, 'a tool (server.name)');

export const effects = ['read', 'write', 'send', 'spend', 'delete', 'grant', 'execute'] as const;
export type Effect = (typeof effects)[number];
export const modes = ['observe', 'hold', 'deny'] as const;
export type Mode = (typeof modes)[number];

/** Integer minor units with a currency; never a float. In facts of calls it stands behind a commitment. */
export const money = record({ amountMinor: natural, currency });
export type Money = Infer<typeof money>;

export const budget = record({ amountMinor: natural, currency, per: oneOf('day') });
export const moneyLabel = record({ amount: text, unit: oneOf('major', 'minor'), currency: text });

/** Who vouches for a field of a result. What nobody labelled is `outsider-text`. */
export const resultLabel = record({
  is: oneOf('record', 'directory', 'outsider-text', 'outsider-identity'),
  /** The class of its data. */
  class: optional(identifier),
});

export const approveRule = record({
  function: identifier,
  count: natural,
  not: list(oneOf('requester', 'agent-owner')),
  /** Who may approve as well, once it has waited that long. */
  escalate: optional(record({ afterMs: milliseconds, function: identifier })),
});
export type ApproveRule = Infer<typeof approveRule>;
/** A call that a checkpoint looks for, and what both calls must have in common. */
const sought = { call: toolId, where: optional(text), same: list(oneOf('case', 'agent', 'user')) };
const requireRule = record(sought);
/** What a required call is called by the other conditions of its checkpoint. */
const callName = matching(/^[a-z][a-z0-9_]{0,31}$/, 'a name (a-z, 0-9, _)');
const role = matching(/^[a-z][a-z0-9_]{0,31}(\.(user|owner|approvers))?$/, 'a role (name, name.user)');

/** Members of a checkpoint that came with version 1.3 of the predicate; what each means: docs/checkpoints.md. */
const laterMembers = {
  requires: optional(
    list(
      record({
        as: optional(callName),
        any: list(record({ ...sought, withinMs: optional(milliseconds), afterMs: optional(milliseconds) })),
        count: optional(natural),
        follows: optional(callName),
        once: optional(exactly(true)),
      }),
    ),
  ),
  forbids: optional(
    list(
      record({
        ...sought,
        withinMs: optional(milliseconds),
        since: optional(callName),
        until: optional(list(record(sought))),
      }),
    ),
  ),
  limits: optional(
    list(record({ ...sought, withinMs: optional(milliseconds), sum: optional(text), most: natural })),
  ),
  apart: optional(list(list(role))),
  afterwards: optional(list(record({ ...sought, withinMs: milliseconds }))),
};

/** A checkpoint as it runs: what must have happened before an action. */
export const rule = record({
  outcome: identifier,
  rule: identifier,
  /** Hash of the canonical checkpoint as written: names it in every call it judged. */
  hash: digest,
  before: toolId,
  when: optional(text),
  require: optional(requireRule),
  withinMs: optional(milliseconds),
  once: list(text),
  approve: optional(approveRule),
  mode: oneOf(...modes),
  ...laterMembers,
});
export type Rule = Infer<typeof rule>;

const columnMap = map(text);
export const reconcile = record({
  record: identifier,
  /** SQL only extracts; parameters `:from` and `:to` are RFC 3339 UTC text. */
  population: text,
  call: toolId,
  key: columnMap,
  match: columnMap,
  money: optional(moneyLabel),
  elsewhere: list(record({ rows: text, owner: personId })),
  withinMs: milliseconds,
});
export type Reconcile = Infer<typeof reconcile>;

export const outcome = record({
  outcome: identifier,
  statement: text,
  owner: personId,
  /** SHA-256 of the file's canonical form. */
  hash: digest,
  atStake: optional(record({ amountMinor: natural, currency })),
  appetite: optional(budget),
  evaluatedBy: list(identifier),
  /** Allowed origins per tool and argument. */
  arguments: map(map(list(text))),
  /** What becomes of a call with an argument of another origin; `deny` where nothing is said. */
  argumentsMode: optional(oneOf('observe', 'deny')),
  egress: map(list(text)),
  reconcile: optional(reconcile),
  invariants: list(record({ id: identifier, extract: text, each: text })),
  onBreach: oneOf('alert', 'hold', 'contain'),
  needs: record({ rung: oneOf('C0', 'C1', 'C2', 'C3', 'C4', 'C5'), windowMs: milliseconds }),
  timeZone: text,
});
export type OutcomeDeclared = Infer<typeof outcome>;
