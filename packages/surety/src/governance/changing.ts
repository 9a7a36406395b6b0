// Changes of what is declared: what the files now say is compared with what is in force. What narrows is activated at
// once; what weakens waits until the owner of every outcome that relies on it has signed exactly that.

import { randomBytes } from 'node:crypto';
import {
  type Change,
  changeText,
  digestOfContent,
  InForce,
  type Proposal,
  type Refused,
  type Relation,
  type Relying,
  refusalText,
} from '@surety/proof/changes';
import { commitScalar } from '@surety/proof/records';
import { type Signed, signatureIn } from '@surety/proof/rules';
import type { NewFact } from '../facts/index.ts';
import { Declarations, type Declared, factOf, withdrawalOf } from '../ledger/declare.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Append, Log, Recorded } from '../ledger/log.ts';
import { isSignedFact, type People } from '../people/people.ts';
import { planOf, type Waiting } from './plan.ts';

/**
 * `no-change` none waits under that name; `not-yours` no outcome that relies on it is the person's; `bad-signature`;
 * `stale` signed too long ago; `done-already`; `no-reason` refused without one; `gone` something else was put in its place meanwhile.
 */
export type ChangeErrorCode =
  | 'no-change'
  | 'not-yours'
  | 'bad-signature'
  | 'stale'
  | 'done-already'
  | 'no-reason'
  | 'gone';

export class ChangeError extends Error {
  readonly code: ChangeErrorCode;
  constructor(code: ChangeErrorCode, message: string) {
    super(message);
    this.name = 'ChangeError';
    this.code = code;
  }
}

export interface ChangingParts {
  readonly log: Log;
  /** With the keys that are in force. */
  readonly people: People;
  readonly now: () => number;
}

/** A change that waits. */
export interface Pending {
  readonly change: string;
  readonly stream: string;
  readonly since: number;
  readonly signed: readonly string[];
  /** Whose signature is missing, with the outcome that they answer for. */
  readonly missing: readonly Relying[];
}

export interface Activated {
  /** Took force: each declaration, and how it stands to what was there before. */
  readonly applied: readonly { readonly stream: string; readonly is: Relation }[];
  readonly pending: readonly Pending[];
}

export interface OfferedSignature extends Signed {
  readonly change: string;
  readonly person: string;
  /** Milliseconds, by the signer's clock. */
  readonly at: number;
  /** Given, it is a no, with this reason. */
  readonly refuse?: string | undefined;
}

/** An append is atomic and bounded; so many declarations go into one. */
const appendMax = 500;
const reasonCharsMax = 1_000;
/** One that lies about longer might be somebody else's to use. */
const ageMsMax = 15 * 60_000;

export class Changing {
  readonly #parts: ChangingParts;
  readonly #declarations = new Declarations();
  readonly #inForce = new InForce(sha256);
  #wanted: readonly Declared[] = [];

  constructor(parts: ChangingParts) {
    this.#parts = parts;
  }

  /** Folds durable facts, in order, from position 0. */
  apply(recorded: readonly Recorded[]): void {
    for (const each of recorded)
      if (this.#inForce.apply(each.fact, isSignedFact(this.#inForce, each.fact)))
        this.#declarations.apply(each);
  }

  get inForce(): InForce {
    return this.#inForce;
  }

  /** What waits, the oldest first. */
  get pending(): readonly Pending[] {
    return this.#inForce.proposals.map((proposal) => ({
      ...{ change: proposal.change, stream: proposal.stream, since: proposal.time },
      signed: [...proposal.signers.keys()],
      missing: this.#inForce.missing(this.#changeOf(proposal)),
    }));
  }

  /** What an owner refused, and the files still ask for. */
  get refused(): readonly Refused[] {
    return this.#inForce.refused;
  }

  /** Brings into force what may be, and has the rest wait. One at a time. */
  async activate(wanted: readonly Declared[] = this.#wanted): Promise<Activated> {
    this.#wanted = wanted;
    const { changed, gone } = this.#declarations.difference(wanted);
    const { now, waiting } = planOf(this.#inForce, changed, gone);
    await this.#append(now.map(({ stream, wanted: each }) => (each ? factOf(each) : withdrawalOf(stream))));
    await this.#append(this.#asking(waiting));
    return { applied: now.map(({ stream, is }) => ({ stream, is })), pending: this.pending };
  }

  /** Records the signature of an owner; the last one that was missing brings the change into force. Throws ChangeError. */
  async sign(offered: OfferedSignature): Promise<{ readonly pending: boolean }> {
    const { change } = offered;
    const proposal = this.#inForce.proposal(change);
    if (proposal === undefined) throw new ChangeError('no-change', `no change waits under \`${change}\``);
    this.#check(proposal, offered);
    const expected = 1 + proposal.signers.size;
    const facts = [answerOf(offered)];
    const answer = await this.#parts.log.append([{ stream: `change/${change}`, expected, facts }]);
    if ('conflict' in answer) throw new ChangeError('gone', `\`${change}\` has changed: look again`);
    await this.activate();
    return { pending: this.#inForce.proposal(change) !== undefined };
  }

  #check(proposal: Proposal, { change, person, at, refuse, ...signed }: OfferedSignature): void {
    const { people, now } = this.#parts;
    if (refuse !== undefined && (refuse.trim() === '' || refuse.length > reasonCharsMax))
      throw new ChangeError('no-reason', `a refusal has a reason, of at most ${reasonCharsMax} characters`);
    const hasSigned = proposal.signers.has(person);
    if (hasSigned && refuse === undefined)
      throw new ChangeError('done-already', `\`${person}\` has signed \`${change}\``);
    // While it waits for others, whoever signed may still refuse.
    if (!hasSigned && !this.#inForce.missing(this.#changeOf(proposal)).some(({ owner }) => owner === person))
      throw new ChangeError('not-yours', `\`${change}\` does not wait for \`${person}\``);
    if (Math.abs(now() - at) > ageMsMax)
      throw new ChangeError('stale', 'it was signed too long ago: sign it again');
    const text =
      refuse === undefined
        ? changeText(proposal, { person, at })
        : refusalText(proposal, { person, at, reason: refuse });
    if (!people.signedBy(person, text, signed))
      throw new ChangeError('bad-signature', `\`${person}\` did not sign this`);
  }

  #changeOf({ stream, declared }: Proposal): Change {
    return this.#inForce.changeTo(stream, declared as Change['after']);
  }

  /**
   * Proposals that are not made yet; those that nothing asks for any more are withdrawn. What an owner refused is not
   * proposed again for as long as the files ask for the same.
   */
  #asking(waiting: readonly Waiting[]): Append[] {
    const open = [...this.#inForce.proposals, ...this.#inForce.refused.map(({ proposal }) => proposal)];
    const isMade = ({ stream, content }: Waiting) =>
      open.some((each) => each.stream === stream && each.to === digestOfContent(content, sha256));
    const isAsked = ({ stream, to }: Proposal) =>
      waiting.some((each) => each.stream === stream && digestOfContent(each.content, sha256) === to);
    const withdrawn = open
      .filter((each) => !isAsked(each))
      .map(({ change }): Append => {
        return { stream: `change/${change}`, facts: [{ kind: 'change.withdrawn', body: { change } }] };
      });
    return [...withdrawn, ...waiting.filter((each) => !isMade(each)).map((each) => this.#proposal(each))];
  }

  #proposal({ stream, content, missing }: Waiting): Append {
    const change = `d-${randomBytes(9).toString('base64url')}`;
    const { before } = this.#inForce.changeTo(stream, content);
    const [from, to] = [before, content].map((each) => digestOfContent(each, sha256));
    const body = {
      ...{ change, stream, outcomes: missing },
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(content === undefined ? {} : { declared: content }),
    };
    return { stream: `change/${change}`, expected: 0, facts: [{ kind: 'change.proposed', body }] };
  }

  async #append(appends: readonly Append[]): Promise<void> {
    for (let at = 0; at < appends.length; at += appendMax)
      await this.#parts.log.append(appends.slice(at, at + appendMax));
  }
}

function answerOf({ change, person, at, refuse, ...offered }: OfferedSignature): NewFact {
  const signed = { change, person, at, ...signatureIn(offered) };
  if (refuse === undefined) return { kind: 'change.signed', body: signed };
  const { digest, disclosure } = commitScalar(refuse, '', salt, sha256);
  return {
    kind: 'change.refused',
    body: { ...signed, reason: [digest] },
    disclosures: [disclosure],
    about: `person/${person}`,
  };
}
