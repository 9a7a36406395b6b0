// Decisions as they are recorded: counted from the facts themselves, so what a dashboard says and what the ledger says
// are the same. Labels are bounded by what people declared; nothing that a caller can choose is one.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import type { Counted } from '../gateway/observer.ts';
import type { Recorded } from '../ledger/log.ts';
import type { Instruments } from './instruments.ts';

/** Refusals whose call is being answered: more than can be under way at once. */
const refusalsMax = 4_096;

export class Counting {
  readonly #instruments: Instruments;
  readonly #counted: (tool: string) => Counted;
  /** Why calls were refused that are about to be answered, by their id. */
  readonly #refusals = new Map<string, string>();

  constructor(instruments: Instruments, counted: (tool: string) => Counted) {
    this.#instruments = instruments;
    this.#counted = counted;
  }

  apply(recorded: readonly Recorded[]): void {
    for (const { fact } of recorded) this.#count(fact);
  }

  /** The code of the refusal of this call, once. */
  refusal(call: string): string | undefined {
    const code = this.#refusals.get(call);
    this.#refusals.delete(call);
    return code;
  }

  #count(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'call.intended')) this.#call(fact.body, 'allow');
    else if (isKind(fact, 'call.held')) this.#call(fact.body, 'hold');
    else if (isKind(fact, 'call.refused')) {
      const { call, code } = fact.body;
      if (this.#refusals.size < refusalsMax) this.#refusals.set(call, code);
      this.#call(fact.body, 'deny', { code });
    } else if (isKind(fact, 'call.settled')) {
      const { intent, settlement, by } = fact.body;
      // A read has no intent: that it was let through is said by its one fact.
      if (intent === undefined) this.#call(fact.body, 'allow');
      this.#instruments.count('surety.settlements', { ...this.#labels(fact.body), settlement, by });
    } else if (
      isKind(fact, 'approval.given') ||
      isKind(fact, 'approval.refused') ||
      isKind(fact, 'hold.refused')
    ) {
      const decision = isKind(fact, 'approval.given') ? 'approve' : 'refuse';
      this.#instruments.count('surety.approvals', { function: fact.body.function, decision });
    } else if (isKind(fact, 'notice.sent')) {
      const { about, by, form, answer } = fact.body;
      this.#instruments.count('surety.notices', { about, by, form, answer });
    } else if (isKind(fact, 'verdict.given')) {
      const { outcome, verdict } = fact.body;
      this.#instruments.count('surety.verdicts', { outcome, verdict });
    }
  }

  #call(
    body: { readonly tool: string; readonly effect: string },
    decision: 'allow' | 'hold' | 'deny',
    more: { readonly code?: string } = {},
  ): void {
    this.#instruments.count('surety.calls', { ...this.#labels(body), decision, ...more });
  }

  #labels({ tool, effect }: { readonly tool: string; readonly effect: string }) {
    return { tool: this.#counted(tool).tool, effect };
  }
}
