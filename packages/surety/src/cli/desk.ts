// Commands that write ask a running Surety over its socket; if none runs, they open the store themselves.

import { join } from 'node:path';
import { type Desk, remoteDesk, remoteStatus } from '../api/index.ts';
import type { Config } from '../config/index.ts';
import type { Terminal } from './terminal.ts';

export type DeskWork = Pick<Desk, 'verdict' | 'prove' | 'issue' | 'answer' | 'settle'>;

/** Opens a house for one command; given by the composition root, the only place that can build one. */
export type OpenDesk = (config: Config, terminal: Terminal) => Promise<DeskWork & { close(): Promise<void> }>;

export const socketOf = (config: Config): string => join(config.store, 'admin.sock');

export async function withDesk<T>(
  config: Config,
  terminal: Terminal,
  open: OpenDesk,
  work: (desk: DeskWork) => Promise<T>,
): Promise<T> {
  const socket = socketOf(config);
  if ((await remoteStatus(socket)) !== undefined) return work(remoteDesk(socket));
  const desk = await open(config, terminal);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}
