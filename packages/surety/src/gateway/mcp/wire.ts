// JSON-RPC 2.0 as MCP narrows it (no batches, ids never null), parsed strictly and answered by slicing.
// Both sides are hostile: clients write requests, upstream servers write answers. What is forwarded is
// the original text of `params`, `result` or `error`; only ids and, on the merged endpoint, names change.

import { fromUtf8, JsonError, parseJsonWithSpans, type Span } from '@surety/proof/records';

export type Members = Readonly<Record<string, unknown>>;

export interface Request {
  readonly is: 'request';
  /** The id as the peer wrote it: echoed, never re-printed. */
  readonly idText: string;
  readonly method: string;
  readonly params: Members;
  /** Original text of `params`; `{}` if there were none. */
  readonly paramsText: string;
  /** Where the members of `paramsPointers` lie within `paramsText`. */
  readonly spans: ReadonlyMap<ParamsPointer, Span>;
}

export interface Notification {
  readonly is: 'notification';
  readonly method: string;
  readonly params: Members;
  readonly paramsText: string;
  readonly spans: ReadonlyMap<ParamsPointer, Span>;
}

/** An answer of a peer to a request of ours. */
export type Answer =
  | { readonly is: 'result'; readonly id: unknown; readonly text: string; readonly value: Members }
  | {
      readonly is: 'error';
      readonly id: unknown;
      readonly text: string;
      readonly code: number;
      readonly message: string;
    };

export type Message = Request | Notification | Answer;

export const rpc = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Implementation-defined, as the official SDKs use it for refusals of the transport. */
  transport: -32000,
  unknownSession: -32001,
  /** A refusal of the governor where there is no tool result to say it in. */
  refused: -32010,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** The text is no JSON-RPC message; `code` is the JSON-RPC code to answer with. */
export class WireError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}

export interface WireLimits {
  readonly depthMax: number;
  readonly bytesMax: number;
}

const methodMax = 128;
const idMax = 256;
/** Members of `params` that the gateway may have to write anew, each on its own. */
const paramsPointers = [
  ...(['/name', '/uri', '/_meta', '/_meta/progressToken', '/progressToken', '/requestId'] as const),
  ...(['/ref/name', '/requestState', '/taskId'] as const),
];
export type ParamsPointer = (typeof paramsPointers)[number];
const pointers = ['/id', '/params', ...paramsPointers.map((each) => `/params${each}`), '/result', '/error'];

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws `WireError`. */
export function parseMessage(input: Uint8Array | string, limits: WireLimits): Message {
  const { text, value, spans } = strictly(input, limits);
  const slice = (pointer: string): string => text.slice(...(spans.get(pointer) as [number, number]));
  // A batch is an array: refused here, in every era.
  if (!isMembers(value)) throw new WireError(rpc.invalidRequest, 'a message is one JSON object');
  if (value.jsonrpc !== '2.0') throw new WireError(rpc.invalidRequest, 'jsonrpc is not `2.0`');
  if (Object.hasOwn(value, 'method')) return requestOf(value, spans, slice);
  return answerOf(value, slice);
}

function strictly(input: Uint8Array | string, { depthMax, bytesMax }: WireLimits) {
  try {
    const text = typeof input === 'string' ? input : fromUtf8(input);
    return { text, ...parseJsonWithSpans(text, pointers, { depthMax, bytesMax }) };
  } catch (cause) {
    // The offset helps whoever wrote the text; its content is never repeated.
    const why = cause instanceof JsonError ? `${cause.code} at character ${cause.offset}` : 'not UTF-8';
    throw new WireError(rpc.parseError, `the message cannot be read as strict JSON: ${why}`);
  }
}

/** A member that we do not know could mean something to whoever reads the message next: refused. */
const requestMembers = new Set(['jsonrpc', 'id', 'method', 'params']);

function requestOf(
  value: Members,
  spans: ReadonlyMap<string, Span>,
  slice: (pointer: string) => string,
): Request | Notification {
  const { id, method, params = {} } = value;
  const unknown = Object.keys(value).find((name) => !requestMembers.has(name));
  if (unknown !== undefined) throw new WireError(rpc.invalidRequest, 'a message has an unknown member');
  if (typeof method !== 'string' || method === '' || method.length > methodMax)
    throw new WireError(rpc.invalidRequest, 'method is not a short string');
  if (!isMembers(params)) throw new WireError(rpc.invalidRequest, 'params is not an object');
  const paramsText = spans.has('/params') ? slice('/params') : '{}';
  const within = spansWithin(spans);
  if (!Object.hasOwn(value, 'id')) return { is: 'notification', method, params, paramsText, spans: within };
  if (!isId(id)) throw new WireError(rpc.invalidRequest, 'id is neither a string nor an integer');
  return { is: 'request', idText: slice('/id'), method, params, paramsText, spans: within };
}

function spansWithin(spans: ReadonlyMap<string, Span>): ReadonlyMap<ParamsPointer, Span> {
  const from = spans.get('/params')?.[0] ?? 0;
  const within = new Map<ParamsPointer, Span>();
  for (const pointer of paramsPointers) {
    const span = spans.get(`/params${pointer}`);
    if (span !== undefined) within.set(pointer, [span[0] - from, span[1] - from]);
  }
  return within;
}

const isId = (id: unknown): boolean =>
  typeof id === 'string' ? id.length <= idMax : Number.isSafeInteger(id);

function answerOf(value: Members, slice: (pointer: string) => string): Answer {
  const { id, result, error } = value;
  const hasResult = Object.hasOwn(value, 'result');
  if (hasResult === Object.hasOwn(value, 'error') || !Object.hasOwn(value, 'id'))
    throw new WireError(rpc.invalidRequest, 'neither a request nor an answer');
  if (hasResult) {
    if (!isMembers(result)) throw new WireError(rpc.invalidRequest, 'result is not an object');
    return { is: 'result', id, text: slice('/result'), value: result };
  }
  if (!isMembers(error) || !Number.isSafeInteger(error.code) || typeof error.message !== 'string')
    throw new WireError(rpc.invalidRequest, 'error has no code and message');
  return { is: 'error', id, text: slice('/error'), code: error.code as number, message: error.message };
}

/** `object` with a member more, in front; its own text is untouched. */
export function withMember(object: string, name: string, value: unknown): string {
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const rest = object.slice(1);
  return /^\s*\}$/.test(rest) ? `{${member}}` : `{${member},${rest}`;
}

/** `text` with what lies at `span` replaced by the JSON of a value. */
export const replaced = (text: string, [start, end]: Span, by: unknown): string =>
  text.slice(0, start) + JSON.stringify(by) + text.slice(end);

export type Edit = readonly [span: Span, by: unknown];

/** `text` with what lies at each span replaced; every other byte stays. */
export const edited = (text: string, edits: readonly Edit[]): string =>
  // From the end, so that the places of the earlier ones stay right.
  [...edits].sort(([a], [b]) => b[0] - a[0]).reduce((done, [span, by]) => replaced(done, span, by), text);

/** `text` with another value at a pointer, if there is one. The text was parsed before, within the wire's bounds. */
export function withValue(text: string, pointer: string, value: unknown): string {
  const span = spanIn(text, pointer);
  return span === undefined ? text : replaced(text, span, value);
}

export const spanIn = (text: string, pointer: string): Span | undefined =>
  parseJsonWithSpans(text, [pointer], { depthMax: 256, bytesMax: text.length }).spans.get(pointer);

/** `object` without the member whose value lies at the span, and without the comma that it leaves. */
export function withoutMember(object: string, [start, end]: Span): string {
  // Back over the colon and the name, which may be written with escapes: its quote is the first not escaped.
  let from = object.lastIndexOf('"', start - 1) - 1;
  while (object[from] !== '"' || isEscaped(object, from)) from--;
  const before = object.slice(0, from).trimEnd();
  const after = object.slice(end).trimStart();
  if (before.endsWith(',')) return before.slice(0, -1) + after;
  return before + (after.startsWith(',') ? after.slice(1) : after);
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

export const notificationText = (method: string, paramsText = '{}'): string =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${paramsText}}`;

export const requestText = (id: number, method: string, paramsText: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${paramsText}}`;

export const resultText = (idText: string, result: string): string =>
  `{"jsonrpc":"2.0","id":${idText},"result":${result}}`;

export const errorText = (idText: string, error: string): string =>
  `{"jsonrpc":"2.0","id":${idText},"error":${error}}`;

export const errorObject = (code: number, message: string, data?: unknown): string =>
  JSON.stringify({ code, message, ...(data === undefined ? {} : { data }) });
