// A declaration: a fact before it is one. The ledger gives it its stream version, salts and position.
// Digests are SHA-256 over RFC 8785, of what a person wrote: a secret enters as its variable's name only.

import { createHash } from 'node:crypto';
import type { Body } from '@surety/proof/facts';
import { canonicalJson } from '@surety/proof/records';

type Declared =
  | 'server.declared'
  | 'tool.labelled'
  | 'person.enrolled'
  | 'identity.enrolled'
  | 'policy.activated'
  | 'record.declared'
  | 'witness.declared'
  | 'quorum.declared'
  | 'containment.declared'
  | 'contracts.declared'
  | 'notices.declared'
  | 'passkeys.declared'
  | 'outcome.declared'
  | 'rule.activated';

/** `committed` holds members that are salted commitments in the fact; the body leaves them out. */
export type Declaration = {
  [K in Declared]: {
    readonly stream: string;
    readonly kind: K;
    readonly body: K extends 'person.enrolled' ? Omit<Body<'person.enrolled'>, 'name'> : Body<K>;
    readonly committed?: Readonly<Record<string, unknown>>;
  };
}[Declared];

/** SHA-256 of the canonical JSON of a value, in base64url. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('base64url');

/** Leaves room for the envelope below the largest fact (65,535 bytes). */
const bodyBytesMax = 60_000;

export const isTooLarge = (declaration: Declaration): boolean =>
  Buffer.byteLength(canonicalJson({ body: declaration.body, committed: declaration.committed ?? {} })) >
  bodyBytesMax;
