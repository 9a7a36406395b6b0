// The intermediary kit against Surety, started as anybody's gateway is: everything holds but what is named here. What is
// named and holds all the same fails as what nobody knew of.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Checks that Surety does not hold, or that cannot be asked of it, and why. */
const known: Readonly<Record<string, string>> = {};

interface Made {
  readonly id: string;
  readonly outcome: string;
  readonly why?: string;
}

test(
  'what an intermediary can get wrong, Surety does not',
  async () => {
    const main = here('../../packages/intermediary/src/main.ts');
    const command = `"${process.execPath}" "${here('./raise.ts')}"`;
    const stdout = await new Promise<string>((resolve) => {
      const words = [main, '--command', command, '--patience', '15000', '--json'];
      execFile(process.execPath, words, (_, said) => resolve(said));
    });
    const { checks } = JSON.parse(stdout) as { checks: Made[] };
    const notHeld = checks.filter(({ outcome }) => outcome !== 'held');
    expect(notHeld.filter(({ id }) => known[id] === undefined)).toEqual([]);
    expect(Object.keys(known).filter((id) => !notHeld.some((each) => each.id === id))).toEqual([]);
  },
  // Not a limit on how fast it is: the kit's patience ends each check.
  10 * 60_000,
);
