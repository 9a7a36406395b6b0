// Sealing: from durable facts to tiles, a signed head and its cosignatures. The tiles are on disk before
// the head that needs them is signed; a signed head is on disk (`head.signed`) before a witness sees it;
// `head` is the one that the log publishes. No head is ever signed that does not extend the last one.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  equal,
  type NoteSignature,
  openHead,
  parseNote,
  printNote,
  signHead,
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
  readonly #key: SigningKey;
  readonly #tiles: TileFolder;
  readonly #tree: GrowingTree;
  readonly #cosigners: readonly Cosigner[];
  #current: Current | undefined;
  /** Full bundles below this are still to be compared with the store, newest first. */
  #unchecked = 0;

  constructor(folder: string, store: LogReader, key: SigningKey, witnesses: readonly WitnessAddress[]) {
    this.#folder = folder;
    this.#store = store;
    this.#key = key;
    this.#tiles = new TileFolder(folder);
    this.#tree = new GrowingTree(store, this.#tiles);
    this.#cosigners = witnesses.map(({ key: own, url }) => new Cosigner(own, url, key.verifier));
  }

  /** Takes up where the last sealer stopped. Throws `Unsound` if the store does not extend what was signed. */
  async restore(): Promise<void> {
    for (const file of ['head.signed', 'head']) await this.#take(file);
    const current = this.#current;
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
    const { verifier, sign } = this.#key;
    const note = await signHead({ origin: this.#store.origin, size: target, root }, verifier.publicKey, sign);
    writeDurable(join(this.#folder, 'head.signed'), note);
    return {
      size: target,
      root,
      note,
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
    const { size, root, origin } = await openHead(noteText, { log: [this.#key.verifier], witnesses }).catch(
      (cause: Error) => {
        throw new Unsound(`\`${path}\` is not a head of this log: ${cause.message}`);
      },
    );
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
    const own = signatures.filter(by(this.#key.verifier));
    const cosignatures = new Map<Cosigner, NoteSignature>();
    for (const cosigner of this.#cosigners) {
      const found = signatures.find(by(cosigner.key));
      if (found === undefined) continue;
      cosignatures.set(cosigner, found);
      cosigner.took(size, printNote({ text, signatures: [...own, found] }));
    }
    const note = printNote({ text, signatures: own });
    this.#current = { size, root, note, subtree: this.#tiles.subtree(size, sha256), cosignatures };
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
