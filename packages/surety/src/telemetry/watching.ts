// Calls as OpenTelemetry sees them (semantic conventions for GenAI and MCP, 0.1): a SERVER span for what an agent
// asked, a CLIENT span for what was sent to a server, a duration each. Ids, names that people declared, codes and
// times only. INVARIANT: whatever happens in here, the call goes on, once, and its reply is given back as it is.

import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Decision as Decided } from '../gateway/decided.ts';
import type { Message, ToolReply, ToolRequest, UpstreamReply } from '../gateway/mcp/port.ts';
import type { Asked, Counted, Observer } from '../gateway/observer.ts';
import type { Instruments } from './instruments.ts';
import { parseTraceparent, printTraceparent } from './trace.ts';

/** What is said of a call when it is over. */
export interface CallSeen {
  readonly call: string | undefined;
  readonly agent: string;
  readonly tool: string;
  readonly decision: Decision;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly durationMs: number;
  readonly traceId: string | undefined;
}

type Decision = 'allow' | 'hold' | 'deny' | 'error';

export interface WatchingParts {
  readonly instruments: Instruments;
  /** Undefined: no spans. */
  readonly tracer: Tracer | undefined;
  readonly counted: (tool: string) => Counted;
  /** The code of a call's refusal. */
  readonly refusal: (call: string) => string | undefined;
  readonly onCall: (seen: CallSeen) => void;
}

/** One call on its way. */
interface Watched {
  readonly startedMs: number;
  readonly counted: Counted;
  readonly attributes: Attributes;
  readonly span: Span | undefined;
  call?: string;
  sentMs?: number;
}

const carried: Attributes = { 'network.transport': 'tcp', 'network.protocol.name': 'http' };

export class Watching implements Observer {
  readonly #parts: WatchingParts;
  /** Whether the last call to each server was answered. */
  readonly upstreams = new Map<string, boolean>();
  active = 0;

  constructor(parts: WatchingParts) {
    this.#parts = parts;
  }

  async call(
    agent: string,
    request: ToolRequest,
    pass: (request: ToolRequest) => Promise<ToolReply>,
  ): Promise<ToolReply> {
    const watched = this.#begin(agent, request);
    this.active += 1;
    let reply: ToolReply | undefined;
    try {
      reply = await pass({
        ...request,
        onBegun: (call) => {
          watched.call = call;
          request.onBegun?.(call);
        },
        forward: (governed) =>
          this.#forward(watched, request.tool, (traceparent) => request.forward(governed, traceparent)),
      });
      return reply;
    } finally {
      this.active -= 1;
      this.#end(agent, watched, reply);
    }
  }

  /** No span of MCP: its caller asks over HTTP, and makes the call by itself. */
  async decide(agent: string, asked: Asked, pass: (asked: Asked) => Promise<Decided>): Promise<Decided> {
    const startedMs = performance.now();
    const counted = this.#parts.counted(asked.tool);
    const span = this.#span(`decide ${counted.tool}`, SpanKind.SERVER, parentIn(asked.message?.() ?? {}), {
      'gen_ai.tool.name': counted.tool,
      'gen_ai.agent.id': agent,
      'surety.effect': counted.effect,
      ...carried,
    });
    let call: string | undefined;
    let decision: Decision = 'error';
    try {
      const onBegun = (id: string) => {
        call = id;
        asked.onBegun?.(id);
      };
      const decided = await pass({ ...asked, onBegun });
      decision = decided.decision === 'refuse' ? 'deny' : decided.decision;
      return decided;
    } finally {
      const durationMs = performance.now() - startedMs;
      const code = call === undefined ? undefined : this.#parts.refusal(call);
      const error = decision === 'error' ? 'error' : undefined;
      this.#parts.instruments.time('surety.decision.duration', durationMs / 1_000, { decision });
      ended(span, error, {
        'surety.decision': decision,
        ...(call === undefined ? {} : { 'surety.call': call }),
        ...(code === undefined ? {} : { 'surety.refusal.code': code }),
      });
      const traceId = traceIdOf(span);
      this.#parts.onCall({ call, agent, tool: counted.tool, decision, code, error, durationMs, traceId });
    }
  }

  async request<T>(agent: string, message: Message, serve: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const attributes = { 'mcp.method.name': message.method ?? '' };
    const span = this.#span(message.method ?? '', SpanKind.SERVER, parentIn(message), {
      ...attributes,
      ...described(message),
      ...carried,
      'gen_ai.agent.id': agent,
    });
    let error: string | undefined;
    try {
      return await serve();
    } catch (cause) {
      const { code } = cause as { readonly code?: unknown };
      error = typeof code === 'number' ? String(code) : 'error';
      throw cause;
    } finally {
      const tookS = (performance.now() - startedMs) / 1_000;
      const failed = error === undefined ? {} : { 'error.type': error };
      this.#parts.instruments.time('mcp.server.operation.duration', tookS, { ...attributes, ...failed });
      ended(span, error, {});
    }
  }

  #begin(agent: string, { tool, message: read }: ToolRequest): Watched {
    const message = read?.() ?? {};
    const counted = this.#parts.counted(tool);
    const method = message.method ?? 'tools/call';
    const attributes = {
      'mcp.method.name': method,
      'gen_ai.tool.name': counted.tool,
      ...(method === 'tools/call' ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
    };
    const span = this.#span(`${method} ${counted.tool}`, SpanKind.SERVER, parentIn(message), {
      ...attributes,
      ...described(message),
      ...carried,
      'gen_ai.agent.id': agent,
      'surety.effect': counted.effect,
    });
    return { startedMs: performance.now(), counted, attributes, span };
  }

  async #forward(
    watched: Watched,
    tool: string,
    send: (traceparent: string | undefined) => Promise<UpstreamReply>,
  ): Promise<UpstreamReply> {
    const server = tool.slice(0, tool.indexOf('.'));
    const name = String(watched.attributes['mcp.method.name']);
    const parent = watched.span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, watched.span);
    const span = this.#span(`${name} ${watched.counted.tool}`, SpanKind.CLIENT, parent, {
      ...watched.attributes,
      'surety.server': server,
    });
    watched.sentMs = performance.now();
    const decided = watched.sentMs - watched.startedMs;
    this.#parts.instruments.time('surety.decision.duration', decided / 1_000, { decision: 'allow' });
    const reply = await send(contextOf(span));
    const error = errorOf(reply);
    const failed = error === undefined ? {} : { 'error.type': error };
    this.upstreams.set(server, reply.is === 'result' || reply.is === 'error');
    const tookS = (performance.now() - watched.sentMs) / 1_000;
    this.#parts.instruments.time('mcp.client.operation.duration', tookS, {
      ...watched.attributes,
      'surety.server': server,
      ...failed,
    });
    ended(span, error, reply.is === 'error' ? { 'rpc.response.status_code': String(reply.code) } : {});
    return reply;
  }

  #end(agent: string, watched: Watched, reply: ToolReply | undefined): void {
    const { startedMs, attributes, span, call, counted, sentMs } = watched;
    const durationMs = performance.now() - startedMs;
    const decision = decisionOf(reply, sentMs !== undefined);
    const error = reply?.is === 'upstream' ? errorOf(reply.reply) : 'tool_error';
    const code = call === undefined ? undefined : this.#parts.refusal(call);
    const { instruments } = this.#parts;
    if (sentMs === undefined) instruments.time('surety.decision.duration', durationMs / 1_000, { decision });
    instruments.time('mcp.server.operation.duration', durationMs / 1_000, {
      ...attributes,
      ...(error === undefined ? {} : { 'error.type': error }),
    });
    ended(span, error, {
      'surety.decision': decision,
      ...(call === undefined ? {} : { 'surety.call': call }),
      ...(code === undefined ? {} : { 'surety.refusal.code': code }),
    });
    const traceId = traceIdOf(span);
    this.#parts.onCall({ call, agent, tool: counted.tool, decision, code, error, durationMs, traceId });
  }

  #span(name: string, kind: SpanKind, parent: typeof ROOT_CONTEXT, attributes: Attributes): Span | undefined {
    return this.#parts.tracer?.startSpan(name, { kind, attributes }, parent);
  }
}

/** The caller's flag does not decide what is sampled: an agent must not be able to hide, or to flood. */
function parentIn({ traceparent }: Message): typeof ROOT_CONTEXT {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId } = parent;
  const remote = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

/** What is passed on upstream; nothing where there are no spans. */
function contextOf(span: Span | undefined): string | undefined {
  if (span === undefined) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return printTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

const traceIdOf = (span: Span | undefined): string | undefined =>
  span?.isRecording() === false ? undefined : span?.spanContext().traceId;

/** Ids that clients choose are taken only where they look like ids: an argument has no business there. */
const idForm = /^[A-Za-z0-9._-]{1,64}$/;

function described({ id, session, version }: Message): Attributes {
  const idText = id === undefined ? undefined : String(id);
  return {
    ...(idText !== undefined && idForm.test(idText) ? { 'jsonrpc.request.id': idText } : {}),
    ...(session !== undefined && idForm.test(session) ? { 'mcp.session.id': session } : {}),
    ...(version !== undefined && /^\d{4}-\d\d-\d\d$/.test(version)
      ? { 'mcp.protocol.version': version }
      : {}),
  };
}

function ended(span: Span | undefined, error: string | undefined, attributes: Attributes): void {
  if (span === undefined) return;
  span.setAttributes(attributes);
  if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function decisionOf(reply: ToolReply | undefined, sent: boolean): Decision {
  if (reply?.is === 'refused') return 'deny';
  if (reply?.is === 'held') return 'hold';
  return sent ? 'allow' : 'error';
}

/** A class of error: `tool_error` where the tool says so itself, the code of JSON-RPC, or what became of the exchange. */
function errorOf(reply: UpstreamReply): string | undefined {
  if (reply.is === 'result') return reply.value.isError === true ? 'tool_error' : undefined;
  if (reply.is === 'task') return undefined;
  return reply.is === 'error' ? String(reply.code) : reply.is;
}
