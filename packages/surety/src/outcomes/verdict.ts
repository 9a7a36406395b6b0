// Giving a verdict: settle what is open, read the record, seal, fold, judge, and put the verdict into the log.
// This file holds no rule of its own: `@surety/proof/verdict` decides.

import type { OutcomeDeclared } from '@surety/proof/facts';
import {
  keyAt,
  keyed,
  knownVerifiers,
  openHead,
  parseHead,
  parseNote,
  parseVerifier,
  toBase64,
} from '@surety/proof/records';
import { judgementName } from '@surety/proof/report';
import { windowAt } from '@surety/proof/rules';
import {
  type Book,
  closesAt,
  type Evidence,
  type Judgement,
  judge,
  type Reason,
  reasonCodes,
  type Window,
} from '@surety/proof/verdict';
import { sha256 } from '../ledger/hash.ts';
import type { Log } from '../ledger/log.ts';
import { logSalt } from '../ledger/opening.ts';
import { evidenceFrom, OutcomeError, outcomeIn, readBook, readRecord } from './gather.ts';
import type { RecordSystem } from './record-system.ts';
import { settleFromRecord } from './settle.ts';

export interface VerdictParts {
  readonly log: Log;
  readonly now: () => number;
  readonly records: ReadonlyMap<string, RecordSystem>;
  /** The newest signed head of at least this size, cosigned if a witness answers. */
  readonly sealed: (size: number) => Promise<string>;
  /** Calls whose answer is awaited now. */
  readonly onTheWay: () => ReadonlySet<string>;
}

export interface Given {
  readonly judgement: Judgement;
  readonly evidence: Evidence;
  readonly headNote: string;
}

/** `at` names an instant of the window that is asked for; the default is the newest window that has closed. */
export async function giveVerdict(parts: VerdictParts, outcomeId: string, at?: number): Promise<Given> {
  const { log, now, records } = parts;
  const outcome = outcomeIn(await readBook(log, log.size()), outcomeId);
  const window = windowOf(outcome, now(), at);
  const record = outcome.reconcile && records.get(outcome.reconcile.record);
  if (record !== undefined) {
    await settleFromRecord(log, record, outcome, now(), parts.onTheWay());
    if (now() >= closesAt(outcome, window)) await readRecord(log, record, outcome, window);
  }
  await log.flushed();
  const headNote = await parts.sealed(log.size());
  const { judgement, evidence } = await judgeAt(parts, outcomeId, window, headNote);
  const { from, to } = window;
  const { verdict, head } = judgement;
  await log.append([
    {
      stream: `outcome/${outcomeId}`,
      facts: [
        {
          kind: 'verdict.given',
          body: {
            outcome: outcomeId,
            from,
            to,
            verdict,
            judgement: judgementName(judgement, logSalt(log), sha256),
            ledgerSize: head.size,
            ...breachIn(judgement, logSalt(log)),
          },
        },
      ],
    },
  ]);
  return { judgement, evidence, headNote };
}

/** Names each reason that violates; one that only says so again is none. */
function breachIn(
  { questions, window, verdict }: Judgement,
  salt: Uint8Array,
): { readonly breach?: readonly string[] } {
  if (verdict !== 'violated') return {};
  const reasons = questions.flatMap((each) => each.reasons);
  const violating = reasons.filter(
    ({ code }) => reasonCodes[code].makes === 'violated' && code !== 'violated-before',
  );
  const named = ({ code, text }: Reason) => keyed(salt, 'breach', { ...window, code, text }, sha256);
  return { breach: [...new Set(violating.map(named))] };
}

/** Judges at a signed head: facts beyond it do not count. */
async function judgeAt(
  { log, now }: VerdictParts,
  outcomeId: string,
  window: Window,
  headNote: string,
): Promise<{ judgement: Judgement; evidence: Evidence }> {
  const asOf = now();
  const { size } = parseHead(parseNote(headNote).text);
  const book = await readBook(log, size);
  const { root, cosigned } = await openHead(headNote, {
    log: [parseVerifier(keyAt(book.keys, 'log', size))],
    witnesses: witnessKeys(book),
  });
  const head = { size, root: toBase64(root), cosigned: cosigned.map(({ witness }) => witness) };
  const evidence = evidenceFrom(log, book, outcomeIn(book, outcomeId), window, asOf, head);
  return { judgement: judge(evidence), evidence };
}

/** A witness with a key that nobody here can verify counts for nothing. */
const witnessKeys = (book: Book) =>
  knownVerifiers([...book.witnesses.values()].map(({ body }) => body.key)).known;

function windowOf(outcome: OutcomeDeclared, now: number, at: number | undefined): Window {
  const { needs, timeZone } = outcome;
  if (at === undefined) {
    const current = windowAt(now, needs.windowMs, timeZone);
    const before = windowAt(current.from - 1, needs.windowMs, timeZone);
    return now >= closesAt(outcome, before) ? before : current;
  }
  const window = windowAt(at, needs.windowMs, timeZone);
  if (window.from > now) throw new OutcomeError('bad-window', 'that window has not begun');
  return window;
}
