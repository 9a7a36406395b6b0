// `surety verify` on released disclosures: somebody was handed values, and brings the keys that they pin. Every byte
// of the file may come from somebody who wants it believed.

import {
  type OpenedReleased,
  openReleased,
  ReleasedError,
  type ReleasedFact,
  releasedFormat,
} from '@surety/proof/bundle';
import {
  BytesError,
  CommitmentError,
  isReached,
  JsonError,
  NoteError,
  openCommitments,
  parseDisclosure,
  parseVerifier,
  ReceiptError,
  ShapeError,
} from '@surety/proof/records';
import type { Source, Trust } from '@surety/proof/verify';
import { sha256 } from '../../ledger/hash.ts';
import { narrate, sayValue } from '../narrate.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

const start = `{"format":"${releasedFormat}"`;

/** By its first bytes, which canonical JSON fixes. */
export async function isReleased(source: Source): Promise<boolean> {
  const bytes = await source.read(0, Math.min(start.length, source.sizeBytes));
  return Buffer.from(start).equals(bytes);
}

/** As of a receipt: 0 if it holds and the quorum of pinned witnesses saw its head, 11 if they did not, 12 if it does not hold. */
export async function verifyReleased(
  terminal: Terminal,
  source: Source,
  { trust, json }: { readonly trust: Trust | undefined; readonly json: boolean },
): Promise<Exit> {
  if (trust === undefined)
    throw new CommandError(
      'released disclosures hold no keys: they say nothing to who has none',
      'pass --trust, with a `log` key that its operator gave you',
    );
  const checked = await check(await source.read(0, source.sizeBytes), trust);
  if (json) terminal.out(JSON.stringify(shown(checked)));
  else for (const line of lines(checked, terminal)) terminal.out(line);
  if (checked.is === 'unsound') return exit.unsound;
  return checked.is === 'sound' ? exit.ok : exit.unproven;
}

type Checked =
  | { readonly is: 'unsound'; readonly code: string; readonly why: string }
  | { readonly is: 'sound' | 'unwitnessed'; readonly opened: OpenedReleased };

async function check(bytes: Uint8Array, trust: Trust): Promise<Checked> {
  const keys = { log: trust.log.map(parseVerifier), witnesses: trust.policy.witnesses.map(({ key }) => key) };
  try {
    const opened = await openReleased(bytes, keys, sha256);
    const seen = isReached(
      trust.policy,
      opened.head.cosigned.map(({ key }) => key),
    );
    return { is: seen ? 'sound' : 'unwitnessed', opened };
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof ReleasedError || cause instanceof ReceiptError || cause instanceof NoteError)
      return { is: 'unsound', code: cause.code, why: message };
    // What an entry or a disclosure holds that is none.
    const kinds = [BytesError, JsonError, ShapeError, CommitmentError];
    if (kinds.some((kind) => cause instanceof kind)) return { is: 'unsound', code: 'no-fact', why: message };
    throw cause;
  }
}

/** Where the value stands in what the fact commits to, and the value. */
function valueLine(disclosure: string): string {
  const { pointer, value } = parseDisclosure(disclosure);
  return `         ${pointer === '' ? '' : `${printable(pointer)}  `}${sayValue(value)}`;
}

const findIn =
  ({ disclosed }: ReleasedFact) =>
  (digest: string): string | undefined =>
    disclosed.get(digest);

function shown(checked: Checked): object {
  if (checked.is === 'unsound') return { released: checked.is, code: checked.code, why: checked.why };
  const { release, facts, head } = checked.opened;
  const { order, person, statement } = release.fact.body;
  const ordered = (openCommitments(statement, findIn(release)).value ?? {}) as Record<string, unknown>;
  return {
    ...{ released: checked.is, origin: head.origin, ledgerSize: head.size },
    ...{ witnessed: head.cosigned, unknown: head.unknown, order, person },
    to: ordered['to'] ?? null,
    reason: ordered['reason'] ?? null,
    facts: facts.map((each) => ({
      ...each.fact,
      told: narrate(each.fact, findIn(each)),
      disclosures: [...each.disclosed].map(([digest, text]) => ({ digest, ...parseDisclosure(text) })),
    })),
  };
}

function lines(checked: Checked, { paint }: Terminal): string[] {
  if (checked.is === 'unsound')
    return [
      `${paint('red', '✕')} ${checked.code}: ${printable(checked.why)}`,
      '',
      `${paint('red', 'unsound')}: these disclosures show nothing`,
    ];
  const { release, facts, head } = checked.opened;
  const witnesses = head.cosigned.map(({ witness }) => printable(witness)).join(', ');
  return [
    `Released     ${narrate(release.fact, findIn(release))}`,
    `Of           ${printable(head.origin)}, ${head.size} facts`,
    `Witnessed    by ${witnesses || 'nobody that you pinned'}`,
    '',
    ...facts.flatMap((each) => [
      `${String(each.fact.position).padStart(6)} ${narrate(each.fact, findIn(each))}`,
      ...[...each.disclosed.values()].map(valueLine),
    ]),
    '',
    checked.is === 'sound'
      ? `${paint('green', 'sound')}: these values stand behind facts in the log that your witnesses saw`
      : `${paint('yellow', 'unwitnessed')}: fewer have seen its head than your trust file asks for`,
  ];
}
