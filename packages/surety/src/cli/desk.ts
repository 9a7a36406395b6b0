// Commands that write ask a running Surety over its socket; if none runs, they open the store themselves.

import { join } from 'node:path';
import { type Desk, remoteDesk, remoteStatus } from '../api/index.ts';
import type { Config } from '../config/index.ts';
import { openReader } from '../ledger/stores/reader.ts';
import { CommandError, exit, type Terminal } from './terminal.ts';

export type DeskWork = Pick<
  Desk,
  | 'verdict'
  | 'prove'
  | 'issue'
  | 'revoke'
  | 'answer'
  | 'settle'
  | 'rotate'
  | 'nextKey'
  | 'order'
  | 'survey'
  | 'legalHolds'
  | 'affected'
  | 'sign'
  | 'passkey'
  | 'reload'
  | 'look'
  | 'plant'
>;

/** Opens a house for one command; given by the composition root, the only place that can build one. */
export type OpenDesk = (config: Config, terminal: Terminal) => Promise<DeskWork & { close(): Promise<void> }>;

/** What the system takes as the name of a socket (unix(7)). */
const socketBytesMax = 107;

/** Throws CommandError for a store whose path is too long to be spoken to. */
export function socketOf({ store }: Config): string {
  const socket = join(store, 'admin.sock');
  if (Buffer.byteLength(socket) <= socketBytesMax) return socket;
  throw new CommandError(
    `the path of the store is too long for a socket: \`${socket}\``,
    `at most ${socketBytesMax} bytes; move the folder, or set \`store\` in surety.yaml to a shorter path`,
  );
}

/** `mayBegin`: the command may make the log. All others are about one that is there. */
export async function withDesk<T>(
  config: Config,
  terminal: Terminal,
  open: OpenDesk,
  work: (desk: DeskWork) => Promise<T>,
  { mayBegin = false } = {},
): Promise<T> {
  const socket = socketOf(config);
  if ((await remoteStatus(socket)) !== undefined) return work(remoteDesk(socket));
  if (!mayBegin) openReader(config.store).close();
  const interrupted = interruption(terminal);
  try {
    const desk = await open(config, terminal);
    try {
      return await Promise.race([work(desk), interrupted.promise]);
    } finally {
      await desk.close();
    }
  } finally {
    interrupted.ignore();
  }
}

/**
 * While a command holds the log, an interrupt lets it close: a writer that just ends leaves a tail that may
 * be lost, and every verdict on this window would have to say so. A second one ends it at once.
 */
function interruption(terminal: Terminal): { promise: Promise<never>; ignore: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting for it yet.
  promise.catch(() => undefined);
  let asked = 0;
  const onSignal = () => {
    asked += 1;
    if (asked > 1) process.exit(exit.cancelled);
    terminal.note('stopping: the log is being closed (once more ends it at once)');
    reject(new CommandError('cancelled', undefined, exit.cancelled));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { promise, ignore: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}
