// Salted commitments, built as SD-JWT disclosures are (RFC 9901 section 4.2): a digest of the text
// base64url([salt, pointer, value]) stands in the fact, the text lies beside the log and can be erased or
// withheld without touching the tree. Each leaf of a value has its own, so each can be shown alone.
// The salt (128 bits) keeps short values from being guessed; every digest is of one canonical text.

import { type Sha256, textFromBase64url, textToBase64url, toBase64url, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical.ts';
import { parseJson, pointerToken, pointerTokens, setMember } from './json.ts';

/** 16 unpredictable bytes, new at each call. */
export type Salt = () => Uint8Array;

export type CommitmentErrorCode = 'too-large' | 'bad-salt' | 'malformed' | 'conflict';

export class CommitmentError extends Error {
  readonly code: CommitmentErrorCode;
  constructor(code: CommitmentErrorCode, message: string) {
    super(message);
    this.name = 'CommitmentError';
    this.code = code;
  }
}

const LEAVES_MAX = 256;
const SPLIT_BYTES_MAX = 16 * 1024;
const VALUE_BYTES_MAX = 1024 * 1024;
/** Base64url of the largest value, escaped nowhere further, with salt and pointer. */
const DISCLOSURE_CHARS_MAX = Math.ceil(((VALUE_BYTES_MAX + SPLIT_BYTES_MAX) * 4) / 3);
const SALT_BYTES = 16;
/** The one base64url text of 16 bytes: the last digit carries two bits. */
const SALT = /^[A-Za-z0-9_-]{21}[AQgw]$/;
/** What most disclosures are, in its canonical form: a name and a text, with nothing to escape in either. */
const PLAIN = /^\["[A-Za-z0-9_-]{21}[AQgw]","([ !#-[\]-\ud7ff]*)","([ !#-[\]-\ud7ff]*)"\]$/;
const DEPTH_MAX = 256;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** A digest and the text behind it. */
export interface Commitment {
  readonly digest: string;
  readonly disclosure: string;
}

/**
 * Commits to a JSON value leaf by leaf; `digests[i]` is of `disclosures[i]`. Sorted by digest, so that the
 * order tells nothing about what is withheld (RFC 9901 section 4.2.4.1).
 */
export function commit(
  value: unknown,
  salt: Salt,
  sha256: Sha256,
): { digests: string[]; disclosures: string[] } {
  const text = canonicalJson(value);
  // A UTF-16 code unit is at most three bytes.
  const sizeBytes = 3 * text.length <= SPLIT_BYTES_MAX ? text.length : utf8(text).length;
  if (sizeBytes > VALUE_BYTES_MAX) throw new CommitmentError('too-large', `value has ${sizeBytes} bytes`);
  const leaves: [pointer: string, leaf: unknown][] = [];
  if (sizeBytes > SPLIT_BYTES_MAX || !gather(value, '', leaves)) leaves.splice(0, leaves.length, ['', value]);
  const made = leaves.map(([pointer, leaf]) => commitScalar(leaf, pointer, salt, sha256));
  made.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { digests: made.map((each) => each.digest), disclosures: made.map((each) => each.disclosure) };
}

/** Commits to one named value, such as a column of a row; the name takes the pointer's place. */
export function commitScalar(value: unknown, name: string, salt: Salt, sha256: Sha256): Commitment {
  const bytes = salt();
  if (bytes.length !== SALT_BYTES) throw new CommitmentError('bad-salt', `salt has ${bytes.length} bytes`);
  return commitWith(bytes, name, value, sha256);
}

/**
 * The same digest for the same name and value within one log: for keys that must match. Only as secret as
 * the log's salt: whoever holds that can test guesses.
 */
export function keyed(logSalt: Uint8Array, name: string, value: unknown, sha256: Sha256): string {
  return commitWith(logSalt, name, value, sha256).digest;
}

function commitWith(salt: Uint8Array, name: string, value: unknown, sha256: Sha256): Commitment {
  const disclosure = textToBase64url(canonicalJson([toBase64url(salt), name, value]));
  return { digest: digestOf(disclosure, sha256), disclosure };
}

export function digestOf(disclosure: string, sha256: Sha256): string {
  if (sha256.ofText !== undefined && disclosure.isWellFormed()) return sha256.ofText(disclosure);
  return toBase64url(sha256(utf8(disclosure)));
}

/** The disclosures by their digests: what `openCommitments` looks into. */
export const byDigest = (disclosures: Iterable<string>, sha256: Sha256): Map<string, string> =>
  new Map(Array.from(disclosures, (each) => [digestOf(each, sha256), each]));

/** What a disclosure says. */
export interface Disclosed {
  readonly pointer: string;
  readonly value: unknown;
}

/** Strictly what `commit` writes: three members, a salt of 16 bytes, canonical at both levels. */
export function parseDisclosure(disclosure: string): Disclosed {
  if (disclosure.length > DISCLOSURE_CHARS_MAX) throw malformed('too long');
  const text = textFromBase64url(disclosure);
  const plain = PLAIN.exec(text);
  if (plain !== null) return { pointer: plain[1] as string, value: plain[2] };
  const canonical = canonicalIn(text);
  const parts = canonical ?? parseJson(text, { depthMax: DEPTH_MAX });
  if (!Array.isArray(parts) || parts.length !== 3) throw malformed('not three members');
  const [salt, pointer, value] = parts as unknown[];
  if (typeof salt !== 'string' || !SALT.test(salt)) throw malformed('badly salted');
  if (typeof pointer !== 'string') throw malformed('name is not text');
  if (canonical === undefined) throw malformed('not canonical');
  return { pointer, value };
}

/** What prints as the very text it was read from can be read in one way only, by whichever parser. */
function canonicalIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Place {
  leaf?: unknown;
  readonly below: Map<string, Place>;
}

/**
 * Rebuilds a value from the disclosures that `find` still has, parsed or not; it must find by digest (`byDigest`).
 * Withheld members are absent, withheld items `undefined`; with everything withheld, the value is too.
 * The author of the disclosures may be hostile: what contradicts itself is refused.
 */
export function openCommitments(
  digests: readonly string[],
  find: (digest: string) => string | Disclosed | undefined,
): { value: unknown; withheld: number } {
  if (digests.length > LEAVES_MAX) throw new CommitmentError('too-large', `${digests.length} digests`);
  const root: Place = { below: new Map() };
  const opened: Disclosed[] = [];
  for (const digest of digests) {
    const found = find(digest);
    if (found !== undefined) opened.push(typeof found === 'string' ? parseDisclosure(found) : found);
  }
  // Sorted, a place comes before any place below it, and the names in it have one order.
  opened.sort((a, b) => (a.pointer < b.pointer ? -1 : 1));
  for (const { pointer, value } of opened) place(root, pointer, value);
  const withheld = digests.length - opened.length;
  return { value: opened.length === 0 ? undefined : rebuild(root, withheld), withheld };
}

/** Adds the leaves of a value; false when they are too many. */
function gather(value: unknown, pointer: string, leaves: [string, unknown][]): boolean {
  if (isLeaf(value)) return leaves.push([pointer, value]) <= LEAVES_MAX;
  return Object.entries(value as object).every(([name, member]) =>
    gather(member, `${pointer}/${pointerToken(name)}`, leaves),
  );
}

/**
 * An object with a name that could be an index stays whole: its pointers would read as those of a list,
 * and the names of the arguments are the caller's to choose.
 */
function isLeaf(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const names = Object.keys(value);
  return names.length === 0 || (!Array.isArray(value) && names.some((name) => INDEX.test(name)));
}

function place(root: Place, pointer: string, value: unknown): void {
  if (pointer !== '' && !isLeaf(value)) throw malformed('value is no leaf');
  const tokens = pointerTokens(pointer);
  if (tokens.length > DEPTH_MAX) throw malformed('pointer is too deep');
  let at = root;
  for (const token of tokens) {
    if ('leaf' in at) throw conflict(pointer);
    const next = at.below.get(token) ?? { below: new Map() };
    at.below.set(token, next);
    at = next;
  }
  if ('leaf' in at) throw conflict(pointer);
  at.leaf = value;
}

function rebuild(at: Place, withheld: number): unknown {
  if ('leaf' in at) return at.leaf;
  const names = [...at.below.keys()];
  if (names.every((name) => INDEX.test(name))) return rebuildList(at.below, withheld);
  if (names.some((name) => INDEX.test(name))) throw new CommitmentError('conflict', 'list or object');
  const object: Record<string, unknown> = {};
  for (const [name, below] of at.below) setMember(object, name, rebuild(below, withheld));
  return object;
}

function rebuildList(items: ReadonlyMap<string, Place>, withheld: number): unknown[] {
  const length = 1 + Math.max(...Array.from(items.keys(), Number));
  // Each missing item is at least one withheld digest: this also bounds what an index can allocate.
  if (length - items.size > withheld) throw new CommitmentError('conflict', 'list has gaps');
  return Array.from({ length }, (_, index) => {
    const item = items.get(String(index));
    return item === undefined ? undefined : rebuild(item, withheld);
  });
}

const malformed = (why: string): CommitmentError => new CommitmentError('malformed', `disclosure is ${why}`);
const conflict = (pointer: string): CommitmentError =>
  new CommitmentError('conflict', `disclosures disagree on \`${pointer}\``);
