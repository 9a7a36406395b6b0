// `surety init`: the smallest installation that works. Never overwrites a file.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { template } from '../../config/index.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

export function init(terminal: Terminal, where: string): Exit {
  const folder = resolve(terminal.cwd, where);
  const files = Object.entries(template(basename(folder)));
  const taken = files.map(([name]) => name).filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0)
    throw new CommandError(
      `already there: ${taken.join(', ')}`,
      'nothing was written; choose another folder',
    );
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content, { flag: 'wx' });
    terminal.out(join(where, name));
  }
  const at = where === '.' ? '' : ` -C ${where}`;
  terminal.note('next, one by one:');
  const steps = [`check${at}`, 'key you.key', `pins${at}`, `pins approve --all --key you.key${at}`];
  for (const step of [...steps, `credential assistant${at}`, `up${at}`]) terminal.note(`  surety ${step}`);
  terminal.note('the third lets npx fetch the sample server, and shows what its tools say of themselves');
  terminal.note('agents see a tool once you approved it: that needs your key under `keys` in surety.yaml');
  return exit.ok;
}
