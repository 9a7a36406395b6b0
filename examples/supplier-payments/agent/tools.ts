// The clerk's two servers as processes on this machine, for a day without Surety.

import { fileURLToPath } from 'node:url';
import type { ProcessOptions } from '../../stage/hands.ts';

export interface LocalOptions {
  /** Path of the accounts payable database. */
  readonly database: string;
  /** The folder that the inbox server may read. */
  readonly inbox: string;
  /** The database user that payments are written as. */
  readonly user: string;
  /** More for the accounts payable process: `SURETY_CLOCK`, `ERP_FAULT`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How to start both servers on this machine. */
export function localServers({
  database,
  inbox,
  user,
  env = {},
}: LocalOptions): Readonly<Record<'erp' | 'inbox', ProcessOptions>> {
  const program = fileURLToPath(import.meta.resolve('../erp/server.ts'));
  const files = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
  return {
    erp: { command: process.execPath, args: [program], env: { ...env, ERP_DB: database, ERP_USER: user } },
    inbox: { command: process.execPath, args: [files, inbox] },
  };
}
