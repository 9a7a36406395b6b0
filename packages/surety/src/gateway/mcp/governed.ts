// What reaches a server on a client's behalf: calls of tools, and what is asked beside them. Each goes to the
// governor with what it needs to decide and one way to send it, which works once. For rules and facts, reading a
// resource of `erp` is a call of the tool `erp.resources/read`, and so on (docs/decisions/018).

import type { Context } from './answering.ts';
import type { Target } from './endpoint.ts';
import { metaOf, withoutEnvelope } from './eras.ts';
import { checkMirrored } from './mirrored.ts';
import type { asides } from './names.ts';
import type { Governed, ToolReply, ToolRequest, UpstreamReply } from './port.ts';
import { Refusal } from './refusal.ts';
import { messageOf, withTrace } from './trace-context.ts';
import type { Hear } from './upstream.ts';
import {
  type Edit,
  edited,
  errorText,
  isMembers,
  type Members,
  notificationText,
  type Request,
  resultText,
  rpc,
  withMember,
} from './wire.ts';

const invalidParams = (message: string): Refusal => new Refusal(200, rpc.invalidParams, message);

interface Asked {
  readonly target: Target;
  /** The native part of the tool as rules know it. */
  readonly as: string;
  readonly args: Members;
  /** What the server calls by another name than the client did. */
  readonly edits?: readonly Edit[];
}

async function callTool(context: Context, request: Request): Promise<string> {
  const { name, arguments: args = {}, task } = request.params;
  if (typeof name !== 'string') throw invalidParams('name is not a string');
  if (!isMembers(args)) throw invalidParams('arguments is not an object');
  // A task answers before it acts: what it did would be settled by an answer that says nothing.
  if (task !== undefined) throw invalidParams('tasks are not offered');
  const target = await context.endpoint.find('tools', name, context.links);
  if (target === undefined) throw invalidParams('there is no such tool');
  if (context.era === 'modern') checkMirrored(await target.mirrored(), args, context.headerOf);
  const edits = renamed(request, '/name', name, target.native);
  const reply = await govern(context, request, { target, as: target.native, args, edits });
  return toolAnswer(reply, request.idText, context);
}

async function readResource(context: Context, request: Request): Promise<string> {
  return ofResource(context, request, 'resources/read');
}

async function subscribe(context: Context, request: Request): Promise<string> {
  const { session } = context;
  const { uri } = request.params;
  if (session !== undefined && session.subscribed.size >= subscribedMax)
    throw invalidParams('too many subscriptions');
  const answer = await ofResource(context, request, 'resources/subscribe');
  session?.subscribed.add(String(uri));
  return answer;
}

const subscribedMax = 1_000;

async function ofResource(context: Context, request: Request, as: (typeof asides)[number]): Promise<string> {
  const { uri } = request.params;
  if (typeof uri !== 'string') throw invalidParams('uri is not a string');
  const target = await context.endpoint.locate(uri, context.links);
  if (target === undefined) throw invalidParams('there is no such resource');
  return plainAnswer(await govern(context, request, { target, as, args: { uri } }), request.idText, context);
}

async function getPrompt(context: Context, request: Request): Promise<string> {
  const { name, arguments: args = {} } = request.params;
  if (typeof name !== 'string') throw invalidParams('name is not a string');
  if (!isMembers(args)) throw invalidParams('arguments is not an object');
  const target = await context.endpoint.find('prompts', name, context.links);
  if (target === undefined) throw invalidParams('there is no such prompt');
  const asked = {
    target,
    as: 'prompts/get',
    args: { name: target.native, arguments: args },
    edits: renamed(request, '/name', name, target.native),
  };
  return plainAnswer(await govern(context, request, asked), request.idText, context);
}

/** What a user types is sent to the server, so it is decided and recorded like anything else that is. */
async function complete(context: Context, request: Request): Promise<string> {
  const { ref, argument, context: given } = request.params;
  if (!isMembers(ref) || !isMembers(argument)) throw invalidParams('ref or argument is not an object');
  const ofPrompt = ref.type === 'ref/prompt';
  const named = ofPrompt ? ref.name : ref.uri;
  if (typeof named !== 'string') throw invalidParams('ref names nothing');
  const target = ofPrompt
    ? await context.endpoint.find('prompts', named, context.links)
    : await context.endpoint.locate(named, context.links);
  if (target === undefined) throw invalidParams('there is nothing of this name');
  const args = {
    ref: ofPrompt ? { ...ref, name: target.native } : ref,
    argument,
    ...(given === undefined ? {} : { context: given }),
  };
  const edits = ofPrompt ? renamed(request, '/ref/name', named, target.native) : [];
  const asked = { target, as: 'completion/complete', args, edits };
  return plainAnswer(await govern(context, request, asked), request.idText, context);
}

export const governed = { callTool, readResource, subscribe, getPrompt, complete };

function renamed({ spans }: Request, at: '/name' | '/ref/name', shown: string, native: string): Edit[] {
  const span = spans.get(at);
  return span === undefined || shown === native ? [] : [[span, native]];
}

async function govern(context: Context, request: Request, asked: Asked): Promise<ToolReply> {
  const { target, as, args } = asked;
  const named = caseOf(context, request.params);
  const toolRequest: ToolRequest = {
    tool: `${target.upstream.server}.${as}`,
    args,
    ...(named === undefined ? {} : { case: named }),
    message: () => messageOf(context.headerOf, request),
    forward: once((governing, traceparent) => send(context, request, asked, governing, traceparent)),
  };
  return context.governor.call(context.caller, toolRequest);
}

async function send(
  context: Context,
  request: Request,
  { target: { upstream, native }, edits = [] }: Asked,
  governing: Governed | undefined,
  traceparent: string | undefined,
): Promise<UpstreamReply> {
  const { underWay, session, channel, signal } = context;
  const link = await context.links(upstream);
  if (governing !== undefined) underWay.onInput = governing.onInput;
  const { token, paramsText } = paramsFor(request, context, edits, link === upstream);
  const own = session !== undefined && link !== upstream;
  const asking = {
    method: request.method,
    paramsText: withTrace(paramsText, traceparent, () => messageOf(context.headerOf, request)),
    name: native,
    signal,
    alive: () => channel.alive(),
    hear: own ? session.hearFor(underWay, upstream) : progressTo(context, request, token),
    ...(token === undefined ? {} : { token }),
  };
  return context.share(upstream.server, () => link.ask(asking));
}

/** On a shared link nothing but progress can be told to be somebody's. */
function progressTo({ channel }: Context, { params }: Request, ours: string | number | undefined): Hear {
  const theirs = tokenIn(params);
  return ({ method, params: { progressToken }, paramsText, spans }) => {
    const span = spans.get('/progressToken');
    if (method !== 'notifications/progress' || span === undefined || progressToken !== ours) return;
    channel.say(notificationText(method, edited(paramsText, [[span, theirs]])));
  };
}

function tokenIn(params: Members): string | number | undefined {
  const token = metaOf(params)?.progressToken;
  return typeof token === 'string' || (typeof token === 'number' && Number.isSafeInteger(token))
    ? token
    : undefined;
}

let lastToken = 0;

/**
 * The client's own text, but for names on the merged endpoint, the envelope of this hop, and on a link that others
 * share the progress token: two clients may choose the same one.
 */
function paramsFor(
  { params, paramsText, spans }: Request,
  { era }: Context,
  edits: readonly Edit[],
  shared: boolean,
): { readonly token: string | number | undefined; readonly paramsText: string } {
  const meta = metaOf(params);
  const [span, tokenSpan] = [spans.get('/_meta'), spans.get('/_meta/progressToken')];
  const given = tokenIn(params);
  const token = given === undefined || !shared ? given : `surety-${++lastToken}`;
  if (span === undefined || meta === undefined) return { token, paramsText: edited(paramsText, edits) };
  if (era === 'modern') {
    const bare = { ...withoutEnvelope(meta), ...(token === undefined ? {} : { progressToken: token }) };
    return { token, paramsText: edited(paramsText, [...edits, [span, bare]]) };
  }
  if (tokenSpan === undefined || token === given) return { token, paramsText: edited(paramsText, edits) };
  return { token, paramsText: edited(paramsText, [...edits, [tokenSpan, token]]) };
}

/** The unit of work that a call belongs to. Said twice, it must be said alike: else two readers may differ. */
function caseOf({ headerOf }: Context, params: Members): string | undefined {
  const caseHeader = headerOf('surety-case');
  const inBody = metaOf(params)?.['surety/case'];
  if (caseHeader !== undefined && inBody !== undefined && caseHeader !== inBody)
    throw new Refusal(400, rpc.invalidParams, 'the header and _meta name different cases');
  const named = caseHeader ?? inBody;
  if (named === undefined) return undefined;
  if (typeof named !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(named))
    throw new Refusal(400, rpc.invalidParams, 'the case is not a short visible text');
  return named;
}

type Send = ToolRequest['forward'];

/** INVARIANT: whatever the governor does, one request of a client reaches the upstream at most once. */
function once(sendIt: Send): Send {
  let sent = false;
  return async (...given) => {
    if (sent) throw new Error('a call was to be forwarded twice');
    sent = true;
    return sendIt(...given);
  };
}

const notSent = 'Not sent: the server could not be reached.';
const lost = 'No answer came. It is not known whether this took effect.';

function toolAnswer(reply: ToolReply, idText: string, context: Context): string {
  if (reply.is !== 'upstream') return resultText(idText, sorry(reply.message, context));
  const { reply: upstream } = reply;
  if (upstream.is === 'error') return errorText(idText, upstream.text);
  if (upstream.is === 'not-sent') return resultText(idText, sorry(notSent, context));
  if (upstream.is === 'lost') return resultText(idText, sorry(lost, context));
  return resultText(idText, completed(upstream, context));
}

/** For what has no result in which a refusal could be said. */
function plainAnswer(reply: ToolReply, idText: string, context: Context): string {
  if (reply.is !== 'upstream') throw new Refusal(200, rpc.refused, reply.message);
  const { reply: upstream } = reply;
  if (upstream.is === 'error') return errorText(idText, upstream.text);
  if (upstream.is === 'not-sent') throw new Refusal(502, rpc.internalError, notSent);
  if (upstream.is === 'lost') throw new Refusal(502, rpc.internalError, lost);
  const { value } = upstream;
  // What was read under a policy is nobody else's to keep.
  const cached =
    context.era === 'modern' && Object.hasOwn(value, 'contents') && !Object.hasOwn(value, 'ttlMs');
  const text = completed(upstream, context);
  return resultText(
    idText,
    cached ? withMember(withMember(text, 'cacheScope', 'private'), 'ttlMs', 0) : text,
  );
}

function completed(
  { text, value }: { readonly text: string; readonly value: Members },
  { era }: Context,
): string {
  return era === 'legacy' || Object.hasOwn(value, 'resultType')
    ? text
    : withMember(text, 'resultType', 'complete');
}

/** An error that the model reads and can act on, rather than one of the protocol. */
const sorry = (text: string, { era }: Context): string =>
  JSON.stringify({
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
  });
