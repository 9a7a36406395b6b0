// How a gateway gets in front of the kit's servers: a command of its owner's, which is given their addresses, starts the
// gateway, and prints one line of JSON that says where it is. It ends when its stdin does.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Gateway } from './bench.ts';
import type { Place } from './check.ts';
import { isMembers } from './message.ts';

export class RaiseError extends Error {}

export const places: readonly Place[] = ['old', 'new', 'odd', 'merged'];

/** What the command said, read strictly: a misspelt word must not make checks disappear. */
export function gatewayOf(line: string): Gateway {
  const said = parsed(line);
  const known = [...places, 'credentials', 'restricted'];
  const unknown = Object.keys(said).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RaiseError(`the command says \`${unknown}\`, which nobody knows`);
  const { credentials = [], restricted = false } = said;
  if (!Array.isArray(credentials) || !credentials.every((each) => typeof each === 'string'))
    throw new RaiseError('`credentials` is not a list of texts');
  if (typeof restricted !== 'boolean') throw new RaiseError('`restricted` is neither true nor false');
  const endpoints = places.flatMap((place) => {
    const url = said[place];
    if (url === undefined) return [];
    if (typeof url !== 'string' || !URL.canParse(url)) throw new RaiseError(`\`${place}\` is no address`);
    return [[place, url] as const];
  });
  if (endpoints.length === 0) throw new RaiseError('there is no endpoint');
  return { endpoints: Object.fromEntries(endpoints), credentials, restricted };
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isMembers(value)) return value;
  } catch {
    // Said below.
  }
  throw new RaiseError('the first line that the command printed is no JSON object');
}

export async function raise(
  command: string,
  addresses: Readonly<Record<string, string>>,
): Promise<{ gateway: Gateway; stop(): Promise<void> }> {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...addresses },
  });
  child.stdin.on('error', () => undefined);
  const closed = once(child, 'close');
  const stop = async () => {
    child.stdin.end();
    await closed;
  };
  try {
    return { gateway: gatewayOf(await firstLine(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return line;
  throw new RaiseError('the command ended before it said where the gateway is');
}
