import { expect, test } from 'vitest';
import { RemoteError } from '../api/index.ts';
import { LedgerError } from '../ledger/errors.ts';
import { explain } from './explain.ts';
import { CommandError } from './terminal.ts';

test('a missing store says what to do', () => {
  const error = explain(new LedgerError('missing', 'there is no log in `x`')) as CommandError;
  expect(error.message).toBe('nothing has run here yet');
  expect(error.help).toContain('surety up');
});

test('a locked store names the process', () => {
  const error = explain(new LedgerError('held', '`x` is in use: process 7 (gateway) has it')) as CommandError;
  expect(error.message).toContain('process 7 (gateway)');
  expect(error.exit).toBe(1);
});

test('the running Surety and the own house say no in the same way', () => {
  const error = explain(new RemoteError('bad-signature', '`a@b.c` did not sign this')) as CommandError;
  expect([error.exit, error.message]).toEqual([4, '`a@b.c` did not sign this']);
});

test('what the system says is said without the name of its function', () => {
  const cause = Object.assign(new Error("ENOENT: no such file or directory, open 'k'"), {
    code: 'ENOENT',
    path: 'k',
  });
  expect(explain(cause).message).toBe('`k`: no such file or folder');
});

test('of a process that failed, its own last words are said', () => {
  const cause = Object.assign(new Error('Command failed: node sealer.ts'), {
    code: 1,
    stderr: 'sealer: no key\n',
  });
  expect(explain(cause).message).toBe('sealer: no key');
});

test('a defect stays what it is', () => {
  const defect = new TypeError('x is not a function');
  expect(explain(defect)).toBe(defect);
  const known = new CommandError('known');
  expect(explain(known)).toBe(known);
});
