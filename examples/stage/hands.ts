// An agent's hands: the same tools, through the gateway or straight at the servers. One client of the official SDK
// a server, made at the first call; it speaks 2026-07-28 and falls back to the 2025 handshake. A call is sent
// once: after an error the client is dropped and the next call, whichever it is, connects anew.

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

export function gatewayTools({ url, token, caseId, timeoutMs }: GatewayOptions): OpenTools {
  const headers = { Authorization: `Bearer ${token}`, 'Surety-Case': caseId };
  return toolsOver((server) => {
    const endpoint = new URL(`/mcp/${server}`, url);
    return new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } });
  }, timeoutMs);
}

/** The day without Surety: straight at the servers, by name. */
export function directTools(
  servers: Readonly<Record<string, ProcessOptions>>,
  timeoutMs?: number,
): OpenTools {
  return toolsOver((server) => {
    const found = Object.hasOwn(servers, server) ? servers[server] : undefined;
    if (found === undefined) throw new Error(`there is no server \`${server}\``);
    const { command, args, env = {} } = found;
    return new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: 'ignore' });
  }, timeoutMs);
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
    { name: 'acme-agent', version: '1.0.0' },
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

/** One call as it happened, for whoever tells the story. */
export interface Asked {
  /** The tool id, `erp.pay_invoice`. */
  readonly did: string;
  readonly args: object;
  /** `lost`: no answer came; `text` says why. */
  readonly answer: Answer & { readonly lost?: true };
}

/** Asks once, by the tool's id. Never rejects for want of an answer. */
export async function askOnce(tools: Tools, toolId: string, args: object): Promise<Asked['answer']> {
  const [server = '', tool = ''] = toolId.split('.');
  return tools
    .call(server, tool, args)
    .catch((error: unknown) => ({ text: wordsOf(error), isError: true, lost: true }));
}

/** What an answer that is no success means. The gateway's words: `Held ...` waits for a person; `Not ...` or no answer at all is not a no. */
export function undone({ text, lost }: Asked['answer']): {
  did: 'held' | 'refused' | 'failed';
  message: string;
} {
  if (lost === true || /^(?:Not sent|Not known)|[Tt]ry again later/.test(text))
    return { did: 'failed', message: text };
  return { did: text.startsWith('Held') ? 'held' : 'refused', message: text };
}

/** With what caused it: `fetch failed` alone tells nobody whether a host refused or a connection broke. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const why = cause === undefined ? '' : wordsOf(cause);
  return why === '' || message.endsWith(why) ? message : `${message}: ${why}`;
}
