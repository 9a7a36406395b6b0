// A log in memory, for tests: facts with correct envelopes, commitments, signed and cosigned heads.
// Everything about it may be edited afterwards, as somebody could who holds every key.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Authenticator } from './approvals/authenticator.fixture.ts';
import type { Signed } from './approvals/index.ts';
import type { Kind, PersonKey } from './facts.ts';
import {
  appendLeaf,
  commit,
  commitScalar,
  cosign,
  emptyFrontier,
  type KeyRole,
  keyed,
  leafHash,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  parseNote,
  printHead,
  printNote,
  printVerifier,
  type RotationReason,
  rootOf,
  rotationText,
  signHead,
  toBase64,
  toBase64url,
  utf8,
  verifier,
} from './records/index.ts';

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
export const salt = (): Uint8Array => new Uint8Array(randomBytes(16));
export const hashOf = (text: string): string => toBase64url(sha256(utf8(text)));

export interface Key {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly private: KeyObject;
  /** C2SP verifier key. */
  readonly verifier: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function makeKey(
  name: string,
  type: typeof NOTE_ED25519 | typeof NOTE_COSIGNATURE = NOTE_ED25519,
): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  return {
    name,
    publicKey: raw,
    private: privateKey,
    verifier: printVerifier(verifier(name, type, raw)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** What a person signs with: a local key, of Ed25519, or a passkey. */
export type Signer = Key | Authenticator;

/** A key as `person.enrolled` carries it. */
export const personKey = (key: Signer): PersonKey =>
  key instanceof Authenticator
    ? key.key
    : { id: toBase64url(sha256(key.publicKey)), alg: 'ed25519', public: toBase64(key.publicKey) };

/** A person's signature as facts carry it, in the name of a key. */
export const signedWith = (named: Signer, signer: Signer, text: string): Signed => ({
  ...(signer instanceof Authenticator
    ? signer.assert(text)
    : { signature: toBase64(signer.sign(utf8(text))) }),
  key: personKey(named).id,
});

/** A fact before it is bytes: any member may be edited. */
export interface Draft {
  v: number;
  kind: string;
  log: string;
  stream: string;
  streamVersion: number;
  basis: [string, number][];
  emitter: string;
  emitterSeq: number;
  time: number;
  case?: string;
  agent?: string;
  user?: string;
  body: Record<string, unknown>;
}

export interface Written {
  readonly kind: Kind;
  readonly body: Record<string, unknown>;
  readonly stream: string;
  readonly time: number;
  readonly case?: string | undefined;
  readonly agent?: string | undefined;
  readonly user?: string | undefined;
}

/** What is put in place of what a true rotation has. */
interface Rotating {
  readonly old?: Key;
  readonly next?: Key;
  readonly reason?: RotationReason;
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly signer?: Key;
  readonly acceptor?: Key;
}

export class LogMaker {
  origin: string;
  /** Those that the log was opened with, or goes on with under another name. */
  first: { readonly log: Key; readonly statement: Key };
  /** Those in force now. */
  logKey: Key;
  statementKey: Key;
  readonly drafts: Draft[] = [];
  readonly disclosures = new Set<string>();
  /** Disclosures of rows, by the position of their extract. */
  readonly rows = new Map<number, string[]>();
  readonly logSalt = salt();
  emitter = 'first';

  constructor(
    origin = 'acme.example/surety',
    keys = { log: makeKey(origin), statement: makeKey('statements') },
  ) {
    this.origin = origin;
    this.first = keys;
    this.logKey = keys.log;
    this.statementKey = keys.statement;
  }

  /** Opens the log and starts its first process. */
  open(time: number, clock: 'system' | 'injected' = 'system'): void {
    const body = {
      origin: this.origin,
      salt: this.commit(toBase64url(this.logSalt)),
      logKey: this.logKey.verifier,
      statementKey: this.statementKey.verifier,
    };
    this.write({ kind: 'log.opened', stream: 'log', time, body });
    this.start(time, { tail: 'none' }, clock);
  }

  start(
    time: number,
    before: { tail: 'none' | 'clean' | 'may-be-lost'; predecessor?: string },
    clock: 'system' | 'injected' = 'system',
  ): void {
    const body = { program: 'gateway', version: '0', clock, ...before };
    this.write({ kind: 'process.started', stream: `process/${this.emitter}`, time, body });
  }

  /** Goes on under another name, with other keys, in another process. Each member can be made wrong. */
  succeed(time: number, origin: string, instead: Record<string, unknown> = {}): number {
    const { origin: predecessor, entries } = this;
    this.origin = origin;
    this.logKey = makeKey(origin);
    this.statementKey = makeKey('statements');
    this.first = { log: this.logKey, statement: this.statementKey };
    this.emitter = `${origin} ${this.drafts.length}`;
    const body = {
      ...{ origin, logKey: this.logKey.verifier, statementKey: this.statementKey.verifier, predecessor },
      ...{ root: toBase64url(headOf(origin, entries).root), witnessed: [], ...instead },
    };
    const position = this.write({ kind: 'log.succeeded', stream: 'log', time, body });
    this.start(time, { tail: 'none' });
    return position;
  }

  /** Hands over to a new key, from the next head or statement on; any part can be made wrong. */
  rotate(role: KeyRole, time: number, instead: Rotating = {}): Key {
    const old = instead.old ?? (role === 'log' ? this.logKey : this.statementKey);
    const next = instead.next ?? makeKey(old.name);
    const size = instead.size ?? this.drafts.length;
    const { root } = headOf(this.origin, this.entries.slice(0, size));
    const terms = {
      ...{ role, from: old.verifier, to: next.verifier, reason: instead.reason ?? 'scheduled' },
      ...{ size, root: toBase64(instead.root ?? root), at: time },
    };
    const text = utf8(rotationText(this.origin, terms));
    const signature = toBase64((instead.signer ?? old).sign(text));
    const acceptance = toBase64((instead.acceptor ?? next).sign(text));
    const body = { ...terms, signature, acceptance };
    this.write({ kind: 'key.rotated', stream: `key/${role}`, time, body });
    if (role === 'log') this.logKey = next;
    else this.statementKey = next;
    return next;
  }

  /** Digests of the commitment; its disclosures are kept. */
  commit(value: unknown): string[] {
    const { digests, disclosures } = commit(value, salt, sha256);
    for (const each of disclosures) this.disclosures.add(each);
    return digests;
  }

  /** As `commit`, in one digest. */
  commitWhole(value: unknown): string[] {
    const { digest, disclosure } = commitScalar(value, '', salt, sha256);
    this.disclosures.add(disclosure);
    return [digest];
  }

  /** A commitment to another value, in place of this one. */
  replaced(digests: readonly string[], value: unknown): string[] {
    this.forget(digests);
    return this.commitWhole(value);
  }

  forget(digests: readonly string[]): void {
    for (const each of this.disclosures) if (digests.includes(hashOf(each))) this.disclosures.delete(each);
  }

  keyed(name: string, value: unknown): string {
    return keyed(this.logSalt, name, value, sha256);
  }

  write({ stream, kind, body, time, ...who }: Written): number {
    const seq = this.drafts.filter(({ emitter }) => emitter === this.emitter).length;
    this.drafts.push({
      ...{ v: 1, kind, log: this.origin, stream, basis: [], emitter: this.emitter, time },
      streamVersion: this.drafts.filter((draft) => draft.stream === stream).length,
      emitterSeq: seq,
      ...Object.fromEntries(Object.entries(who).filter(([, value]) => value !== undefined)),
      body,
    });
    return this.drafts.length - 1;
  }

  get entries(): Uint8Array[] {
    return this.drafts.map((draft) => utf8(JSON.stringify(draft)));
  }

  /** Gives every fact the version and the count that its place asks for: after an edit. */
  renumber(): void {
    const next = new Map<string, number>();
    const count = (key: string) => {
      const at = next.get(key) ?? 0;
      next.set(key, at + 1);
      return at;
    };
    for (const draft of this.drafts) {
      draft.streamVersion = count(`stream ${draft.stream}`);
      draft.emitterSeq = count(`emitter ${draft.emitter}`);
    }
  }

  async seal(witnesses: readonly Key[], size = this.drafts.length, key = this.logKey): Promise<string> {
    const head = headOf(this.origin, this.entries.slice(0, size));
    const signed = await signHead(head, key.publicKey, key.sign);
    const note = parseNote(signed);
    const cosigned = await Promise.all(
      witnesses.map((witness) =>
        cosign(
          printHead(head),
          verifier(witness.name, NOTE_COSIGNATURE, witness.publicKey),
          1_800_000_000,
          witness.sign,
        ),
      ),
    );
    return printNote({ ...note, signatures: [...note.signatures, ...cosigned] });
  }
}

export function headOf(origin: string, entries: readonly Uint8Array[]) {
  let frontier = emptyFrontier();
  for (const bytes of entries) frontier = appendLeaf(frontier, leafHash(bytes, sha256), sha256);
  return { origin, size: entries.length, root: rootOf(frontier, sha256) };
}
