// The agent's two servers as processes on this machine, for a day without Surety.

import { fileURLToPath } from 'node:url';
import type { ProcessOptions } from '../../stage/hands.ts';

export interface LocalOptions {
  /** Where the control plane and the volumes lie. */
  readonly cloud: string;
  /** The folder that the server of the tickets may read. */
  readonly tickets: string;
  readonly user: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How to start both servers on this machine. */
export function localServers({
  cloud,
  tickets,
  user,
  env = {},
}: LocalOptions): Readonly<Record<'cloud' | 'tickets', ProcessOptions>> {
  const program = fileURLToPath(import.meta.resolve('../cloud/server.ts'));
  const files = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
  return {
    cloud: {
      command: process.execPath,
      args: [program],
      env: { ...env, CLOUD_FOLDER: cloud, CLOUD_USER: user },
    },
    tickets: { command: process.execPath, args: [files, tickets] },
  };
}
