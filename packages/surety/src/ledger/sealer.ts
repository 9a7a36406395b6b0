// The sealer: a process of its own that alone holds the log key. It reads the store and writes tiles and
// heads; the gateway, which agents talk to, can neither sign a head nor take one back.
//   node sealer.ts --folder F --keys K [--witness '<vkey> <url>']...    seals until stdin closes
//   node sealer.ts --make-key --keys K --origin O                       makes the key, prints its public half
//   node sealer.ts --make-key --next --keys K --origin O                makes the one that will follow it
//   node sealer.ts --rotate REASON --folder F --keys K                  signs an order to rotate the key
// One JSON line per head on stdout. A line on stdin: seal now. Exits 12 when the store is not what was signed.
// Under an account of its own it is `surety sealer` (cli/commands/sealer.ts), which makes the same rounds.

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { parseVerifier, type RotationReason, rotationReasons } from '@surety/proof/records';
import { clockFrom } from '../clock.ts';
import { Unsound } from './growing.ts';
import { ensureKey, ensureNextKey } from './keys.ts';
import { orderRotation, sealRounds, type Wakes } from './rounds.ts';
import { logKeyPlace, type SealerPlace } from './sealer-place.ts';
import type { WitnessAddress } from './sealing.ts';

const exitUnsound = 12;
const exitUsage = 64;

const options = {
  'make-key': { type: 'boolean', default: false },
  next: { type: 'boolean', default: false },
  folder: { type: 'string' },
  keys: { type: 'string' },
  origin: { type: 'string' },
  rotate: { type: 'string' },
  witness: { type: 'string', multiple: true },
} as const;

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options, strict: true });
  const { folder, keys, origin, rotate, witness = [] } = values;
  if (keys === undefined) throw new TypeError('`--keys` is missing');
  if (values['make-key']) {
    if (origin === undefined) throw new TypeError('`--origin` is missing');
    const place = logKeyPlace({ folder: keys, home: keys, keys }, origin);
    say((values.next ? ensureNextKey(place) : ensureKey(place)).vkey);
    return;
  }
  if (folder === undefined) throw new TypeError('`--folder` is missing');
  const place: SealerPlace = { folder, home: folder, keys };
  if (rotate !== undefined) return orderRotation(place, reasonIn(rotate), clockFrom(process.env).now());
  await sealRounds(place, {
    witnesses: witness.map(witnessAddress),
    wakes: new StdinWakes(),
    onReady: () => say(JSON.stringify({ ready: true })),
    onHead: (head) => say(JSON.stringify(head)),
  });
}

/** Lines on stdin wake the sealer; its end says that the parent is gone. */
class StdinWakes implements Wakes {
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

function reasonIn(text: string): RotationReason {
  const reason = rotationReasons.find((each) => each === text);
  if (reason === undefined) throw new TypeError(`\`${text}\` is no reason to rotate a key`);
  return reason;
}

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
