// What is owed to whom now: each notice alone, or holds together once a person was asked often enough one by one.
// Pure: the same facts and the same time give the same messages, with the same names.

import { createHash } from 'node:crypto';
import type { Channels } from '@surety/proof/facts';
import { type Channel, channelName, type Notice, type Notices } from './notices.ts';

export interface Message {
  /** The same for every attempt. */
  readonly id: string;
  readonly channel: Channel;
  readonly form: 'single' | 'gathered';
  /** What it tells of, oldest first; all of one kind. */
  readonly notices: readonly [Notice, ...Notice[]];
}

export interface Owed {
  readonly messages: readonly Message[];
  /** Told too late, or not at all: it has ended. */
  readonly late: readonly Message[];
  /** When something that is gathered, or handed on, will be due. */
  readonly nextAt: number | undefined;
}

/** More are counted in the message, and not listed; each is found with `surety status`. */
export const gatheredMax = 500;

export function owedNow(notices: Notices, channels: Channels, origin: string, now: number): Owed {
  const waiting = new Map<string, { readonly channel: Channel; readonly holds: Notice[] }>();
  const messages: Message[] = [];
  const late: Message[] = [];
  const message = (channel: Channel, of: Message['notices'], form: Message['form'] = 'single'): Message => ({
    ...{ id: idOf(origin, channel, of), channel, form, notices: of },
  });
  let nextAt: number | undefined;
  const dueAt = (at: number) => {
    if (at > now) nextAt = Math.min(nextAt ?? at, at);
  };
  for (const notice of notices.all) {
    if (notice.told.kind === 'hold' && notice.told.approve.escalate !== undefined)
      dueAt(notice.at + notice.told.approve.escalate.afterMs);
    for (const channel of notices.channelsOf(notice, channels, now)) {
      const name = channelName(channel);
      if (notice.over.has(name)) continue;
      if (notice.until < now) {
        // What ended before anybody was to be told is nobody's failure.
        if (notice.position > (notices.declaredAt ?? Number.POSITIVE_INFINITY))
          late.push(message(channel, [notice]));
      } else if (notice.told.kind !== 'hold' || channel.person === undefined)
        messages.push(message(channel, [notice]));
      else {
        const holds = waiting.get(name)?.holds ?? [];
        holds.push(notice);
        waiting.set(name, { channel, holds });
      }
    }
  }
  const { singles, gatherMs } = channels.asks;
  for (const [name, { channel, holds }] of waiting) {
    const told = notices.singles(name, now);
    const alone = holds.splice(0, Math.max(0, singles - told.length));
    for (const notice of alone) messages.push(message(channel, [notice]));
    const [first, ...more] = holds.slice(0, gatheredMax);
    if (first === undefined) continue;
    const lastAt = Math.max(notices.gatheredAt(name), told.at(-1) ?? 0, alone.length > 0 ? now : 0);
    if (lastAt + gatherMs <= now) messages.push(message(channel, [first, ...more], 'gathered'));
    else dueAt(lastAt + gatherMs);
  }
  return { messages, late, nextAt };
}

function idOf(origin: string, channel: Channel, of: readonly Notice[]): string {
  const named = JSON.stringify([origin, channelName(channel), of.map(({ position }) => position)]);
  return `n-${createHash('sha256').update(named).digest('base64url').slice(0, 24)}`;
}
