// What every check of the audit looks with: the declarations, a gate in which nothing has happened, and so much work and no
// more. What there was no work left for is not shown, and said so.

import type { Declared } from './declared.ts';
import { Rehearsal, type Said } from './rehearsal.ts';
import type { Trace, TraceCall } from './trace.ts';

/** Calls that one audit may put to the gate. */
const asksMax = 200_000;

export class Looking {
  readonly declared: Declared;
  readonly blank: Rehearsal;
  #asksLeft: number;

  constructor(declared: Declared, asks = asksMax) {
    this.declared = declared;
    this.blank = new Rehearsal(declared.standing);
    this.#asksLeft = asks;
  }

  get isSpent(): boolean {
    return this.#asksLeft <= 0;
  }

  spend(asks = 1): void {
    this.#asksLeft -= asks;
  }

  /** The answer where nothing has happened yet. */
  ask(call: TraceCall): Said {
    this.spend();
    return this.blank.ask(call);
  }

  /** What these calls lead to, one after the other, as a trace that expects just that; undefined if one before the last does not pass. */
  play(calls: readonly TraceCall[], without: readonly string[] = []): Trace | undefined {
    const gate = new Rehearsal(this.declared.standing, without);
    // Folding a declaration is a small part of judging a call.
    this.spend(Math.ceil(this.declared.standing.size / 10));
    let said: Said | undefined;
    for (const [index, call] of calls.entries()) {
      this.spend();
      said = gate.make(call);
      if (said.answer !== 'allowed' && index < calls.length - 1) return undefined;
    }
    return said && traceOf(calls, said, without);
  }

  /** The first of these traces that ends as wanted. */
  first(
    traces: Iterable<readonly TraceCall[]>,
    isWanted: (trace: Trace) => boolean,
    options: { readonly without?: readonly string[]; readonly triesMax?: number } = {},
  ): Trace | undefined {
    let tries = 0;
    for (const calls of traces) {
      if (tries++ >= (options.triesMax ?? 40) || this.isSpent) return undefined;
      const trace = this.play(calls, options.without);
      if (trace !== undefined && isWanted(trace)) return trace;
    }
    return undefined;
  }
}

export const traceOf = (
  calls: readonly TraceCall[],
  { answer, step, passed }: Said,
  without: readonly string[] = [],
): Trace => ({ without, calls, expect: { answer, step, passed } });
