// The reader's side of the disclosures: opens parcels with the data keys that are left. What was erased is not
// there, whoever asks; that is no error.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LedgerError } from '../errors.ts';
import type { Kept } from '../log.ts';
import { decrypt, firstPosition, linesOf, type Parcelled, parcelsMax, unparcel } from './parcel.ts';
import { KeyRing } from './ring.ts';

/** Id, slot (null: erased), content, the subject's name (null: erased). */
type Row = readonly [id: number, slot: number | null, content: Uint8Array, name: string | null];

/** The transaction that holds `from` begins at or before it: what of it lies before is left out later. */
const between = `
  SELECT d.id, d.slot, d.content, s.name FROM disclosures d LEFT JOIN subjects s ON s.slot = d.slot
  WHERE d.id >= (SELECT coalesce(max(id), 0) / ${parcelsMax} * ${parcelsMax} FROM disclosures WHERE id < ?)
    AND d.id < ? ORDER BY d.id`;

export class DisclosureReader {
  readonly #folder: string;
  readonly #between: StatementSync;
  readonly #of: StatementSync;
  #ring: KeyRing | undefined;

  constructor(database: DatabaseSync, folder: string) {
    this.#folder = folder;
    this.#between = database.prepare(between);
    this.#of = database.prepare(
      `SELECT d.id, d.slot, d.content, s.name FROM subjects s JOIN disclosures d ON d.slot = s.slot
       WHERE s.name = ? AND s.erased IS NULL ORDER BY d.id`,
    );
    for (const statement of [this.#between, this.#of]) statement.setReturnArrays(true);
  }

  /** What is still disclosed of the facts in `[from, to)`, in order. */
  between(from: number, to: number): (readonly [number, string])[] {
    const found: { position: number; texts: string[]; nths: readonly number[] }[] = [];
    for (const row of this.#rows(from, to))
      if (row[1] !== null)
        for (const { position, lines, nths = [] } of this.#open(row))
          if (position >= from && position < to) found.push({ position, texts: linesOf(lines), nths });
    return inOrder(found);
  }

  kept(position: number): readonly Kept[] {
    const found: { readonly nth: number; readonly kept: Kept }[] = [];
    for (const row of this.#rows(position, position + 1))
      for (const { lines, nths, position: at } of this.#open(row))
        if (at === position)
          for (const [index, text] of linesOf(lines).entries())
            found.push({
              nth: nths?.[index] ?? index,
              kept: row[1] === null ? { digest: text } : { disclosure: text, subject: row[3] ?? '' },
            });
    return found.sort((a, b) => a.nth - b.nth).map(({ kept }) => kept);
  }

  about(name: string): (readonly [number, string])[] {
    return (this.#of.all(name) as unknown as Row[]).flatMap((row) =>
      this.#open(row).flatMap(({ position, lines }) =>
        linesOf(lines).map((text) => [position, text] as const),
      ),
    );
  }

  subjectsOf(position: number): readonly string[] {
    const names = new Set<string>();
    for (const row of this.#rows(position, position + 1))
      if (row[3] !== null && this.#open(row).some((each) => each.position === position)) names.add(row[3]);
    return [...names];
  }

  /** Keys and what they opened are not held on to. */
  forget(): void {
    this.#ring?.forget();
  }

  close(): void {
    this.#ring?.close();
  }

  #rows(from: number, to: number): readonly Row[] {
    return this.#between.all((from + 1) * parcelsMax, to * parcelsMax) as unknown as Row[];
  }

  #open([id, slot, content, subject]: Row): readonly Parcelled[] {
    const from = firstPosition(id);
    if (slot === null) return unparcel(from, content);
    if (subject === null)
      throw new LedgerError('corrupt', `disclosures of fact ${from} are about nobody known`);
    this.#ring ??= new KeyRing(this.#folder);
    const key = this.#ring.key(slot);
    // Erased between the reading of the row and that of the key, or since the backup that this row is from.
    if (key === undefined) return [];
    return unparcel(from, decrypt(key, { id, subject }, content));
  }
}

/** Stable: within a fact in the order stored, or by their numbers where they have some. */
function inOrder(
  found: readonly { position: number; texts: readonly string[]; nths: readonly number[] }[],
): (readonly [number, string])[] {
  const single: { position: number; nth: number; text: string }[] = [];
  for (const { position, texts, nths } of found)
    for (const [index, text] of texts.entries()) single.push({ position, nth: nths[index] ?? index, text });
  single.sort((a, b) => a.position - b.position || a.nth - b.nth);
  return single.map(({ position, text }) => [position, text]);
}
