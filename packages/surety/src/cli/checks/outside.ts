// What Surety depends on outside itself: witnesses, record systems, the servers behind the gateway. Each is
// asked once, for a short time, and nothing is changed.

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv4 } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Config, RecordConfig, ServerConfig, WitnessConfig } from '../../config/index.ts';
import { attempt, fail, ok, type Row, warn } from './row.ts';

const answerMsMax = 2_000;

/** True if somebody answers HTTP there, whatever the answer says. */
export function answers(url: string | { readonly socketPath: string }): Promise<string | undefined> {
  return new Promise((done) => {
    const options = { method: 'GET', timeout: answerMsMax, agent: false } as const;
    const onAnswer = (answer: { destroy(): void }) => {
      answer.destroy();
      done(undefined);
    };
    const asked =
      typeof url !== 'string'
        ? httpRequest({ ...options, ...url, path: '/status', headers: { host: 'surety' } }, onAnswer)
        : (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options, onAnswer);
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${answerMsMax} ms`)));
    asked.on('error', (error: NodeJS.ErrnoException) => done(error.message || (error.code ?? 'no answer')));
    asked.end();
  });
}

/** Where the log can be read by whoever reaches the address: said, as nothing else here says who that is. */
export function served(at: Config['serve']): readonly Row[] {
  if (at === undefined) return [];
  const where = `${at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}`;
  if (at.host === 'localhost' || at.host === '::1' || (isIPv4(at.host) && at.host.startsWith('127.')))
    return [ok('served log', `${where}, for programs on this host`)];
  const remedy = 'have a proxy before it ask who reads, unless these facts are meant for all of them';
  return [warn('served log', `whoever reaches ${where} reads ids, tools and times`, remedy)];
}

export async function witnesses(configured: readonly WitnessConfig[]): Promise<readonly Row[]> {
  if (configured.length === 0)
    return [
      warn(
        'witnesses',
        'there is none',
        'have somebody whom you do not control run one: docs/configuration.md',
      ),
    ];
  const asked = configured.map(({ name, url, simulated }) =>
    attempt(`witness ${name}`, 'correct its `url` in surety.yaml', async () => {
      const socketPath = url.startsWith('unix:') ? url.replace(/^unix:(\/\/)?/, '') : undefined;
      const silent = await answers(socketPath === undefined ? url : { socketPath });
      if (silent !== undefined && simulated)
        return warn(
          `witness ${name}`,
          `${url} does not answer: a witness on this host, which is not running`,
          'start it; that of the story of `npm start` is the story’s own, and stops with it',
        );
      if (silent !== undefined)
        return fail(`witness ${name}`, `${url} does not answer: ${silent}`, 'ask who runs it');
      if (!simulated) return ok(`witness ${name}`, `${url} answers`);
      return warn(
        `witness ${name}`,
        `${url} answers, on this host`,
        'whoever has this host has it too: use one elsewhere',
      );
    }),
  );
  return (await Promise.all(asked)).flat();
}

export async function records(configured: readonly RecordConfig[]): Promise<readonly Row[]> {
  const rows = configured.map(({ id, sqlite }) =>
    attempt(`record ${id}`, 'make it readable for the account of Surety', () => {
      if (!existsSync(sqlite))
        return fail(
          `record ${id}`,
          `${sqlite} is not there`,
          'correct `sqlite` of this record in surety.yaml',
        );
      const database = new DatabaseSync(sqlite, {
        readOnly: true,
        allowExtension: false,
        timeout: answerMsMax,
      });
      try {
        const tables = database
          .prepare("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table'")
          .get();
        return ok(`record ${id}`, `${sqlite} opens for reading, ${tables?.['count']} tables`);
      } finally {
        database.close();
      }
    }),
  );
  return (await Promise.all(rows)).flat();
}

export async function servers(
  configured: readonly ServerConfig[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Row[]> {
  const rows = configured.map((server) =>
    attempt(`server ${server.id}`, 'correct this server in surety.yaml', () =>
      server.transport === 'stdio' ? command(server, env) : address(server),
    ),
  );
  return (await Promise.all(rows)).flat();
}

async function address({ id, url = '' }: ServerConfig): Promise<Row> {
  const silent = await answers(url);
  if (silent === undefined) return ok(`server ${id}`, `${url} answers`);
  return warn(`server ${id}`, `${url} does not answer: ${silent}`, 'its tools are refused until it does');
}

function command(
  { id, command: name = '', cwd = '.', env: own = {} }: ServerConfig,
  env: Readonly<Record<string, string | undefined>>,
): Row {
  const check = `server ${id}`;
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    return fail(check, `its folder ${cwd} is not there`, 'make it, or correct `cwd` in surety.yaml');
  const path = own['PATH'] ?? env['PATH'] ?? '';
  const found = findCommand(name, cwd, path);
  return found === undefined
    ? fail(check, `there is no command ${name}`, 'install it, or write its whole path in surety.yaml')
    : ok(check, found);
}

/** Where the system would find it: on PATH, or from the folder if it names one. */
export function findCommand(name: string, cwd: string, path: string): string | undefined {
  const places = name.includes('/')
    ? [resolve(cwd, name)]
    : path.split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]));
  return places.find((file) => isProgram(file));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
