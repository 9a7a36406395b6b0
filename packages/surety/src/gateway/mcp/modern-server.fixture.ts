// A server of the official SDK over stdio that speaks MCP 2026-07-28 only; with `serve` as its argument, the earlier
// era too. Run as a process.

import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const text = (text: string) => ({ content: [{ type: 'text' as const, text }] });

serveStdio(
  ({ era }) => {
    const server = new McpServer({ name: 'modern', version: '1' });
    server.registerTool('hello', {}, async () => text('hello'));
    server.registerTool('era', {}, async () => text(era));
    return server;
  },
  { legacy: process.argv[2] === 'serve' ? 'serve' : 'reject' },
);
