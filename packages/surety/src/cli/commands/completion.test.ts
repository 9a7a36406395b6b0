import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { capture } from '../capture.fixture.ts';
import { newProgram } from '../program.ts';
import { shells } from '../table.ts';
import { commandsOf, completion } from './completion.ts';

const never = () => Promise.reject(new Error('not asked for'));
const program = newProgram(
  capture(),
  { playIncident: never, openDesk: never, openRecord: never, up: never, demo: never, version: '1' },
  () => undefined,
);

function script(shell: string): string {
  const terminal = capture();
  completion(terminal, shell, program);
  return terminal.stdout();
}

describe('the table', () => {
  const commands = commandsOf(program);
  test('knows every command, and what its options take', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'init',
        'up',
        'check',
        'status',
        'tail',
        'why',
        'approve',
        'verify',
        'doctor',
        'help',
      ]),
    );
    const verify = commands.find(({ name }) => name === 'verify');
    expect(verify?.files).toBe(true);
    expect(verify?.options.find(({ flags }) => flags.includes('--trust'))?.takes).toBe('file');
  });

  test('shows nothing that help hides', () => {
    expect(JSON.stringify(commands)).not.toContain('with-parent');
  });
});

test.each(shells)('the script for %s names every command and option', (shell) => {
  const text = script(shell);
  for (const { name, options } of commandsOf(program)) {
    expect(text).toContain(name);
    for (const { flags } of options)
      for (const flag of flags) expect(text).toContain(shell === 'fish' ? flag.replace(/^-+/, '') : flag);
  }
});

/** What bash would offer for these words. */
function offered(...words: string[]): string[] {
  const ask = `${script('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _surety; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', ask, 'bash', ...words], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim().split('\n');
}

describe('bash offers', () => {
  test('commands', () => expect(offered('surety', 've')).toEqual(['verdict', 'verify']));
  test('options of the command', () =>
    expect(offered('surety', 'tail', '--f')).toEqual(['--folder', '--follow']));
  test('fixed words', () => expect(offered('surety', 'completion', 'z')).toEqual(['zsh']));
  test('files where a file is meant', () =>
    expect(offered('surety', 'verify', 'package-l')).toEqual(['package-lock.json']));
  test('nothing where only a person knows', () =>
    expect(offered('surety', 'credential', 'x', '--days', '')).toEqual(['']));
});
