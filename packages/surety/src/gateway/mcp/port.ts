// What the wire asks of the gateway: who calls, which tools they may see, and what becomes of a call.
// The wire parses and forwards; whoever implements `Governor` decides and records.

import type { Listed as ListedContracts } from '../../contracts/index.ts';

export interface Caller {
  readonly agent: string;
}

/** What a person or a model answered to a server in the middle of a call. */
export interface Input {
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: unknown;
}

/** What the governor lets happen while a call is under way. */
export interface Governed {
  /** Records an input before the server hears it. Rejects if the call may not go on. */
  readonly onInput: (input: Input) => Promise<void>;
  /** Asked when all that has to be waited for is there: false, and nothing may leave. Nothing is awaited after it. */
  readonly mayLeave: () => boolean;
}

/** A call that its server goes on with as a task: open until what came of it is known. */
export interface RunningCall extends Governed {
  /** Only the first is heard. */
  readonly settle: (came: Answered) => void;
}

/** What a message says of itself, for whoever watches: nothing is decided by it. Its client chose every word. */
export interface Message {
  readonly method?: string;
  readonly id?: unknown;
  readonly session?: string;
  readonly version?: string;
  /** W3C Trace Context, from `_meta`, else from the headers. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface ToolRequest {
  /** `<server>.<native name>`, or `<server>.<aside>` for what is no tool (`asides` in names.ts). */
  readonly tool: string;
  /** Hash of the contract under which its caller is shown it; absent where nobody asks or nobody can tell. */
  readonly contract?: string | undefined;
  /** Strictly parsed; `{}` if the client sent none. */
  readonly args: Readonly<Record<string, unknown>>;
  /** From the header `Surety-Case` or `_meta["surety/case"]`. */
  readonly case?: string;
  /** The suspended call that these inputs are for, and what the server asked for. */
  readonly continues?: { readonly call: string; readonly inputs: unknown };
  /** The hold that the call is made again for, by a gateway that follows it. */
  readonly redeems?: string;
  /**
   * Sends the client's original params text upstream, at most once: a second call throws. With `traceparent`, the
   * server is told that in `_meta` in place of the client's (SEP-414).
   */
  readonly forward: (governed?: Governed, traceparent?: string) => Promise<UpstreamReply>;
  /** Read only where somebody watches. */
  readonly message?: () => Message;
  /** Told the id that the call is recorded under. */
  readonly onBegun?: (call: string) => void;
}

/** Nothing left the gateway. */
export interface NotSent {
  readonly is: 'not-sent';
  readonly cause: string;
}

export type UpstreamReply =
  /** `text` is the original JSON text of `result`. */
  | { readonly is: 'result'; readonly text: string; readonly value: Readonly<Record<string, unknown>> }
  /** No answer yet: the server wants to know something first. `text` is the original text of the result. */
  | { readonly is: 'asks'; readonly text: string; readonly value: Readonly<Record<string, unknown>> }
  /** No result yet: the server began a task, and says what came of it to whoever asks for that (tasking.ts). */
  | { readonly is: 'task'; readonly text: string; readonly value: Readonly<Record<string, unknown>> }
  /** A JSON-RPC error; `text` is the original JSON text of the error object. */
  | { readonly is: 'error'; readonly text: string; readonly code: number; readonly message: string }
  | NotSent
  /** It left; no answer came, or none that can be read. Whether it took effect is not known. */
  | { readonly is: 'lost'; readonly cause: string };

/** What a server answers to one message. */
export type Answered = Exclude<UpstreamReply, { readonly is: 'asks' | 'task' }>;

export type ToolReply =
  /**
   * With `suspended`, the call waits for inputs: it goes on if `continues` names it. With `running`, it goes on as a
   * task of its server.
   */
  | {
      readonly is: 'upstream';
      readonly reply: UpstreamReply;
      readonly suspended?: string;
      readonly running?: RunningCall;
    }
  /** Becomes a tool result with `isError: true` and this one text block; else an error of the protocol. */
  | { readonly is: 'refused' | 'failed'; readonly message: string }
  /** With `hold`, it waits for people; else for what becomes of an identical call. */
  | { readonly is: 'held'; readonly message: string; readonly hold?: Hold };

/** A call that waits for people. */
export interface Hold {
  readonly name: string;
  /** For how long people may answer it. */
  readonly leftMs: number;
}

export interface Governor {
  identify(authorization: string | undefined): Caller | undefined;
  /** Filters `tools/list`. */
  mayUse(caller: Caller, tool: string): boolean;
  call(caller: Caller, request: ToolRequest): Promise<ToolReply>;
  /** True if it matters under which contracts this server lists its tools. */
  pins?(server: string): boolean;
  /** What a server lists on some link; told at least once of each list. Resolves when it is recorded; never rejects. */
  listed?(listed: ListedContracts): Promise<void>;
  /** Whether agents may be shown a tool under this contract. */
  mayShow?(tool: string, contract: string | undefined): boolean;
  /** Watches a request that is no call, if somebody wants to; gives what `serve` gives. */
  request?<T>(caller: Caller, message: Message, serve: () => Promise<T>): Promise<T>;
  /** For how long people may still answer a hold; 0 once it was used or refused, or is over. */
  waitsMs?(hold: string): number;
  /** Tells of each hold that somebody answered, and of each that was used or given back. */
  onHold?(listener: (hold: string) => void): void;
  /** Tells when `mayUse` may answer otherwise than before. */
  onPermissions?(listener: () => void): void;
}
