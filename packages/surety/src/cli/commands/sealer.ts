// `surety sealer`: the sealer as a program of its own, under an account of its own, which alone reads the log key.
// It reads the store through its group, and writes heads and tiles where the gateway can read them and no more.

import { setTimeout as pause } from 'node:timers/promises';
import { parseVerifier } from '@surety/proof/records';
import type { Config } from '../../config/index.ts';
import { shareWithGroup } from '../../ledger/durable.ts';
import { Unsound } from '../../ledger/growing.ts';
import { ensureKey } from '../../ledger/keys.ts';
import { sealRounds, type Wakes } from '../../ledger/rounds.ts';
import { isApart, logKeyPlace, ownHome, type SealerPlace } from '../../ledger/sealer-place.ts';
import { openReader } from '../../ledger/stores/reader.ts';
import { accountOf, sealerPlace } from '../accounts.ts';
import { configWithoutSecrets } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  /** End when stdin ends, and let whoever started it take care of signals. */
  readonly withParent?: boolean;
  readonly json?: boolean;
}

const waitMs = 500;

export async function sealer(terminal: Terminal, { folder, withParent, json }: Asked): Promise<Exit> {
  const config = await configWithoutSecrets(terminal, folder);
  const place = sealerPlace(config);
  if (isApart(place)) takePlace(place, config);
  const wakes = new Signals(withParent === true);
  const { vkey } = ensureKey(logKeyPlace(place, config.origin));
  terminal.note(`the sealer of ${config.origin}: ${vkey}`);
  if (!(await storeOpens(terminal, place, wakes))) return exit.ok;
  try {
    await sealRounds(place, {
      witnesses: config.witnesses.map(({ key, url }) => ({ key: parseVerifier(key), url })),
      wakes,
      onReady: () => terminal.note('sealing'),
      onHead: (head) => {
        if (json === true) terminal.out(JSON.stringify(head));
      },
    });
    return exit.ok;
  } catch (cause) {
    if (!(cause instanceof Unsound)) throw cause;
    terminal.note(`error: ${cause.message}`);
    return exit.unsound;
  }
}

/** Root is not the sealer either: what it made, the sealer could not write afterwards. */
function takePlace(place: SealerPlace, { sealer: configured }: Config): void {
  const { name, uid } = accountOf(configured?.user ?? '');
  if (process.geteuid?.() !== uid)
    throw new CommandError(
      `this is not the account of the sealer, \`${name}\``,
      `sudo -u ${name} surety sealer; started by root, \`surety up\` starts it so`,
      exit.unauthenticated,
    );
  shareWithGroup();
  ownHome(place);
}

/** The gateway makes the store, and may not have begun. False if it was told to end while waiting. */
async function storeOpens(terminal: Terminal, { folder }: SealerPlace, wakes: Wakes): Promise<boolean> {
  let said = '';
  while (!wakes.ended) {
    try {
      openReader(folder).close();
      return true;
    } catch (cause) {
      const { code, message } = cause as { code?: string; message: string };
      if (code !== 'missing') throw cause;
      if (message !== said) terminal.note(`waiting: ${message}`);
      said = message;
    }
    await pause(waitMs);
  }
  return false;
}

class Signals implements Wakes {
  ended = false;
  #wake: () => void = () => undefined;

  constructor(withParent: boolean) {
    const end = () => {
      this.ended = true;
      this.#wake();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, withParent ? () => undefined : end);
    if (withParent) process.stdin.once('end', end).resume();
  }

  async next(waitMs: number): Promise<void> {
    if (this.ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
