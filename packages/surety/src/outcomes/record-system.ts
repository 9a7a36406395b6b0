// The port to a system of record: read-only, extracts rows, knows nothing of rules.
// `connectors/` implements it; the verdict only ever sees the committed rows.

export interface Extract {
  readonly columns: readonly string[];
  /** Rows in the order read. Integers are numbers if safe, else decimal text; exact decimals are text. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What the record says of its own state, beside the rows, such as the version of its schema: no value of a row. */
  readonly state: string;
}

export interface RecordSystem {
  readonly id: string;
  /** Whom a row is about: the kind of subject, and the column that says which. */
  readonly subject?: { readonly kind: string; readonly column: string };
  /** Runs one reading query with the parameters it names among `:from` and `:to` (RFC 3339 UTC). Throws `RecordError`. */
  extract(query: string, parameters: { readonly from: string; readonly to: string }): Promise<Extract>;
  close(): Promise<void>;
}

/** `away` the record cannot be read now; `query` it refuses the query; `money` a money column is not exact; `too-large`. */
export class RecordError extends Error {
  readonly code: 'away' | 'query' | 'money' | 'too-large';
  constructor(code: RecordError['code'], message: string) {
    super(message);
    this.name = 'RecordError';
    this.code = code;
  }
}
