// verify(proof, trust): the steps in order. Each check is named, and says only what it found;
// the verdict is computed again from raw facts and compared. No network, no clock, no file.
// What the proof says about itself decides nothing: keys come from `trust`, an earlier head from the auditor.

import { openEnvelope } from './bundle/dsse.ts';
import { bytesSource, type Hashes, ProofError, ProofReader, type Source } from './bundle/index.ts';
import { followedKeys, keyObjection, rotationsProblem } from './keys.ts';
import { type Found, type ReadingOptions, readThrough } from './reading.ts';
import { type OpenedHead, openHead, parseHead } from './records/heads.ts';
import { knownVerifiers, parseNote, parseVerifier, type Verifier } from './records/note.ts';
import { keyAt } from './records/rotation.ts';
import {
  judgementName,
  payloadType,
  populationCsv,
  reportHtml,
  reportVersion,
  statementText,
} from './report/index.ts';
import { windowAt } from './rules/index.ts';
import { type Trust, type Weighed, weigh } from './trust.ts';
import { equal, toBase64, toBase64url, toHex, utf8 } from './values/bytes.ts';
import { canonicalJson } from './values/canonical.ts';
import { parseJson } from './values/json.ts';
import { type Book, type Judgement, judge } from './verdict/index.ts';

export { blobSource, bytesSource, type Source } from './bundle/index.ts';
export { readSample, type Sample, type SampledFact, sampleSteps } from './bundle/sample.ts';
export {
  nowhere,
  type Records,
  type RecordsAsked,
  type Sound,
  Soundness,
  type Taken,
  type Told,
} from './soundness.ts';
export { type Limit, parseTrust, type Trust, TrustError, weigh } from './trust.ts';

export interface VerifyOptions extends Hashes, ReadingOptions {
  readonly trust?: Trust;
}

export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly text: string;
}

/** What the facts give is `judgement`; `verdict` and `rung` are that under the auditor's trust. */
export interface Verification extends Omit<Weighed, 'verdict'> {
  /** `unsound` if any check failed: then nothing else in it counts. */
  readonly verdict: Judgement['verdict'] | 'unsound';
  readonly checks: readonly Check[];
  readonly withheld: number;
  /** Signatures on the head by keys, or of kinds, that this verifier does not know: they count for nothing. */
  readonly unknown: number;
  /** Keys that signed and that the auditor did not pin: those that were pinned handed over to them. */
  readonly followed: readonly string[];
  /** The signed note, to be kept: a later proof must extend it. */
  readonly head?: string;
  readonly judgement?: Judgement;
  /** What `verdict.given` calls this judgement; absent where the log's salt is withheld. */
  readonly judgementName?: string;
}

/** What the checks look at. */
export interface Examined {
  readonly proof: ProofReader;
  readonly options: VerifyOptions;
  readonly found: Found;
  readonly judgement: Judgement;
  readonly head: OpenedHead | Error;
}

/** A named check: undefined if it holds, else what is wrong. */
export interface Step {
  readonly check: string;
  readonly run: (examined: Examined) => string | undefined | Promise<string | undefined>;
  /** What must be given for it to run at all; a check that did not run never shows as passed. */
  readonly needs?: 'earlierHead';
}

export const steps: readonly Step[] = [
  { check: 'manifest', run: manifest },
  { check: 'statement-signature', run: statementSignature },
  { check: 'head-signature', run: headSignature },
  { check: 'root', run: root },
  { check: 'origin', run: ({ found }) => found.sound.foreign },
  { check: 'succession', run: succession },
  { check: 'sequence', run: sequence },
  { check: 'rotations', run: ({ found }) => rotationsProblem(found.book.keys, found.sound.rotated) },
  { check: 'disclosures', run: ({ found }) => found.sound.stray },
  { check: 'extracts', run: ({ found }) => found.falseExtract },
  { check: 'earlier-head', run: earlierHead, needs: 'earlierHead' },
  { check: 'window', run: window },
  { check: 'verdict', run: verdict },
  { check: 'report', run: report },
  { check: 'population', run: population },
];

/** Reads the proof once, from front to back, and holds neither the whole of it nor the facts that it has folded. */
export const verify = (proof: Uint8Array | Source, options: VerifyOptions): Promise<Verification> =>
  verifyWith(steps, proof, options);

/** As `verify`, with these checks only: the mutation suite takes one away to see its mutant live. */
export async function verifyWith(
  checks: readonly Step[],
  proof: Uint8Array | Source,
  options: VerifyOptions,
): Promise<Verification> {
  let examined: Examined;
  try {
    const source = proof instanceof Uint8Array ? bytesSource(proof) : proof;
    examined = await examine(await ProofReader.open(source, options), options);
  } catch (error) {
    // Hostile bytes may fail anywhere: whatever was thrown, there is no proof here.
    const check = error instanceof ProofError ? error.code : 'readable';
    return unsound([{ check, ok: false, text: (error as Error).message }]);
  }
  const done: Check[] = [{ check: 'container', ok: true, text: 'one canonical file' }];
  for (const { check, run, needs } of checks)
    if (needs === undefined || options[needs] !== undefined) done.push(await outcomeOf(check, run, examined));
  if (done.some(({ ok }) => !ok)) return unsound(done);
  return conclude(examined, done);
}

async function outcomeOf(check: string, run: Step['run'], examined: Examined): Promise<Check> {
  try {
    const problem = await run(examined);
    return { check, ok: problem === undefined, text: problem ?? 'holds' };
  } catch (error) {
    return { check, ok: false, text: (error as Error).message };
  }
}

const unsound = (checks: readonly Check[]): Verification => ({
  verdict: 'unsound',
  rung: 'C0',
  checks,
  pinned: false,
  witnessed: [],
  limits: [],
  withheld: 0,
  unknown: 0,
  followed: [],
});

function conclude(examined: Examined, checks: readonly Check[]): Verification {
  const { judgement, options, head, found, proof } = examined;
  const cosigned = head instanceof Error ? [] : head.cosigned;
  const { withheld } = found.sound;
  const unknown = head instanceof Error ? 0 : head.unknown;
  const followed = followedKeys(found.book.keys, options.trust, judgement.head.size);
  const weighed = weigh(options.trust, judgement, cosigned);
  const { logSalt } = found.book;
  const named = logSalt && { judgementName: judgementName(judgement, logSalt, options.sha256) };
  return { ...weighed, checks, withheld, unknown, followed, head: proof.headNote, judgement, ...named };
}

async function examine(proof: ProofReader, options: VerifyOptions): Promise<Examined> {
  const { statement } = proof;
  const found = await readThrough(proof, options);
  const { book, rows } = found;
  const outcome = book.outcomes.get(statement.outcome)?.body;
  if (outcome === undefined) throw new ProofError('facts', `no outcome \`${statement.outcome}\` is declared`);
  const head = await opened(proof, book, options.trust);
  const about = { window: statement.window, asOf: statement.asOf };
  // A witness that only the auditor knows cosigned for the auditor: the judgement is from the facts.
  const declared = new Set([...book.witnesses.values()].map(({ body }) => body.key));
  const all = head instanceof Error ? [] : head.cosigned;
  const cosigned = all.filter(({ key }) => declared.has(key)).map(({ witness }) => witness);
  const { size, root: rootHash } = proof.head;
  const judged = { size, root: toBase64(rootHash), cosigned };
  return {
    ...{ proof, options, found, head },
    judgement: judge({ book, outcome, ...about, rows, head: judged }),
  };
}

/** Those that the log declares, and those that the auditor knows besides; one key under two names is one. */
function witnessKeys(book: Book, trust: Trust | undefined): readonly Verifier[] {
  const { known } = knownVerifiers([...book.witnesses.values()].map(({ body }) => body.key));
  const bytes = new Set(known.map(({ publicKey }) => toBase64(publicKey)));
  const others = trust?.policy.witnesses.filter(({ key }) => !bytes.has(toBase64(key.publicKey))) ?? [];
  return [...known, ...others.map(({ key }) => key)];
}

/** By the one log key in force at its size; what any other signed beside it counts for nothing. */
async function opened(
  { headNote, head: { size } }: ProofReader,
  book: Book,
  trust: Trust | undefined,
): Promise<OpenedHead | Error> {
  try {
    const log = [parseVerifier(keyAt(book.keys, 'log', size))];
    return await openHead(headNote, { log, witnesses: witnessKeys(book, trust) });
  } catch (error) {
    return error as Error;
  }
}

/** What the statement would say if it were made from this proof. */
function expected({ proof: { head, subjects }, judgement }: Examined): {
  subject: unknown;
  predicate: object;
} {
  return parseJson(statementText(head.origin, judgement, subjects)) as ReturnType<typeof expected>;
}

/** The head, which is over the entries, and every other file, by its hash: none more, none fewer, none twice. */
function manifest(examined: Examined): string | undefined {
  const { subject } = parseJson(examined.proof.statementText) as { subject: unknown };
  return canonicalJson(subject) === canonicalJson(expected(examined).subject)
    ? undefined
    : 'the files are not those that were signed';
}

async function statementSignature({ proof, found, options }: Examined): Promise<string | undefined> {
  const { envelope, head } = proof;
  const { keys } = found.book;
  const key = keyAt(keys, 'statement', head.size);
  await openEnvelope(envelope, payloadType, new Map([[key, parseVerifier(key)]]));
  return keyObjection(keys, options.trust, 'statement', head.size);
}

/** Signed by the log's key, whose name is the log's. */
function headSignature({ head, found, options }: Examined): string | undefined {
  if (head instanceof Error) return head.message;
  return head.logKeys.includes(head.origin)
    ? keyObjection(found.book.keys, options.trust, 'log', head.size)
    : `the head of \`${head.origin}\` is signed by the key of another log`;
}

function root({ proof: { head }, found }: Examined): string | undefined {
  return equal(found.sound.root, head.root) ? undefined : 'the facts do not hash to the root';
}

function sequence({ found: { sound, book } }: Examined): string | undefined {
  const all = [...sound.chain.contradictions, ...book.contradictions];
  const [first] = all.sort((a, b) => a.position - b.position);
  return first && `fact ${first.position}: ${first.text}`;
}

/** A stretch of the log under one name: the log key in force at its end, and how many facts there were then. */
interface Era {
  readonly origin: string;
  readonly logKey: string;
  readonly end: number;
  /** What it says of its own end, if it is not the last. */
  readonly ended?: Succession;
}
type Succession = Book['successions'][number]['body'];

function erasOf(book: Book, size: number): Era[] {
  const { opening, successions } = book;
  const names = [opening, ...successions.map(({ body }) => body)];
  return names.flatMap((name, index) => {
    const next = successions[index];
    if (name === undefined) return [];
    const end = next?.position ?? size;
    const logKey = keyAt(book.keys, 'log', end);
    return [{ origin: name.origin, logKey, end, ...(next === undefined ? {} : { ended: next.body }) }];
  });
}

/** Where the log went on under another name: the facts that it took over, and the head of those that it lost. */
async function succession({ proof, found: { book, sound } }: Examined): Promise<string | undefined> {
  const ended = erasOf(book, proof.head.size).filter((era) => era.ended !== undefined);
  for (const [index, { origin, logKey, ended: next, end }] of ended.entries()) {
    const root = sound.successions[index];
    if (next === undefined || root === undefined || toBase64url(root) !== next.root)
      return `fact ${end} took over other facts than those ahead of it`;
    if (next.head === undefined) continue;
    const head = await openHead(next.head, { log: [parseVerifier(logKey)], witnesses: [] });
    if (head.origin !== origin) return `fact ${end} has a head of the log \`${head.origin}\``;
  }
  return undefined;
}

/** The log must extend it, whatever its name was then; what the log itself says is lost, it need not show. */
async function earlierHead({ proof, found, options }: Examined): Promise<string | undefined> {
  const { earlierHead: note } = options;
  if (note === undefined) return undefined;
  const claimed = parseHead(parseNote(note).text);
  const era = erasOf(found.book, proof.head.size).find(({ origin }) => origin === claimed.origin);
  if (era === undefined) return 'the earlier head is of another log';
  // By the key in force then: a head by one that had handed over already is none.
  const key = keyAt(found.book.keys, 'log', Math.min(claimed.size, era.end));
  const earlier = await openHead(note, { log: [parseVerifier(key)], witnesses: [] });
  if (earlier.size > era.end) return beyond(era, earlier);
  const { earlierRoot } = found.sound;
  return earlierRoot !== undefined && equal(earlierRoot, earlier.root)
    ? undefined
    : 'the log was forked: it does not extend the earlier head';
}

/** It was signed over facts that are not here. */
function beyond({ end, ended }: Era, { size, root }: OpenedHead): string | undefined {
  if (ended?.lost === undefined || ended.lost.to < size)
    return `the log was cut: ${size} facts were signed before, here are ${end}`;
  const known = ended.head === undefined ? undefined : parseHead(parseNote(ended.head).text);
  return known?.size === size && !equal(known.root, root)
    ? 'the log was forked: the head of what it lost is another'
    : undefined;
}

/** Windows are the outcome's, whole days of its calendar: nobody picks one that leaves something out. */
function window({ proof: { statement }, judgement: { declared } }: Examined): string | undefined {
  const { from, to } = statement.window;
  const own = windowAt(from, declared.needs.windowMs, declared.timeZone);
  return own.from === from && own.to === to ? undefined : 'the window is none of the outcome';
}

/** The statement must be what the facts give: the whole judgement, not only its word. */
function verdict(examined: Examined): string | undefined {
  const { predicate } = parseJson(examined.proof.statementText) as { predicate: object };
  // The version of the report has its own check.
  const [stated, computed] = [predicate, expected(examined).predicate].map((each) =>
    canonicalJson({ ...each, reportVersion }),
  );
  if (stated === computed) return undefined;
  const word = (predicate as { judgement: { verdict: unknown } }).judgement.verdict;
  return `the statement says \`${word}\`; the facts give \`${examined.judgement.verdict}\`, or other reasons for it`;
}

function report(examined: Examined): string | undefined {
  const { proof, judgement } = examined;
  if (proof.statement.reportVersion !== reportVersion)
    return `the report is of version ${proof.statement.reportVersion}, this verifier makes version ${reportVersion}`;
  return isFile(examined, 'report.html', reportHtml(judgement, proof.head.origin))
    ? undefined
    : 'report.html is not what the facts give';
}

function population(examined: Examined): string | undefined {
  return isFile(examined, 'population.csv', populationCsv(examined.judgement.population))
    ? undefined
    : 'population.csv is not what the facts give';
}

/** Compared by their hashes: the file itself was let go when it had been read. */
function isFile({ proof: { subjects }, options: { sha256 } }: Examined, name: string, text: string): boolean {
  return subjects.find((file) => file.name === name)?.sha256 === toHex(sha256(utf8(text)));
}
