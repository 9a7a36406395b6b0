// From format 1 to 2: the disclosures, which lay in the clear, are encrypted by whom they are about. Labels named
// no subjects then: calls are about their cases, rows about their extract and day, names about people.

import type { DatabaseSync } from 'node:sqlite';
import { subjectName, totalsSubject } from '../subject.ts';
import { DisclosureWriter, disclosureTables } from './disclosures.ts';
import type { Named } from './packet.ts';
import type { Upgrade } from './upgrades.ts';

export const encrypting: Upgrade = {
  from: 1,
  run: (database, folder) => {
    database.exec(`ALTER TABLE disclosures RENAME TO plain; ${disclosureTables}`);
    const writer = new DisclosureWriter(database, folder);
    try {
      const cases = casesOf(database);
      const salt = saltOf(database);
      const rows = database.prepare(
        'SELECT position, texts, bytes FROM plain JOIN facts USING (position) ORDER BY position',
      );
      for (const row of rows.iterate() as Iterable<{ position: number; texts: string; bytes: Uint8Array }>) {
        const about = subjectsOf(factIn(row.bytes), row.texts.split('\n'), cases);
        const named: Named =
          typeof about === 'string' ? subjectName(salt, about) : about.map((each) => subjectName(salt, each));
        writer.begin(row.position);
        writer.add(row.position, named, Buffer.from(row.texts));
        writer.write();
      }
    } finally {
      writer.close();
    }
    database.exec('DROP TABLE plain');
  },
};

interface Written {
  readonly kind: string;
  readonly stream: string;
  readonly case?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const factIn = (bytes: Uint8Array): Written => JSON.parse(Buffer.from(bytes).toString()) as Written;

/** Of facts that lie outside of their case's stream, the case: by the stream of a hold, and by call. */
function casesOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const cases = new Map<string, string>();
  for (const row of database.prepare('SELECT bytes FROM facts').iterate()) {
    const fact = factIn(row['bytes'] as Uint8Array);
    if (fact.case === undefined) continue;
    if (fact.kind === 'call.held') cases.set(fact.stream, fact.case);
    if (typeof fact.body['call'] === 'string') cases.set(`call ${fact.body['call']}`, fact.case);
  }
  return cases;
}

function saltOf(database: DatabaseSync): Uint8Array {
  const { texts } = database.prepare('SELECT texts FROM plain WHERE position = 0').get() as { texts: string };
  const [, , value] = JSON.parse(Buffer.from(texts, 'base64url').toString()) as [string, string, string];
  return Buffer.from(value, 'base64url');
}

function subjectsOf(
  { kind, stream, case: of, body }: Written,
  texts: readonly string[],
  cases: ReadonlyMap<string, string>,
): string | readonly string[] {
  if (kind === 'person.enrolled') return stream;
  if (kind === 'record.extracted') {
    const day = new Date(Number(body['from'])).toISOString().slice(0, 10);
    const rows = `extract/${String(body['outcome'])}/${day}`;
    return texts.map((text) => (isRow(text) ? rows : totalsSubject()));
  }
  const found = of ?? cases.get(stream) ?? cases.get(`call ${String(body['call'])}`);
  return found === undefined ? 'log/own' : `case/${found}`;
}

const isRow = (text: string): boolean =>
  (JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[])[1] === 'row';
