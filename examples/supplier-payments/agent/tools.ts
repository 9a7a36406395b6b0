// The clerk's hands: the same tools, through the gateway or straight at the servers. One client of the official SDK
// a server, made at the first call; it speaks 2026-07-28 and falls back to the 2025 handshake. A call is sent
// once: after an error the client is dropped and the next call, whichever it is, connects anew.

import { fileURLToPath } from 'node:url';
import {
  type CallToolResult,
  Client,
  ProtocolError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

export interface Answer {
  readonly text: string;
  readonly structured?: unknown;
  readonly isError: boolean;
}

export interface Tools {
  /** Rejects if no answer came: then nobody here knows what happened. */
  call(server: string, tool: string, args: object): Promise<Answer>;
}

/** Tools that hold connections or processes. */
export interface OpenTools extends Tools {
  close(): Promise<void>;
}

export interface GatewayOptions {
  /** The gateway's origin, `http://127.0.0.1:7300`. */
  readonly url: string;
  readonly token: string;
  /** Sent with every request as `Surety-Case`. */
  readonly caseId: string;
  readonly timeoutMs?: number;
}

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface DirectOptions {
  readonly erp: ProcessOptions;
  readonly inbox: ProcessOptions;
  readonly timeoutMs?: number;
}

export function gatewayTools({ url, token, caseId, timeoutMs }: GatewayOptions): OpenTools {
  const headers = { Authorization: `Bearer ${token}`, 'Surety-Case': caseId };
  return toolsOver((server) => {
    const endpoint = new URL(`/mcp/${server}`, url);
    return new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } });
  }, timeoutMs);
}

/** The day without Surety. */
export function directTools({ timeoutMs, ...servers }: DirectOptions): OpenTools {
  return toolsOver((server) => {
    if (server !== 'erp' && server !== 'inbox') throw new Error(`there is no server \`${server}\``);
    const { command, args, env = {} } = servers[server];
    return new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: 'ignore' });
  }, timeoutMs);
}

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
}: LocalOptions): Omit<DirectOptions, 'timeoutMs'> {
  const program = fileURLToPath(import.meta.resolve('../erp/server.ts'));
  const files = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
  return {
    erp: { command: process.execPath, args: [program], env: { ...env, ERP_DB: database, ERP_USER: user } },
    inbox: { command: process.execPath, args: [files, inbox] },
  };
}

type Transport = StreamableHTTPClientTransport | StdioClientTransport;

function toolsOver(transport: (server: string) => Transport, timeoutMs = 30_000): OpenTools {
  const clients = new Map<string, Promise<Client>>();
  const drop = async (server: string) => {
    const client = clients.get(server);
    clients.delete(server);
    await client?.then((each) => each.close()).catch(() => {});
  };
  return {
    async call(server, tool, args) {
      const connected = clients.get(server) ?? connect(transport(server), timeoutMs);
      clients.set(server, connected);
      try {
        const client = await connected;
        const request = { name: tool, arguments: { ...args } };
        return answerOf(await client.callTool(request, { timeout: timeoutMs }));
      } catch (error) {
        if (error instanceof ProtocolError) return { text: error.message, isError: true };
        await drop(server);
        throw error;
      }
    },
    async close() {
      await Promise.all([...clients.keys()].map(drop));
    },
  };
}

/** Lists the tools too, as any agent does: the SDK then checks every answer against what the tool promised. */
async function connect(transport: Transport, timeoutMs: number): Promise<Client> {
  const client = new Client(
    { name: 'acme-payables-clerk', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto', probe: { timeoutMs } } },
  );
  try {
    await client.connect(transport, { timeout: timeoutMs });
    await client.listTools(undefined, { timeout: timeoutMs });
    return client;
  } catch (error) {
    await client.close().catch(() => {});
    throw error;
  }
}

function answerOf({ content, structuredContent, isError = false }: CallToolResult): Answer {
  const text = content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n');
  return { text, ...(structuredContent === undefined ? {} : { structured: structuredContent }), isError };
}
