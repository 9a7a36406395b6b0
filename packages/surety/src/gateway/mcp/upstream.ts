// What every upstream server offers the wire, whichever way it is reached, and how its tools are listed.
// The server is not trusted: its pages, its tools and its cursors are bounded, its names are judged elsewhere.

import { JsonError, parseJsonWithSpans, type Span } from '@surety/proof/records';
import { UpstreamError } from './errors.ts';
import type { UpstreamReply } from './port.ts';
import { isMembers, type Members } from './wire.ts';

export interface Tool {
  readonly name: string;
  /** Original JSON text of the tool. */
  readonly text: string;
  readonly value: Members;
  /** Where the value of `name` lies in `text`. */
  readonly nameSpan: Span;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

export interface Upstream {
  readonly server: string;
  /** The server's own initialize result. Throws `UpstreamError`. */
  describe(): Promise<Members>;
  /** Every page, kept for a short time. The same array until it is fetched anew. Throws `UpstreamError`. */
  listTools(): Promise<readonly Tool[]>;
  /** Sends `tools/call` once; never rejects, never sends again. */
  call(paramsText: string, options?: CallOptions): Promise<UpstreamReply>;
  close(): Promise<void>;
}

/** Versions that an upstream may answer with; the first is the one we ask for. */
export const upstreamVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

/** Throws unless an initialize result names a version that we speak. */
export function checkInitialized(value: Members): Members {
  if (typeof value.protocolVersion !== 'string' || !upstreamVersions.includes(value.protocolVersion))
    throw new UpstreamError('unknown-version', 'the server speaks no protocol version known here');
  return value;
}

/** No capabilities: a server has nothing to ask of us, so nothing of ours can leak through such a question. */
export const initializeParams = (client: { readonly name: string; readonly version: string }): string =>
  JSON.stringify({ protocolVersion: upstreamVersions[0], capabilities: {}, clientInfo: client });

const pagesMax = 100;
const toolsMax = 10_000;

export interface ToolListOptions {
  readonly maxAgeMs: number;
  readonly now?: () => number;
  /** Asks for one page; throws `UpstreamError`. */
  readonly page: (paramsText: string) => Promise<{ readonly text: string; readonly value: Members }>;
}

/** The tools of one server, fetched once at a time and kept for `maxAgeMs` or until `forget`. */
export class ToolList {
  readonly #options: ToolListOptions;
  readonly #now: () => number;
  #kept: { readonly tools: Promise<readonly Tool[]>; freshUntil: number } | undefined;

  constructor(options: ToolListOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  forget(): void {
    this.#kept = undefined;
  }

  get(): Promise<readonly Tool[]> {
    if (this.#kept !== undefined && this.#now() < this.#kept.freshUntil) return this.#kept.tools;
    const kept = { tools: this.#fetch(), freshUntil: Number.POSITIVE_INFINITY };
    this.#kept = kept;
    kept.tools.then(
      () => {
        kept.freshUntil = this.#now() + this.#options.maxAgeMs;
      },
      () => {
        if (this.#kept === kept) this.#kept = undefined;
      },
    );
    return kept.tools;
  }

  async #fetch(): Promise<readonly Tool[]> {
    const tools: Tool[] = [];
    let paramsText = '{}';
    for (let page = 0; page < pagesMax; page++) {
      const { text, value } = await this.#options.page(paramsText);
      tools.push(...toolsOf(text, value));
      if (tools.length > toolsMax) throw new UpstreamError('nonsense', 'the server lists too many tools');
      if (value.nextCursor === undefined) return tools;
      if (typeof value.nextCursor !== 'string') throw new UpstreamError('nonsense', 'a cursor is no string');
      paramsText = JSON.stringify({ cursor: value.nextCursor });
    }
    throw new UpstreamError('nonsense', 'the server lists too many pages');
  }
}

function toolsOf(text: string, { tools }: Members): Tool[] {
  if (!Array.isArray(tools) || tools.length > toolsMax)
    throw new UpstreamError('nonsense', 'the server lists no tools');
  const pointers = tools.flatMap((_, at) => [`/tools/${at}`, `/tools/${at}/name`]);
  const { spans } = spansOf(text, pointers);
  return tools.map((value: unknown, at) => {
    if (!isMembers(value) || typeof value.name !== 'string')
      throw new UpstreamError('nonsense', 'a tool has no name');
    const [start, end] = spans.get(`/tools/${at}`) as Span;
    const [nameStart, nameEnd] = spans.get(`/tools/${at}/name`) as Span;
    const nameSpan = [nameStart - start, nameEnd - start] as const;
    return { name: value.name, text: text.slice(start, end), value, nameSpan };
  });
}

/** The text was parsed before, within the wire's bounds, hence the wide ones here. */
function spansOf(text: string, pointers: readonly string[]) {
  try {
    return parseJsonWithSpans(text, pointers, { depthMax: 256, bytesMax: text.length });
  } catch (cause) {
    if (cause instanceof JsonError) throw new UpstreamError('nonsense', `a list is refused: ${cause.code}`);
    throw cause;
  }
}

/** A reply as a value, or as the error that says why there is none. */
export function expectResult(reply: UpstreamReply, asked: string): { text: string; value: Members } {
  if (reply.is === 'result') return reply;
  if (reply.is === 'error')
    throw new UpstreamError('refused', `the server refused \`${asked}\`: ${reply.code}`);
  throw new UpstreamError(reply.is, `no answer to \`${asked}\`: ${reply.cause}`);
}
