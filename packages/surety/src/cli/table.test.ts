// docs/cli.md claims to be every command: each of the table stands in it, with its options, and no other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capture } from './capture.fixture.ts';
import { newProgram } from './program.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/cli.md'), 'utf8');
const never = () => Promise.reject(new Error('not asked for'));
const roots = {
  playIncident: never,
  openDesk: never,
  openRecord: never,
  up: never,
  demo: never,
  version: '1',
};
const { commands } = newProgram(capture(), roots, () => undefined);
const tableOf = (heading: string): string =>
  page
    .slice(page.indexOf(heading))
    .split(/\n\n(?!\|)/)
    .find((part) => part.startsWith('|')) ?? '';

describe('docs/cli.md', () => {
  const listed = [...tableOf('| | Command |').matchAll(/^\|[^|]*\| `surety ([a-z-]+)/gm)].map(
    ([, name]) => name,
  );

  test('names every command of the table, and no other', () => {
    const names = commands.map((each) => each.name());
    expect([...new Set(listed)].toSorted()).toEqual([...new Set([...names, 'help'])].toSorted());
  });

  test.each(commands.map((each) => [each.name(), each] as const))('has what %s takes', (name, command) => {
    // Described once for all commands.
    const common = ['--folder', '--json', '--help'];
    const own = command.options.filter(({ hidden, long }) => !hidden && !common.includes(long ?? ''));
    const lines = rowsOf(name);
    expect(own.map(({ long }) => long).filter((long) => !lines.includes(long ?? ''))).toEqual([]);
  });
});

/** The rows of the table of options that are about this command: one without a name goes on with the one above. */
function rowsOf(name: string): string {
  let about = '';
  return tableOf('| Command | Option | |')
    .split('\n')
    .filter((line) => {
      const first = line.split('|')[1]?.trim() ?? '';
      if (first !== '') about = first;
      return about.includes(`\`${name}\``);
    })
    .join('\n');
}
