// One `add-checkpoint` (C2SP tlog-witness), from its text to the cosignature, in the order of the spec. Whoever can
// reach the witness may have written it.

import {
  cosign,
  equal,
  fromBase64,
  type Head,
  isBy,
  NoteError,
  openNote,
  parseExtendedHead,
  parseNote,
  printNote,
  type Verifier,
  verifyConsistency,
} from '@surety/proof/records';
import { sha256 } from '../hash.ts';
import type { SigningKey } from '../keys.ts';
import { type Memory, ownHead, type Remembered } from './memory.ts';

const proofLinesMax = 63;

/** An answer other than 200, by the spec's status codes. */
export class Refused extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, message: string, type = 'text/plain; charset=utf-8') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export interface Witness {
  readonly key: SigningKey;
  /** By the log's name; several keys of one log while it changes them. */
  readonly logs: readonly Verifier[];
  readonly memory: Pick<Memory, 'last' | 'remember' | 'confess'>;
  readonly nowMs: () => number;
}

/** The cosignature line for a submission. Throws Refused, or WitnessError when it shows that this witness forgot. */
export async function addCheckpoint(body: string, witness: Witness): Promise<string> {
  const { key, logs, memory, nowMs } = witness;
  const { oldSize, proof, noteText } = parseSubmission(body);
  const { text, head } = headIn(noteText);
  const known = logs.filter((log) => log.name === head.origin);
  if (known.length === 0) throw new Refused(404, 'this log is not known here\n');
  await openNote(noteText, known).catch((cause: unknown) => {
    throw cause instanceof NoteError
      ? new Refused(403, 'no known key of this log signed this head\n')
      : cause;
  });
  await checkOwn(noteText, head, witness);
  if (oldSize > head.size) throw new Refused(400, 'the old size is above the new one\n');
  const last = memory.last(head.origin);
  checkExtends(last, head, oldSize, proof);
  const cosignature = await cosign(text, key.verifier, Math.floor(nowMs() / 1000), key.sign);
  const signed = parseNote(noteText).signatures.filter((each) => known.some((log) => isBy(each, log)));
  // INVARIANT: nothing is awaited from here to the answer. Of two heads that raced so far, the second finds another
  // memory than the one it was checked against, and its cosignature is never seen.
  if (memory.last(head.origin) !== last) throw conflict(memory.last(head.origin).size);
  if (head.size !== last.size || last.note === undefined)
    memory.remember(head, printNote({ text, signatures: [...signed, cosignature] }));
  return printNote({ text, signatures: [cosignature] }).slice(text.length + 1);
}

/** A cosignature of our own on a head that we do not remember: our memory was set back, whoever shows it. */
async function checkOwn(noteText: string, head: Head, { key, memory }: Witness): Promise<void> {
  const own = await ownHead(noteText, key.verifier).catch(() => undefined);
  if (own === undefined) return;
  const { size, root } = memory.last(head.origin);
  if (own.size > size || (own.size === size && !equal(own.root, root)))
    throw memory.confess({ origin: own.origin, size: own.size });
}

/** The last checks of the spec. An empty tree has one root, and the head of a size has one: both lie in the proof's. */
function checkExtends(last: Remembered, head: Head, oldSize: number, proof: readonly Uint8Array[]): void {
  if (oldSize !== last.size) throw conflict(last.size);
  if (!verifyConsistency(oldSize, last.root, head.size, head.root, proof, sha256))
    throw new Refused(422, `the head does not extend the one over ${last.size} facts that was cosigned\n`);
}

const conflict = (size: number): Refused => new Refused(409, `${size}\n`, 'text/x.tlog.size');

function parseSubmission(body: string): { oldSize: number; proof: Uint8Array[]; noteText: string } {
  const divide = body.indexOf('\n\n');
  const [old = '', ...lines] = body.slice(0, Math.max(0, divide)).split('\n');
  const oldSize = Number(/^old (0|[1-9][0-9]{0,15})$/.exec(old)?.[1] ?? 'none');
  if (!Number.isSafeInteger(oldSize) || lines.length > proofLinesMax) throw malformed();
  return { oldSize, proof: lines.map(proofHash), noteText: body.slice(divide + 2) };
}

function proofHash(line: string): Uint8Array {
  try {
    const hash = fromBase64(line);
    if (hash.length === 32) return hash;
  } catch {
    // Said below.
  }
  throw malformed();
}

function headIn(noteText: string): { text: string; head: Head } {
  try {
    const { text } = parseNote(noteText);
    return { text, head: parseExtendedHead(text) };
  } catch {
    throw malformed();
  }
}

export const malformed = (): Refused => new Refused(400, 'the submission is malformed\n');
