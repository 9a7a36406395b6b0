// What a client hears of a held call that it follows as a task (held-calls.ts), in the words of either era: 2025-11-25,
// tasks; 2026-07-28, the extension `io.modelcontextprotocol/tasks`. The status is `working`, not `input_required`: what
// is waited for comes from people, never from the client.

import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from './answering.ts';
import { runsTools } from './capabilities.ts';
import type { Again, HeldCall } from './held-calls.ts';
import type { Came } from './held-shown.ts';
import { Refusal } from './refusal.ts';
import { declaresTasks } from './tasking.ts';
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
} from './wire.ts';

const pollMs = 2_000;
/** How long `tasks/result` waits; a client that waits longer asks again. */
const resultMsMax = 600_000;
const relatedTask = 'io.modelcontextprotocol/related-task';
const immediateResponse = 'io.modelcontextprotocol/model-immediate-response';

/** The answer to a call that waits for people, if its client wants to follow it as a task. */
export async function heldAsTask(
  context: Context,
  request: Request,
  { reply, bound: { tool } }: Came,
  again: Again,
): Promise<string | undefined> {
  if (reply.is !== 'held' || reply.hold === undefined || !(await follows(context, request))) return undefined;
  const { endpoint, caller, era, heldCalls } = context;
  const { hold, message } = reply;
  const of = { agent: caller.agent, endpoint: endpoint.id, era, tool };
  const held = heldCalls.follow({ ...of, hold, message, again });
  if (held === undefined) return undefined;
  const result =
    era === 'modern'
      ? { resultType: 'task', ...shown(held) }
      : { task: shown(held), _meta: { [immediateResponse]: message } };
  return resultText(request.idText, JSON.stringify(result));
}

/** In 2025-11-25 the client says so with the call, where tasks were offered; in 2026-07-28 it declares the extension. */
async function follows({ era, endpoint, links }: Context, { params }: Request): Promise<boolean> {
  if (era === 'modern') return declaresTasks(params);
  if (params.task === undefined) return false;
  const { capabilities } = await endpoint.about(links);
  return isMembers(capabilities) && runsTools(capabilities.tasks);
}

async function get(context: Context, { idText }: Request, held: HeldCall): Promise<string> {
  held.look(context);
  return resultText(idText, taskText(held));
}

/**
 * 2025-11-25: waits until there is a result, and gives it as the call would have; undefined once its server goes on with it
 * as a task of its own.
 */
async function result(context: Context, request: Request, held: HeldCall): Promise<string | undefined> {
  const { caller, heldCalls } = context;
  // What waits for people waits long: one agent must not take the place of all others.
  if (!heldCalls.waiters.take(caller.agent)) throw new Refusal(200, rpc.refused, 'too many requests wait');
  try {
    await context.idly(() => ended(context, held));
  } finally {
    heldCalls.waiters.give(caller.agent);
  }
  return held.became === undefined ? outcome(request, held) : undefined;
}

async function ended(context: Context, held: HeldCall): Promise<void> {
  const { governor, heldCalls } = context;
  const signal = AbortSignal.any([context.signal, heldCalls.closing]);
  const until = performance.now() + resultMsMax;
  for (;;) {
    const { changed } = held;
    held.look(context);
    const leftMs = until - performance.now();
    if (held.isOver || signal.aborted || leftMs <= 0) return;
    const waitsMs = held.status === 'waits' ? (governor.waitsMs?.(held.hold) ?? leftMs) : leftMs;
    await firstOf(changed, Math.min(leftMs, waitsMs), signal);
  }
}

function outcome({ idText }: Request, held: HeldCall): string {
  if (held.status === 'cancelled') throw new Refusal(200, rpc.refused, 'the task was cancelled');
  if (held.came === undefined) throw new Refusal(200, rpc.internalError, 'nobody has answered yet');
  const { is, text } = held.came;
  return is === 'error' ? errorText(idText, text) : resultText(idText, related(text, held));
}

async function firstOf(changed: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  await Promise.race([changed, pause(ms, undefined, { signal: either }).catch(() => undefined)]);
  over.abort();
}

async function cancel(context: Context, { idText }: Request, held: HeldCall): Promise<string> {
  const isLegacy = context.era === 'legacy';
  if (isLegacy && held.isOver) throw new Refusal(200, rpc.invalidParams, 'the task is over');
  held.cancel();
  return resultText(idText, isLegacy ? JSON.stringify(shown(held)) : '{"resultType":"complete"}');
}

/** 2026-07-28: only what its server asked for once the call was made again. Of an approval no input is a part. */
async function update(context: Context, { idText, params }: Request, held: HeldCall): Promise<string> {
  const { inputResponses } = params;
  if (!isMembers(inputResponses))
    throw new Refusal(200, rpc.invalidParams, 'inputResponses is not an object');
  const given = Object.entries(inputResponses).filter(([key]) => Object.hasOwn(held.asked, key));
  if (given.length > 0) held.goOn(context, Object.fromEntries(given));
  return resultText(idText, '{"resultType":"complete"}');
}

export const heldTasks = { get, result, cancel, update };

/** The task, in the words of the era in which it began. */
export function shown(held: HeldCall): Members {
  const { id, of, ttlMs, createdAt, updatedAt, message } = held;
  const times = { createdAt, lastUpdatedAt: updatedAt };
  const spans =
    of.era === 'modern' ? { ttlMs, pollIntervalMs: pollMs } : { ttl: ttlMs, pollInterval: pollMs };
  const isOver = held.status === 'over' || held.status === 'cancelled';
  return {
    ...{ taskId: id, status: statusOf(held), ...times, ...spans },
    ...(isOver ? {} : { statusMessage: message }),
  };
}

function statusOf({ status, came, of }: HeldCall): string {
  if (status === 'cancelled') return 'cancelled';
  if (status === 'asks') return 'input_required';
  if (came === undefined) return 'working';
  // A tool that says `isError` has failed in the earlier era; in the newer one only an error of the protocol is a failure.
  const hasFailed = of.era === 'legacy' && (JSON.parse(came.text) as Members).isError === true;
  return came.is === 'error' || hasFailed ? 'failed' : 'completed';
}

function taskText(held: HeldCall): string {
  const { came, of, asked, status } = held;
  const text = JSON.stringify(shown(held));
  if (of.era === 'legacy') return text;
  const more =
    came !== undefined
      ? `,"${came.is}":${came.text}`
      : status === 'asks'
        ? `,"inputRequests":${JSON.stringify(asked)}`
        : '';
  return `{"resultType":"complete",${text.slice(1, -1)}${more}}`;
}

function related(text: string, { id }: HeldCall): string {
  const span = spanIn(text, '/_meta');
  const meta = span === undefined ? undefined : JSON.parse(text.slice(...span));
  const by = { ...(isMembers(meta) ? meta : {}), [relatedTask]: { taskId: id } };
  return span === undefined ? withMember(text, '_meta', by) : replaced(text, span, by);
}
