// Sealing: from durable facts to tiles, a signed head and its cosignatures. The tiles are on disk before
// the head that needs them is signed; a signed head is on disk (`head.signed`) before a witness sees it;
// `head` is the one that the log publishes. No head is ever signed that does not extend the last one.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  equal,
  type NoteSignature,
  openHead,
  parseHead,
  parseNote,
  printHead,
  printNote,
  signText,
  TILE_WIDTH,
  toBase64,
  type Verifier,
} from '@surety/proof/records';
import { Cosigner, type SignedHead } from './cosigning.ts';
import { writeDurable } from './durable.ts';
import { GrowingTree, Unsound } from './growing.ts';
import { sha256 } from './hash.ts';
import type { SigningKey } from './keys.ts';
import type { LogReader } from './log.ts';
import { TileFolder } from './tile-folder.ts';

/** What the sealer says of each head that it publishes. */
export interface Published {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note, as in `<folder>/head`. */
  readonly head: string;
  readonly cosigned: readonly string[];
  readonly missing: readonly { readonly witness: string; readonly cause: string }[];
}

/** Who signs heads: the facts under a head say which key does (`log-keys.ts`). */
export interface HeadKeys {
  /** The key in force at this size. */
  at(size: number): Verifier;
  /** Every key that this log has had. */
  all(): readonly Verifier[];
  /** Who signs the head of this size after one of `before`. */
  signers(before: number, size: number): readonly Pick<SigningKey, 'verifier' | 'sign'>[];
  /** The head of this size is on disk; none is yet, if no size is given. */
  settle(size?: number): void;
}

export interface WitnessAddress {
  readonly key: Verifier;
  readonly url: string;
}

interface Current extends SignedHead {
  readonly root: Uint8Array;
  readonly cosignatures: Map<Cosigner, NoteSignature>;
}

/** Bundles hashed between two looks at the outside, and facts under one head. */
const bundlesMax = 16;
const headFactsMax = 65_536;

export class Sealing {
  readonly #folder: string;
  readonly #store: LogReader;
  readonly #keys: HeadKeys;
  readonly #tiles: TileFolder;
  readonly #tree: GrowingTree;
  readonly #cosigners: readonly Cosigner[];
  #current: Current | undefined;
  /** Full bundles below this are still to be compared with the store, newest first. */
  #unchecked = 0;

  /** Tiles and heads go to `folder`, which is the sealer's own where it has an account of its own. */
  constructor(folder: string, store: LogReader, keys: HeadKeys, witnesses: readonly WitnessAddress[]) {
    this.#folder = folder;
    this.#store = store;
    this.#keys = keys;
    this.#tiles = new TileFolder(folder);
    this.#tree = new GrowingTree(store, this.#tiles);
    this.#cosigners = witnesses.map(({ key, url }) => new Cosigner(key, url));
  }

  /** Takes up where the last sealer stopped. Throws `Unsound` if the store does not extend what was signed. */
  async restore(): Promise<void> {
    for (const file of ['head.signed', 'head']) await this.#take(file);
    const current = this.#current;
    this.#keys.settle(current?.size);
    if (current === undefined) return;
    if (this.#store.size() < current.size)
      throw new Unsound(`the store holds ${this.#store.size()} facts, its signed head ${current.size}`);
    if (!this.#loads(current)) await this.#rebuild(current);
    this.#tree.checkOpen();
    this.#unchecked = Math.floor(current.size / TILE_WIDTH);
    for (let checked = 0; checked < headFactsMax && this.sweep(); checked += bundlesMax * TILE_WIDTH)
      await nextTurn();
  }

  /** Compares a few more of the old bundles with the store; false when all were. Throws `Unsound`. */
  sweep(): boolean {
    for (let bundle = 0; bundle < bundlesMax && this.#unchecked > 0; bundle++)
      this.#tree.check(--this.#unchecked);
    return this.#unchecked > 0;
  }

  /** Seals what is new and asks for what is missing; gives what it published, if anything changed. */
  async round(nowMs: number): Promise<Published | undefined> {
    const target = Math.min(this.#store.size(), (this.#current?.size ?? 0) + headFactsMax);
    const grown = target > (this.#current?.size ?? 0);
    if (grown) this.#current = await this.#seal(target);
    const current = this.#current;
    if (current === undefined) return undefined;
    const open = this.#cosigners.filter((cosigner) => !current.cosignatures.has(cosigner));
    const causes = open.map(({ cause }) => cause);
    const answers = await Promise.all(open.map((cosigner) => cosigner.ask(current, nowMs)));
    let changed = grown;
    for (const [index, cosigner] of open.entries()) {
      const signature = answers[index];
      if (signature !== undefined) current.cosignatures.set(cosigner, signature);
      if (signature !== undefined || cosigner.cause !== causes[index]) changed = true;
    }
    return changed ? this.#publish(current) : undefined;
  }

  async #seal(target: number): Promise<Current> {
    await this.#grow(target);
    this.#tree.flush();
    const root = this.#tree.root();
    const text = printHead({ origin: this.#store.origin, size: target, root });
    const signers = this.#keys.signers(this.#current?.size ?? 0, target);
    const signatures = await Promise.all(signers.map(({ verifier, sign }) => signText(text, verifier, sign)));
    const note = printNote({ text, signatures });
    writeDurable(join(this.#folder, 'head.signed'), note);
    // The head that needs both keys is on disk: from here on there is one.
    this.#keys.settle(target);
    return {
      size: target,
      root,
      note,
      logKey: this.#keys.at(target),
      subtree: this.#tiles.subtree(target, sha256),
      cosignatures: new Map(),
    };
  }

  #publish({ size, root, note, cosignatures }: Current): Published {
    const { text, signatures } = parseNote(note);
    const head = printNote({ text, signatures: [...signatures, ...cosignatures.values()] });
    writeDurable(join(this.#folder, 'head'), head);
    this.#tiles.endRound();
    const missing = this.#cosigners.filter((cosigner) => !cosignatures.has(cosigner));
    return {
      size,
      root: toBase64(root),
      head,
      cosigned: [...cosignatures.keys()].map(({ key }) => key.name),
      missing: missing.map(({ key, cause }) => ({ witness: key.name, cause })),
    };
  }

  async #grow(target: number): Promise<void> {
    for (let bundles = 1; this.#tree.size < target; bundles++) {
      this.#tree.grow(target);
      if (bundles % bundlesMax === 0) await nextTurn();
    }
  }

  /** The larger of the two heads counts; of the same size, the one with cosignatures is the same head. */
  async #take(file: string): Promise<void> {
    const path = join(this.#folder, file);
    if (!existsSync(path)) return;
    const noteText = readFileSync(path, 'utf8');
    const witnesses = this.#cosigners.map(({ key }) => key);
    const { size, root, origin } = await this.#opened(noteText, witnesses).catch((cause: Error) => {
      throw new Unsound(`\`${path}\` is not a head of this log: ${cause.message}`);
    });
    if (origin !== this.#store.origin) throw new Unsound(`\`${path}\` is a head of \`${origin}\``);
    const other = this.#current;
    if (other !== undefined && other.size === size && !equal(other.root, root))
      throw new Unsound(`two heads over ${size} facts were signed`);
    if (other !== undefined && other.size > size) return;
    const { text, signatures } = parseNote(noteText);
    const by =
      ({ name, keyId }: Verifier) =>
      (each: NoteSignature) =>
        each.name === name && each.keyId === keyId;
    const ours = this.#keys.all();
    const own = signatures.filter((each) => ours.some((key) => by(key)(each)));
    const cosignatures = new Map<Cosigner, NoteSignature>();
    for (const cosigner of this.#cosigners) {
      const found = signatures.find(by(cosigner.key));
      if (found === undefined) continue;
      cosignatures.set(cosigner, found);
      cosigner.took(size, printNote({ text, signatures: [...own, found] }));
    }
    const note = printNote({ text, signatures: own });
    const subtree = this.#tiles.subtree(size, sha256);
    this.#current = { size, root, note, logKey: this.#keys.at(size), subtree, cosignatures };
  }

  /** By the key in force at its size: a head by one that had handed over already is none. */
  async #opened(noteText: string, witnesses: readonly Verifier[]) {
    const { size } = parseHead(parseNote(noteText).text);
    return openHead(noteText, { log: [this.#keys.at(size)], witnesses });
  }

  #loads({ size, root }: Current): boolean {
    try {
      this.#tree.load(size);
      return equal(this.#tree.root(), root);
    } catch {
      return false;
    }
  }

  /** Tiles that are gone or damaged are made again from the store, if it still gives the signed root. */
  async #rebuild({ size, root }: Current): Promise<void> {
    this.#tree.reset();
    await this.#grow(size);
    if (!equal(this.#tree.root(), root))
      throw new Unsound(`the first ${size} facts of the store do not give the root that was signed`);
    this.#tree.flush();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
