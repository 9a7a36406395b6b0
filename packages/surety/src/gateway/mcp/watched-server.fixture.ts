// A server of the official SDK whose resources can be watched; the tool `touch` changes one, `watched` tells which the
// clients of the earlier era subscribe to. Run as a process over stdio, in the era that its argument names.

import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Era } from './web.fixture.ts';

const text = (text: string) => ({ content: [{ type: 'text' as const, text }] });

/** A server for one connection. */
export function watchedServer(era: Era): McpServer {
  const server = new McpServer(
    { name: 'watched', version: '1' },
    { capabilities: { resources: { subscribe: true } } },
  );
  const watched: string[] = [];
  for (const name of ['a', 'b']) {
    const uri = `test://${name}`;
    server.registerResource(name, uri, {}, async () => ({ contents: [] }));
    server.registerTool(`touch-${name}`, {}, async () => {
      await server.server.sendResourceUpdated({ uri });
      return text('touched');
    });
  }
  server.registerTool('watched', {}, async () => text(watched.join(' ')));
  server.registerTool('pid', {}, async () => text(String(process.pid)));
  if (era === 'legacy') {
    server.server.setRequestHandler('resources/subscribe', ({ params }) => {
      watched.push(params.uri);
      return {};
    });
    server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
      watched.splice(watched.indexOf(params.uri), 1);
      return {};
    });
  }
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'legacy') await watchedServer('legacy').connect(new StdioServerTransport());
  else serveStdio(() => watchedServer('modern'), { legacy: 'reject' });
}
