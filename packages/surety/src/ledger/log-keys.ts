// The sealer's log keys: one, and while a rotation is under way the next one beside it. Which of them signs a head
// is said by the facts under that head; the file of the old one is gone once a head by the new one is on disk.

import { parseVerifier, type Verifier } from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import type { KeysOfLog } from './key-history.ts';
import { type KeyPlace, readKeys, type SigningKey, settleKeys } from './keys.ts';
import { removeOrder, waitingOrder } from './rotating.ts';
import type { HeadKeys } from './sealing.ts';

export class LogKeys implements HeadKeys {
  readonly #place: KeyPlace;
  /** Where an order to rotate lies. */
  readonly #folder: string;
  readonly #log: KeysOfLog;
  #keys: readonly SigningKey[];
  /** The key in force when everything lay in its place. */
  #settled: string | undefined;

  constructor(place: KeyPlace, folder: string, log: KeysOfLog) {
    this.#place = place;
    this.#folder = folder;
    this.#log = log;
    this.#keys = readKeys(place);
  }

  /** The key in force at this size. */
  at(size: number): Verifier {
    return parseVerifier(this.#log.at('log', size));
  }

  /** Every key that this log has had. */
  all(): readonly Verifier[] {
    const { eras, rotations } = this.#log.history();
    const later = rotations.filter(({ role }) => role === 'log').map(({ to }) => to);
    return [...eras.map(({ log }) => log), ...later].map(parseVerifier);
  }

  /** Who signs the head of this size after one of `before`: both, where the one hands over to the other. */
  signers(before: number, size: number): readonly SigningKey[] {
    const inForce = this.#log.at('log', size);
    const last = this.#log.at('log', before);
    if (inForce === last) return [this.#own(inForce)];
    const { rotations } = this.#log.history();
    const rotation = rotations.findLast((each) => each.role === 'log' && each.position < size);
    // Nobody need believe a head because a key signed it that somebody else has; nor does a name hand over to another.
    if (rotation?.to !== inForce || rotation.reason === 'compromised') return [this.#own(inForce)];
    return [this.#own(last), this.#own(inForce)];
  }

  /**
   * The head of this size is on disk: the key in force at it is the only one, and its order is carried out. Before the
   * first head under the log's present name it is the key that came with that name.
   */
  settle(sealed?: number): void {
    const { position = 0 } = this.#log.history().eras.at(-1) ?? {};
    const size = sealed ?? (position === 0 ? 0 : position + 1);
    const inForce = this.#log.at('log', size);
    if (inForce === this.#settled) return;
    this.#own(inForce);
    settleKeys(this.#place, inForce);
    this.#keys = readKeys(this.#place);
    if (waitingOrder(this.#folder, 'log', this.#log.history(), size) === undefined)
      removeOrder(this.#folder, 'log');
    this.#settled = inForce;
  }

  #own(vkey: string): SigningKey {
    const find = () => this.#keys.find((key) => key.vkey === vkey);
    let own = find();
    if (own === undefined) {
      this.#keys = readKeys(this.#place);
      own = find();
    }
    if (own === undefined) throw this.#lacks(vkey);
    return own;
  }

  #lacks(vkey: string): LedgerError {
    const name = vkey.split('+').slice(0, 2).join('+');
    return new LedgerError(
      'wrong-log',
      `the log key in force, \`${name}\`, is not in \`${this.#place.folder}\``,
    );
  }
}
