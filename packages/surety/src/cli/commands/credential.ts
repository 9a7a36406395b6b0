// `surety credential`: a credential for an agent or an application, shown once.

import { type OpenDesk, withDesk } from '../desk.ts';
import { configOf } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly days: number;
  readonly json?: boolean;
}

export async function credential(terminal: Terminal, open: OpenDesk, identity: string, asked: Asked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const issued = await withDesk(config, terminal, open, (desk) => desk.issue(identity, asked.days * 86_400_000));
  const expires = new Date(issued.expires).toISOString();
  if (asked.json === true) terminal.out(JSON.stringify({ identity, ...issued, expires }));
  else {
    terminal.out(issued.credential);
    terminal.note(`shown once; valid until ${expires}`);
  }
  return exit.ok;
}
