// The upgrade that `crashes.test.ts` kills at every boundary: opens the store of an earlier format, as `surety up` does.
//   node crash-upgrade.fixture.ts <folder> <origin> <log key> <statement key>

import { openLog } from './stores/sqlite.ts';

const [, , folder = '', origin = '', logKey = '', statementKey = ''] = process.argv;
const about = { clock: () => Date.now(), clockKind: 'system', program: 'gateway', version: '0' } as const;
const log = await openLog({ folder, origin, logKey, statementKey, ...about });
await log.close();
