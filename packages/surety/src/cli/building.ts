// What the tables of commands are built with.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Roots } from './roots.ts';
import type { Exit, Terminal } from './terminal.ts';

export interface Building {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly roots: Roots;
  readonly done: (code: Exit) => void;
}

export const whole =
  (from: number, to: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It is no whole number from ${from} to ${to}.`);
  };

export const several = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

export const folder = (): Option =>
  new Option('-C, --folder <path>', 'folder of surety.yaml').default('.', 'here');
export const json = (what = 'print one JSON document'): Option => new Option('--json', what);
