// The changes of a day, for tests: what weakens is proposed and signed by whoever must, with any part made wrong.

import { type Change, changeText, contentOf, digestOfContent, InForce, streamOf } from './changes/index.ts';
import type { Fact, Kind } from './facts.ts';
import { type Key, type LogMaker, personKey, type Signer, sha256, signedWith } from './log.fixture.ts';

export interface Signing {
  readonly change?: string;
  readonly key?: Signer;
  /** In the fact; another may have signed. */
  readonly named?: Signer;
  readonly person?: string;
  /** What is proposed, and what is signed instead of it. */
  readonly to?: string;
  readonly instead?: object;
}

/** How an approval is made; each member can be made wrong. */
export interface Approving {
  readonly person?: string;
  readonly as?: string;
  readonly key?: Signer;
  readonly signer?: Signer;
  readonly amount?: string;
  readonly expires?: number;
  readonly rule?: string;
  readonly hold?: string;
  readonly at?: number;
  readonly user?: string | undefined;
  readonly decision?: 'approve' | 'refuse';
}

export class Changes {
  readonly #log: LogMaker;
  readonly #keys: Readonly<Record<string, Key>>;
  readonly #inForce = new InForce(sha256);
  #count = 0;
  #folded = 0;

  constructor(log: LogMaker, keys: Readonly<Record<string, Key>>) {
    this.#log = log;
    this.#keys = keys;
  }

  /** Has everybody sign whom the change waits for. */
  agree(kind: Kind, stream: string, body: object, time: number): void {
    const change = this.changeBy(kind, stream, body);
    if (change === undefined) return;
    const owners = new Set(this.#inForce.missing(change).map(({ owner }) => owner));
    if (owners.size === 0) return;
    const ref = this.propose(change, time);
    for (const owner of owners) this.sign(change, time, { change: ref, person: owner });
  }

  changeBy(kind: Kind, stream: string, body: object): Change | undefined {
    if (kind === 'declaration.withdrawn')
      return this.#inForce.changeTo((body as { stream: string }).stream, undefined);
    const named = streamOf({ kind, stream, body } as unknown as Fact);
    return named === undefined ? undefined : this.#inForce.changeTo(named, contentOf(kind, body));
  }

  propose(change: Change, time: number, { to = this.#digest(change.after), ...more }: Signing = {}): string {
    this.#count += 1;
    const { change: ref = `d-${this.#count}` } = more;
    const from = this.#digest(change.before);
    const body = {
      ...{ change: ref, stream: change.stream, outcomes: this.#inForce.missing(change) },
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(change.after === undefined ? {} : { declared: change.after }),
    };
    this.#log.write({ kind: 'change.proposed', stream: `change/${ref}`, time, body });
    return ref;
  }

  sign(change: Change, time: number, signing: Signing = {}): void {
    const { change: ref = `d-${this.#count}`, person = '' } = signing;
    const key = signing.key ?? this.#keys[person.split('@')[0] ?? ''];
    if (key === undefined) throw new Error(`${person} has no key here`);
    const signs = { person, at: time };
    const [from, to] = [this.#digest(change.before), this.#digest(change.after)];
    const proposed = {
      ...{ log: this.#log.origin, change: ref, stream: change.stream },
      ...{ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), ...signing.instead },
    };
    const signed = signedWith(signing.named ?? key, key, changeText(proposed, signs));
    const body = { change: ref, person, at: time, ...signed };
    this.#log.write({ kind: 'change.signed', stream: `change/${ref}`, time, body });
    this.wrote();
  }

  /** An owner says no. Whether it was signed no verdict asks: a refusal only keeps out. */
  refuse(change: string, time: number, person: string): void {
    const key = this.#keys[person.split('@')[0] ?? ''];
    if (key === undefined) throw new Error(`${person} has no key here`);
    const body = { change, person, key: personKey(key).id, at: time, signature: '', reason: [] };
    this.#log.write({ kind: 'change.refused', stream: `change/${change}`, time, body });
    this.wrote();
  }

  #digest(content: Change['after']): string | undefined {
    return digestOfContent(content, sha256);
  }

  /** Folds what the log says now: called after each declaration. */
  wrote(): void {
    const { drafts } = this.#log;
    for (; this.#folded < drafts.length; this.#folded++) {
      const draft = drafts[this.#folded];
      if (draft !== undefined)
        this.#inForce.apply({ ...draft, position: this.#folded } as unknown as Fact, true);
    }
  }
}
