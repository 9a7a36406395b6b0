// `surety settle`: asks the records about every call whose answer was lost. `up` does it by itself.

import { type OpenDesk, withDesk } from '../desk.ts';
import { configOf } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

export async function settle(
  terminal: Terminal,
  open: OpenDesk,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const config = await configOf(terminal, folder);
  await withDesk(config, terminal, open, (desk) => desk.settle());
  terminal.out(json === true ? JSON.stringify({ ok: true }) : 'what the records show has been settled');
  return exit.ok;
}
