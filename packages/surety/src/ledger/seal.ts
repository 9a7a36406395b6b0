// The parent's side of the sealer: makes its key, starts it, starts it again if it dies, and waits for heads.
// The private key never enters this process.

import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RotationReason } from '@surety/proof/records';
import { AwaitedHeads, type Patience, type Witnessing } from './awaited.ts';
import { LedgerError } from './errors.ts';
import type { Published } from './sealing.ts';

export type { Published } from './sealing.ts';

export interface SealerOptions extends Witnessing {
  /** The log's folder: the store must exist. */
  readonly folder: string;
  readonly keys: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each published head, in order. */
  readonly onHead?: (head: Published) => void;
  /** The sealer ended though nobody stopped it. */
  readonly onTrouble?: (message: string) => void;
}

export interface Sealer {
  /** The last published head, if any since the start. */
  latest(): Published | undefined;
  /**
   * Resolves when a head over at least this many facts is published with the quorum, or with every cosignature
   * where none is declared; at `timeoutMs` with what cosignatures there are; rejects with `not-sealed` when at `headMs` there is
   * no such head at all, and at once with `corrupt` when the store is not what was signed.
   */
  sealed(atLeast: number, patience: Patience): Promise<Published>;
  /** Lets it finish its last head. Resolves when it is gone. */
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const program = fileURLToPath(new URL('./sealer.ts', import.meta.url));
const unsound = 12;
const pauseMsMax = 5000;
const troubleCharsMax = 4096;
/** Its last head, with a witness that does not answer, takes a few seconds. */
const stopMsMax = 15_000;

/** Makes the log key at the first call; gives its public verifier key. Run in a process of the sealer's own. */
export const ensureLogKey = (keys: string, origin: string): Promise<string> =>
  asked(['--make-key', '--keys', keys, '--origin', origin], 'there is no log key');

/** Makes the log key that will follow at the next rotation, if there is none yet; gives its public verifier key. */
export const ensureNextLogKey = (keys: string, origin: string): Promise<string> =>
  asked(['--make-key', '--next', '--keys', keys, '--origin', origin], 'there is no next log key');

/** Has an order signed to rotate the log key; it then waits in `keys`. The private keys stay in that process. */
export async function orderLogRotation(
  { folder, keys, env }: Pick<SealerOptions, 'folder' | 'keys' | 'env'>,
  reason: RotationReason,
): Promise<void> {
  const problem = 'the log key was not rotated';
  await asked(['--rotate', reason, '--folder', folder, '--keys', keys], problem, env);
}

/** What a process of the sealer's own says; its error begins with `problem`. */
async function asked(args: readonly string[], problem: string, env?: SealerOptions['env']): Promise<string> {
  try {
    const options = { env: { ...process.env, ...env } };
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], options);
    return stdout.trimEnd();
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? '').trim();
    throw new LedgerError('missing', `${problem}: ${said.split('\n').at(-1) || (cause as Error).message}`);
  }
}

/**
 * Resolves when the sealer has checked the store against its last head. Rejects with `corrupt` if it refuses
 * it, with `not-sealed` if it cannot run.
 */
export async function startSealer(options: SealerOptions): Promise<Sealer> {
  const sealer = new SealerProcess(options);
  try {
    await sealer.ready;
    return sealer;
  } catch (cause) {
    await sealer.stop();
    throw cause;
  }
}

class SealerProcess implements Sealer {
  readonly #options: SealerOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #heads: AwaitedHeads;
  #child: Child | undefined;
  #stopping = false;
  #wasReady = false;
  #failures = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#heads = new AwaitedHeads(options);
    this.#start();
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  latest(): Published | undefined {
    return this.#heads.latest;
  }

  sealed(atLeast: number, patience: Patience): Promise<Published> {
    return this.#heads.sealed(atLeast, patience, () => this.#wake());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    if (this.#child === undefined) this.#gone.resolve();
    this.#child?.stdin.end();
    const tooLong = setTimeout(() => this.#child?.kill('SIGKILL'), stopMsMax);
    await this.#gone.promise;
    clearTimeout(tooLong);
    this.#heads.end(new LedgerError('closed', 'the sealer was stopped'));
  }

  #wake(): void {
    this.#child?.stdin.write('\n');
  }

  #start(): void {
    const { folder, keys, witnesses, env } = this.#options;
    const args = [program, '--folder', folder, '--keys', keys];
    for (const { vkey, url } of witnesses) args.push('--witness', `${vkey} ${url}`);
    const child: Child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    let trouble = '';
    child.stderr.on('data', (part: Buffer) => {
      trouble = `${trouble}${part}`.slice(-troubleCharsMax);
    });
    // A write to a sealer that has just died; its end is reported below.
    child.stdin.on('error', () => undefined);
    child.on('error', (cause) => {
      trouble = cause.message;
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
    child.on('close', (code) => this.#ended(code, trouble.trim()));
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as Published | { ready: true };
    this.#failures = 0;
    if ('ready' in said) {
      this.#wasReady = true;
      this.#ready.resolve();
      if (this.#heads.isAwaited) this.#wake();
      return;
    }
    this.#heads.hear(said);
    this.#options.onHead?.(said);
  }

  #ended(code: number | null, trouble: string): void {
    this.#child = undefined;
    if (code === unsound) this.#fail(new LedgerError('corrupt', trouble));
    // One that never ran does not run the second time either: the key or the store is missing or another's.
    else if (!this.#wasReady)
      this.#fail(new LedgerError('not-sealed', trouble || `the sealer ended with ${code}`));
    if (this.#stopping || this.#heads.fatal !== undefined) {
      this.#gone.resolve();
      return;
    }
    this.#options.onTrouble?.(trouble || `the sealer ended with ${code}`);
    this.#again = setTimeout(() => this.#start(), Math.min(pauseMsMax, 100 * 2 ** this.#failures++));
  }

  #fail(cause: LedgerError): void {
    this.#ready.reject(cause);
    // Nobody may be waiting for it any more; whoever asks next is told.
    this.#ready.promise.catch(() => undefined);
    this.#heads.fail(cause);
    this.#options.onTrouble?.(cause.message);
  }
}
