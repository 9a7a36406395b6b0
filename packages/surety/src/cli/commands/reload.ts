// `surety reload`: a running Surety reads its files again. Either nothing in them is wrong, or nothing changes.

import { type ReloadAnswer, remoteDesk, remoteStatus } from '../../api/index.ts';
import { type Config, renderProblems } from '../../config/index.ts';
import { auditDeclarations, type Finding } from '../../static-audit/index.ts';
import { socketOf } from '../desk.ts';
import { inForceIn } from '../in-force.ts';
import { configWithoutSecrets, openStore } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';
import { standingOf } from './audit.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

/** What the audit finds in the files and did not find in what was in force. */
type Found = Pick<Finding, 'id' | 'kind' | 'level' | 'sentence'>;

export async function reload(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  // Only to find the socket: the secrets are with the process that runs, which judges the files by its own.
  const config = await configWithoutSecrets(terminal, folder);
  const socket = socketOf(config);
  if ((await remoteStatus(socket)) === undefined)
    throw new CommandError('nothing runs here', 'the next `surety up` reads the files');
  // Here and not in the process that runs: calls go on there meanwhile.
  const found = newlyFound(terminal, config);
  const answer = await remoteDesk(socket).reload();
  if (json === true) terminal.out(JSON.stringify(answer.ok ? { ...answer, found } : answer));
  else if (answer.ok)
    for (const line of [...linesOf(answer), ...(found ?? []).map(foundLine)]) terminal.out(line);
  else terminal.note(renderProblems(answer.problems, terminal.color));
  if (answer.ok) return exit.ok;
  terminal.note('nothing has changed: Surety goes on as before');
  return exit.error;
}

/** Null where this account cannot read what is in force. */
function newlyFound(terminal: Terminal, config: Config): readonly Found[] | null {
  try {
    const store = openStore(config);
    try {
      const known = new Set(auditDeclarations(inForceIn(store).standing).findings.map(({ id }) => id));
      return auditDeclarations(standingOf(config)).findings.flatMap(({ id, kind, level, sentence }) =>
        known.has(id) ? [] : [{ id, kind, level, sentence }],
      );
    } finally {
      store.close();
    }
  } catch (error) {
    terminal.note(`what the files open is not said: ${(error as Error).message}; see \`surety audit\``);
    return null;
  }
}

const foundLine = ({ kind, id, sentence }: Found): string => `${kind}: ${id}  ${printable(sentence)}`;

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
