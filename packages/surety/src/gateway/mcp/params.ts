// What goes to a server in place of what a client sent: the client's own text, but for names on the merged endpoint,
// the envelope of this hop where the two speak different eras, and, where requests of several clients share one
// stream, the progress token: two clients may choose the same one.

import { knownExtensions } from './capabilities.ts';
import type { Channel } from './channel.ts';
import { type Era, metaKeys, metaOf, withoutEnvelope } from './eras.ts';
import { envelope } from './modern.ts';
import type { ClientSession } from './session.ts';
import type { Hear } from './upstream.ts';
import {
  type Edit,
  edited,
  isMembers,
  type Members,
  notificationText,
  type Request,
  withMember,
} from './wire.ts';

export type Token = string | number | undefined;

export interface Hop {
  readonly from: Era;
  readonly to: Era;
  /** Of a client of the earlier era. */
  readonly session: ClientSession | undefined;
  /** Requests of others are told apart by nothing but their tokens. */
  readonly mixed: boolean;
}

let lastToken = 0;

export function paramsFor(
  { params, paramsText, spans }: Request,
  hop: Hop,
  edits: readonly Edit[],
): { readonly token: Token; readonly paramsText: string } {
  const given = tokenIn(params);
  const token = given === undefined || !hop.mixed ? given : `surety-${++lastToken}`;
  const [span, tokenSpan] = [spans.get('/_meta'), spans.get('/_meta/progressToken')];
  const meta = metaFor(metaOf(params), hop);
  if (meta !== undefined) {
    const carried = token === undefined ? meta : { ...meta, progressToken: token };
    if (span !== undefined) return { token, paramsText: edited(paramsText, [...edits, [span, carried]]) };
    return { token, paramsText: withMember(edited(paramsText, edits), '_meta', carried) };
  }
  const mapped: Edit[] = tokenSpan === undefined || token === given ? [] : [[tokenSpan, token]];
  return { token, paramsText: edited(paramsText, [...edits, ...mapped]) };
}

/** `_meta` where it has to be another than the client's; undefined where the client's own goes on untouched. */
function metaFor(meta: Members | undefined, { from, to, session }: Hop): Members | undefined {
  if (from === 'legacy') {
    if (to === 'legacy') return undefined;
    return { ...meta, ...envelope(session?.capabilities, session?.clientInfo) };
  }
  if (meta === undefined) return undefined;
  if (to === 'legacy') return withoutEnvelope(meta);
  const capabilities = meta[metaKeys.capabilities];
  if (!isMembers(capabilities)) return undefined;
  const known = knownExtensions(capabilities);
  return known === capabilities ? undefined : { ...meta, [metaKeys.capabilities]: known };
}

export function tokenIn(params: Members): Token {
  const token = metaOf(params)?.progressToken;
  const isToken = typeof token === 'string' || (typeof token === 'number' && Number.isSafeInteger(token));
  return isToken ? token : undefined;
}

/** What is said about a request on a link that others share: its progress, under the client's own token. */
export function progressTo(channel: Channel, { params }: Request, ours: Token): Hear {
  const theirs = tokenIn(params);
  return ({ method, params: { progressToken }, paramsText, spans }) => {
    const span = spans.get('/progressToken');
    if (method !== 'notifications/progress' || span === undefined || progressToken !== ours) return;
    channel.say(notificationText(method, edited(paramsText, [[span, theirs]])));
  };
}

const ofRequests = new Set(['notifications/progress', 'notifications/message']);

/** What is said about a request on a stream of its own. */
export const allTo =
  (channel: Channel): Hear =>
  ({ method, paramsText }) => {
    if (ofRequests.has(method)) channel.say(notificationText(method, paramsText));
  };
