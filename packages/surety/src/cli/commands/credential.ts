// `surety credential`: a credential for an agent or an application, shown once; or the end of all it has.

import { didYouMean } from '../../config/problem.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { explain } from '../explain.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly days: number;
  readonly revoke?: boolean;
  readonly json?: boolean;
}

export async function credential(
  terminal: Terminal,
  open: OpenDesk,
  identity: string,
  asked: Asked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  try {
    if (asked.revoke === true) {
      const revoked = await withDesk(config, terminal, open, (desk) => desk.revoke(identity));
      if (asked.json === true) terminal.out(JSON.stringify({ identity, revoked }));
      else
        terminal.out(`${revoked === 1 ? '1 credential' : `${revoked} credentials`} of ${identity} revoked`);
      return exit.ok;
    }
    // The first credential comes before the first start.
    const issued = await withDesk(
      config,
      terminal,
      open,
      (desk) => desk.issue(identity, asked.days * 86_400_000),
      { mayBegin: true },
    );
    const expires = new Date(issued.expires).toISOString();
    if (asked.json === true) terminal.out(JSON.stringify({ identity, ...issued, expires }));
    else {
      terminal.out(issued.credential);
      terminal.note(`shown once, kept nowhere; valid until ${expires}`);
    }
    return exit.ok;
  } catch (error) {
    if ((error as { code?: string }).code !== 'unknown') throw error;
    const names = config.declarations.flatMap((each) =>
      each.kind === 'identity.enrolled' ? [each.body.identity] : [],
    );
    const known =
      names.length === 0 ? 'add it under `agents` in surety.yaml' : `there are ${names.join(', ')}`;
    throw new CommandError(explain(error).message, didYouMean(identity, names, known));
  }
}
