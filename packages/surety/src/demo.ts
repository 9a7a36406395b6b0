// `surety demo`: plays the story of examples/supplier-payments from a checkout.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandError, type Exit, exit, type Terminal } from './cli/terminal.ts';

const story = fileURLToPath(new URL('../../../examples/supplier-payments/story.ts', import.meta.url));

export async function demo(_: Terminal, { once, json }: { once?: boolean; json?: boolean }): Promise<Exit> {
  if (!existsSync(story))
    throw new CommandError(
      'the story is not part of this installation',
      'clone the repository, then `npm start`',
    );
  const args = [story, ...(once === true ? ['--once'] : []), ...(json === true ? ['--json'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code === 0 ? exit.ok : exit.error));
  });
}
