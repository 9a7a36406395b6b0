// `surety verify` on a receipt (C2SP tlog-proof): somebody was handed one fact, and brings the keys that they pin.
// Every byte of the file may come from somebody who wants it believed.

import { type Fact, parseFact, type UnknownFact } from '@surety/proof/facts';
import {
  BytesError,
  fromUtf8,
  isReached,
  JsonError,
  NoteError,
  type OpenedReceipt,
  openReceipt,
  parseVerifier,
  RECEIPT_MARK,
  ReceiptError,
  ShapeError,
} from '@surety/proof/records';
import type { Source, Trust } from '@surety/proof/verify';
import { sha256 } from '../../ledger/hash.ts';
import { narrate } from '../narrate.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

/** One fact, an inclusion proof and a head: far less. */
const receiptBytesMax = 1024 * 1024;

/** By its first bytes: a proof may be larger than memory. */
export async function isReceipt(source: Source): Promise<boolean> {
  const start = await source.read(0, Math.min(RECEIPT_MARK.length, source.sizeBytes));
  return Buffer.from(RECEIPT_MARK).equals(start);
}

/** What is larger than any receipt is refused as too large, whatever follows. */
export const wholeReceipt = (source: Source): Promise<Uint8Array> =>
  source.read(0, Math.min(source.sizeBytes, receiptBytesMax));

interface Brought {
  readonly trust: Trust | undefined;
  /** The fact's own bytes, where whoever verifies has them. */
  readonly fact: Uint8Array | undefined;
  readonly json: boolean;
}

/** Exits 0 if it holds and the quorum of pinned witnesses cosigned its head, 11 if it did not, 12 if it does not hold. */
export async function verifyReceipt(terminal: Terminal, bytes: Uint8Array, brought: Brought): Promise<Exit> {
  const { trust, json } = brought;
  if (trust === undefined)
    throw new CommandError(
      'a receipt holds no keys: it says nothing to who has none',
      'pass --trust, with a `log` key that its operator gave you',
    );
  const checked = await check(bytes, trust, brought.fact);
  if (json) terminal.out(JSON.stringify(shown(checked)));
  else for (const line of lines(checked, terminal)) terminal.out(line);
  if (checked.is === 'unsound') return exit.unsound;
  return checked.is === 'sound' ? exit.ok : exit.unproven;
}

type Checked =
  | { readonly is: 'unsound'; readonly code: string; readonly why: string }
  | {
      readonly is: 'sound' | 'unwitnessed';
      readonly opened: OpenedReceipt;
      readonly fact: Fact | UnknownFact;
    };

async function check(bytes: Uint8Array, trust: Trust, known: Uint8Array | undefined): Promise<Checked> {
  const keys = { log: trust.log.map(parseVerifier), witnesses: trust.policy.witnesses.map(({ key }) => key) };
  try {
    const text = fromUtf8(bytes);
    const opened = await openReceipt(text, keys, {
      sha256,
      ...(known === undefined ? {} : { entry: known }),
    });
    const fact = parseFact(opened.entry, opened.index);
    if (fact.log !== opened.head.origin)
      throw new ReceiptError('wrong-log', `the fact is of the log \`${fact.log}\``);
    return { is: isSeen(trust, opened) ? 'sound' : 'unwitnessed', opened, fact };
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof ReceiptError && cause.code === 'no-entry')
      throw new CommandError(message, 'name the fact that you have with --fact');
    if (cause instanceof ReceiptError || cause instanceof NoteError)
      return { is: 'unsound', code: cause.code, why: message };
    // What stands in the log is an entry, and no fact: nobody's program of ours wrote it.
    if (cause instanceof BytesError || cause instanceof JsonError || cause instanceof ShapeError)
      return { is: 'unsound', code: 'no-fact', why: message };
    throw cause;
  }
}

/** By the auditor's own quorum. */
const isSeen = ({ policy }: Trust, { head }: OpenedReceipt): boolean =>
  isReached(
    policy,
    head.cosigned.map(({ key }) => key),
  );

function shown(checked: Checked): object {
  if (checked.is === 'unsound') return { receipt: checked.is, code: checked.code, why: checked.why };
  const { opened, fact } = checked;
  const { origin, size, cosigned, unknown } = opened.head;
  return {
    receipt: checked.is,
    origin,
    position: opened.index,
    ledgerSize: size,
    witnessed: cosigned,
    unknown,
    fact: { ...fact, told: narrate(fact, () => undefined) },
  };
}

function lines(checked: Checked, { paint }: Terminal): string[] {
  if (checked.is === 'unsound')
    return [
      `${paint('red', '✕')} ${checked.code}: ${printable(checked.why)}`,
      '',
      `${paint('red', 'unsound')}: this receipt shows nothing`,
    ];
  const { opened, fact } = checked;
  const { origin, size, cosigned, unknown } = opened.head;
  const witnesses = cosigned.map(
    ({ witness, timeSeconds }) => `${printable(witness)} at ${instant(timeSeconds)}`,
  );
  const others = unknown === 0 ? '' : `, and ${unknown} whom you did not pin`;
  const isSound = checked.is === 'sound';
  return [
    `Fact         ${narrate(fact, () => undefined)}`,
    `Stands at    ${opened.index} of ${size} in ${printable(origin)}`,
    `Witnessed    by ${witnesses.join(', ') || 'nobody that you pinned'}${others}`,
    '',
    isSound
      ? `${paint('green', 'sound')}: it stands in the log that your witnesses saw`
      : `${paint('yellow', 'unwitnessed')}: fewer have seen its head than your trust file asks for`,
  ];
}

const instant = (seconds: number): string =>
  seconds <= 8.64e12 ? new Date(1000 * seconds).toISOString().replace('.000', '') : String(seconds);
