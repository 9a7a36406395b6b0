// For the tests of exports: a process that exports a log, says how far it is, and is killed meanwhile:
//   node export.fixture.ts <store> <to>

import { exportLog } from './export.ts';
import { openReader } from './stores/reader.ts';

const [store = '', to = ''] = process.argv.slice(2);
const reader = openReader(store);
const onProgress = (done: number): void => void process.stdout.write(`${done}\n`);
await exportLog({ store, reader, to, onProgress });
reader.close();
