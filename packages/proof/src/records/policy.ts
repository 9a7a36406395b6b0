// Trust policies (C2SP tlog-policy): which logs, which witnesses, and which of them together are enough (the
// quorum). The operator writes one for its own heads, an auditor brings one: the same lines, the same rule.
// Octets with the high bit set mean nothing here, as the spec asks: names are compared, never interpreted.

import { BytesError, fromUtf8, toHex } from '../values/bytes.ts';
import { parseVerifier, signsOf, type Verifier } from './note.ts';

export interface PolicyLog {
  /** Its name is the log's origin. */
  readonly key: Verifier;
  readonly url?: string;
}

export interface PolicyWitness {
  /** Means something inside this policy only; the key has a name of its own. */
  readonly name: string;
  readonly key: Verifier;
  readonly url?: string;
}

interface Group {
  readonly name: string;
  /** So many of the members are enough. */
  readonly least: number;
  readonly members: readonly string[];
}

export interface Policy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** Each after the groups that it names. */
  readonly groups: readonly Group[];
  /** A witness, a group, or `none`: no cosignature is asked for. */
  readonly quorum: string;
}

export class PolicyError extends Error {
  /** From 1; the last line for what is missing in the whole. */
  readonly line: number;
  readonly help: string | undefined;
  constructor(line: number, message: string, help?: string) {
    super(message);
    this.name = 'PolicyError';
    this.line = line;
    this.help = help;
  }
}

/** The spec recommends at least 32 of each. */
const entriesMax = 64;
const octetsMax = 64 * 1024;
const none = 'none';

/** Reads a policy file. Throws PolicyError for anything that the spec does not describe. */
export function parsePolicy(octets: Uint8Array): Policy {
  if (octets.length > octetsMax) throw new PolicyError(1, `it has more than ${octetsMax} octets`);
  const reading = new Reading();
  for (const [at, line] of policyLines(octets).entries()) reading.take(at + 1, line);
  return reading.policy();
}

/** The lines without their newlines; one text stands for given octets, so names differ as their octets do. */
export function policyLines(octets: Uint8Array): readonly string[] {
  const lines = textOf(octets).split('\n');
  for (const [at, line] of lines.entries()) {
    if (line.endsWith('\r'))
      throw new PolicyError(at + 1, 'it ends in a carriage return', 'save the file with Unix line ends (LF)');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line))
      throw new PolicyError(at + 1, 'it has a control character');
  }
  if (lines[0]?.startsWith('\ufeff'))
    throw new PolicyError(1, 'it begins with a byte order mark', 'save the file as plain UTF-8');
  return lines;
}

function textOf(octets: Uint8Array): string {
  try {
    return fromUtf8(octets);
  } catch (error) {
    if (!(error instanceof BytesError)) throw error;
    return Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
  }
}

/** Space and tab alone divide: another kind of space is part of a name. */
const itemsOf = (line: string): readonly string[] => line.split(/[ \t]+/).filter((item) => item !== '');

class Reading {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: Group[] = [];
  /** Witnesses and groups share their names; a name is a member once, so that no witness counts twice. */
  readonly #names = new Set([none]);
  readonly #members = new Set<string>();
  readonly #keys = new Set<string>();
  #quorum: string | undefined;
  #line = 0;

  take(line: number, text: string): void {
    this.#line = line;
    const [word, ...rest] = itemsOf(text);
    if (word === undefined || word.startsWith('#')) return;
    if (word === 'log') this.#log(rest);
    else if (word === 'witness') this.#witness(rest);
    else if (word === 'group') this.#group(rest);
    else if (word === 'quorum') this.#setQuorum(rest);
    else throw this.#error(`\`${word}\` is none of \`log\`, \`witness\`, \`group\` and \`quorum\``);
  }

  policy(): Policy {
    if (this.#quorum === undefined)
      throw this.#error(
        'there is no `quorum` line',
        'name the witness or group that must have cosigned, or write `quorum none`',
      );
    return {
      ...{ logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups },
      quorum: this.#quorum,
    };
  }

  #log(items: readonly string[]): void {
    const [vkey, url, ...more] = items;
    if (vkey === undefined || more.length > 0) throw this.#error('a log is `log KEY [URL]`');
    const key = this.#key(vkey, 'text', 'a log');
    this.#put(this.#logs, { key, ...(url === undefined ? {} : { url }) });
  }

  #witness(items: readonly string[]): void {
    const [name, vkey, url, ...more] = items;
    if (name === undefined || vkey === undefined || more.length > 0)
      throw this.#error(
        'a witness is `witness NAME KEY [URL]`',
        'give it a name of your own choice: the `quorum` line refers to it',
      );
    this.#define(name);
    const key = this.#key(vkey, 'cosignature', 'a witness');
    this.#put(this.#witnesses, { name, key, ...(url === undefined ? {} : { url }) });
  }

  #group(items: readonly string[]): void {
    const [name, least, ...members] = items;
    if (name === undefined || least === undefined || members.length === 0)
      throw this.#error('a group is `group NAME all|any|NUMBER MEMBER...`');
    for (const member of members) {
      if (member === none || !this.#names.has(member))
        throw this.#error(`\`${member}\` is no witness or group above this line`);
      if (this.#members.has(member)) throw this.#error(`\`${member}\` is a member already`);
      this.#members.add(member);
    }
    this.#define(name);
    this.#put(this.#groups, { name, least: this.#least(least, members.length), members });
  }

  #least(text: string, count: number): number {
    if (text === 'any') return 1;
    if (text === 'all') return count;
    const least = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0;
    if (least >= 1 && least <= count) return least;
    throw this.#error(`\`${text}\` is neither \`all\` nor \`any\` nor a number from 1 to ${count}`);
  }

  #setQuorum(items: readonly string[]): void {
    const [name, ...more] = items;
    if (name === undefined || more.length > 0) throw this.#error('a quorum is `quorum NAME`');
    if (this.#quorum !== undefined) throw this.#error('there is a second `quorum` line');
    if (!this.#names.has(name)) throw this.#error(`\`${name}\` is no witness or group above this line`);
    this.#quorum = name;
  }

  #define(name: string): void {
    if (this.#names.has(name)) throw this.#error(`the name \`${name}\` is taken`);
    this.#names.add(name);
  }

  #key(text: string, signs: 'text' | 'cosignature', whose: string): Verifier {
    let key: Verifier;
    try {
      key = parseVerifier(text);
    } catch (error) {
      throw this.#error((error as Error).message);
    }
    if (signsOf(key) !== signs) throw this.#error(`this is no key of ${whose}`);
    // One key is one signer, whatever names it is given.
    const bytes = toHex(key.publicKey);
    if (this.#keys.has(bytes)) throw this.#error(`the public key of \`${key.name}\` stands here twice`);
    this.#keys.add(bytes);
    return key;
  }

  #put<T>(into: T[], entry: T): void {
    if (into.length >= entriesMax) throw this.#error(`there are more than ${entriesMax} of the kind`);
    into.push(entry);
  }

  #error(message: string, help?: string): PolicyError {
    return new PolicyError(this.#line, message, help);
  }
}

/** Whether those who cosigned are enough. `cosigned` says it of one public key. */
export function isQuorum(
  { witnesses, groups, quorum }: Policy,
  cosigned: (key: Verifier) => boolean,
): boolean {
  const has = new Map([[none, true]]);
  for (const { name, key } of witnesses) has.set(name, cosigned(key));
  for (const { name, least, members } of groups)
    has.set(name, members.filter((member) => has.get(member) === true).length >= least);
  return has.get(quorum) === true;
}

/**
 * Whether the witnesses with these verifier keys reach the quorum, whatever names their keys bear. A quorum of nobody
 * is reached by any witness of the policy, and by one at least.
 */
export function isReached(policy: Policy, cosigned: readonly string[]): boolean {
  const keys = new Set(cosigned.map((key) => toHex(parseVerifier(key).publicKey)));
  const has = ({ publicKey }: Verifier) => keys.has(toHex(publicKey));
  return policy.witnesses.some(({ key }) => has(key)) && isQuorum(policy, has);
}

/** The witnesses that the quorum rests on, in the order of the file: those outside it count for nothing. */
export function seatsOf({ witnesses, groups, quorum }: Policy): readonly PolicyWitness[] {
  const within = new Set([quorum]);
  for (const { name, members } of groups.toReversed())
    if (within.has(name)) for (const member of members) within.add(member);
  return witnesses.filter(({ name }) => within.has(name));
}
