// Worker: opens one SQLite database read-only for one query, then lets it go, so that the record is never
// locked and never changed. A query that runs too long is ended by ending this worker.

import { constants, DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

interface Job {
  readonly path: string;
  readonly query: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly rowsMax: number;
  readonly moneyColumn: string | undefined;
}

/** What a query may do: read tables and call functions. `ATTACH`, pragmas and writing are refused. */
const reading = new Set<number>([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

function extract({ path, query, parameters, rowsMax, moneyColumn }: Job) {
  const database = new DatabaseSync(path, { readOnly: true, allowExtension: false, timeout: 5_000 });
  try {
    const { schema_version: version } = database.prepare('PRAGMA schema_version').get() as {
      schema_version: number;
    };
    database.setAuthorizer((action) => (reading.has(action) ? constants.SQLITE_OK : constants.SQLITE_DENY));
    const statement = database.prepare(query);
    statement.setReadBigInts(true);
    statement.setAllowUnknownNamedParameters(true);
    const rows: Record<string, unknown>[] = [];
    for (const row of statement.iterate(parameters)) {
      if (rows.length >= rowsMax)
        throw Object.assign(new Error(`more than ${rowsMax} rows`), { code: 'too-large' });
      rows.push(typed(row as Record<string, unknown>, moneyColumn));
    }
    return { columns: statement.columns().map(({ name }) => name), rows, state: `schema ${version}` };
  } finally {
    database.close();
  }
}

/** Integers beyond what a double holds become text; bytes are refused; floating money is refused. */
function typed(row: Record<string, unknown>, moneyColumn: string | undefined): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'bigint')
      plain[column] = Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    else if (value instanceof Uint8Array)
      throw Object.assign(new Error(`column \`${column}\` holds bytes`), { code: 'query' });
    else if (typeof value === 'number' && column === moneyColumn)
      throw Object.assign(new Error(`column \`${column}\` holds floating point money`), { code: 'money' });
    else plain[column] = value;
  }
  return { ...plain };
}

try {
  parentPort?.postMessage({ ok: true, extract: extract(workerData as Job) });
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  parentPort?.postMessage({ ok: false, code, message });
}
