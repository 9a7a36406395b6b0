// For tests: a terminal that keeps what was printed.

import { newTerminal, type Terminal } from './terminal.ts';

export interface Captured extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

const stream = (isTTY: boolean) => {
  const written: string[] = [];
  return {
    isTTY,
    write: (text: string | Uint8Array) => written.push(String(text)) > 0,
    text: () => written.join(''),
  };
};

export function capture({ isTTY = false, errIsTTY = isTTY, env = {} as Terminal['env'] } = {}): Captured {
  const stdout = stream(isTTY);
  const stderr = stream(errIsTTY);
  const terminal = newTerminal(stdout as never, stderr as never, env);
  return { ...terminal, stdout: stdout.text, stderr: stderr.text };
}
