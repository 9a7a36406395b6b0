// People: persons, the functions that they act for, and the keys that they sign with.

import { createPublicKey, verify } from 'node:crypto';
import { type ApprovalStatement, type Body, type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { type Approver, approvalText } from '@surety/proof/rules';

/** DER prefix of an Ed25519 public key (RFC 8410), so that 32 raw bytes become a key object. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

export class People {
  readonly #people = new Map<string, Body<'person.enrolled'>>();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'person.enrolled')) this.#people.set(fact.body.person, fact.body);
    else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('person/'))
      this.#people.delete(fact.body.stream.slice('person/'.length));
  }

  approver(person: string): Approver | undefined {
    const found = this.#people.get(person);
    return found && { person: found.person, functions: found.functions };
  }

  has(person: string): boolean {
    return this.#people.has(person);
  }

  /** True if one of this person's keys, in force now, signed exactly this statement. */
  signed(statement: ApprovalStatement, keyId: string, signature: Uint8Array): boolean {
    const key = this.#people.get(statement.person)?.keys.find(({ id }) => id === keyId);
    if (key === undefined) return false;
    const raw = Buffer.from(key.public, 'base64');
    if (raw.length !== 32) return false;
    const publicKey = createPublicKey({
      key: Buffer.concat([ed25519Prefix, raw]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, Buffer.from(approvalText(statement)), publicKey, signature);
  }
}
