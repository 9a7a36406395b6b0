// What became of a governed call, as its client hears it.

import type { Context } from './answering.ts';
import type { Hold, ToolReply } from './port.ts';
import { Refusal } from './refusal.ts';
import { errorText, type Members, resultText, rpc, withMember, withValue } from './wire.ts';

const notSent = 'Not sent: the server could not be reached.';
export const lost = 'No answer came. It is not known whether this took effect.';

/** To a call of a tool: whatever became of it is a result that the model reads. */
export function toolAnswer(reply: ToolReply, idText: string, context: Context): string {
  if (reply.is === 'upstream' && reply.reply.is === 'error') return errorAnswer(reply.reply, idText, context);
  return resultText(idText, toolResult(reply, context));
}

/** The text of the result, of whatever is no error of the server's. */
export function toolResult(reply: ToolReply, context: Context): string {
  if (reply.is === 'held' && reply.hold !== undefined) return pending(reply.message, reply.hold, context);
  if (reply.is !== 'upstream') return sorry(reply.message, context);
  const { reply: upstream } = reply;
  if (upstream.is === 'not-sent') return sorry(notSent, context);
  if (upstream.is === 'lost' || upstream.is === 'error') return sorry(lost, context);
  return completed(upstream, context);
}

/** The server's own error, as it is. That its client cannot do enough is HTTP 400 in 2026-07-28 (SEP-2575). */
function errorAnswer(
  { code, text }: { readonly code: number; readonly text: string },
  idText: string,
  { era, channel }: Context,
): string {
  if (era === 'modern' && code === rpc.missingCapability) channel.answerWith(400);
  return errorText(idText, text);
}

/** For what has no result in which a refusal could be said. */
export function plainAnswer(reply: ToolReply, idText: string, context: Context): string {
  if (reply.is !== 'upstream') throw new Refusal(200, rpc.refused, reply.message);
  const { reply: upstream } = reply;
  if (upstream.is === 'error') return errorAnswer(upstream, idText, context);
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
  if (era === 'legacy') return text;
  const whole = Object.hasOwn(value, 'resultType') ? text : withMember(text, 'resultType', 'complete');
  // What came under a policy is nobody else's to keep.
  return value.cacheScope === 'public' ? withValue(whole, '/cacheScope', 'private') : whole;
}

/** The same, and for programs the reference and where people answer: it helps nobody who is not signed in there. */
function pending(message: string, { name }: Hold, context: Context): string {
  const address = context.heldCalls.addressOf(name);
  const hold = { reference: name, ...(address === undefined ? {} : { address }) };
  return withMember(sorry(message, context), '_meta', { 'surety/hold': hold });
}

/** An error that the model reads and can act on, rather than one of the protocol. */
const sorry = (text: string, { era }: Context): string =>
  JSON.stringify({
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
  });
