// Calls that wait for people, where the client can show an address (MCP elicitation in mode `url`): the client is asked to
// show the page on which people answer. Whatever it says of that approves nothing, and is at most that somebody has seen
// it: who asks for the call is the last who may release it. It only decides how long the call waits for an approval that is
// signed elsewhere, before it is answered with its reference.

import { randomUUID } from 'node:crypto';
import type { Context } from './answering.ts';
import { metaKeys, metaOf } from './eras.ts';
import type { Again } from './held-calls.ts';
import type { Hold, ToolReply } from './port.ts';
import { toolAnswer } from './replies.ts';
import type { Bound } from './state.ts';
import { isMembers, type Members, notificationText, type Request, resultText } from './wire.ts';

/** What became of a call, and what its client was asked to show before. */
export interface Came {
  readonly reply: ToolReply;
  readonly bound: Bound;
  readonly shown: Shown | undefined;
}

interface Shown {
  readonly hold: string;
  readonly isAccepted: boolean;
}

/** Below the 60 s after which clients of the official SDK give up a request. */
const waitMsDefault = 45_000;
const inputKey = 'surety-approval';

/** The address that this client was asked to show, if that is what it comes back from. */
export function shownIn({ states }: Context, { params }: Request, bound: Bound): Shown | undefined {
  const { requestState, inputResponses } = params;
  const hold = requestState === undefined ? undefined : states.open(bound, requestState)?.call;
  if (hold?.startsWith('h-') !== true) return undefined;
  const said = isMembers(inputResponses) ? inputResponses[inputKey] : undefined;
  return { hold, isAccepted: isMembers(said) && said.action === 'accept' };
}

/** The answer to a call that waits for people, of a client that can show an address; undefined: it stays as it is. */
export async function heldShown(
  context: Context,
  request: Request,
  { reply, bound, shown }: Came,
  again: Again,
): Promise<string | undefined> {
  if (reply.is !== 'held' || reply.hold === undefined || !canShow(context, request)) return undefined;
  const { hold } = reply;
  const url = context.heldCalls.addressOf(hold.name);
  if (url === undefined) return undefined;
  const params = { mode: 'url', message: messageOf(bound.tool, hold), url };
  if (context.session !== undefined) return inSession(context, request, hold, params, again);
  if (shown?.hold !== hold.name) return inputRequired(context, request, bound, hold, params);
  // Asked once: else a client that cannot show it after all would be asked without end.
  const later = shown.isAccepted ? await waited(context, hold, again, Promise.resolve(true)) : undefined;
  return later && toolAnswer(later, request.idText, context);
}

function canShow({ era, session }: Context, { params }: Request): boolean {
  const declared = era === 'modern' ? metaOf(params)?.[metaKeys.capabilities] : session?.capabilities;
  const elicitation = isMembers(declared) ? declared.elicitation : undefined;
  return isMembers(elicitation) && isMembers(elicitation.url);
}

/** No value of the call: who sits at the client may not be who may see them. */
const messageOf = (tool: string, { name }: Hold): string =>
  `The call of ${tool} waits for people to approve it. This page shows it to whoever may see it, once signed in. Reference ${name}.`;

/** 2026-07-28: in place of an answer. The state names the hold, and nothing but this call can be made with it. */
function inputRequired(
  { states }: Context,
  { idText }: Request,
  bound: Bound,
  hold: Hold,
  params: Members,
): string {
  const result = {
    resultType: 'input_required',
    inputRequests: { [inputKey]: { method: 'elicitation/create', params } },
    requestState: states.seal(bound, { call: hold.name, state: null }),
  };
  return resultText(idText, JSON.stringify(result));
}

/** 2025-11-25: on the stream of the call, which waits meanwhile. */
async function inSession(
  context: Context,
  { idText }: Request,
  hold: Hold,
  params: Members,
  again: Again,
): Promise<string | undefined> {
  const { session, underWay, channel } = context;
  if (session === undefined) return undefined;
  const elicitationId = randomUUID();
  const over = new AbortController();
  const asked = session
    // No server asks, so none can withdraw it.
    .question({ server: '' }, underWay, 'elicitation/create', { ...params, elicitationId }, over.signal)
    .then(
      ({ action }) => action === 'accept',
      () => false,
    );
  const later = await waited(context, hold, again, asked);
  over.abort();
  if (later === undefined) return undefined;
  channel.say(notificationText('notifications/elicitation/complete', JSON.stringify({ elicitationId })));
  return toolAnswer(later, idText, context);
}

async function busily(context: Context, { name }: Hold, again: Again): Promise<ToolReply> {
  const done = context.begin();
  try {
    return await again({ ...context, endpoint: context.current() }, name, undefined);
  } finally {
    done();
  }
}

/**
 * Waits until people have answered, and makes the call again from the start; undefined if they have not by then, the
 * client does not show the address, or nobody waits for the answer any more.
 */
async function waited(
  context: Context,
  hold: Hold,
  again: Again,
  isShown: Promise<boolean>,
): Promise<ToolReply | undefined> {
  const { heldCalls, caller, signal } = context;
  if (!heldCalls.waiters.take(caller.agent)) return undefined;
  const late = AbortSignal.timeout(heldCalls.pages?.waitMs ?? waitMsDefault);
  const over = AbortSignal.any([signal, late, heldCalls.closing]);
  let said = Promise.withResolvers<boolean>();
  const stop = heldCalls.listen(hold.name, () => said.resolve(true));
  const onOver = () => said.resolve(false);
  over.addEventListener('abort', onOver);
  // It may have been approved before anybody listened here.
  void isShown.then((shown) => said.resolve(shown));
  try {
    while (!over.aborted) {
      const { promise } = said;
      const isDue = await context.idly(() => promise);
      said = Promise.withResolvers();
      if (over.aborted || !isDue) return undefined;
      const reply = await busily(context, hold, again);
      if (reply.is !== 'held' || reply.hold?.name !== hold.name) return reply;
    }
    return undefined;
  } finally {
    over.removeEventListener('abort', onOver);
    stop();
    heldCalls.waiters.give(caller.agent);
  }
}
