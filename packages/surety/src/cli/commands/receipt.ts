// `surety receipt`: one fact with what shows, offline, that it stands in the log, as one small file (C2SP
// tlog-proof). The other end is `verify-receipt.ts`.

import { basename } from 'node:path';
import {
  knownVerifiers,
  makeReceipt,
  type OpenedReceipt,
  openReceipt,
  printReceipt,
} from '@surety/proof/records';
import type { Config } from '../../config/index.ts';
import { sha256 } from '../../ledger/hash.ts';
import { publishedHead } from '../../ledger/published.ts';
import { type OpenedReader, openReader } from '../../ledger/stores/reader.ts';
import { TileFolder } from '../../ledger/tile-folder.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';
import { checkPlace, writeWhole } from '../writing.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly bare?: boolean;
}

export async function receipt(terminal: Terminal, position: number, asked: Asked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  checkPlace(terminal, asked.out);
  const reader = openReader(config.store);
  try {
    const { text, head } = await receiptOf(config, reader, position, asked.bare === true);
    const named = `fact-${position}.tlog-proof`;
    const file = writeWhole(terminal, text, { named, out: asked.out, what: 'receipt' });
    const { size, origin } = head;
    const cosigned = head.cosigned.map(({ witness }) => witness);
    if (asked.json === true)
      terminal.out(JSON.stringify({ receipt: file, origin, position, ledgerSize: size, cosigned }));
    else {
      terminal.out(file);
      terminal.note(
        `fact ${position} of ${size} in ${origin}, cosigned by ${cosigned.join(', ') || 'nobody'}; ` +
          `anybody can check it: surety verify ${basename(file)} --trust KEYS`,
      );
    }
    return exit.ok;
  } finally {
    reader.close();
  }
}

/** Opened again with the log's own key before it is given out: what does not hold is never written. */
async function receiptOf(
  { store, witnesses }: Config,
  reader: OpenedReader,
  position: number,
  isBare: boolean,
): Promise<{ text: string; head: OpenedReceipt['head'] }> {
  const keys = knownVerifiers(witnesses.map(({ key }) => key)).known;
  const published = await publishedHead(store, reader, keys);
  const size = published?.head.size ?? 0;
  const entry = reader.read(position, 1)[0]?.bytes;
  if (entry === undefined)
    throw new CommandError(`there is no fact ${position}`, `the log holds facts 0 to ${reader.size() - 1}`);
  if (published === undefined || position >= size)
    throw new CommandError(
      `fact ${position} is under no head yet: ${size} facts are sealed`,
      '`surety up` seals what is new within a second',
    );
  const subtree = new TileFolder(store).subtree(size, sha256);
  const given = { index: position, head: published.note, ...(isBare ? {} : { entry }) };
  const text = printReceipt(makeReceipt(given, subtree, sha256));
  const log = [published.logKey];
  const { head } = await openReceipt(text, { log, witnesses: keys }, { sha256, entry });
  return { text, head };
}
