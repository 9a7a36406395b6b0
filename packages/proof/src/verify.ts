// verify(proof, trust): the steps in order. Each check is named, and says only what it found;
// the verdict is computed again from raw facts and compared. No network, no clock, no file.
// What the proof says about itself decides nothing: keys come from `trust`, an earlier head from the auditor.

import { type Contents, openProof, ProofError } from './bundle/contents.ts';
import { openEnvelope } from './bundle/dsse.ts';
import { commitmentsIn } from './facts.ts';
import { type OpenedHead, openHead } from './records/heads.ts';
import { parseVerifier, printVerifier } from './records/note.ts';
import { appendLeaf, emptyFrontier, leafHash, rootOf, treeRoot } from './records/tree.ts';
import { payloadType, populationCsv, reportHtml, reportVersion, statementText } from './report/index.ts';
import { windowAt } from './rules/index.ts';
import { type Trust, type Weighed, weigh } from './trust.ts';
import { type Sha256, toBase64, toBase64url, utf8 } from './values/bytes.ts';
import { openCommitments, parseDisclosure } from './values/commitment.ts';
import { canonicalJson, parseJson } from './values/json.ts';
import {
  type Book,
  type Extract,
  foldBook,
  type Judgement,
  judge,
  type Row,
  rowMoney,
} from './verdict/index.ts';

export { type Limit, parseTrust, type Trust, TrustError, weigh } from './trust.ts';

export interface VerifyOptions {
  readonly sha256: Sha256;
  readonly trust?: Trust;
  /** A head that the auditor kept: the log must extend it. */
  readonly earlierHead?: string;
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
  readonly judgement?: Judgement;
}

/** Verifier keys: the auditor's; where there are none, those that the log's own first facts name. */
interface Keys {
  readonly log: readonly string[];
  readonly statement: readonly string[];
  readonly witnesses: readonly string[];
}

/** What the checks look at. */
export interface Examined {
  readonly contents: Contents;
  readonly options: VerifyOptions;
  readonly keys: Keys;
  readonly book: Book;
  readonly judgement: Judgement;
  readonly head: OpenedHead | Error;
  readonly withheld: number;
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
  { check: 'origin', run: origin },
  { check: 'sequence', run: sequence },
  { check: 'disclosures', run: disclosures },
  { check: 'extracts', run: extracts },
  { check: 'earlier-head', run: earlierHead, needs: 'earlierHead' },
  { check: 'window', run: window },
  { check: 'verdict', run: verdict },
  { check: 'report', run: report },
  { check: 'population', run: population },
];

export const verify = (proof: Uint8Array, options: VerifyOptions): Promise<Verification> =>
  verifyWith(steps, proof, options);

/** As `verify`, with these checks only: the mutation suite takes one away to see its mutant live. */
export async function verifyWith(
  checks: readonly Step[],
  proof: Uint8Array,
  options: VerifyOptions,
): Promise<Verification> {
  let examined: Examined;
  try {
    examined = await examine(openProof(proof, options.sha256), options);
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
});

function conclude({ judgement, options, head, withheld }: Examined, checks: readonly Check[]): Verification {
  const cosigned = head instanceof Error ? [] : head.cosigned;
  return { ...weigh(options.trust, judgement, cosigned), checks, withheld, judgement };
}

async function examine(contents: Contents, options: VerifyOptions): Promise<Examined> {
  const { sha256, trust } = options;
  const { facts, disclosures: disclosed, statement } = contents;
  const book = await foldBook(facts, { sha256, find: (digest) => disclosed.get(digest) });
  const outcome = book.outcomes.get(statement.outcome)?.body;
  if (outcome === undefined) throw new ProofError('facts', `no outcome \`${statement.outcome}\` is declared`);
  const keys = keysOf(contents, book, trust);
  const head = await opened(contents, keys);
  const rows = (position: number): readonly Row[] => rowsOf(contents, position).map((each) => openRow(each));
  const about = { window: statement.window, asOf: statement.asOf };
  // A witness that only the auditor knows cosigned for the auditor: the judgement is from the facts.
  const declared = new Set([...book.witnesses.values()].map(({ body }) => body.key));
  const all = head instanceof Error ? [] : head.cosigned;
  const cosigned = all.filter(({ key }) => declared.has(key)).map(({ witness }) => witness);
  const { size, root: rootHash } = contents.head;
  const judged = { size, root: toBase64(rootHash), cosigned };
  const digests = facts.flatMap(commitmentsIn);
  const withheld = digests.filter((digest) => !disclosed.has(digest)).length;
  return {
    contents,
    options,
    keys,
    book,
    head,
    withheld,
    judgement: judge({ book, outcome, ...about, rows, head: judged }),
  };
}

function keysOf({ facts }: Contents, book: Book, trust: Trust | undefined): Keys {
  const first = facts[0];
  const own = first?.kind === 'log.opened' ? first.body : undefined;
  return {
    log: trust !== undefined && trust.log.length > 0 ? trust.log : [own?.logKey ?? ''],
    statement:
      trust !== undefined && trust.statement.length > 0 ? trust.statement : [own?.statementKey ?? ''],
    witnesses: witnessKeys(book, trust),
  };
}

/** Those that the log declares, and those that the auditor knows besides; one key under two names is one. */
function witnessKeys(book: Book, trust: Trust | undefined): readonly string[] {
  const declared = [...book.witnesses.values()].map(({ body }) => body.key);
  const bytes = new Set(declared.map((key) => toBase64(parseVerifier(key).publicKey)));
  const others = trust?.policy.witnesses.filter(({ key }) => !bytes.has(toBase64(key.publicKey))) ?? [];
  return [...declared, ...others.map(({ key }) => printVerifier(key))];
}

async function opened({ headNote }: Contents, { log, witnesses }: Keys): Promise<OpenedHead | Error> {
  try {
    return await openHead(headNote, { log: log.map(parseVerifier), witnesses: witnesses.map(parseVerifier) });
  } catch (error) {
    return error as Error;
  }
}

const rowsOf = ({ extracts: files }: Contents, position: number): readonly string[] =>
  files.get(position) ?? [];
const openRow = (disclosure: string): Row => parseDisclosure(disclosure).value as Row;

/** What the statement would say if it were made from this proof. */
function expected({ contents, judgement, options: { sha256 } }: Examined): {
  subject: unknown;
  predicate: object;
} {
  const { head, files } = contents;
  return parseJson(statementText(head.origin, judgement, files, sha256)) as ReturnType<typeof expected>;
}

/** Every file, and the head, by its hash: none more, none fewer, none twice. */
function manifest(examined: Examined): string | undefined {
  const { subject } = parseJson(examined.contents.statementText) as { subject: unknown };
  return canonicalJson(subject) === canonicalJson(expected(examined).subject)
    ? undefined
    : 'the files are not those that were signed';
}

async function statementSignature({ contents: { envelope }, keys }: Examined): Promise<string | undefined> {
  const known = new Map(
    keys.statement.map((key): [string, Uint8Array] => [key, parseVerifier(key).publicKey]),
  );
  await openEnvelope(envelope, payloadType, known);
  return undefined;
}

/** Signed by the log's key, whose name is the log's. */
function headSignature({ head }: Examined): string | undefined {
  if (head instanceof Error) return head.message;
  return head.logKeys.includes(head.origin)
    ? undefined
    : `the head of \`${head.origin}\` is signed by the key of another log`;
}

function root({ contents: { head, entries }, options: { sha256 } }: Examined): string | undefined {
  let frontier = emptyFrontier();
  for (const bytes of entries) frontier = appendLeaf(frontier, leafHash(bytes, sha256), sha256);
  if (frontier.size !== head.size) return `the head counts ${head.size} facts, here are ${frontier.size}`;
  return toBase64(rootOf(frontier, sha256)) === toBase64(head.root)
    ? undefined
    : 'the facts do not hash to the root';
}

function origin({ contents: { head, facts } }: Examined): string | undefined {
  const foreign = facts.find(({ log }) => log !== head.origin);
  return foreign && `fact ${foreign.position} belongs to the log \`${foreign.log}\``;
}

function sequence({ book }: Examined): string | undefined {
  const [first] = book.chain.contradictions;
  return first && `fact ${first.position}: ${first.text}`;
}

function disclosures({ contents: { facts, disclosures: disclosed } }: Examined): string | undefined {
  const referred = new Set(facts.flatMap(commitmentsIn));
  for (const digest of disclosed.keys())
    if (!referred.has(digest)) return `a disclosure belongs to no fact (${digest})`;
  return undefined;
}

function extracts({ contents, book, options: { sha256 } }: Examined): string | undefined {
  for (const extract of book.extracts) {
    const { position, body } = extract;
    const rows = contents.extracts.get(position);
    if (rows === undefined) continue;
    const leaves = rows.map((each) => leafHash(sha256(utf8(each)), sha256));
    if (toBase64url(treeRoot(leaves, sha256)) !== body.rowRoot)
      return `the rows of fact ${position} are not its own`;
    if (rows.length !== body.count)
      return `fact ${position} counts ${body.count} rows, here are ${rows.length}`;
    const { value, withheld } = openCommitments(body.totals, (digest) => contents.disclosures.get(digest));
    if (withheld > 0) return `fact ${position} shows its rows and withholds their control totals`;
    if (body.answer === 'ok' && canonicalJson(totalsOf(extract, rows)) !== canonicalJson(value))
      return `the control totals of fact ${position} are false`;
  }
  const known = new Set(book.extracts.map(({ position }) => position));
  for (const position of contents.extracts.keys())
    if (!known.has(position)) return `the rows of fact ${position} belong to no extract`;
  return undefined;
}

/** Control totals by currency, from the rows themselves, as money was declared when they were read. */
function totalsOf({ declared }: Extract, rows: readonly string[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const { money } = declared?.reconcile ?? {};
  if (money === undefined) return totals;
  for (const each of rows) {
    const read = rowMoney({ money }, openRow(each) ?? {});
    // A row without exact money adds nothing to the totals; `reconciled` names it.
    if (read !== 'unreadable' && read.currency !== undefined)
      totals[read.currency] = (totals[read.currency] ?? 0) + (read.amountMinor ?? 0);
  }
  return totals;
}

async function earlierHead({ contents, keys, options }: Examined): Promise<string | undefined> {
  const { earlierHead: note, sha256 } = options;
  if (note === undefined) return undefined;
  const earlier = await openHead(note, { log: keys.log.map(parseVerifier), witnesses: [] });
  if (earlier.origin !== contents.head.origin) return 'the earlier head is of another log';
  if (earlier.size > contents.head.size)
    return `the log was cut: ${earlier.size} facts were signed before, here are ${contents.head.size}`;
  let frontier = emptyFrontier();
  for (const bytes of contents.entries.slice(0, earlier.size))
    frontier = appendLeaf(frontier, leafHash(bytes, sha256), sha256);
  return toBase64(rootOf(frontier, sha256)) === toBase64(earlier.root)
    ? undefined
    : 'the log was forked: it does not extend the earlier head';
}

/** Windows are the outcome's, whole days of its calendar: nobody picks one that leaves something out. */
function window({ contents: { statement }, judgement: { declared } }: Examined): string | undefined {
  const { from, to } = statement.window;
  const own = windowAt(from, declared.needs.windowMs, declared.timeZone);
  return own.from === from && own.to === to ? undefined : 'the window is none of the outcome';
}

/** The statement must be what the facts give: the whole judgement, not only its word. */
function verdict(examined: Examined): string | undefined {
  const { predicate } = parseJson(examined.contents.statementText) as { predicate: object };
  // The version of the report has its own check.
  const [stated, computed] = [predicate, expected(examined).predicate].map((each) =>
    canonicalJson({ ...each, reportVersion }),
  );
  if (stated === computed) return undefined;
  const word = (predicate as { judgement: { verdict: unknown } }).judgement.verdict;
  return `the statement says \`${word}\`; the facts give \`${examined.judgement.verdict}\`, or other reasons for it`;
}

function report({ contents, judgement }: Examined): string | undefined {
  if (contents.statement.reportVersion !== reportVersion)
    return `the report is of version ${contents.statement.reportVersion}, this verifier makes version ${reportVersion}`;
  return contents.report === reportHtml(judgement, contents.head.origin)
    ? undefined
    : 'report.html is not what the facts give';
}

function population({ contents, judgement }: Examined): string | undefined {
  return contents.population === populationCsv(judgement.population)
    ? undefined
    : 'population.csv is not what the facts give';
}
