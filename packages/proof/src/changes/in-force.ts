// What is in force at each position of a log. A weakening takes force only if the owner of every outcome that relies on
// what it weakens has signed it, exactly as it stands; a declaration without that changes nothing, in the gate as in
// every proof. Folded from facts alone, so that no file and no word of the operator decides.

import { type Body, type Fact, isKind, type UnknownFact } from '../facts.ts';
import type { Sha256 } from '../values/bytes.ts';
import { type Invitation, Passkeys } from './passkeys.ts';
import { type Relying, reliesOn } from './reliance.ts';
import {
  type Change,
  type Content,
  contentOf,
  digestOfContent,
  registered,
  type Standing,
  streamOf,
} from './standing.ts';

/** A change that waits, as `change.proposed` says it. */
export interface Proposal extends Body<'change.proposed'> {
  readonly position: number;
  /** Of the log, when it was proposed. */
  readonly log: string;
  readonly time: number;
  /** Owners who have signed it, each with the position of their signature. */
  readonly signers: ReadonlyMap<string, number>;
}

/** A change that an owner refused, and that the files still ask for. */
export interface Refused {
  readonly proposal: Proposal;
  readonly person: string;
  /** Position and time of the refusal. */
  readonly position: number;
  readonly time: number;
}

/** A weakening in the log that nobody who had to has signed. */
export interface Unsigned {
  readonly stream: string;
  readonly position: number;
  readonly time: number;
  readonly outcomes: readonly Relying[];
  /** When something that is in force came into its place. */
  until: number;
}

export class InForce {
  readonly #sha256: Sha256;
  readonly #standing = new Map<string, Content>();
  readonly #proposals = new Map<string, Proposal & { readonly signers: Map<string, number> }>();
  readonly #refused = new Map<string, Refused>();
  readonly unsigned: Unsigned[] = [];
  passkeys = new Passkeys();

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** To try changes on. */
  copy(): InForce {
    const copy = new InForce(this.#sha256);
    for (const [stream, content] of this.#standing) copy.#standing.set(stream, content);
    for (const [stream, proposal] of this.#proposals) copy.#proposals.set(stream, proposal);
    copy.passkeys = this.passkeys.copy();
    return copy;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Changes that wait, the oldest first. */
  get proposals(): readonly Proposal[] {
    return [...this.#proposals.values()];
  }

  proposal(change: string): Proposal | undefined {
    return this.proposals.find((each) => each.change === change);
  }

  /** Changes that an owner refused, until the files ask for something else in their place. */
  get refused(): readonly Refused[] {
    return [...this.#refused.values()];
  }

  /** Folds one fact; `signed` says of a signature whether it is good. False of a declaration that takes no force. */
  apply(fact: Fact | UnknownFact, signed: boolean): boolean {
    const stream = fact.kind === 'unknown' ? undefined : streamOf(fact);
    if (stream !== undefined) return this.#declare(stream, contentOf(fact.kind, fact.body as object), fact);
    if (isKind(fact, 'declaration.withdrawn')) return this.#declare(fact.body.stream, undefined, fact);
    const passkey = this.passkeys.apply(fact, this.#standing, signed);
    if (passkey !== undefined) this.#register(passkey);
    else if (isKind(fact, 'change.proposed')) this.#propose(fact);
    else if (isKind(fact, 'change.withdrawn')) this.#drop(fact.body.change);
    else if (isKind(fact, 'change.refused')) this.#refuse(fact);
    else if (isKind(fact, 'change.signed') && signed)
      this.#byRef(fact.body.change)?.signers.set(fact.body.person, fact.position);
    return true;
  }

  /** Outcomes whose owners have not signed it. */
  missing(change: Change): readonly Relying[] {
    const { stream, before, after } = change;
    const [from, to] = [before, after].map((each) => digestOfContent(each, this.#sha256));
    if (from === to) return [];
    const proposal = this.#proposals.get(stream);
    const signers = proposal?.from === from && proposal?.to === to ? proposal?.signers : undefined;
    return reliesOn(change, this.#standing).filter(({ owner }) => signers?.has(owner) !== true);
  }

  changeTo(stream: string, after: Content | undefined): Change {
    return { stream, before: this.#standing.get(stream), after };
  }

  #declare(
    stream: string,
    after: Content | undefined,
    { position, time }: { readonly position: number; readonly time: number },
  ): boolean {
    const outcomes = this.missing(this.changeTo(stream, after));
    if (outcomes.length > 0) {
      this.unsigned.push({ stream, position, time, outcomes, until: Number.POSITIVE_INFINITY });
      return false;
    }
    if (after === undefined) this.#standing.delete(stream);
    else this.#standing.set(stream, after);
    if (after === undefined && stream.startsWith('person/'))
      for (const each of this.passkeys.leave(stream.slice('person/'.length), { position, time }))
        this.#register(each);
    this.#proposals.delete(stream);
    this.#refused.delete(stream);
    for (const each of this.unsigned) if (each.stream === stream) each.until = Math.min(each.until, time);
    return true;
  }

  #register({ invitation, person, passkey, confirmed, revoked }: Invitation): void {
    if (passkey === undefined || confirmed === undefined) return;
    if (revoked === undefined) this.#standing.set(`passkey/${invitation}`, registered(person, passkey));
    else this.#standing.delete(`passkey/${invitation}`);
  }

  /** A proposal of anything but the difference to what is in force proposes nothing. */
  #propose({ body, position, log, time }: Fact<'change.proposed'>): void {
    const { stream, from, to, declared } = body;
    const content = declared && contentOf(declared.kind, declared.body as object);
    const isTrue =
      from === digestOfContent(this.#standing.get(stream), this.#sha256) &&
      to === digestOfContent(content, this.#sha256);
    if (!isTrue) return;
    this.#proposals.set(stream, { ...body, position, log, time, signers: new Map() });
    this.#refused.delete(stream);
  }

  /** INVARIANT: what was refused is no proposal any more, whatever is signed afterwards. */
  #refuse({ body: { change, person }, position, time }: Fact<'change.refused'>): void {
    const proposal = this.proposal(change);
    if (proposal === undefined) return;
    this.#proposals.delete(proposal.stream);
    this.#refused.set(proposal.stream, { proposal, person, position, time });
  }

  #byRef(change: string): { readonly signers: Map<string, number> } | undefined {
    for (const each of this.#proposals.values()) if (each.change === change) return each;
    return undefined;
  }

  #drop(change: string): void {
    for (const [stream, each] of this.#proposals) if (each.change === change) this.#proposals.delete(stream);
    for (const [stream, { proposal }] of this.#refused)
      if (proposal.change === change) this.#refused.delete(stream);
  }
}
