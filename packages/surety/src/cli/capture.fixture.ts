// For tests: a terminal that keeps what was printed.

import { newTerminal, type Terminal } from './terminal.ts';

export interface Captured extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

interface Stream {
  readonly isTTY: boolean;
  write(text: string): boolean;
  text(): string;
}

const stream = (isTTY: boolean): Stream => {
  const written: string[] = [];
  return {
    isTTY,
    write: (text) => written.push(text) > 0,
    text: () => written.join(''),
  };
};

interface Options {
  readonly isTTY?: boolean;
  readonly errIsTTY?: boolean;
  readonly env?: Terminal['env'];
}

export function capture({ isTTY = false, errIsTTY, env = {} }: Options = {}): Captured {
  const stdout = stream(isTTY);
  const stderr = stream(errIsTTY ?? isTTY);
  const terminal = newTerminal(stdout as never, stderr as never, env);
  return { ...terminal, stdout: stdout.text, stderr: stderr.text };
}
