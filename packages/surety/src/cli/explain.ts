// Errors from the rooms below, as something that the person who typed the command can put right. They are told
// apart by name and code, as they also arrive over the socket, and so that `--help` loads none of those rooms.

import { CommandError, exit } from './terminal.ts';

interface Coded extends Error {
  readonly code?: string;
  readonly path?: string;
  readonly address?: string;
  /** Of a process that was run and failed. */
  readonly stderr?: unknown;
}

const nothingYet = '`surety up` starts it here; `-C FOLDER` names another folder';
const approvals = '`surety approve` lists what waits';

/** What to do, by the codes of `LedgerError`, `ApprovalError`, `OutcomeError`, `HouseError`, `CertificateError` and the API. */
const help: Readonly<Record<string, string>> = {
  missing: nothingYet,
  held: 'let that process finish, or stop it, and try again',
  exists: 'name another place: nothing is written over',
  full: 'make space on the disk of the store, then try again',
  corrupt: 'change nothing in the store, and run `surety doctor`',
  'other-format':
    'a newer store needs the version that wrote it; `surety up` upgrades an older one, after keeping a copy beside it',
  'wrong-log': 'the store belongs to another `origin` or other keys: name the right folder with -C',
  'not-sealed': '`surety doctor` says what the sealer does',
  elsewhere: 'run `surety sealer`, and `surety rotate log-key`, as `ledger.sealer-user`; root may do both',
  'unknown-outcome': '`surety status` lists the outcomes',
  'no-hold': approvals,
  gone: approvals,
  'legal-hold': '`surety legal-hold` lists them; two people lift one',
  unsettled: '`surety settle` looks in the record for what became of it',
  'not-in-force': '`surety contain` lists what is contained, with the order that did it',
  'not-kept': '`--dry-run` says what is kept about a subject, such as `vendor/V-17` or `case/k-...`',
  'no-pair': 'name a certificate and its own key under `tls` in surety.yaml',
  'no-certificate': 'correct `tls` in surety.yaml; `surety doctor` looks at each of its files',
  'bad-signature': 'the key must stand under `keys` of this person in surety.yaml, and that file be in force',
};

/** Which of them say that the person is not who may do this. */
const unauthenticated = new Set(['bad-signature', 'not-yours', 'elsewhere', 'EACCES', 'EPERM']);

const named = new Set([
  'CertificateError',
  'LedgerError',
  'ApprovalError',
  'OutcomeError',
  'HouseError',
  'OrderError',
  'PasskeyError',
  'RecordError',
  'RemoteError',
]);

/** The system's own words for what happens to files and sockets, without the name of its function. */
const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it exists already',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of this path is no folder',
  ENOSPC: 'no space left on the disk',
  EROFS: 'the disk is read-only',
  EADDRINUSE: 'the address is in use: another program listens there',
  EADDRNOTAVAIL: 'no such address on this machine',
  ECONNRESET: 'the running Surety ended before it answered',
};

/** The same error if nothing better can be said. */
export function explain(error: unknown): Error {
  if (error instanceof CommandError || !(error instanceof Error)) return error as Error;
  const { code = '', message, name, path, address, stderr } = error as Coded;
  // Of a process that failed, its own last words, not the line it was started with.
  const lastWords = typeof stderr === 'string' ? stderr.trim().split('\n').at(-1) : undefined;
  if (lastWords !== undefined && lastWords !== '')
    return new CommandError(lastWords, '`surety doctor` says more');
  const exitCode = unauthenticated.has(code) ? exit.unauthenticated : exit.error;
  if (named.has(name)) {
    const said = code === 'missing' ? 'nothing has run here yet' : message;
    return new CommandError(said, help[code], exitCode);
  }
  const words = systemWords[code];
  if (words === undefined) return error;
  const where = path ?? address;
  return new CommandError(where === undefined ? words : `\`${where}\`: ${words}`, undefined, exitCode);
}
