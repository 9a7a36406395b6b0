// What a witness remembers: of each log, the last head that it cosigned, as the cosigned note itself. On disk before
// any answer says so. INVARIANT: a memory that is lost, damaged or another's never becomes an empty one.
//
// A restored copy is told by a mark: the file names its own inode and birth time, which no copy shares. What no file
// can tell of itself (a whole disk or virtual machine set back) shows when somebody holds a larger head that this
// witness cosigned: the submissions are searched for
// one, and the logs are asked at the start.

import { fstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  canonicalJson,
  emptyRoot,
  exactly,
  type Head,
  isBy,
  list,
  natural,
  openCosignature,
  optional,
  parseExtendedHead,
  parseJson,
  parseNote,
  record,
  text,
  toHex,
  utf8,
  type Verifier,
} from '@surety/proof/records';
import { writeDurable } from '../durable.ts';
import { sha256 } from '../hash.ts';
import { WitnessError } from './error.ts';

export interface Remembered {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The head as it was cosigned; none before the first. */
  readonly note?: string;
}

/** A head that this witness cosigned and does not remember. */
export interface Forgotten {
  readonly origin: string;
  readonly size: number;
}

const stored = record({
  v: exactly(1),
  /** The verifier key; empty until the key is made. */
  witness: text,
  /** Of the file that this was written into; empty where the file system gives no mark that lasts. */
  mark: text,
  heads: list(text),
  /** Once this is known it cosigns nothing any more. */
  forgotten: optional(record({ origin: text, size: natural })),
});
type Stored = ReturnType<typeof stored>;

export const memoryPath = (folder: string): string => join(folder, 'memory.json');

export class Memory {
  /** False where the file system gives no mark that lasts: then a restored copy is not told. */
  marked: boolean;
  readonly #path: string;
  readonly #witness: string;
  readonly #heads: Map<string, Remembered>;

  private constructor(
    path: string,
    witness: string,
    heads: ReadonlyMap<string, Remembered>,
    marked: boolean,
  ) {
    this.#path = path;
    this.#witness = witness;
    this.#heads = new Map(heads);
    this.marked = marked;
  }

  /** An empty memory, for a witness that has no key yet (`''`) or has just made it. */
  static create(folder: string, witness: string): Memory {
    const memory = new Memory(memoryPath(folder), witness, new Map(), true);
    memory.#write(new Map());
    return memory;
  }

  /** Written before there was a key to write it for. Throws WitnessError if it is damaged. */
  static isUnclaimed(folder: string): boolean {
    return read(memoryPath(folder)).witness === '';
  }

  /** Throws WitnessError for a memory that is not this witness's own, whole and last one. */
  static async open(folder: string, own: Verifier, witness: string, moved: boolean): Promise<Memory> {
    const path = memoryPath(folder);
    const { witness: whose, mark, heads, forgotten } = read(path);
    if (whose !== witness)
      throw new WitnessError(
        'another',
        `\`${path}\` is the memory of \`${whose.split('+')[0]}\`, or of another key`,
      );
    if (forgotten !== undefined) throw behind(forgotten);
    const isCopy = mark !== '' && mark !== markOf(statSync(path, { bigint: true }));
    if (isCopy && !moved)
      throw new WitnessError(
        'copied',
        `\`${path}\` is a copy: what was cosigned after it was made may be missing`,
        'only if you moved it yourself and nothing was cosigned since: add --moved, once; else retire the key',
      );
    const remembered = await Promise.all(heads.map((each) => rememberedIn(path, each, own)));
    if (new Set(remembered.map(([origin]) => origin)).size < heads.length)
      throw new WitnessError('damaged', `\`${path}\` remembers a log twice`);
    const memory = new Memory(path, witness, new Map(remembered), mark !== '');
    if (isCopy) memory.#write(memory.#heads);
    return memory;
  }

  /** The same object until something newer is remembered. */
  last(origin: string): Remembered {
    let last = this.#heads.get(origin);
    if (last === undefined) {
      last = nothing();
      this.#heads.set(origin, last);
    }
    return last;
  }

  get all(): ReadonlyMap<string, Remembered> {
    return new Map([...this.#heads].filter(([, { note }]) => note !== undefined));
  }

  /** Durable when it returns. `note` carries the cosignature of this witness. */
  remember({ origin, size, root }: Head, note: string): void {
    const heads = new Map(this.#heads).set(origin, { size, root, note });
    this.#write(heads);
    this.#heads.set(origin, { size, root, note });
  }

  /** This witness cosigned a head that it does not remember: durable when it returns, and for good. */
  confess(forgotten: Forgotten): WitnessError {
    this.#write(this.#heads, forgotten);
    return behind(forgotten);
  }

  #write(heads: ReadonlyMap<string, Remembered>, forgotten?: Forgotten): void {
    let mark = '';
    const notes = [...heads.values()].flatMap(({ note }) => note ?? []);
    const known = { heads: notes, ...(forgotten === undefined ? {} : { forgotten }) };
    writeDurable(this.#path, (file) => {
      mark = this.marked ? markOf(fstatSync(file, { bigint: true })) : '';
      return printed({ v: 1, witness: this.#witness, mark, ...known });
    });
    if (mark === '' || mark === markOf(statSync(this.#path, { bigint: true }))) return;
    // Here a mark does not last (no birth times): without one, rather than refused at the next start.
    this.marked = false;
    this.#write(heads, forgotten);
  }
}

const behind = ({ origin, size }: Forgotten): WitnessError =>
  new WitnessError(
    'behind',
    `it cosigned a head of \`${origin}\` over ${size} facts and does not remember it: its memory was set back`,
  );

const nothing = (): Remembered => ({ size: 0, root: emptyRoot(sha256) });

const markOf = ({ ino, birthtimeNs }: { readonly ino: bigint; readonly birthtimeNs: bigint }): string =>
  birthtimeNs === 0n ? '' : `${ino}-${birthtimeNs}`;

/** A sum in front, so that a damaged byte anywhere is found. */
function printed(memory: Stored): string {
  const json = canonicalJson(memory);
  return `${toHex(sha256(utf8(json)))}\n${json}\n`;
}

function read(path: string): Stored {
  try {
    const [, json = '', ...more] = readFileSync(path, 'utf8').split('\n');
    const memory = stored(parseJson(utf8(json)), '');
    if (more.length === 1 && printed(memory) === readFileSync(path, 'utf8')) return memory;
  } catch {
    // Said below, whatever is wrong with it.
  }
  throw new WitnessError('damaged', `\`${path}\` is damaged: what was cosigned is not known any more`);
}

/** Each head must carry this witness's own cosignature: nobody else can have written it there. */
async function rememberedIn(path: string, note: string, own: Verifier): Promise<[string, Remembered]> {
  const head = await ownHead(note, own).catch(() => undefined);
  if (head === undefined)
    throw new WitnessError('damaged', `\`${path}\` holds a head that this witness did not cosign`);
  return [head.origin, { size: head.size, root: head.root, note }];
}

/** The head in a note, if this witness cosigned it; undefined if it carries no cosignature by this key. */
export async function ownHead(note: string, own: Verifier): Promise<Head | undefined> {
  const { text: head, signatures } = parseNote(note);
  const signature = signatures.find((each) => isBy(each, own));
  if (signature === undefined) return undefined;
  await openCosignature(head, own, signature.signature);
  return parseExtendedHead(head);
}
