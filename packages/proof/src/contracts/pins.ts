// Which contract each tool is pinned to, folded from facts: the newest that somebody who may approved with a good
// signature. Gate and verdict fold the same rule.

import { type Standing, serverOf } from '../changes/index.ts';
import { type Body, type Fact, isKind, type UnknownFact } from '../facts.ts';
import { whyNotApprover } from './signing.ts';

/** `observe`: a call on a contract that nobody approved goes on, and is said. */
export type PinMode = 'observe' | 'required';

/** A tool's one approved contract. */
export interface Pin {
  readonly contract: string;
  readonly person: string;
  readonly function: string;
  /** Position and time of the approval. */
  readonly position: number;
  readonly time: number;
}

/**
 * How contracts of this server bind; undefined where nobody is asked: it is not declared, its calls never cross the
 * gateway, or it was declared by a version that did not know of contracts.
 */
export const pinModeOf = (standing: Standing, server: string): PinMode | undefined =>
  (standing.get(`server/${server}`)?.body as Partial<Body<'server.declared'>> | undefined)?.pins;

export class Pins {
  readonly #pins = new Map<string, Pin>();
  /** The newest time, by their own clock, at which each person answered. */
  readonly #answered = new Map<string, number>();

  /** `signed` says of an approval whether its signature is good. */
  apply(fact: Fact | UnknownFact, standing: Standing, signed: boolean): void {
    if (isKind(fact, 'contract.approved')) {
      if (!signed || whyNotApprover(standing, fact.body) !== undefined || this.isSpent(fact.body)) return;
      const { person, function: as, contracts, at } = fact.body;
      this.#answered.set(person, at);
      for (const { tool, contract } of contracts)
        this.#pins.set(tool, { contract, person, function: as, position: fact.position, time: fact.time });
    } else if (isKind(fact, 'contract.revoked')) {
      const { person, contracts, at } = fact.body;
      this.#answered.set(person, Math.max(at, this.#answered.get(person) ?? 0));
      for (const { tool, contract } of contracts)
        if (this.#pins.get(tool)?.contract === contract) this.#pins.delete(tool);
    }
  }

  /** INVARIANT: an approval counts once: what its person said later is not undone by showing it again. */
  isSpent({ person, at }: { readonly person: string; readonly at: number }): boolean {
    return at <= (this.#answered.get(person) ?? -1);
  }

  of(tool: string): Pin | undefined {
    return this.#pins.get(tool);
  }

  get all(): ReadonlyMap<string, Pin> {
    return this.#pins;
  }

  /**
   * Whether a call on this tool, under this contract, rests on an approval; undefined where none is asked for. A contract
   * that could not be told is one that nobody approved.
   */
  judge(tool: string, contract: string | undefined, standing: Standing): PinAnswer | undefined {
    const mode = pinModeOf(standing, serverOf(tool));
    if (mode === undefined) return undefined;
    const pin = this.#pins.get(tool);
    if (pin !== undefined && pin.contract === contract) return { mode, pin };
    const text =
      contract === undefined
        ? `nobody can tell under which contract ${tool} was listed`
        : pin === undefined
          ? `nobody approved the contract of ${tool}`
          : `the contract of ${tool} is not the one that ${pin.person} approved`;
    return { mode, pin: undefined, text };
  }
}

export type PinAnswer =
  | { readonly mode: PinMode; readonly pin: Pin }
  | { readonly mode: PinMode; readonly pin: undefined; readonly text: string };
