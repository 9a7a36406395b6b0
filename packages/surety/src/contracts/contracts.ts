// Contracts of tools, folded from the log: which were seen, and which one each tool is pinned to. A call on a tool that is
// listed under any other goes nowhere, and no agent is shown it.

import { type Standing, serverOf } from '@surety/proof/changes';
import { type PinAnswer, Pins, pinModeOf } from '@surety/proof/contracts';
import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { commitScalar, keyed } from '@surety/proof/records';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Contract } from './contract.ts';

/** What a server lists on one link. */
export interface Listed {
  readonly server: string;
  readonly contracts: readonly Contract[];
  /** Whose link it is, if it is one agent's alone. */
  readonly agent?: string;
  /** Hashes of what all others are shown at the same time, by tool. */
  readonly beside?: ReadonlyMap<string, string>;
}

export interface Seen {
  /** Of the fact; absent while that is being recorded. */
  readonly position?: number;
  /** Somebody can read it. */
  readonly isKept: boolean;
}

/** A contract that is longer is not kept, so that nobody can approve it. */
export const contractBytesMax = 256 * 1024;
/**
 * So many contracts of one tool are recorded without an approval in between, and so many tools of one server. A server
 * that lists something else each time is blocked either way; it shall not fill the log.
 */
const seenOfToolMax = 20;
const toolsOfServerMax = 2_000;

export class Contracts {
  readonly #pins = new Pins();
  readonly #standing: () => Standing;
  readonly #logSalt: Uint8Array;
  /** By tool: what was seen, the newest last. */
  readonly #seen = new Map<string, Map<string, Seen>>();
  /** By tool: how many were seen since it was last approved. */
  readonly #since = new Map<string, number>();
  readonly #tools = new Map<string, number>();
  readonly #keyed = new Map<string, string>();

  constructor({ standing, logSalt }: { readonly standing: () => Standing; readonly logSalt: Uint8Array }) {
    this.#standing = standing;
    this.#logSalt = logSalt;
  }

  /** The log is our own: whoever appended an approval has checked its signature. */
  apply(fact: Fact | UnknownFact): void {
    this.#pins.apply(fact, this.#standing(), true);
    if (isKind(fact, 'contract.approved'))
      for (const { tool } of fact.body.contracts) this.#since.delete(tool);
    if (!isKind(fact, 'contract.seen')) return;
    const { tool, contract, tooLarge } = fact.body;
    this.#note(tool, contract, { position: fact.position, isKept: tooLarge !== true });
  }

  #note(tool: string, contract: string, as: Seen): void {
    const seen = this.#seen.get(tool) ?? new Map<string, Seen>();
    if (!this.#seen.has(tool)) this.#tools.set(serverOf(tool), (this.#tools.get(serverOf(tool)) ?? 0) + 1);
    this.#seen.set(tool, seen);
    if (!seen.has(contract)) this.#since.set(tool, (this.#since.get(tool) ?? 0) + 1);
    seen.set(contract, as);
  }

  /** As facts name it: keyed with the log's salt, so that nobody can guess from the log what a server says. */
  named(hash: string): string {
    const known = this.#keyed.get(hash);
    if (known !== undefined) return known;
    const made = keyed(this.#logSalt, 'contract', hash, sha256);
    if (this.#keyed.size >= keyedMax) this.#keyed.clear();
    this.#keyed.set(hash, made);
    return made;
  }

  /** Whether contracts of this server's tools matter. */
  asks(server: string): boolean {
    return pinModeOf(this.#standing(), server) !== undefined;
  }

  /** By the name that facts give the contract. */
  judge(tool: string, contract: string | undefined): PinAnswer | undefined {
    return this.#pins.judge(tool, contract, this.#standing());
  }

  get pins(): Pins {
    return this.#pins;
  }

  /** True if this contract was seen, and is kept. */
  isReadable(tool: string, contract: string): boolean {
    return this.#seen.get(tool)?.get(contract)?.isKept === true;
  }

  /** Every tool that was seen, with the position of each contract, the first one first. */
  get seen(): ReadonlyMap<string, ReadonlyMap<string, Seen>> {
    return this.#seen;
  }

  /**
   * Facts of what was never seen before; from here on it counts as seen, unless `forget` says that it could not be
   * recorded.
   */
  newIn({ contracts, agent, beside }: Listed): readonly (NewFact & { readonly kind: 'contract.seen' })[] {
    return contracts.flatMap(({ tool, text, hash }) => {
      const contract = this.named(hash);
      if (this.#seen.get(tool)?.has(contract) === true || !this.#hasRoom(tool)) return [];
      this.#note(tool, contract, { isKept: false });
      const other = beside?.get(tool);
      const isOther = other !== undefined && other !== hash;
      const isLarge = Buffer.byteLength(text) > contractBytesMax;
      const whole = isLarge ? undefined : commitScalar(text, '', salt, sha256);
      const body = {
        ...{ tool, contract, whole: whole === undefined ? [] : [whole.digest] },
        ...(isOther ? { beside: this.named(other) } : {}),
        ...(isLarge ? { tooLarge: true as const } : {}),
      };
      return [
        {
          ...({ kind: 'contract.seen', body, about: `server/${serverOf(tool)}` } as const),
          ...(whole === undefined ? {} : { disclosures: [whole.disclosure] }),
          ...(agent === undefined ? {} : { agent }),
        },
      ];
    });
  }

  #hasRoom(tool: string): boolean {
    if ((this.#since.get(tool) ?? 0) >= seenOfToolMax) return false;
    return this.#seen.has(tool) || (this.#tools.get(serverOf(tool)) ?? 0) < toolsOfServerMax;
  }

  forget(facts: readonly { readonly body: { readonly tool: string; readonly contract: string } }[]): void {
    for (const { body } of facts) {
      this.#seen.get(body.tool)?.delete(body.contract);
      this.#since.set(body.tool, Math.max(0, (this.#since.get(body.tool) ?? 0) - 1));
    }
  }
}

const keyedMax = 20_000;
