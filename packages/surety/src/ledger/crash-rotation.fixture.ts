// The rotation of a statement key that `rotating-crashes.test.ts` kills at every boundary.
//   node crash-rotation.fixture.ts <store>

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHead, parseNote, toBase64 } from '@surety/proof/records';
import { KeyDesk, statementKeyPlace } from './key-desk.ts';
import { publishedKey, readKey } from './keys.ts';
import { together } from './sealer-place.ts';
import type { Published } from './sealing.ts';
import { optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

const [, , folder = ''] = process.argv;
const place = together(folder);
const origin = 'ledger.example/test';
const statement = statementKeyPlace(place.keys, origin);
const logKey = publishedKey({ folder: place.keys, stem: 'log' }) ?? '';
const log = await openLog({ ...optionsFor(folder), logKey, statementKey: readKey(statement).vkey });
const nobody = () => Promise.reject(new Error('this rotates the statement key'));
const desk = new KeyDesk({
  ...{ log, statement, now: () => 1, side: { place, orderLog: nobody, nextLog: nobody } },
  // The head that the sealer left; what a rotation waits for comes from it alone.
  sealed: async () => {
    const note = readFileSync(join(folder, 'head.signed'), 'utf8');
    const { size, root } = parseHead(parseNote(note).text);
    return { size, root: toBase64(root) } as Published;
  },
});
await desk.rotate('statement', 'scheduled');
desk.close();
await log.close();
