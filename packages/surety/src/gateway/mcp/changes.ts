// Tells clients that a list which they saw is no longer what they would see now: because a server says that its list
// changed, or because what the agent may use did. Each client is told of its own list only, and only if it changed.

import { sha256 } from '../../ledger/hash.ts';
import { type Context, visible } from './answering.ts';
import type { ListKind } from './listing.ts';
import { notificationText } from './wire.ts';

/** What changes together, by the capability that it is listed under. */
export const kindsOf = {
  tools: ['tools'],
  prompts: ['prompts'],
  resources: ['resources', 'templates'],
} as const satisfies Record<string, readonly ListKind[]>;
export type Changing = keyof typeof kindsOf;
export const changing = Object.keys(kindsOf) as readonly Changing[];

export const changedMethod = (what: Changing): string => `notifications/${what}/list_changed`;
export const changedIn = (method: string): Changing | undefined =>
  changing.find((what) => changedMethod(what) === method);

/** The lists that one client saw last. */
export class Seen {
  readonly #seen = new Map<ListKind, string>();

  saw(kind: ListKind, texts: readonly string[]): void {
    this.#seen.set(kind, digest(texts));
  }

  /** Of those that the client saw, the ones that it would see otherwise now. */
  async changed(
    context: Pick<Context, 'governor' | 'caller' | 'endpoint' | 'links'>,
    among: readonly Changing[],
  ): Promise<Changing[]> {
    const found: Changing[] = [];
    for (const what of among)
      for (const kind of kindsOf[what]) {
        const before = this.#seen.get(kind);
        if (before === undefined || found.includes(what)) continue;
        const now = await visible(context, kind);
        if (digest(now) === before) continue;
        this.#seen.set(kind, digest(now));
        found.push(what);
      }
    return found;
  }
}

export const changedText = (what: Changing): string => notificationText(changedMethod(what));

const digest = (texts: readonly string[]): string => sha256.ofText?.(texts.join('\n')) ?? '';
