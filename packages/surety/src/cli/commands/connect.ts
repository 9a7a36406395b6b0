// `surety connect`: for clients that speak only stdio. They start it as if it were the server; it speaks for them to
// a Surety that runs, with the credential of their agent.

import { bridge } from '../../gateway/mcp/index.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

const defaultUrl = 'http://127.0.0.1:7300';

export async function connect(
  terminal: Terminal,
  server: string | undefined,
  { url = terminal.env['SURETY_URL'] ?? defaultUrl }: { readonly url?: string },
): Promise<Exit> {
  const credential = terminal.env['SURETY_CREDENTIAL'] ?? '';
  // In the environment, because words of a command line show in the list of processes.
  if (!/^[\x21-\x7e]+$/.test(credential))
    throw new CommandError(
      'with which credential?',
      'set SURETY_CREDENTIAL to what `surety credential <agent>` printed',
      exit.unauthenticated,
    );
  await bridge({
    url: endpointOf(url, server),
    credential,
    input: process.stdin,
    output: process.stdout,
    onProblem: (problem) => terminal.note(printable(problem)),
  });
  return exit.ok;
}

function endpointOf(text: string, server: string | undefined): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new CommandError(`\`${text}\` is no http address`, `pass --url, such as ${defaultUrl}`, exit.usage);
  if (server !== undefined && !/^[a-z][a-z0-9-]{0,63}$/.test(server))
    throw new CommandError(
      `\`${server}\` is no name of a server`,
      'leave it out for all servers at once',
      exit.usage,
    );
  return new URL(server === undefined ? '/mcp' : `/mcp/${server}`, url);
}
