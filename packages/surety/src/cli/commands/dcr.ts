// `surety dcr`: a DCR graph as checkpoints for an outcome file. What no checkpoint can say is said on stderr, and is
// an error: whoever pastes the rest must know.

import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { importDcr, loadDcr, renderProblems } from '../../config/index.ts';
import { type Exit, exit, printable, type Terminal } from '../terminal.ts';

export function dcr(
  terminal: Terminal,
  file: string,
  { server, json }: { readonly server: string; readonly json?: boolean },
): Exit {
  const loaded = loadDcr(resolve(terminal.cwd, file));
  if ('problems' in loaded) {
    terminal.note(renderProblems(loaded.problems, terminal.color));
    return exit.error;
  }
  const { checkpoints, left } = importDcr(loaded.graph, server);
  if (json === true) terminal.out(JSON.stringify({ checkpoints, left }));
  else if (checkpoints.length > 0) terminal.out(stringify({ checkpoints }).trimEnd());
  for (const { text } of left) terminal.note(`not said: ${printable(text)}`);
  return left.length === 0 ? exit.ok : exit.error;
}
