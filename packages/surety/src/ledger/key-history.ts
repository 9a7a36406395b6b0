// The keys of a log, as its facts say: those of each of its names, and each rotation since. Found by the versions of
// their streams, so that a log without rotations is never searched for them; where they lie is noted in a file that
// can be thrown away, since what it says is checked against the log.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fact, isKind, parseFact } from '@surety/proof/facts';
import { eraOf, isTimely, type KeyHistory, type KeyRole, keyAt, keyRoles } from '@surety/proof/records';
import { writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';
import type { Entry, LogReader } from './log.ts';
import { firstOpeningOf } from './opening.ts';

/** What the keys of a log are found with. */
export type KeyReader = LogReader & { version(stream: string): number };

export const keyStream = (role: KeyRole): string => `key/${role}`;

/** Facts that change a key: its rotation, or that the log goes on under another name with other keys. */
type KeyFact = Fact<'key.rotated'> | Fact<'log.succeeded'>;

const pageFacts = 1_000;
const kinds = ['"key.rotated"', '"log.succeeded"'].map((kind) => Buffer.from(kind));
const noteName = 'rotations.json';

/** Follows one log; `history` costs a few looks at an index unless a key was changed since. */
export class KeysOfLog {
  readonly #reader: KeyReader;
  readonly #note: string | undefined;
  readonly #opening: KeyHistory['eras'][number];
  /** All that are known, also those that came too late to count. */
  #facts: readonly KeyFact[] = [];
  /** None lies before this that is not known. */
  #searched = 0;

  /** `folder` is where the note of positions may lie; without one, a log with rotations is searched each time. */
  constructor(reader: KeyReader, folder?: string) {
    this.#reader = reader;
    this.#note = folder && join(folder, noteName);
    this.#opening = eraOf(0, firstOpeningOf(reader));
  }

  history(): KeyHistory {
    // The size first: whatever lies below it is counted by then.
    const size = this.#reader.size();
    const recorded = this.#recorded();
    if (recorded > this.#facts.length) this.#take(noted(this.#reader, this.#note), recorded);
    if (recorded > this.#facts.length) this.#search(recorded);
    this.#searched = Math.max(this.#searched, size);
    const eras = this.#facts
      .filter((fact) => isKind(fact, 'log.succeeded'))
      .map(({ position, body }) => eraOf(position, body));
    const rotations = this.#facts
      .filter((fact) => isKind(fact, 'key.rotated'))
      .map(({ position, body }) => ({ ...body, position }));
    return { eras: [this.#opening, ...eras], rotations: rotations.filter(isTimely) };
  }

  /** The verifier key of this role for a head of this size. */
  at(role: KeyRole, size: number): string {
    return keyAt(this.history(), role, size);
  }

  /** The stream of the log itself begins with its opening. */
  #recorded(): number {
    const version = (stream: string) => this.#reader.version(stream);
    return keyRoles.reduce((sum, role) => sum + version(keyStream(role)), version('log') - 1);
  }

  /** What was noted is all only if it is as many as the log counts. */
  #take(found: readonly KeyFact[], recorded: number): void {
    if (found.length === recorded) this.#facts = found;
  }

  #search(recorded: number): void {
    const size = this.#reader.size();
    const found = [...this.#facts];
    for (let from = this.#searched; from < size; from += pageFacts)
      for (const entry of this.#reader.read(from, Math.min(pageFacts, size - from)))
        found.push(...keyFactIn(entry));
    if (found.length < recorded)
      throw new LedgerError(
        'corrupt',
        `the log counts ${recorded} changes of keys, and holds ${found.length}`,
      );
    this.#facts = found;
    this.#searched = size;
    if (this.#note !== undefined) note(this.#note, found);
  }
}

/** A note that cannot be written is written by whoever may. */
function note(file: string, found: readonly KeyFact[]): void {
  try {
    writeDurable(file, JSON.stringify(found.map(({ position }) => position)));
  } catch {
    // The folder belongs to another account: it is searched again next time.
  }
}

/** What lies at the noted positions, each once; nothing if the note says anything else. */
function noted(reader: KeyReader, file: string | undefined): readonly KeyFact[] {
  try {
    const positions = JSON.parse(readFileSync(file ?? '', 'utf8')) as number[];
    const rising = positions.every(
      (each, at) => Number.isSafeInteger(each) && each > (positions[at - 1] ?? 0),
    );
    return rising ? positions.flatMap((each) => reader.read(each, 1).flatMap(keyFactIn)) : [];
  } catch {
    return [];
  }
}

function keyFactIn({ bytes, position }: Entry): KeyFact[] {
  // Nearly all facts are others and are told by their bytes; one that only speaks of a key is parsed and seen.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!kinds.some((kind) => text.includes(kind))) return [];
  const fact = parseFact(bytes, position);
  return isKind(fact, 'key.rotated') || isKind(fact, 'log.succeeded') ? [fact] : [];
}
