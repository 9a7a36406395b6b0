// Why the ledger could not record, read or seal. The codes are a closed list: callers branch on them.
// Wording: lower case, no full stop, the cause after a colon.

export type LedgerErrorCode =
  /** The queue or the disk is full. Nothing of the append was written; try again when there is space. */
  | 'full'
  /** A fact is above 65,535 bytes, or an append above its bounds. */
  | 'too-large'
  /** A fact that would not parse as a fact: recording it would spoil the log for every verifier. */
  | 'invalid'
  /** The log was closed, or its writer died. */
  | 'closed'
  /** Another process writes this store. */
  | 'held'
  /** There is no store in this folder. */
  | 'missing'
  /** The store is another log, or was opened with another key. */
  | 'wrong-log'
  /** The store is damaged, or no store. */
  | 'corrupt'
  /** The store is of a newer format, or of an older one that `surety up` has not upgraded yet. */
  | 'other-format'
  /** Something is there already, and is not written over. */
  | 'exists'
  /** There is no such backup. */
  | 'no-backup'
  /** A private key is needed that is not here. */
  | 'no-keys'
  /** A successor cannot have the name of its predecessor. */
  | 'same-name'
  /** The log went on after this backup, or nobody can say that it did not: it must not go on under its name. */
  | 'superseded'
  /** No signed head covers the facts in time. */
  | 'not-sealed'
  /** The log key belongs to another account, which alone can do this. */
  | 'elsewhere';

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** What SQLite or the file system says, as a code of ours (https://sqlite.org/rescode.html; the low byte is the class). */
export function storeError(cause: unknown, doing: string): LedgerError {
  if (cause instanceof LedgerError) return cause;
  const { errcode, code } = (cause ?? {}) as { errcode?: unknown; code?: unknown };
  const found = typeof errcode === 'number' ? classes[errcode & 0xff] : fileErrors[String(code)];
  const message = cause instanceof Error ? cause.message : String(cause);
  return new LedgerError(found ?? 'corrupt', `${doing}: ${message}`);
}

const classes: Readonly<Record<number, LedgerErrorCode>> = {
  5: 'held', // BUSY
  6: 'held', // LOCKED
  10: 'full', // IOERR: the system refused a write or a sync
  13: 'full', // FULL
  14: 'missing', // CANTOPEN
};

const fileErrors: Readonly<Record<string, LedgerErrorCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EIO: 'full',
};
