// Inputs in the middle of a call, with a server of the newer era (MCP 2026-07-28, multi round-trip requests). A client
// of the newer era gets the server's own result, its `requestState` inside one of ours; one of the earlier era is
// asked on its stream, and the call goes on without it knowing.

import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from './answering.ts';
import { questions } from './capabilities.ts';
import type { Answered, Governed, UpstreamReply } from './port.ts';
import { Refusal } from './refusal.ts';
import type { Bound, Held } from './state.ts';
import type { Upstream } from './upstream.ts';
import {
  isMembers,
  type Members,
  parseMessage,
  type Request,
  replaced,
  rpc,
  spanIn,
  withMember,
  withoutMember,
} from './wire.ts';

export const maySuspend: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** A result that is a question, where the protocol knows such a thing. */
export const recognized = (reply: Answered, method: string): UpstreamReply =>
  reply.is === 'result' && reply.value.resultType === 'input_required' && maySuspend.has(method)
    ? { ...reply, is: 'asks' }
    : reply;

/** What a client shows that it comes back with inputs; undefined if it does not. Throws `Refusal`. */
export function heldIn({ states }: Context, { params, method }: Request, bound: Bound): Held | undefined {
  const { requestState, inputResponses = {} } = params;
  if (!maySuspend.has(method)) return undefined;
  if (requestState === undefined) {
    if (isMembers(inputResponses)) return undefined;
    throw new Refusal(200, rpc.invalidParams, 'inputResponses is not an object');
  }
  const held = states.open(bound, requestState);
  // INVARIANT: inputs reach a server only in the call that it asked them for, from the one who made it.
  if (held === undefined) throw new Refusal(200, rpc.invalidParams, 'the requestState is not valid here');
  return held;
}

/** Inputs that came before anything was asked: no server hears them unless it asks for them in this call. */
export function earlyIn({ params: { requestState, inputResponses }, method }: Request): Members | undefined {
  const isEarly = maySuspend.has(method) && requestState === undefined && isMembers(inputResponses);
  return isEarly ? inputResponses : undefined;
}

/** A server that asks for nothing but what the client gave early gets that, and no more of it. */
export async function early(
  reply: UpstreamReply,
  given: Members | undefined,
  { method }: Request,
  paramsText: string,
  governed: Governed | undefined,
  ask: (paramsText: string) => Promise<Answered>,
): Promise<UpstreamReply> {
  if (reply.is !== 'asks' || given === undefined || governed === undefined) return reply;
  const { inputRequests } = reply.value;
  const wanted = isMembers(inputRequests) ? Object.keys(inputRequests) : [];
  if (wanted.length === 0 || !wanted.every((key) => Object.hasOwn(given, key))) return reply;
  const response = Object.fromEntries(wanted.map((key) => [key, given[key]]));
  await governed.onInput({ request: { inputRequests }, response });
  return recognized(await ask(answeredText(paramsText, reply.value, response)), method);
}

/** The same request again, with what its server wanted to know. */
function answeredText(paramsText: string, { requestState }: Members, responses: Members): string {
  const state =
    typeof requestState === 'string' ? withMember(paramsText, 'requestState', requestState) : paramsText;
  return withMember(state, 'inputResponses', responses);
}

/** A request of a client as it would come back with inputs, after its first answer was long ago. */
export function withInputs(
  request: Request,
  more: { readonly requestState: unknown; readonly inputResponses: Members } | undefined,
): Request {
  if (more === undefined) return request;
  const stated = withMember(withoutInputs(request).paramsText, 'requestState', more.requestState);
  return remade(request, withMember(stated, 'inputResponses', more.inputResponses));
}

/** A request as it was before anything was asked. */
export const withoutInputs = (request: Request): Request =>
  remade(
    request,
    ['/requestState', '/inputResponses'].reduce((text, pointer) => {
      const span = spanIn(text, pointer);
      return span === undefined ? text : withoutMember(text, span);
    }, request.paramsText),
  );

function remade({ idText, method }: Request, paramsText: string): Request {
  const text = `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)},"params":${paramsText}}`;
  // Parsed before, within the wire's bounds, hence the wide ones here.
  return parseMessage(text, { depthMax: 256, bytesMax: Buffer.byteLength(text) }) as Request;
}

/** The params with the server's own state in place of ours. */
export function restored(paramsText: string, { state }: Held): string {
  const span = spanIn(paramsText, '/requestState');
  if (span === undefined) return paramsText;
  return state === null ? withoutMember(paramsText, span) : replaced(paramsText, span, state);
}

/** The server's result with our state in place of its own. */
export function sealed(
  { states }: Context,
  { text, value }: { readonly text: string; readonly value: Members },
  call: string,
  bound: Bound,
): string {
  const { requestState } = value;
  const state = typeof requestState === 'string' ? requestState : null;
  const ours = states.seal(bound, { call, state });
  const span = spanIn(text, '/requestState');
  return span === undefined ? withMember(text, 'requestState', ours) : replaced(text, span, ours);
}

const roundsMax = 16;
/** A server that only wants to be asked again is asked again after this. */
const againMs = 1_000;

/** For a client of the earlier era: asks it, and asks the server again, until the server has answered. */
export async function rounds(
  { session, underWay, signal }: Context,
  { method }: Request,
  upstream: Upstream,
  paramsText: string,
  governed: Governed | undefined,
  ask: (paramsText: string) => Promise<Answered>,
): Promise<UpstreamReply> {
  let reply = recognized(await ask(paramsText), method);
  for (let round = 0; reply.is === 'asks' && round < roundsMax; round++) {
    const { inputRequests } = reply.value;
    const wanted = isMembers(inputRequests) ? inputRequests : {};
    try {
      const responses: Record<string, unknown> = {};
      for (const [key, request] of Object.entries(wanted)) {
        if (session === undefined || !isMembers(request) || !questions.has(String(request.method)))
          throw new Error('the server asks for what no client gives');
        const params = isMembers(request.params) ? request.params : {};
        responses[key] = await session.question(upstream, underWay, String(request.method), params);
      }
      if (Object.keys(wanted).length === 0) await pause(againMs, undefined, { signal });
      await governed?.onInput({ request: { inputRequests: wanted }, response: responses });
      reply = recognized(await ask(answeredText(paramsText, reply.value, responses)), method);
    } catch (cause) {
      return { is: 'lost', cause: (cause as Error).message };
    }
  }
  return reply.is === 'asks' ? { is: 'lost', cause: 'the server asked too often' } : reply;
}
