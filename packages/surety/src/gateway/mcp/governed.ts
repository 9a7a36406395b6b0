// What reaches a server on a client's behalf: calls of tools, and what is asked beside them. Each goes to the
// governor with what it needs to decide and one way to send it, which works once. For rules and facts, reading a
// resource of `erp` is a call of the tool `erp.resources/read`, and so on (docs/decisions/018).

import type { Context } from './answering.ts';
import { paramHeaders } from './bridge-headers.ts';
import { canBeAsked, passedOn, runsTools } from './capabilities.ts';
import { contractFor } from './contracts.ts';
import type { Target } from './endpoint.ts';
import { type Era, metaKeys, metaOf } from './eras.ts';
import type { Again } from './held-calls.ts';
import { type Came, heldShown, shownIn } from './held-shown.ts';
import { heldAsTask } from './held-tasks.ts';
import { checkMirrored } from './mirrored.ts';
import type { asides } from './names.ts';
import { allTo, paramsFor, progressTo, tokenIn } from './params.ts';
import type { ParkedCall } from './parking.ts';
import type { Answered, Governed, RunningCall, ToolReply, ToolRequest, UpstreamReply } from './port.ts';
import { Refusal } from './refusal.ts';
import { lost, plainAnswer, toolAnswer } from './replies.ts';
import {
  early,
  earlyIn,
  heldIn,
  maySuspend,
  recognized,
  restored,
  rounds,
  sealed,
  withInputs,
  withoutInputs,
} from './rounds.ts';
import type { Bound, Held } from './state.ts';
import { declaresTasks } from './tasking.ts';
import { isTask, shownTask, taskIn, withTask } from './tasks.ts';
import { messageOf, withTrace } from './trace-context.ts';
import type { Asking, Link, Upstream } from './upstream.ts';
import {
  type Edit,
  isMembers,
  type Members,
  type Request,
  rpc,
  spanIn,
  withoutMember,
  withValue,
} from './wire.ts';

const invalidParams = (message: string): Refusal => new Refusal(200, rpc.invalidParams, message);

interface Asked {
  readonly target: Target;
  /** The native part of the tool as rules know it. */
  readonly as: string;
  readonly args: Members;
  /** What the server calls by another name than the client did. */
  readonly edits?: readonly Edit[];
  /** The hold that it is made again for. */
  readonly redeems?: string | undefined;
}

async function callTool(context: Context, request: Request): Promise<string> {
  const came = await called(context, request);
  const { headerOf, paramHeaders } = context;
  const again: Again = async (within, redeems, more) =>
    (await called({ ...within, headerOf, paramHeaders }, withInputs(request, more), redeems)).reply;
  return (
    (await heldAsTask(context, request, came, again)) ??
    (await heldShown(context, request, came, again)) ??
    toolAnswer(came.reply, request.idText, context)
  );
}

async function called(context: Context, request: Request, redeems?: string): Promise<Came> {
  const { name, arguments: args = {}, task = {} } = request.params;
  if (typeof name !== 'string') throw invalidParams('name is not a string');
  if (!isMembers(args)) throw invalidParams('arguments is not an object');
  if (context.era === 'legacy' && !isTask(task)) throw invalidParams('task says more than times');
  const target = await context.endpoint.find('tools', name, context.links);
  if (target === undefined) throw invalidParams('there is no such tool');
  if (context.era === 'modern') checkMirrored(await target.mirrored(), args, context.headerOf);
  const asked = { target, as: target.native, args, redeems };
  const bound = boundTo(context, request, asked);
  const shown = shownIn(context, request, bound);
  // What the client answered to the gateway goes no further.
  const bare = shown === undefined ? request : withoutInputs(request);
  const edits = renamed(bare, '/name', name, target.native);
  return { reply: await govern(context, bare, { ...asked, edits }), bound, shown };
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
  const bound = boundTo(context, request, asked);
  const held = heldIn(context, request, bound);
  const round: Round = { held };
  const contract = await contractFor(context, asked.target.upstream, asked.as);
  const toolRequest: ToolRequest = {
    tool: bound.tool,
    contract,
    args: asked.args,
    ...(bound.case === undefined ? {} : { case: bound.case }),
    ...(held === undefined ? {} : { continues: { call: held.call, inputs: request.params.inputResponses } }),
    ...(asked.redeems === undefined ? {} : { redeems: asked.redeems }),
    message: () => messageOf(context.headerOf, request),
    forward: once((governing, traceparent) => send(context, request, asked, round, governing, traceparent)),
  };
  const reply = await context.governor.call(context.caller, toolRequest);
  if (reply.is === 'upstream' && reply.reply.is === 'task')
    return began(context, bound, asked.target, reply.reply, reply.running);
  if (reply.is !== 'upstream' || reply.reply.is !== 'asks' || reply.suspended === undefined) return reply;
  if (round.parked !== undefined) context.parking.park(reply.suspended, bound.agent, round.parked);
  const { reply: asks, suspended } = reply;
  return { is: 'upstream', reply: { ...asks, text: sealed(context, asks, suspended, bound) } };
}

/** The call goes on as a task: from now on its client, and nobody else, can ask what came of it. */
function began(
  { tasks, session, endpoint }: Context,
  { agent, tool }: Bound,
  { upstream: { server } }: Target,
  reply: Extract<UpstreamReply, { readonly is: 'task' }>,
  call: RunningCall | undefined,
): ToolReply {
  const begun = taskIn(reply.value);
  if (call === undefined || begun === undefined || begun === 'nameless')
    return { is: 'failed', message: lost };
  const task = { agent, server, native: begun.id, tool, call, session, asked: {}, isOver: false };
  if (!tasks.add(task, begun.lifeMs)) {
    call.settle({ is: 'lost', cause: 'the server named its task as another of this agent' });
    return { is: 'failed', message: lost };
  }
  const shown = shownTask(endpoint.id, server, begun.id);
  const pointer =
    isMembers(reply.value.task) && reply.value.resultType !== 'task' ? '/task/taskId' : '/taskId';
  const text = shown === begun.id ? reply.text : withValue(reply.text, pointer, shown);
  return { is: 'upstream', reply: { ...reply, text } };
}

const boundTo = (context: Context, { params }: Request, { target, as }: Asked): Bound => ({
  agent: context.caller.agent,
  endpoint: context.endpoint.id,
  tool: `${target.upstream.server}.${as}`,
  case: caseOf(context, params),
});

/** One coming and going of a call with its client. */
interface Round {
  /** What the client came back with. */
  readonly held: Held | undefined;
  /** What waits on the server's side for the client to come back again. */
  parked?: ParkedCall;
}

async function send(
  context: Context,
  request: Request,
  { target, args, edits = [] }: Asked,
  round: Round,
  governing: Governed | undefined,
  traceparent: string | undefined,
): Promise<UpstreamReply> {
  const { underWay, session, channel, signal, era } = context;
  const { upstream, native } = target;
  const linked = await linkTo(context, upstream);
  if (typeof linked === 'string') return { is: 'not-sent', cause: linked };
  const { link, to } = linked;
  if (governing !== undefined) underWay.onInput = governing.onInput;
  const own = session !== undefined && link !== upstream;
  const parks = era === 'modern' && to === 'legacy' ? askable(request) : undefined;
  const apart = own || parks !== undefined || (to === 'modern' && upstream.streams);
  const made = paramsFor(request, { from: era, to, session, mixed: !apart }, edits);
  const token = made.token === undefined ? {} : { token: made.token };
  const hearing = apart ? allTo(channel) : progressTo(channel, request, made.token);
  const hear = own ? session.hearFor(underWay, upstream) : hearing;
  const headers = to === 'modern' ? await headersFor(context, request, target, args) : {};
  const asking = { method: request.method, name: native, signal, hear, headers, ...token };
  const leaving = mayLeaveOnce(governing, round);
  const ask = (paramsText: string) =>
    context.share(
      upstream.server,
      async () => leaving() ?? link.ask({ ...asking, paramsText, ...channel.follows }),
    );
  const runs = await askedAsTask(context, request, link, to);
  const given = earlyIn(request);
  const left = [...(runs ? [] : ['/task']), ...(given === undefined ? [] : ['/inputResponses'])];
  const passed = left.reduce(without, made.paramsText);
  const paramsText = withTrace(
    round.held === undefined ? passed : restored(passed, round.held),
    traceparent,
    () => messageOf(context.headerOf, request),
  );
  if (parks !== undefined) {
    const asking = { method: request.method, paramsText, name: native };
    const reply = await context.share(
      upstream.server,
      async () => leaving() ?? parkable(context, request, upstream, parks, round, asking),
    );
    return withTask(reply, false);
  }
  if (to === 'legacy') return withTask(await ask(paramsText), runs);
  if (session !== undefined)
    return withTask(await rounds(context, request, upstream, paramsText, governing, ask), false);
  const reply = recognized(await ask(paramsText), request.method);
  const answered = await early(reply, given, request, paramsText, governing, ask);
  return withTask(answered, declaresTasks(request.params));
}

/** `task` goes to a server that says it knows it, from a client that can ask about it. */
async function askedAsTask(
  { era }: Context,
  { method, params }: Request,
  link: Link,
  to: Era,
): Promise<boolean> {
  if (method !== 'tools/call' || params.task === undefined || era !== 'legacy' || to !== 'legacy')
    return false;
  const { capabilities } = await link.describe();
  return isMembers(capabilities) && runsTools(capabilities.tasks);
}

function without(paramsText: string, pointer: string): string {
  const span = spanIn(paramsText, pointer);
  return span === undefined ? paramsText : withoutMember(paramsText, span);
}

/**
 * Asked before each message of a call, when nothing is waited for any more: what is answered in its place, if it may not
 * leave. Once one has left, nobody can say that nothing happened.
 */
function mayLeaveOnce(governing: Governed | undefined, { held }: Round): () => Answered | undefined {
  let hasLeft = held !== undefined;
  return () => {
    const may = governing?.mayLeave() !== false;
    const is = hasLeft ? 'lost' : 'not-sent';
    if (may) hasLeft = true;
    return may ? undefined : { is, cause: 'it may not go on' };
  };
}

/** What a client of the newer era can be asked in the middle of this request, if it can be asked anything. */
function askable({ method, params }: Request): Members | undefined {
  const declared = metaOf(params)?.[metaKeys.capabilities];
  if (!maySuspend.has(method) || !isMembers(declared)) return undefined;
  const capabilities = passedOn(declared);
  return canBeAsked(capabilities) ? capabilities : undefined;
}

/** On a link of the call's own, on which the server may ask and wait while the client comes and goes. */
async function parkable(
  { parking, caller: { agent }, channel, signal }: Context,
  { params }: Request,
  upstream: Upstream,
  capabilities: Members,
  round: Round,
  asking: Asking,
): Promise<UpstreamReply> {
  const towards = { channel, token: tokenIn(params) };
  const { held } = round;
  const call = held ? parking.take(held.call) : parking.begin(agent, upstream, capabilities, towards);
  if (call === undefined)
    return held
      ? { is: 'lost', cause: 'the request that waited is over' }
      : { is: 'not-sent', cause: 'too many calls of this agent wait for inputs' };
  const reply = await (held ? call.goOn(params.inputResponses, towards) : call.start(asking, signal));
  if (reply.is === 'asks') round.parked = call;
  else parking.end(agent, upstream, capabilities, call);
  return reply;
}

/** The link to ask on, or why there is none: until here nothing has left. */
async function linkTo(
  { links }: Context,
  upstream: Upstream,
): Promise<{ readonly link: Link; readonly to: Era } | string> {
  try {
    const link = await links(upstream);
    return { link, to: await link.era() };
  } catch (cause) {
    return (cause as Error).message;
  }
}

/** Arguments that come in headers too: as this client wrote them, and as the server's list wants them. */
async function headersFor(
  { paramHeaders: written }: Context,
  { method }: Request,
  target: Target,
  args: Members,
): Promise<Record<string, string>> {
  const wanted = method === 'tools/call' ? paramHeaders(await target.mirrored(), args) : {};
  return { ...written(), ...wanted };
}

/** The unit of work that a call belongs to. Said twice, it must be said alike: else two readers may differ. */
export function caseOf({ headerOf }: Context, params: Members): string | undefined {
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
