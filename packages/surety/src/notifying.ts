// Joins what is to be told with those who may hear it: the folds of the gateway, the channels in force, and the addresses
// and secrets of the files. Part of the composition root.

import { declaredAs, type Standing } from '@surety/proof/changes';
import { containmentDefault } from '@surety/proof/facts';
import type { Config, NotifyConfig } from './config/index.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Log, Recorded } from './ledger/log.ts';
import {
  type Delivered,
  dataOf,
  Mail,
  type Message,
  Notices,
  Notifier,
  post,
  wordingOf,
} from './notify/index.ts';

export interface NotifyingParts {
  readonly log: Log;
  readonly gateway: Gateway;
  readonly standing: () => Standing;
  readonly now: () => number;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
}

const deliverMsMax = 10_000;

export class Notifying {
  readonly #parts: NotifyingParts;
  readonly #notifier: Notifier;
  #config: NotifyConfig | undefined;
  /** Where people open the pages. */
  #pages: string | undefined;
  #mail: Mail | undefined;

  constructor(parts: NotifyingParts) {
    this.#parts = parts;
    const { gateway, standing } = parts;
    const notices = new Notices({
      peopleFor: (asking, at) => gateway.asks.peopleFor(asking, at),
      ownerOf: (name) =>
        declaredAs(standing(), 'outcome.declared').find(({ outcome }) => outcome === name)?.owner,
      lifters: () => {
        const [{ lift } = containmentDefault] = declaredAs(standing(), 'containment.declared');
        const may = ({ functions }: { functions: readonly string[] }) =>
          functions.some((each) => lift.includes(each));
        return declaredAs(standing(), 'person.enrolled').flatMap((each) => (may(each) ? [each.person] : []));
      },
      personOf: gateway.people.personOf,
    });
    this.#notifier = new Notifier({
      ...{ log: parts.log, notices, now: parts.now, onNote: parts.onNote },
      channels: () => declaredAs(standing(), 'notices.declared')[0],
      deliver: (message) => this.#deliver(message),
    });
  }

  apply(recorded: readonly Recorded[]): void {
    this.#notifier.apply(recorded);
  }

  /** Takes the addresses and secrets of these files; the first time, it begins to tell. */
  take({ notify, pages }: Config): void {
    this.#config = notify;
    this.#pages = pages?.url;
    this.#mail?.close();
    this.#mail = notify?.mail && new Mail({ ...notify.mail, timeoutMs: deliverMsMax });
    this.#notifier.start();
  }

  async #deliver(message: Message): Promise<Delivered> {
    const { channel, id } = message;
    if (channel.by === 'mail') {
      const { person = '' } = channel;
      const to = this.#config?.addresses.get(person) ?? person;
      return this.#mail?.send(to, id, wordingOf(message, this.#pages)) ?? unknown;
    }
    const webhook = this.#config?.webhooks.find((each) => each.id === channel.webhook);
    if (webhook === undefined) return unknown;
    return post({ ...webhook, timeoutMs: deliverMsMax }, id, dataOf(message), this.#parts.now());
  }

  async close(): Promise<void> {
    await this.#notifier.close();
    this.#mail?.close();
  }
}

/** Declared and in force, while the files do not say any more how it is reached. */
const unknown: Delivered = { is: 'away', cause: 'the files do not say how' };
