// For tests: a proof as a list of files in memory, to be changed and put together again.

import { commitmentsIn, parseFact } from '../facts.ts';
import { byDigest, concat, type Sha256 } from '../records/index.ts';
import { bytesSource, ProofWriter, type ZipFile, ZipReader, ZipWriter } from './index.ts';

/** Every file of a zip, in order. */
export async function filesIn(zip: Uint8Array): Promise<ZipFile[]> {
  const reader = await ZipReader.open(bytesSource(zip));
  const files: ZipFile[] = [];
  for (const entry of reader.entries) files.push({ name: entry.name, bytes: await reader.file(entry) });
  return files;
}

export async function zipOf(files: readonly ZipFile[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = new ZipWriter((bytes) => void parts.push(bytes));
  for (const { name, bytes } of files) await writer.add(name, bytes);
  await writer.end();
  return concat(...parts);
}

export interface ProofParts {
  readonly head: string;
  readonly entries: readonly Uint8Array[];
  /** In any order; what belongs to no fact comes behind the last one. */
  readonly disclosures: readonly string[];
  readonly extracts: ReadonlyMap<number, readonly string[]>;
  readonly population: string;
  readonly report: string;
  readonly verifier: string;
}

/** The writer, with what its statement names, once everything but the statement is written. */
export async function written(parts: ProofParts, sha256: Sha256) {
  const made: Uint8Array[] = [];
  const writer = new ProofWriter((bytes) => void made.push(bytes), { sha256 });
  await writer.head(parts.head);
  const known = byDigest(parts.disclosures, sha256);
  const stray = new Set(parts.disclosures);
  const shown = parts.entries.map((bytes, position) =>
    commitmentsOf(bytes, position).flatMap((digest) => {
      const disclosure = known.get(digest);
      if (disclosure !== undefined) stray.delete(disclosure);
      return disclosure === undefined ? [] : [disclosure];
    }),
  );
  shown.at(-1)?.push(...stray);
  for (const [position, bytes] of parts.entries.entries()) await writer.fact(bytes, shown[position] ?? []);
  for (const [position, rows] of [...parts.extracts].sort(([a], [b]) => a - b))
    await writer.rows(position, rows);
  await writer.people({
    'population.csv': parts.population,
    'report.html': parts.report,
    'verify.html': parts.verifier,
  });
  return {
    subjects: writer.subjects,
    end: async (envelope: string): Promise<Uint8Array> => {
      await writer.end(envelope);
      return concat(...made);
    },
  };
}

/** Of an entry that is no fact: none. */
function commitmentsOf(bytes: Uint8Array, position: number): readonly string[] {
  try {
    return commitmentsIn(parseFact(bytes, position));
  } catch {
    return [];
  }
}
