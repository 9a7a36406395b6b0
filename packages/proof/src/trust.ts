// What an auditor brings: a trust file (a C2SP tlog-policy, and in it the key of the statements), and what it
// makes of a proof. It decides whose a proof is and who must have seen its head; nothing inside a proof does.

import type { Cosigned } from './records/heads.ts';
import { NoteError, parseVerifier, printVerifier, signsOf } from './records/note.ts';
import { isReached, type Policy, PolicyError, parsePolicy, policyLines, seatsOf } from './records/policy.ts';
import { toHex } from './values/bytes.ts';
import type { Judgement } from './verdict/index.ts';

/** Keys that the auditor pins (C2SP signed-note verifier keys), and the witnesses that must have cosigned. */
export interface Trust {
  readonly log: readonly string[];
  readonly statement: readonly string[];
  readonly policy: Policy;
  /** Keys that count for nothing, whatever a log says: somebody else may have them. */
  readonly revoked: readonly string[];
  /** `refused`: only the keys pinned here count, and none that they hand over to. */
  readonly rotation: 'accepted' | 'refused';
}

/** The message names the line; `help` what to do about it. */
export class TrustError extends Error {
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.name = 'TrustError';
    this.help = help;
  }
}

/** To every other reader of the policy a comment; one more `#` before it makes it a comment here too. */
const ours = '#!surety';

interface OwnLines {
  readonly statement: string[];
  readonly revoked: string[];
  rotation: Trust['rotation'];
}

/**
 * A tlog-policy with at least one `log`, and in it lines `#!surety statement KEY`: at least one; also
 * `#!surety revoked KEY` and `#!surety no-rotation`. Throws TrustError for anything else, and for a key that is
 * pinned and revoked: a typing error must not quietly mean "trust whatever the proof says about itself".
 */
export function parseTrust(octets: Uint8Array): Trust {
  const own: OwnLines = { statement: [], revoked: [], rotation: 'accepted' };
  const { statement, revoked } = own;
  let policy: Policy;
  try {
    for (const [at, line] of policyLines(octets).entries()) readLine(own, at + 1, line);
    policy = parsePolicy(octets);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new TrustError(`line ${error.line} of the trust file: ${error.message}`, error.help);
  }
  const log = policy.logs.map(({ key }) => printVerifier(key));
  if (log.length === 0)
    throw new TrustError('the trust file pins no `log` key', 'ask who runs the log for it, not the proof');
  if (statement.length === 0)
    throw new TrustError(
      'the trust file pins no `statement` key',
      `ask who runs the log for it, not the proof, and add the line \`${ours} statement KEY\``,
    );
  const pinned = [...log, ...statement, ...policy.witnesses.map(({ key }) => printVerifier(key))];
  for (const key of pinned)
    if (revoked.includes(key)) throw new TrustError(`the trust file pins and revokes \`${key}\``);
  return { log, statement, policy, revoked, rotation: own.rotation };
}

function readLine(own: OwnLines, line: number, text: string): void {
  const [word, use, key, ...more] = text.split(/[ \t]+/).filter((item) => item !== '');
  // As files were written before they were policies.
  if (word === 'statement')
    throw new PolicyError(line, '`statement` is no word of a policy', `write \`${ours} statement KEY\``);
  if (word !== ours) return;
  if (use === 'no-rotation' && key === undefined) own.rotation = 'refused';
  else if ((use !== 'statement' && use !== 'revoked') || key === undefined || more.length > 0)
    throw new PolicyError(
      line,
      `it is not \`${ours} statement KEY\`, \`${ours} revoked KEY\` or \`${ours} no-rotation\``,
    );
  else if (use === 'revoked') {
    signedBy(line, key);
    own.revoked.push(key);
  } else {
    if (signedBy(line, key) !== 'text') throw new PolicyError(line, 'this is no key of a statement');
    own.statement.push(key);
  }
}

/** What this key signs. Throws if it is none that this verifier knows. */
function signedBy(line: number, key: string): 'text' | 'cosignature' {
  try {
    return signsOf(parseVerifier(key));
  } catch (error) {
    if (error instanceof NoteError) throw new PolicyError(line, error.message);
    throw error;
  }
}

/** Why the auditor's own eyes lower what the facts give; in the words of a verdict's reasons. */
export interface Limit {
  readonly code: 'trust-not-pinned' | 'witness-missing';
  readonly text: string;
  readonly remedy: string;
}

export interface Weighed {
  readonly verdict: Judgement['verdict'];
  readonly rung: Judgement['rung'];
  /** Log and statement were signed by keys that the auditor brought. */
  readonly pinned: boolean;
  readonly witnessed: readonly (Cosigned & { readonly pinned: boolean })[];
  /** The auditor's own, where a policy was brought; `missing` are witnesses of it that have not cosigned. */
  readonly quorum?: { readonly name: string; readonly reached: boolean; readonly missing: readonly string[] };
  readonly limits: readonly Limit[];
}

/** Keys found inside a proof show that it agrees with itself, not whose it is: `proven` and C2 need the auditor's. */
export function weigh(
  trust: Trust | undefined,
  { verdict, rung }: Pick<Judgement, 'verdict' | 'rung'>,
  cosigned: readonly Cosigned[],
): Weighed {
  const policy = trust?.policy;
  const known = new Set(policy?.witnesses.map(({ key }) => toHex(key.publicKey)));
  const witnessed = cosigned.map((each) => ({ ...each, pinned: known.has(bytesOf(each.key)) }));
  const limits: Limit[] = [];
  const quorum =
    policy &&
    quorumOf(
      policy,
      cosigned.map(({ key }) => key),
    );
  if (trust === undefined || trust.log.length === 0 || trust.statement.length === 0)
    limits.push({
      code: 'trust-not-pinned',
      text: 'the keys were taken from the proof itself',
      remedy: 'bring the keys of log and statement, and the witnesses that you trust, in a trust file',
    });
  else if (quorum?.reached !== true)
    limits.push({
      code: 'witness-missing',
      text: `the quorum \`${quorum?.name}\` of your trust file is not reached: ${quorum?.missing.join(', ') || 'nobody that you pinned'} has not cosigned`,
      remedy: 'ask for a proof whose head the missing witnesses cosigned',
    });
  return {
    verdict: limits.length > 0 && verdict === 'proven' ? 'unproven' : verdict,
    rung: limits.length > 0 && rung > 'C1' ? 'C1' : rung,
    pinned: trust !== undefined && trust.log.length > 0 && trust.statement.length > 0,
    witnessed,
    ...(quorum === undefined ? {} : { quorum }),
    limits,
  };
}

function quorumOf(policy: Policy, cosigned: readonly string[]): NonNullable<Weighed['quorum']> {
  const keys = new Set(cosigned.map(bytesOf));
  const missing = seatsOf(policy).filter(({ key }) => !keys.has(toHex(key.publicKey)));
  return {
    name: policy.quorum,
    reached: isReached(policy, cosigned),
    missing: missing.map(({ name }) => name),
  };
}

const bytesOf = (key: string): string => toHex(parseVerifier(key).publicKey);
