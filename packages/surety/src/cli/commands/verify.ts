// `surety verify`: what an auditor asks. One file, and the keys and the head that the auditor kept; no store, no
// network and no account. Every byte of the proof may come from somebody who wants it believed.

import { crc32 } from 'node:zlib';
import { parseHead, parseNote } from '@surety/proof/records';
import { parseTrust, type Trust, TrustError, type Verification, verify } from '@surety/proof/verify';
import { showVerdict } from '../../api/index.ts';
import { sha256 } from '../../ledger/hash.ts';
import { readSmallFile, withSource } from '../reading.ts';
import { withRecords } from '../records-thread.ts';
import { verdictLines, verdictWord } from '../show-verdict.ts';
import { CommandError, type Exit, exitOf, printable, type Terminal } from '../terminal.ts';
import {
  type Again,
  type AskedAgain,
  againLines,
  type OpenRecord,
  recordPath,
  verdictAfter,
  verifyAgain,
} from './verify-again.ts';
import { isReceipt, verifyReceipt, wholeReceipt } from './verify-receipt.ts';
import { isReleased, verifyReleased } from './verify-released.ts';
import {
  type AskedSample,
  type SampleShown,
  sampleAsked,
  sampleLines,
  sampleOf,
  verdictWithSample,
} from './verify-sample.ts';

interface VerifyAsked extends AskedAgain, AskedSample {
  readonly trust?: string;
  readonly head?: string;
  readonly fact?: string;
  readonly json?: boolean;
}

export async function verifyProof(
  terminal: Terminal,
  openRecord: OpenRecord,
  file: string,
  asked: VerifyAsked,
): Promise<Exit> {
  // What the auditor brings is read first: a slip there says nothing about the proof, so it is no verdict.
  const trust =
    asked.trust === undefined ? undefined : trustIn(readSmallFile(terminal, asked.trust, 'trust file').bytes);
  const earlierHead =
    asked.head === undefined ? undefined : keptHead(textOf(terminal, asked.head, 'head'), asked.head);
  const fact = asked.fact === undefined ? undefined : readSmallFile(terminal, asked.fact, 'fact').bytes;
  if (asked.extract !== undefined) recordPath(asked.extract);
  const wanted = sampleAsked(asked);
  return withSource(terminal, file, 'proof', async (source) => {
    if (await isReceipt(source)) {
      if (earlierHead !== undefined)
        throw new CommandError('a receipt cannot show that the log extends a head', 'leave out --head');
      if (asked.full === true || asked.extract !== undefined)
        throw new CommandError('a receipt holds no verdict to do again', 'leave out --full and --extract');
      if (wanted !== undefined)
        throw new CommandError('a receipt holds one fact', 'draw the sample from a proof');
      const bytes = await wholeReceipt(source);
      return verifyReceipt(terminal, bytes, { trust, fact, json: asked.json === true });
    }
    if (await isReleased(source)) {
      if (
        earlierHead !== undefined ||
        fact !== undefined ||
        asked.full === true ||
        asked.extract !== undefined ||
        wanted !== undefined
      )
        throw new CommandError('released disclosures are checked alone', 'pass --trust and nothing else');
      return verifyReleased(terminal, source, { trust, json: asked.json === true });
    }
    if (fact !== undefined)
      throw new CommandError('a proof has its facts in it', '--fact belongs to a receipt');
    const options = {
      ...{ sha256, crc32 },
      ...(trust && { trust }),
      ...(earlierHead === undefined ? {} : { earlierHead }),
    };
    const verification = await withRecords(source.sizeBytes, (records) =>
      verify(source, { ...options, ...records }),
    );
    const { judgement } = verification;
    // What is not sound is not worth doing again.
    const again = judgement && (await verifyAgain(source, judgement, asked, terminal, openRecord));
    const sample = wanted && (await sampleOf(source, verification.head, wanted));
    const verdict = verdictWithSample(verdictAfter(verification.verdict, again), sample);
    const whole = { ...verification, verdict };
    if (asked.json === true)
      terminal.out(JSON.stringify({ ...jsonOf(whole), ...again, ...(sample && { sample }) }));
    else for (const line of verificationLines(whole, again, sample, terminal)) terminal.out(line);
    return exitOf(verdict);
  });
}

const textOf = (terminal: Terminal, file: string, what: string): string =>
  readSmallFile(terminal, file, what).bytes.toString('utf8');

function keptHead(note: string, file: string): string {
  try {
    parseHead(parseNote(note).text);
    return note;
  } catch (error) {
    throw new CommandError(`\`${file}\` holds no signed head: ${(error as Error).message}`);
  }
}

/** A slip in the trust file is the auditor's own, and says nothing about the proof. */
function trustIn(octets: Uint8Array): Trust {
  try {
    return parseTrust(octets);
  } catch (error) {
    if (error instanceof TrustError) throw new CommandError(error.message, error.help);
    throw error;
  }
}

const jsonOf = ({ judgement, ...rest }: Verification): object => ({
  ...rest,
  ...(judgement === undefined ? {} : { recomputed: showVerdict(judgement, '') }),
});

function verificationLines(
  verification: Verification,
  again: Again | undefined,
  sample: SampleShown | undefined,
  terminal: Terminal,
): string[] {
  const { paint } = terminal;
  const checks = verification.checks.map(({ check, ok, text }) =>
    ok
      ? `${paint('green', '✓')} ${printable(check)}`
      : `${paint('red', '✕')} ${printable(check)}: ${printable(text)}`,
  );
  if (!verification.checks.some(({ check }) => check === 'earlier-head'))
    checks.push(paint('dim', '· earlier-head: not run, as no earlier head was given (--head)'));
  const { judgement, verdict } = verification;
  if (judgement === undefined)
    return [...checks, '', `${verdictWord('unsound', paint)}: this file proves nothing`];
  return [
    ...checks,
    '',
    ...findings(verification, judgement),
    '',
    ...verdictLines(showVerdict(judgement, ''), paint),
    ...againLines(again, terminal),
    ...sampleLines(sample, terminal),
    '',
    `${verdictWord(verdict, paint)}${lastWords(verification, again)}`,
  ];
}

/** Why the last word is another than the judgement's. */
function lastWords({ verdict, judgement, limits }: Verification, again: Again | undefined): string {
  if (verdict === judgement?.verdict) return '';
  if (verdict === 'unsound')
    return ': an engine that is not ours says otherwise, so this file proves nothing';
  const differs = again?.extract?.some(({ result }) => result === 'record-differs') === true;
  const why = [
    ...(differs ? ['record-differs: your copy of the record says otherwise'] : []),
    ...limits.map(({ text }) => printable(text)),
  ];
  return `: ${why.join('; ')}`;
}

function findings(
  {
    pinned,
    witnessed,
    withheld,
    quorum,
    rung: weighed,
    limits,
    unknown,
    followed,
    judgementName,
  }: Verification,
  { head, rung, verdict, grade }: NonNullable<Verification['judgement']>,
): string[] {
  const witnesses = witnessed.map(
    ({ witness, pinned: known }) => `${printable(witness)}${known ? '' : ' (not pinned by you)'}`,
  );
  const unpinned = limits.some(({ code }) => code === 'trust-not-pinned');
  return [
    `Records      sound: ${head.size} facts hash to the signed head`,
    `Whose        ${pinned ? whose(followed) : 'trust-not-pinned: keys were taken from the proof itself; pass --trust'}`,
    `Witnessed    by ${witnesses.join(', ') || 'nobody'}${unknown === 0 ? '' : `; ${unknown} signed with keys, or in kinds, not known here`}`,
    ...(quorum === undefined ? [] : [`Quorum       ${quorumWords(quorum)}`]),
    `Complete     to ${weighed}${weighed === rung ? '' : ` for you: ${rung} needs ${unpinned ? 'pinned keys' : 'your quorum'}`}`,
    `Recomputed   ${verdict}, weakest grade ${grade}`,
    ...(judgementName === undefined ? [] : [`Judgement    ${judgementName}`]),
    `Withheld     ${withheld} ${withheld === 1 ? 'value' : 'values'}`,
  ];
}

const whose = (followed: readonly string[]): string =>
  followed.length === 0
    ? 'signed by keys that you pinned'
    : `signed by keys that those you pinned handed over to: ${followed.map(printable).join(', ')}`;

function quorumWords({ name, reached, missing }: NonNullable<Verification['quorum']>): string {
  const absent = missing.length === 0 ? '' : `; not cosigned by ${missing.map(printable).join(', ')}`;
  return `${printable(name)} ${reached ? 'reached' : 'not reached'}${absent}`;
}
