// The cloud's console, for people who have the right to it: no gateway is in its way.
//   node cloud/console.ts delete-volume <volume>
//   node cloud/console.ts bring-back <backup>
// Variables as in `server.ts`. Prints what was done as one line of JSON.

import { nowMs } from '../../stage/clock.ts';
import { Cloud } from './cloud.ts';
import { CloudError } from './database.ts';

const [does = '', id = ''] = process.argv.slice(2);
const { CLOUD_FOLDER: folder = '', CLOUD_USER: user = '', SURETY_CLOCK: clock } = process.env;
const verbs: Readonly<Record<string, (cloud: Cloud) => object>> = {
  'delete-volume': (cloud) => cloud.deleteVolume(id),
  'bring-back': (cloud) => cloud.bringBack(id),
};
const verb = Object.hasOwn(verbs, does) ? verbs[does] : undefined;

if (verb === undefined || id === '' || folder === '' || user === '') {
  process.stderr.write(
    'usage: CLOUD_FOLDER=<folder> CLOUD_USER=<name> node cloud/console.ts delete-volume <volume> | bring-back <backup>\n',
  );
  process.exitCode = 64;
} else {
  const cloud = Cloud.open(folder, user, () => nowMs(clock));
  try {
    process.stdout.write(`${JSON.stringify(verb(cloud))}\n`);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    cloud.close();
  }
}
