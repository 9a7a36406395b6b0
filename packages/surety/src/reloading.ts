// Reloading: the files are read again while calls go on. Either nothing in them is wrong and they are used as a whole, or
// nothing changes; and what cannot change without a restart is named. Part of the composition root.

import type { ReloadAnswer } from './api/index.ts';
import { type Config, loadConfig } from './config/index.ts';
import type { House } from './house.ts';

export interface ReloadingParts {
  readonly house: House;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration that the process was started with. */
  readonly started: Config;
  /** Told of the new configuration before its declarations are activated. */
  readonly onConfig: (config: Config) => void;
}

/** Settled when the process starts: by whom and where it is reached, where it writes, and who seals and cosigns. */
const fixed = [
  'listen',
  'names',
  'tls',
  'serve',
  'store',
  'origin',
  'sealer',
  'witnesses',
  'quorum',
  'telemetry',
  'pages',
] as const;
/** Settled for a connection when the address is opened; the others change with a reload. */
const fixedLimits = [
  'connections',
  'headers',
  'headers-within',
  'request-within',
  'read-within',
  'idle',
] as const;
const memberOf = {
  connections: 'connectionsMax',
  headers: 'headerBytesMax',
  'headers-within': 'headersWithinMs',
  'request-within': 'requestWithinMs',
  'read-within': 'readWithinMs',
  idle: 'idleWithinMs',
} as const;

export async function reload({ house, env, started, onConfig }: ReloadingParts): Promise<ReloadAnswer> {
  const loaded = await loadConfig(started.folder, env);
  if (!loaded.ok) return { ok: false, problems: loaded.problems };
  const { config } = loaded;
  onConfig(config);
  const { applied, pending } = await house.reload(config);
  return {
    ok: true,
    applied,
    pending,
    servers: house.servers().map(({ id }) => id),
    restart: [
      ...fixed.filter((name) => differs(started[name], config[name])),
      ...fixedLimits
        .filter((name) => started.limits[memberOf[name]] !== config.limits[memberOf[name]])
        .map((name) => `limits.${name}`),
    ],
    warnings: config.warnings,
  };
}

const differs = (before: unknown, after: unknown): boolean => plain(before) !== plain(after);
/** Keys are bytes, which JSON tells apart as well. */
const plain = (value: unknown): string => JSON.stringify(value) ?? '';
