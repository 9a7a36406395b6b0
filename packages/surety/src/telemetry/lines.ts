// A fact as one line: its own JSON as it was hashed, or an OCSF event. No disclosure goes with it. Lines begin alike,
// so that what a killed export left half written is told from somebody else's text.

import { parseFact } from '@surety/proof/facts';
import { leafHash } from '@surety/proof/records';
import { sha256 } from '../ledger/hash.ts';
import type { Entry } from '../ledger/log.ts';
import { version } from '../version.ts';
import { ocsfEvent } from './ocsf.ts';

export const lineFormats = ['jsonl', 'ocsf'] as const;
export type LineFormat = (typeof lineFormats)[number];

/** RFC 6962, in hexadecimal. */
export const leafOf = (bytes: Uint8Array): string => Buffer.from(leafHash(bytes, sha256)).toString('hex');

/** What every line of a format begins with. */
export const lineStarts: Readonly<Record<LineFormat, string>> = {
  jsonl: '{"position":',
  ocsf: '{"metadata":',
};

/** Throws for bytes that are no fact. */
export function lineOf({ bytes, position }: Entry, format: LineFormat): string {
  const leaf = leafOf(bytes);
  const text = Buffer.from(bytes).toString('utf8');
  if (format === 'jsonl') return `{"position":${position},"leaf":"${leaf}","fact":${text}}`;
  const { kind } = JSON.parse(text) as { kind: string };
  return JSON.stringify(ocsfEvent(parseFact(bytes, position), { version, leaf, kind }));
}
