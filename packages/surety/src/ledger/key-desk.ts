// The gateway's side of the log's keys: it holds the statement key, and carries out rotations, of its own key and of
// the sealer's. An order that was signed and not carried out, because something died in between, still stands.

import {
  type KeyRole,
  keyRoles,
  NOTE_ED25519,
  type Rotation,
  type RotationReason,
} from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import { KeysOfLog, keyStream } from './key-history.ts';
import {
  ensureNextKey,
  type KeyPlace,
  publishedKey,
  publishKey,
  readKeys,
  type SigningKey,
  settleKeys,
} from './keys.ts';
import type { Log } from './log.ts';
import { isStale, removeOrder, rotationAppend, signRotation, waitingOrder, writeOrder } from './rotating.ts';
import { isApart, publicFolder } from './sealer-place.ts';
import type { SealerSide } from './sealer-side.ts';
import type { Published } from './sealing.ts';
import { type OpenedReader, openReader } from './stores/reader.ts';

export const statementKeyPlace = (keys: string, origin: string): KeyPlace => ({
  folder: keys,
  stem: 'statement',
  name: `${origin}/statement`,
  type: NOTE_ED25519,
  rotates: true,
});

export interface KeyDeskOptions {
  readonly log: Log;
  readonly side: Pick<SealerSide, 'place' | 'orderLog' | 'nextLog'>;
  readonly statement: KeyPlace;
  readonly now: () => number;
  /** A head over at least so many facts. */
  readonly sealed: (size: number) => Promise<Published>;
}

export interface Rotated {
  readonly role: KeyRole;
  readonly from: string;
  readonly to: string;
  readonly reason: RotationReason;
  /** Of the fact. */
  readonly position: number;
}

export class KeyDesk {
  readonly #options: KeyDeskOptions;
  readonly #reader: OpenedReader;
  readonly #keys: KeysOfLog;

  constructor(options: KeyDeskOptions) {
    this.#options = options;
    this.#reader = openReader(options.side.place.folder);
    this.#keys = new KeysOfLog(this.#reader, options.side.place.folder);
    this.#settle();
  }

  close(): void {
    this.#reader.close();
  }

  /** The statement key for a verdict at a head of this size. */
  statementAt(size: number): SigningKey {
    const vkey = this.#keys.at('statement', size);
    const own = readKeys(this.#options.statement).find((key) => key.vkey === vkey);
    if (own !== undefined) return own;
    const name = vkey.split('+').slice(0, 2).join('+');
    throw new LedgerError(
      'wrong-log',
      `the statement key in force, \`${name}\`, is not in \`${this.#options.statement.folder}\``,
    );
  }

  /** The key that the next rotation will hand over to, so that it can be made known before. */
  async next(role: KeyRole): Promise<string> {
    const { statement, side } = this.#options;
    return role === 'log' ? side.nextLog() : ensureNextKey(statement).vkey;
  }

  /** Resolves when a head signed by the new key covers the fact. */
  async rotate(role: KeyRole, reason: RotationReason): Promise<Rotated> {
    const { log, statement, now, sealed, side } = this.#options;
    await log.flushed();
    const { size, root } = await sealed(log.size());
    const history = this.#keys.history();
    if (this.#waiting(role)?.reason !== reason) {
      if (role === 'log') await side.orderLog(reason);
      else {
        const head = { size, root };
        writeOrder(
          statement.folder,
          await signRotation(statement, history, { role, reason, head, at: now() }),
        );
      }
    }
    const rotated = await this.#carryOut(role);
    if (rotated === undefined)
      throw new LedgerError('missing', `no order to rotate the ${role} key was found`);
    await sealed(rotated.position + 1);
    this.#publish();
    return rotated;
  }

  /** Carries out what was ordered and not done; gives what it did. */
  async resume(): Promise<readonly Rotated[]> {
    const done: Rotated[] = [];
    for (const role of keyRoles) {
      const rotated = await this.#carryOut(role);
      if (rotated !== undefined) done.push(rotated);
    }
    this.#publish();
    return done;
  }

  #folderOf(role: KeyRole): string {
    const { side, statement } = this.#options;
    return role === 'log' ? publicFolder(side.place) : statement.folder;
  }

  /** The order to carry out; none if it has grown too old meanwhile. */
  #waiting(role: KeyRole): Rotation | undefined {
    const size = this.#options.log.size();
    const order = waitingOrder(this.#folderOf(role), role, this.#keys.history(), size);
    return order === undefined || isStale(order, size) ? undefined : order;
  }

  async #carryOut(role: KeyRole): Promise<Rotated | undefined> {
    const { log } = this.#options;
    const order = this.#waiting(role);
    if (order === undefined) return undefined;
    const version = await log.version(keyStream(role));
    const append = await rotationAppend(this.#keys.history(), order, { size: log.size(), version });
    const answer = await log.append([append]);
    if ('conflict' in answer) throw new LedgerError('held', `the ${role} key was rotated meanwhile`);
    if (role === 'statement') this.#settle();
    const { from, to, reason } = order;
    return { role, from, to, reason, position: answer.positions[0] as number };
  }

  /** The statement key in force takes its place: there is no head to wait for, since only statements need it. */
  #settle(): void {
    const { log, statement } = this.#options;
    const { vkey } = this.statementAt(log.size());
    settleKeys(statement, vkey);
    const history = this.#keys.history();
    if (waitingOrder(statement.folder, 'statement', history, log.size()) === undefined)
      removeOrder(statement.folder, 'statement');
  }

  /** A sealer apart writes its public half where it may; people look for it beside the statement key's. */
  #publish(): void {
    const { statement } = this.#options;
    const { place } = this.#options.side;
    const vkey = publishedKey({ folder: publicFolder(place), stem: 'log' });
    const shown = { folder: statement.folder, stem: 'log' };
    if (isApart(place) && vkey !== undefined && publishedKey(shown) !== vkey) publishKey(shown, vkey);
  }
}
