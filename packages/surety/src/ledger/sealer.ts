// The sealer: a process of its own that alone holds the log key. It reads the store and writes tiles and
// heads; the gateway, which agents talk to, can neither sign a head nor take one back.
//   node sealer.ts --folder F --keys K [--witness '<vkey> <url>']...    seals until stdin closes
//   node sealer.ts --make-key --keys K --origin O                       makes the key, prints its public half
// One JSON line per head on stdout. A line on stdin: seal now. Exits 12 when the store is not what was signed.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { NOTE_ED25519, parseVerifier, printVerifier } from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import { takeExclusive } from './exclusive.ts';
import { Unsound } from './growing.ts';
import { ensureKey, type KeyPlace, readKey } from './keys.ts';
import { openingOf } from './opening.ts';
import { Sealing, type WitnessAddress } from './sealing.ts';
import { openReader } from './stores/reader.ts';

const exitUnsound = 12;
const exitUsage = 64;
const pollMs = 200;
/** Between two heads under load, unless somebody waits for one: each costs files, syncs and a signature a witness. */
const restMs = 100;
/** With more than this still to seal, it goes on at once. */
const backlogFacts = 4_096;
/** While old facts are still being compared: slowly, beside the traffic. */
const sweepMs = 10;
/** A sealer that was just replaced may still be finishing its last head. */
const lockMsMax = 5000;

const options = {
  'make-key': { type: 'boolean', default: false },
  folder: { type: 'string' },
  keys: { type: 'string' },
  origin: { type: 'string' },
  witness: { type: 'string', multiple: true },
} as const;

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options, strict: true });
  const { folder, keys, origin, witness = [] } = values;
  if (keys === undefined) throw new TypeError('`--keys` is missing');
  if (values['make-key']) {
    if (origin === undefined) throw new TypeError('`--origin` is missing');
    say(printVerifier(ensureKey(logKey(keys, origin)).verifier));
    return;
  }
  if (folder === undefined) throw new TypeError('`--folder` is missing');
  await seal(folder, keys, witness.map(witnessAddress));
}

async function seal(folder: string, keys: string, witnesses: readonly WitnessAddress[]): Promise<void> {
  const stdin = new Wakes();
  const lock = takeExclusive(join(folder, 'sealer'), 'sealer', lockMsMax);
  const store = openReader(folder);
  const key = readKey(logKey(keys, store.origin));
  if (openingOf(store).logKey !== printVerifier(key.verifier))
    throw new LedgerError('wrong-log', `the log in \`${folder}\` was opened with another log key`);
  const sealing = new Sealing(folder, store, key, witnesses);
  await sealing.restore();
  say(JSON.stringify({ ready: true }));
  // One more round after the end of stdin, so that the parent's last facts are under a head.
  for (let last = false; ; last = stdin.ended) {
    const published = await sealing.round(performance.now());
    if (published !== undefined) say(JSON.stringify(published));
    if (last) break;
    if (stdin.ended) continue;
    if (published === undefined) await stdin.next(sealing.sweep() ? sweepMs : pollMs);
    else if (store.size() - published.size < backlogFacts) await stdin.next(restMs);
  }
  store.close();
  lock.release();
}

/** Lines on stdin wake the sealer; its end says that the parent is gone. */
class Wakes {
  ended = false;
  #woken = false;
  #wake: () => void = () => undefined;

  constructor() {
    const lines = createInterface({ input: process.stdin });
    lines.on('line', () => {
      this.#woken = true;
      this.#wake();
    });
    lines.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  async next(waitMs: number): Promise<void> {
    if (!this.#woken && !this.ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, waitMs);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.#woken = false;
  }
}

const logKey = (folder: string, name: string): KeyPlace => ({
  folder,
  stem: 'log',
  name,
  type: NOTE_ED25519,
});

function witnessAddress(text: string): WitnessAddress {
  const [vkey = '', url = ''] = text.split(' ');
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new TypeError(`witness \`${text}\` is not \`<vkey> <url>\``);
  return { key: parseVerifier(vkey), url };
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (import.meta.main) {
  // A terminal sends these to the whole group. The parent ends the sealer, after its own last fact.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  main(process.argv.slice(2)).then(
    // Sockets and stdin may still be open; nothing of them matters any more.
    () => process.stdout.write('', () => process.exit(0)),
    (cause: unknown) => {
      process.stderr.write(`sealer: ${cause instanceof Error ? cause.message : String(cause)}\n`);
      process.exit(cause instanceof Unsound ? exitUnsound : cause instanceof TypeError ? exitUsage : 1);
    },
  );
}
