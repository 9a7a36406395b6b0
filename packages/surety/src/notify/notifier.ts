// Tells people: sends what is owed, records what was taken, tries again what was not. A crash between the two repeats a
// message under the same name and leaves none out. Whatever happens in here, no call waits for it.

import type { Body, Channels } from '@surety/proof/facts';
import type { Log, Recorded } from '../ledger/log.ts';
import { type Channel, channelName, type Notices } from './notices.ts';
import { type Message, type Owed, owedNow } from './owed.ts';

/** `away`: nothing can be sent this way now. `refused`: not this message. `given-up`: never. */
export type Delivered =
  | { readonly is: 'accepted' }
  | { readonly is: 'away' | 'refused' | 'given-up'; readonly cause: string };

export interface NotifierParts {
  readonly log: Pick<Log, 'append' | 'origin'>;
  readonly notices: Notices;
  /** Those in force. */
  readonly channels: () => Channels | undefined;
  readonly deliver: (message: Message) => Promise<Delivered>;
  readonly now: () => number;
  /** Ids and codes, never values. */
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
}

interface Trying {
  attempts: number;
  nextAt: number;
}

const firstRetryMs = 5_000;
const retryMsMax = 900_000;
/** Timers count in 32 bits; and a clock that is set must be noticed. */
const sleepMsMax = 60_000;
/** How long ending waits for messages that are being sent. */
const closeMsMax = 5_000;

export class Notifier {
  readonly #parts: NotifierParts;
  /** By message and by route: when it is tried again. */
  readonly #trying = new Map<string, Trying>();
  readonly #away = new Map<string, Trying>();
  #started = false;
  #stopped = false;
  #again = false;
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  apply(recorded: readonly Recorded[]): void {
    for (const { fact } of recorded) this.#parts.notices.apply(fact);
    if (recorded.some(({ fact: { kind } }) => kind !== 'notice.sent')) this.wake();
  }

  /** From here on people are told: what was folded before belongs to the past. */
  start(): void {
    this.#started = true;
    this.wake();
  }

  wake(): void {
    if (!this.#started || this.#stopped) return;
    this.#again = true;
    if (this.#round !== undefined) return;
    // Not within the batch that woke it.
    this.#round = Promise.resolve()
      .then(() => this.#rounds())
      .catch((error: Error) => this.#parts.onNote('warn', `notices: ${error.name}`))
      .finally(() => {
        this.#round = undefined;
        if (this.#again) this.wake();
      });
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const { notices, channels, log, now } = this.#parts;
      const inForce = channels();
      if (inForce === undefined) return;
      const owed = owedNow(notices, inForce, log.origin, now());
      await Promise.all([...byRoute(owed.messages)].map(([route, messages]) => this.#send(route, messages)));
      for (const message of owed.late) await this.#giveUp(message, 'it came too late');
      notices.forget(now(), (notice) =>
        notices.channelsOf(notice, inForce, now()).every((each) => notice.over.has(channelName(each))),
      );
      this.#sleep(owed);
    }
  }

  async #send(route: string, messages: readonly Message[]): Promise<void> {
    const { deliver, now } = this.#parts;
    for (const message of messages) {
      if (this.#stopped || (this.#away.get(route)?.nextAt ?? 0) > now()) return;
      const trying = this.#trying.get(message.id) ?? { attempts: 0, nextAt: 0 };
      if (trying.nextAt > now()) continue;
      trying.attempts += 1;
      const delivered = await deliver(message);
      if (delivered.is === 'accepted') await this.#accepted(route, message, trying.attempts);
      else if (delivered.is === 'given-up') await this.#giveUp(message, delivered.cause, trying.attempts);
      else {
        this.#trying.set(message.id, trying);
        trying.nextAt = now() + backoffMs(trying.attempts);
        if (delivered.is === 'away') this.#isAway(route, delivered.cause);
        else if (trying.attempts === 1)
          this.#parts.onNote('warn', `notices: ${message.id} was not taken by ${route}: ${delivered.cause}`);
      }
    }
  }

  #isAway(route: string, cause: string): void {
    const away = this.#away.get(route) ?? { attempts: 0, nextAt: 0 };
    this.#away.set(route, away);
    away.attempts += 1;
    away.nextAt = this.#parts.now() + backoffMs(away.attempts);
    if (away.attempts === 1) this.#parts.onNote('warn', `notices: ${route} cannot be reached: ${cause}`);
  }

  async #accepted(route: string, message: Message, attempts: number): Promise<void> {
    if (this.#away.delete(route)) this.#parts.onNote('info', `notices: ${route} takes them again`);
    await this.#record(message, 'accepted', attempts);
  }

  async #giveUp(message: Message, cause: string, attempts = this.#trying.get(message.id)?.attempts ?? 0) {
    this.#parts.onNote('warn', `notices: ${message.id} was given up: ${cause}`);
    await this.#record(message, 'given-up', attempts);
  }

  async #record(message: Message, answer: Body<'notice.sent'>['answer'], attempts: number): Promise<void> {
    this.#trying.delete(message.id);
    const { id: notice, channel, form, notices } = message;
    const [{ told }] = notices;
    const body: Body<'notice.sent'> = {
      ...{ notice, about: told.kind, ...channel, form },
      of: notices.map(({ position }) => position),
      ...{ answer, attempts },
    };
    const stream = `notice/${channelName(channel)}`;
    await this.#parts.log.append([{ stream, facts: [{ kind: 'notice.sent', body }] }]);
  }

  /** Until something is due: a retry, or what is gathered. */
  #sleep({ messages, nextAt }: Owed): void {
    clearTimeout(this.#timer);
    const retries = messages.flatMap(({ id, channel }) => {
      const trying = this.#trying.get(id);
      return trying === undefined
        ? []
        : [Math.max(trying.nextAt, this.#away.get(routeOf(channel))?.nextAt ?? 0)];
    });
    const waiting =
      messages.length > retries.length ? [...this.#away.values()].map((each) => each.nextAt) : [];
    const due = [...retries, ...waiting, ...(nextAt === undefined ? [] : [nextAt])];
    if (due.length === 0 || this.#stopped) return;
    const ms = Math.min(sleepMsMax, Math.max(0, Math.min(...due) - this.#parts.now()));
    this.#timer = setTimeout(() => this.wake(), ms).unref();
  }

  /** Waits for what is being sent, for a bounded time. */
  async close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, closeMsMax);
    await Promise.race([this.#round, late.promise]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#stopped = true;
  }
}

/** What fails together: the one mail server, or a webhook. */
const routeOf = ({ by, webhook }: Channel): string => (by === 'mail' ? 'mail' : `webhook ${webhook}`);

function byRoute(messages: readonly Message[]): ReadonlyMap<string, readonly Message[]> {
  const routes = new Map<string, Message[]>();
  for (const message of messages) {
    const route = routeOf(message.channel);
    routes.set(route, [...(routes.get(route) ?? []), message]);
  }
  return routes;
}

const backoffMs = (attempts: number): number =>
  Math.min(retryMsMax, firstRetryMs * 2 ** Math.min(20, attempts - 1));
