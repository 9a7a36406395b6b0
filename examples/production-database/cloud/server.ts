// The cloud's process for agents: MCP over standard input and output, official SDK.
//   CLOUD_FOLDER  where the control plane and the volumes lie (made by `seed.ts`)
//   CLOUD_USER    whose name stands under what is done
//   SURETY_CLOCK  optional: the told time (`stage/clock.ts`)

import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { nowMs } from '../../stage/clock.ts';
import { Cloud } from './cloud.ts';
import { cloudServer } from './tools.ts';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`\`${name}\` is not set`);
  return value;
}

const clock = process.env['SURETY_CLOCK'];
nowMs(clock); // A clock that cannot be read stops the start, not the first deletion.
const cloud = Cloud.open(required('CLOUD_FOLDER'), required('CLOUD_USER'), () => nowMs(clock));

serveStdio(() => cloudServer(cloud));
