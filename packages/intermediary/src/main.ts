#!/usr/bin/env node
// The command line: `intermediary --command <command>`, or with addresses for a gateway that runs already. A line for
// each check on stderr; with `--json` one object on stdout. Exit codes: 0 every must held, 1 one did not, 64 usage, 70
// the gateway could not be put in place.

import { parseArgs } from 'node:util';
import type { Gateway } from './bench.ts';
import type { Check, Era } from './check.ts';
import { legacy, modern } from './message.ts';
import { gatewayOf, places, raise } from './raise.ts';
import { catalogLine, lineOf, recordOf, summaryLine } from './report.ts';
import { checks, runChecks, summaryOf } from './run.ts';
import { makeServers, type Servers } from './servers.ts';
import { version } from './version.ts';

const usage = `usage: intermediary --command <command> [options]
       intermediary --ports <old,new,odd> --old <url> [--new <url>] [--odd <url>] [--merged <url>] [options]

  --command <command>     starts the gateway; gets INTERMEDIARY_OLD, INTERMEDIARY_NEW and INTERMEDIARY_ODD, prints one
                          line of JSON, and ends when its stdin does
  --ports <old,new,odd>   ports of the kit's servers, for a gateway that runs already
  --credential <value>    Authorization of the first principal, and again of the second
  --restricted            the second principal may not use the tool \`restricted\`
  --eras <list>           revisions in which the gateway serves clients (default ${legacy},${modern})
  --only <ids>            these checks
  --patience <ms>         how long to wait for what has to come (default 5000)
  --json                  one object on stdout
  --list                  every check: what it sends, what must hold, who says so
`;

class UsageError extends Error {}

function options() {
  try {
    return parseArgs({
      options: {
        ...{ command: { type: 'string' }, ports: { type: 'string' } },
        ...{ old: { type: 'string' }, new: { type: 'string' }, odd: { type: 'string' } },
        ...{ merged: { type: 'string' }, credential: { type: 'string', multiple: true } },
        ...{ restricted: { type: 'boolean' }, eras: { type: 'string' }, only: { type: 'string' } },
        ...{ patience: { type: 'string' }, json: { type: 'boolean' }, list: { type: 'boolean' } },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
type Options = ReturnType<typeof options>;

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

function erasOf(text: string | undefined): readonly Era[] {
  const eras = (text ?? `${legacy},${modern}`).split(',');
  const unknown = eras.find((era) => era !== legacy && era !== modern);
  if (unknown !== undefined)
    throw new UsageError(`\`${unknown}\` is no revision; there are ${legacy} and ${modern}`);
  return eras as Era[];
}

function chosenOf(text: string | undefined): readonly Check[] {
  if (text === undefined) return checks;
  return text.split(',').map((id) => {
    const found = checks.find((check) => check.id === id);
    if (found === undefined) throw new UsageError(`there is no check \`${id}\`; --list names them`);
    return found;
  });
}

function patienceOf(text = '5000'): number {
  const ms = Number(text);
  if (!Number.isSafeInteger(ms) || ms < 1) throw new UsageError(`\`${text}\` is no number of milliseconds`);
  return ms;
}

function portsOf(text: string | undefined): readonly number[] {
  const ports = (text ?? '0,0,0').split(',').map(Number);
  if (ports.length !== 3 || !ports.every((port) => Number.isInteger(port) && port >= 0 && port < 65_536))
    throw new UsageError('--ports are three numbers, of the old, the new and the odd server');
  return ports;
}

interface Raised {
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

async function inPlace(asked: Options, servers: Servers, ports: readonly number[]): Promise<Raised> {
  const urls = [];
  for (const [at, server] of [servers.old, servers.new, servers.odd].entries())
    urls.push(await server.listen(ports[at]));
  const [old = '', fresh = '', odd = ''] = urls;
  if (asked.command !== undefined)
    return raise(asked.command, { INTERMEDIARY_OLD: old, INTERMEDIARY_NEW: fresh, INTERMEDIARY_ODD: odd });
  const said = Object.fromEntries(places.map((place) => [place, asked[place]]));
  const { credential: credentials = [], restricted = false } = asked;
  const gateway = gatewayOf(JSON.stringify({ ...said, credentials, restricted }));
  return { gateway, stop: async () => undefined };
}

async function main(): Promise<number> {
  const asked = options();
  if (asked.help || asked.list) {
    process.stdout.write(asked.help ? usage : `${checks.map(catalogLine).join('\n\n')}\n`);
    return 0;
  }
  const eras = erasOf(asked.eras);
  const chosen = chosenOf(asked.only);
  const patienceMs = patienceOf(asked.patience);
  const ports = portsOf(asked.ports);
  const hasEndpoint = places.some((place) => asked[place] !== undefined);
  if ((asked.command !== undefined) === hasEndpoint)
    throw new UsageError('give --command, or the endpoints of a gateway that runs already');
  if (hasEndpoint && asked.ports === undefined)
    throw new UsageError('a gateway that runs already forwards to ports that it was told: give --ports');
  const servers = makeServers();
  try {
    const { gateway, stop } = await inPlace(asked, servers, ports);
    try {
      const onResult = (result: Parameters<typeof lineOf>[0]) => void say(lineOf(result));
      const results = await runChecks(gateway, servers, { patienceMs, eras, chosen, onResult });
      const summary = summaryOf(results);
      say(`\n${summaryLine(summary)}`);
      if (asked.json) {
        const whole = { intermediary: version, summary, checks: results.map(recordOf) };
        process.stdout.write(`${JSON.stringify(whole)}\n`);
      }
      return summary.broken === 0 ? 0 : 1;
    } finally {
      await stop();
    }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.close()));
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  say(`intermediary: ${(error as Error).message}`);
  if (isUsage) process.stderr.write(usage);
  process.exitCode = isUsage ? 64 : 70;
}
