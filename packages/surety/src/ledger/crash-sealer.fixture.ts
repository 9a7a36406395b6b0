// The sealing that `crashes.test.ts` kills at every boundary: one head after another over the same store, so that tiles
// fill, partial ones are outgrown and old ones go.
//   node crash-sealer.fixture.ts <folder> <keys> <size>...

import { NOTE_ED25519 } from '@surety/proof/records';
import { readKey } from './keys.ts';
import { Sealing } from './sealing.ts';
import { soleKey } from './sole-key.fixture.ts';
import { openReader } from './stores/reader.ts';

const [, , folder = '', keys = '', ...sizes] = process.argv;
const store = openReader(folder);
let size = 0;
// A store that grows: facts beyond the size of the round are not there yet.
const growing = { ...store, size: () => Math.max(size, Number(sizes[0])) };
const sealing = new Sealing(
  folder,
  growing,
  soleKey(readKey({ folder: keys, stem: 'log', name: store.origin, type: NOTE_ED25519 })),
  [],
);
size = Number(sizes.at(-1));
await sealing.restore();
for (const each of sizes) {
  size = Number(each);
  const published = await sealing.round(0);
  if (published !== undefined) process.stdout.write(`${published.head.split('\n').slice(0, 3).join(' ')}\n`);
}
store.close();
