// Writes a proof front to back, holding one bundle of it at a time: the same parts give the same bytes.

import { encodeEntries, TILE_WIDTH } from '../records/tiles.ts';
import type { Subject } from '../report/statement.ts';
import { toHex, utf8 } from '../values/bytes.ts';
import type { Hashes } from './contents.ts';
import {
  bundleName,
  disclosuresStem,
  extractStem,
  headName,
  peopleNames,
  pieceName,
  statementName,
} from './layout.ts';
import { piecesOf } from './pieces.ts';
import { type Sink, ZipWriter } from './zip.ts';

/** In this order: `head`, every `fact`, `rows` by ascending positions, `people`, `end`. */
export class ProofWriter {
  /** What the statement must name, complete after `people`. */
  readonly subjects: Subject[] = [];
  readonly #zip: ZipWriter;
  readonly #hashes: Hashes;
  #entries: Uint8Array[] = [];
  #disclosures: string[] = [];
  #bundles = 0;

  constructor(sink: Sink, hashes: Hashes) {
    this.#hashes = hashes;
    this.#zip = new ZipWriter(sink, hashes.crc32);
  }

  async head(note: string): Promise<void> {
    await this.#add(headName, utf8(note));
  }

  /** The next fact, with the disclosures of its commitments in the order in which they stand in it. */
  async fact(bytes: Uint8Array, disclosures: readonly string[]): Promise<void> {
    this.#entries.push(bytes);
    this.#disclosures.push(...disclosures);
    if (this.#entries.length === TILE_WIDTH) await this.#bundle();
  }

  /** The rows of an extract, in the order read: of one that is withheld, its digest after `withheldMark`. */
  async rows(position: number, lines: Iterable<string>): Promise<void> {
    await this.#bundle();
    await this.#lines(extractStem(position), lines);
  }

  async people(texts: Readonly<Record<(typeof peopleNames)[number], string>>): Promise<void> {
    await this.#bundle();
    for (const name of peopleNames) await this.#add(name, utf8(texts[name]));
  }

  /** Gives the size of the whole in bytes. */
  async end(envelope: string): Promise<number> {
    await this.#zip.add(statementName, utf8(envelope));
    return this.#zip.end();
  }

  async #bundle(): Promise<void> {
    if (this.#entries.length === 0) return;
    await this.#zip.add(bundleName(this.#bundles, this.#entries.length), encodeEntries(this.#entries));
    await this.#lines(disclosuresStem(this.#bundles), this.#disclosures);
    this.#bundles += 1;
    this.#entries = [];
    this.#disclosures = [];
  }

  async #lines(stem: string, lines: Iterable<string>): Promise<void> {
    let piece = 0;
    for (const bytes of piecesOf(lines)) {
      await this.#add(pieceName(stem, piece), bytes);
      piece += 1;
    }
  }

  async #add(name: string, bytes: Uint8Array): Promise<void> {
    this.subjects.push({ name, sha256: toHex(this.#hashes.sha256(bytes)) });
    await this.#zip.add(name, bytes);
  }
}
