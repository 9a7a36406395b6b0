// `surety reload`: a running Surety reads its files again. Either nothing in them is wrong, or nothing changes.

import { type ReloadAnswer, remoteDesk, remoteStatus } from '../../api/index.ts';
import { renderProblems } from '../../config/index.ts';
import { socketOf } from '../desk.ts';
import { configWithoutSecrets } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

export async function reload(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  // Only to find the socket: the secrets are with the process that runs, which judges the files by its own.
  const socket = socketOf(await configWithoutSecrets(terminal, folder));
  if ((await remoteStatus(socket)) === undefined)
    throw new CommandError('nothing runs here', 'the next `surety up` reads the files');
  const answer = await remoteDesk(socket).reload();
  if (json === true) terminal.out(JSON.stringify(answer));
  else if (answer.ok) for (const line of linesOf(answer)) terminal.out(line);
  else terminal.note(renderProblems(answer.problems, terminal.color));
  if (answer.ok) return exit.ok;
  terminal.note('nothing has changed: Surety goes on as before');
  return exit.error;
}

function linesOf({ applied, pending, restart }: Extract<ReloadAnswer, { ok: true }>): string[] {
  const waits = pending.map(({ change, stream, missing }) => {
    const owners = [...new Set(missing.map(({ owner }) => owner))].join(', ');
    return `waits for ${owners}: ${printable(stream)}  surety sign ${change}`;
  });
  return [
    ...applied.map(({ stream, is }) => `${is === 'weakens' ? 'in force' : is}: ${printable(stream)}`),
    ...waits,
    ...restart.map((key) => `only after a restart: ${key}`),
    ...(applied.length + pending.length + restart.length === 0 ? ['nothing has changed'] : []),
  ];
}
