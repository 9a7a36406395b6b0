// Gives the facts of a durable transaction the numbers that the writer gave them, for those who listen.

import type { Append, Recorded } from '../log.ts';
import type { Draft } from './envelope.ts';
import type { Answers } from './wire.ts';

const none: readonly string[] = [];

/** Of one transaction, append after append. */
export class Numbering {
  readonly #versions: Float64Array;
  #stream = 0;
  #emitterSeq: number;
  /** Of the next fact. */
  position: number;

  constructor({ position, emitterSeq, versions }: Answers) {
    this.position = position;
    this.#emitterSeq = emitterSeq;
    this.#versions = versions;
  }

  number(appends: readonly Append[], drafts: readonly Draft[], recorded: Recorded[]): void {
    let at = 0;
    for (const { facts } of appends) {
      let version = this.#versions[this.#stream++] as number;
      for (const { disclosures } of facts) {
        const fact = drafts[at++] as Draft;
        fact.streamVersion = version++;
        fact.emitterSeq = this.#emitterSeq++;
        fact.position = this.position++;
        recorded.push({ fact, disclosures: disclosures ?? none });
      }
    }
  }
}
