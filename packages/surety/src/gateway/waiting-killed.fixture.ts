// A process with a house in which two calls wait, that is killed as soon as both are durable.

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { referenceIn, result } from '../house.fixture.ts';
import { openHouse } from '../house.ts';

const [folder = ''] = process.argv.slice(2);
const loaded = await loadConfig(folder, {});
if (!loaded.ok) throw new Error('the files do not load');
const house = await openHouse(loaded.config, {
  ...{ program: 'gateway', env: { SURETY_CLOCK: join(folder, 'clock.json') } },
  onNote: () => undefined,
});
const mine = await house.openCase('desk', { agent: 'buyer', user: 'sam@acme.example', words: 'Please pay.' });
const call = (tool: string, args: object) =>
  house.gateway.call(
    { agent: 'buyer' },
    {
      ...{ tool, args: { ...args }, case: mine },
      forward: async () => result({ status: 'matched' }),
    },
  );
const holds: string[] = [];
for (const invoice of ['ONE', 'TWO']) {
  await call('erp.match', { invoice });
  holds.push(referenceIn(await call('erp.pay', { invoice, amount: '20000.00', currency: 'USD' })));
}
const [one, two] = holds;
writeSync(1, JSON.stringify({ one, two, mine }));
process.kill(process.pid, 'SIGKILL');
