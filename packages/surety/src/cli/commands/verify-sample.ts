// `surety verify --sample 25 --nonce ...`: facts that nobody but the signed head and the auditor's nonce picks, each shown
// with what is disclosed of it; as a document also with its path to the root. Only of a proof that the small verifier found sound.

import { crc32 } from 'node:zlib';
import { parseFact } from '@surety/proof/facts';
import {
  byDigest,
  type Drawing,
  digestOf,
  parseDisclosure,
  parseHead,
  parseNote,
  printReceipt,
  sampleMax,
  toBase64,
  toHex,
} from '@surety/proof/records';
import {
  type Check,
  readSample,
  type SampledFact,
  type Source,
  sampleSteps,
  type Verification,
} from '@surety/proof/verify';
import { sha256 } from '../../ledger/hash.ts';
import { narrate } from '../narrate.ts';
import { CommandError, exit, printable, type Terminal } from '../terminal.ts';

export interface AskedSample {
  readonly sample?: string;
  readonly nonce?: string;
}

/** `--json`: documented in docs/cli.md; members are only ever added. */
export interface SampleShown {
  readonly nonce: string;
  readonly origin: string;
  readonly ledgerSize: number;
  readonly checks: readonly Check[];
  readonly items: readonly ItemShown[];
}

interface ItemShown {
  readonly position: number;
  /** In hexadecimal, as RFC 6962 hashes it. */
  readonly leaf: string;
  /** In base64, from the leaf's sibling up. */
  readonly inclusion: readonly string[];
  /** The same as a C2SP tlog-proof: `surety verify` takes it alone. */
  readonly receipt: string;
  readonly fact: object;
  readonly disclosed: readonly {
    readonly commitment: string;
    readonly pointer: string;
    readonly value: unknown;
  }[];
}

/** Read before the proof: a slip says nothing about it. */
export function sampleAsked({ sample, nonce }: AskedSample): Pick<Drawing, 'count' | 'nonce'> | undefined {
  if (sample === undefined && nonce === undefined) return undefined;
  if (sample === undefined || nonce === undefined || nonce === '')
    throw new CommandError(
      sample === undefined ? '`--nonce` draws a sample' : 'a sample needs a nonce',
      'pass --sample COUNT and --nonce TEXT; choose the text once you have the head, never before',
      exit.usage,
    );
  const count = /^[1-9]\d{0,5}$/.test(sample) ? Number(sample) : Number.NaN;
  if (count <= sampleMax) return { count, nonce };
  throw new CommandError(
    `\`${sample}\` is no size of a sample`,
    `write a number from 1 to ${sampleMax}`,
    exit.usage,
  );
}

/** `note` is the head that the verifier found good; without one there is nothing to draw from. */
export async function sampleOf(
  source: Source,
  note: string | undefined,
  asked: Pick<Drawing, 'count' | 'nonce'>,
): Promise<SampleShown | undefined> {
  if (note === undefined) return undefined;
  const head = parseHead(parseNote(note).text);
  const drawing = { head, ...asked };
  const sample = await readSample(source, drawing, { sha256, crc32 });
  const checks = sampleSteps.map(({ check, run }) => {
    const problem = run(sample, drawing, sha256);
    return { check, ok: problem === undefined, text: problem ?? 'holds' };
  });
  const items = sample.map((each) => shown(each, note));
  return { nonce: asked.nonce, origin: head.origin, ledgerSize: head.size, checks, items };
}

function shown({ index, entry, proof, disclosures }: SampledFact, head: string): ItemShown {
  const known = byDigest(disclosures, sha256);
  const fact = parseFact(entry, index);
  return {
    position: index,
    leaf: toHex(sha256(Buffer.concat([Uint8Array.of(0), entry]))),
    inclusion: proof.map(toBase64),
    receipt: printReceipt({ index, entry, proof, head }),
    fact: { ...fact, told: narrate(fact, (digest) => known.get(digest)) },
    disclosed: disclosures.map((each) => ({ commitment: digestOf(each, sha256), ...parseDisclosure(each) })),
  };
}

/** What is not as it was drawn is no sample. */
export const verdictWithSample = (
  verdict: Verification['verdict'],
  sample: SampleShown | undefined,
): Verification['verdict'] => (sample?.checks.some(({ ok }) => !ok) === true ? 'unsound' : verdict);

export function sampleLines(sample: SampleShown | undefined, { paint }: Pick<Terminal, 'paint'>): string[] {
  if (sample === undefined) return [];
  const { items, nonce, ledgerSize, checks } = sample;
  return [
    '',
    paint(
      'bold',
      `Sample of ${items.length} of ${ledgerSize} facts, drawn by the head and \`${printable(nonce)}\``,
    ),
    ...checks.map(({ check, ok, text }) =>
      ok ? `${paint('green', '✓')} ${check}` : `${paint('red', '✕')} ${check}: ${printable(text)}`,
    ),
    ...items.flatMap(itemLines),
    paint('dim', 'each path, leaf by leaf up to the root, and each fact as a receipt: --json'),
  ];
}

function itemLines({ position, fact, inclusion, disclosed }: ItemShown): string[] {
  const { kind, told } = fact as { kind: string; told: string };
  const values = disclosed.map(
    ({ pointer, value }) =>
      `           ${printable(pointer === '' ? 'whole' : pointer)} ${printable(JSON.stringify(value))}`,
  );
  const path = `${inclusion.length} ${inclusion.length === 1 ? 'hash' : 'hashes'} to the root`;
  return [`  ${String(position).padStart(8)} ${printable(kind)}: ${told} (${path})`, ...values];
}
