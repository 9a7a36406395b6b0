// `surety demo`: plays a story of `examples` from a checkout.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DemoOptions } from './cli/roots.ts';
import { CommandError, type Exit, exit, type Terminal } from './cli/terminal.ts';

export async function demo(_: Terminal, { story, once, json }: DemoOptions): Promise<Exit> {
  const program = fileURLToPath(new URL(`../../../examples/${story}/story.ts`, import.meta.url));
  if (!existsSync(program))
    throw new CommandError(
      'the stories are not part of this installation',
      'clone the repository, then `npm start`',
    );
  const args = [program, ...(once === true ? ['--once'] : []), ...(json === true ? ['--json'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code === 0 ? exit.ok : exit.error));
  });
}
