// Stores as earlier versions wrote them, for the tests of upgrades. Before `storeFormat` goes up, this is run
// once on the version that is about to become the previous one, and what it writes is committed:
//   node packages/surety/src/ledger/stores/old-store.fixture.ts packages/surety/src/ledger/stores/format-N
// It plays a short day through a real house: a case, payments, a hold, an approval, a refusal, a call whose
// answer was lost, a verdict. No private key is kept: what was signed is checked, nothing is signed anew.

import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { hourMs, people, referenceIn, TestHouse } from '../../house.fixture.ts';
import { newFolder } from './samples.fixture.ts';

/** A copy of the store of a past format, with its heads and tiles, in a folder of its own. */
export function oldStore(format: number): string {
  const folder = newFolder();
  cpSync(fileURLToPath(new URL(`./format-${format}`, import.meta.url)), folder, { recursive: true });
  return folder;
}

async function playDay(target: string): Promise<void> {
  const acme = await TestHouse.open();
  const of = await acme.openCase();
  await acme.match('4101', { case: of });
  await acme.pay('4101', '900.00', { case: of });
  await acme.match('4102', { case: of });
  const held = referenceIn(await acme.pay('4102', '12000.00', { case: of }));
  await acme.answerHold(held, people.ines);
  await acme.pay('4102', '12000.00', { case: of });
  await acme.call('erp.wipe', {});
  await acme.match('4103', { case: of });
  await acme.pay('4103', '40.00', { case: of, answer: () => ({ is: 'lost', cause: 'no answer' }) });
  await acme.house.issue('buyer', hourMs);
  for (let count = 0; count < 5; count++) await acme.call('erp.look', { page: count }, { case: of });
  const day = acme.now();
  acme.advance(26 * hourMs);
  await acme.house.verdict('payments', day);
  await acme.house.close();
  const store = join(acme.folder, 'store');
  mkdirSync(target, { recursive: true });
  const database = new DatabaseSync(join(store, 'log.sqlite'));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  database.close();
  for (const name of ['log.sqlite', 'head', 'head.signed'])
    copyFileSync(join(store, name), join(target, name));
  cpSync(join(store, 'tiles'), join(target, 'tiles'), { recursive: true });
}

if (import.meta.main) await playDay(process.argv[2] as string);
