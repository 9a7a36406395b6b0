// A subject: whom a disclosure is about, as `kind/value`. What is about one subject lies under one data key and is
// erased together. In the store a subject has a name keyed with the log's salt: the store alone does not tell it.

import { randomBytes } from 'node:crypto';
import { keyed } from '@surety/proof/records';
import type { Subject } from '../facts/index.ts';
import { sha256 } from './hash.ts';

/** What is about nobody: the log's own salt, above all. It cannot be erased. */
export const logSubject: Subject = 'log/own';

/** Of one extract: with a row gone, its totals would tell what that held, so they go with it. */
export const totalsSubject = (): Subject => `totals/${randomBytes(16).toString('base64url')}`;

const namesMax = 10_000;

/** Names of subjects, keyed; the newest are kept, for speed only. */
export class SubjectNames {
  readonly #salt: Uint8Array;
  readonly #known = new Map<Subject, string>();

  constructor(logSalt: Uint8Array) {
    this.#salt = logSalt;
  }

  name(subject: Subject): string {
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const name = subjectName(this.#salt, subject);
    if (this.#known.size >= namesMax) this.#known.clear();
    this.#known.set(subject, name);
    return name;
  }

  /** Nothing that was erased stays here either. */
  forget(): void {
    this.#known.clear();
  }
}

export const subjectName = (logSalt: Uint8Array, subject: Subject): string =>
  keyed(logSalt, 'subject', subject, sha256);
