// What a client asks about its tasks. Nothing of what it writes reaches a server but the name of a task that is its own,
// and inputs, which are durable first. What a server says came of a task settles the call that began it before the
// client hears it: so whatever the client does next is judged by it.

import type { Context } from './answering.ts';
import { knownExtensions, tasksExtension } from './capabilities.ts';
import { type Era, metaKeys, metaOf } from './eras.ts';
import type { HeldCall } from './held-calls.ts';
import { heldTasks, shown } from './held-tasks.ts';
import { allPages } from './listing.ts';
import { envelope } from './modern.ts';
import { splitMerged } from './names.ts';
import { allTo, progressTo } from './params.ts';
import type { Answered } from './port.ts';
import { Refusal } from './refusal.ts';
import { isTerminal, shownTask, type Task } from './tasks.ts';
import { expectResult, type Hear, type Link, type Upstream } from './upstream.ts';
import {
  errorText,
  isMembers,
  type Members,
  type Request,
  replaced,
  resultText,
  rpc,
  spanIn,
  withMember,
  withValue,
} from './wire.ts';

const invalidParams = (message: string): Refusal => new Refusal(200, rpc.invalidParams, message);

/** A task, and how its server is asked about it. */
interface Found {
  readonly task: Task;
  readonly upstream: Upstream;
  readonly link: Link;
  /** As the client calls it. */
  readonly shown: string;
}

async function get(context: Context, request: Request): Promise<string> {
  const held = heldIn(context, request);
  if (held !== undefined) return heldTasks.get(context, request, held);
  const found = await find(context, request);
  const reply = await asked(context, request, found, 'tasks/get');
  if (reply.is === 'result') await learn(context, request, found, reply.value);
  return answer(context, request, found, reply);
}

/** 2025-11-25: waits until there is a result. The server may ask the client meanwhile. */
async function result(context: Context, request: Request): Promise<string> {
  const held = heldIn(context, request);
  const came = held && (await heldTasks.result(context, request, held));
  if (came !== undefined) return came;
  const found = await find(context, request);
  const reply = await asked(context, request, found, 'tasks/result');
  if (reply.is === 'result') context.tasks.settle(found.task, reply);
  // An error may be what came of the task, or say that the server knows it no more: its status tells.
  if (reply.is === 'error') await look(context, request, found);
  return answer(context, request, found, reply);
}

/** Ends what was begun, and begins nothing: nothing is decided. What the task did until then the server says. */
async function cancel(context: Context, request: Request): Promise<string> {
  const held = heldIn(context, request);
  if (held !== undefined) return heldTasks.cancel(context, request, held);
  const found = await find(context, request);
  const reply = await asked(context, request, found, 'tasks/cancel');
  if (reply.is === 'result') await look(context, request, found);
  return answer(context, request, found, reply);
}

/** 2026-07-28: what the server asked for in the middle of the task. */
async function update(context: Context, request: Request): Promise<string> {
  const held = heldIn(context, request);
  if (held !== undefined) return heldTasks.update(context, request, held);
  const found = await find(context, request);
  const { inputResponses } = request.params;
  if (!isMembers(inputResponses)) throw invalidParams('inputResponses is not an object');
  const { task } = found;
  const { asked: inputRequests } = task;
  // INVARIANT: inputs reach a server only if it asked for them, from the one whose call it is. Others are left out.
  const given = Object.entries(inputResponses).filter(([key]) => Object.hasOwn(inputRequests, key));
  const response = Object.fromEntries(given);
  if (given.length > 0) {
    // They go on once: what is still wanted then, the server says again.
    task.asked = {};
    await task.call.onInput({ request: { inputRequests }, response }).catch(() => Promise.reject(mayNot()));
    // While that became durable, somebody may have been contained.
    if (!task.call.mayLeave()) throw mayNot();
  }
  const span = spanIn(request.paramsText, '/inputResponses');
  const isWhole = given.length === Object.keys(inputResponses).length && span !== undefined;
  const text = isWhole ? request.paramsText.slice(...span) : JSON.stringify(response);
  return answer(context, request, found, await asked(context, request, found, 'tasks/update', text));
}

/** 2025-11-25: of what the servers list, this agent's own. One page, as of every other list. */
async function list(context: Context, request: Request): Promise<string> {
  if (request.params.cursor !== undefined) throw invalidParams('the cursor is not known');
  const texts = await Promise.all(
    context.endpoint.upstreams.map((upstream) =>
      ofServer(context, upstream).catch((cause: Error) => {
        context.onProblem(`server \`${upstream.server}\` is missing from a list: ${cause.message}`);
        return [];
      }),
    ),
  );
  const { heldCalls, caller, endpoint, era } = context;
  const held = heldCalls.of(caller.agent, endpoint.id, era).filter((each) => isHeard(context, each));
  const all = [...texts.flat(), ...held.map((each) => JSON.stringify(shown(each)))];
  return resultText(request.idText, `{"tasks":[${all.join(',')}]}`);
}

/** One of the gateway itself, of a call that waits for people; from when its server goes on with it, it is the server's. */
function heldIn(context: Context, { params }: Request): HeldCall | undefined {
  if (context.era === 'modern') checkDeclared(params);
  const { taskId } = params;
  if (typeof taskId !== 'string') throw invalidParams('taskId is not a string');
  const held = context.heldCalls.find(context.caller.agent, context.endpoint.id, context.era, taskId);
  return held !== undefined && isHeard(context, held) ? held : undefined;
}

const isHeard = (context: Context, { became, of }: HeldCall): boolean =>
  became === undefined && mayHear(context, of);

async function ofServer(context: Context, upstream: Upstream): Promise<string[]> {
  const link = await context.links(upstream);
  const { capabilities } = await link.describe();
  if (!isMembers(capabilities) || !isMembers(capabilities.tasks) || capabilities.tasks.list === undefined)
    return [];
  const { agent } = context.caller;
  const items = await allPages(
    { method: 'tasks/list', member: 'tasks', key: 'taskId' },
    async (method, params) =>
      expectResult(await link.ask({ method, paramsText: JSON.stringify(params) }), method),
  );
  return items.flatMap(({ name, text, nameSpan }) => {
    const task = context.tasks.find(agent, upstream.server, name);
    return task === undefined || !mayHear(context, task)
      ? []
      : [replaced(text, nameSpan, shownTask(context.endpoint.id, upstream.server, name))];
  });
}

const mayNot = (): Refusal => new Refusal(200, rpc.refused, 'the task may not go on');

export const tasking = { get, result, cancel, update, list };

async function find(context: Context, { params }: Request): Promise<Found> {
  const { endpoint, caller, era, tasks, heldCalls } = context;
  const taskId = String(params.taskId);
  const named =
    endpoint.id === ''
      ? (splitMerged(taskId) ?? { server: '', rest: '' })
      : { server: endpoint.id, rest: taskId };
  const { server, rest } = heldCalls.find(caller.agent, endpoint.id, era, taskId)?.became ?? named;
  const upstream = endpoint.upstreams.find((each) => each.server === server);
  const task = tasks.find(caller.agent, server, rest);
  const unknown = invalidParams('there is no such task');
  if (upstream === undefined || task === undefined || !mayHear(context, task)) throw unknown;
  const link = await context.links(upstream);
  // A task of the other era has other methods.
  if ((await link.era()) !== era) throw unknown;
  return { task, upstream, link, shown: taskId };
}

/** Who may no longer use a tool does not hear what came of it. */
const mayHear = ({ governor, caller }: Context, { tool }: Pick<Task, 'tool'>): boolean =>
  governor.mayUse(caller, tool);

function checkDeclared(params: Members): void {
  if (declaresTasks(params)) return;
  const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
  throw new Refusal(400, rpc.missingCapability, 'the client does not declare the extension', { data });
}

/** Whether a request of the newer era declares that its client follows tasks. */
export function declaresTasks(params: Members): boolean {
  const declared = metaOf(params)?.[metaKeys.capabilities];
  const extensions = isMembers(declared) ? declared.extensions : undefined;
  return isMembers(extensions) && isMembers(extensions[tasksExtension]);
}

/** How long a result is waited for; a client that waits longer asks again. */
const resultMsMax = 600_000;

function asked(
  context: Context,
  request: Request,
  found: Found,
  method: string,
  inputResponses?: string,
): Promise<Answered> {
  const { task, upstream, link } = found;
  const { underWay, signal, channel, era } = context;
  const params = paramsOf(era, request.params, task.native);
  const paramsText =
    inputResponses === undefined ? params : `{"inputResponses":${inputResponses},${params.slice(1)}`;
  // What a server asks in the middle of a task belongs to the call that began it.
  underWay.onInput = task.call.onInput;
  return context.share(upstream.server, () =>
    link.ask({
      method,
      paramsText,
      name: task.native,
      signal,
      hear: hearing(context, request, found),
      ...channel.follows,
      ...(method === 'tasks/result' ? { timeoutMs: resultMsMax } : {}),
    }),
  );
}

/** Written anew: whatever else the client put there was seen by no rule. */
function paramsOf(era: Era, params: Members, taskId: string): string {
  if (era === 'legacy') return JSON.stringify({ taskId });
  const meta = metaOf(params) ?? {};
  const declared = meta[metaKeys.capabilities];
  const capabilities = isMembers(declared) ? knownExtensions(declared) : {};
  return JSON.stringify({ taskId, _meta: envelope(capabilities, meta[metaKeys.client]) });
}

function hearing(
  { session, underWay, channel, era }: Context,
  request: Request,
  { upstream, link }: Found,
): Hear {
  if (session !== undefined && link !== upstream) return session.hearFor(underWay, upstream);
  return era === 'modern' && upstream.streams ? allTo(channel) : progressTo(channel, request, undefined);
}

/** What a server says of a task. */
async function learn(context: Context, request: Request, found: Found, said: Members): Promise<void> {
  const { task } = found;
  if (said.taskId !== task.native) throw new Refusal(502, rpc.internalError, 'the server named another task');
  context.tasks.touch(task);
  task.asked = isMembers(said.inputRequests) ? said.inputRequests : {};
  if (task.isOver || !isTerminal(said)) return;
  const { status, result: came, error } = said;
  if (status === 'completed' && context.era === 'modern') {
    if (isMembers(came))
      context.tasks.settle(task, { is: 'result', text: JSON.stringify(came), value: came });
  } else if (status === 'cancelled') context.tasks.settle(task, failure('the task was cancelled'));
  else if (context.era === 'modern') context.tasks.settle(task, failure('the task failed', error));
  else {
    // In this era a status says that there is a result, not which.
    const reply = await asked(context, request, found, 'tasks/result');
    if (reply.is === 'result' || (reply.is === 'error' && status === 'failed'))
      context.tasks.settle(task, reply);
  }
}

/** Asks how a task stands, to know what came of it; the client asked something else, and hears nothing of this. */
async function look(context: Context, request: Request, found: Found): Promise<void> {
  if (found.task.isOver) return;
  const reply = await asked(context, request, found, 'tasks/get');
  if (reply.is === 'result') await learn(context, request, found, reply.value).catch(() => undefined);
}

function failure(message: string, error?: unknown): Answered {
  const code =
    isMembers(error) && Number.isSafeInteger(error.code) ? (error.code as number) : rpc.internalError;
  return { is: 'error', code, message, text: JSON.stringify(error ?? { code, message }) };
}

function answer(context: Context, { idText }: Request, { task, shown }: Found, reply: Answered): string {
  if (reply.is === 'error') return errorText(idText, reply.text);
  if (reply.is !== 'result')
    throw new Refusal(502, rpc.internalError, 'the server cannot be asked about the task now');
  const named = shown === task.native ? reply.text : renamed(reply, shown);
  const whole = context.era === 'legacy' || Object.hasOwn(reply.value, 'resultType');
  return resultText(idText, whole ? named : withMember(named, 'resultType', 'complete'));
}

/** The task's name where an answer has it, in either era. */
function renamed({ text, value }: { readonly text: string; readonly value: Members }, shown: string): string {
  const related = '/_meta/io.modelcontextprotocol~1related-task/taskId';
  const own = Object.hasOwn(value, 'taskId') ? withValue(text, '/taskId', shown) : text;
  return withValue(own, related, shown);
}
