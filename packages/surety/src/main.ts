#!/usr/bin/env node

// The composition root: builds the command line and, when a command needs one, the house. With `house.ts`
// and `up.ts` the only files that know everything.

import { type Roots, run } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';
import { version } from './version.ts';

const roots: Roots = {
  version,
  openDesk: async (config, terminal) => (await import('./up.ts')).openDesk(config, terminal),
  up: async (terminal, options) => (await import('./up.ts')).up(terminal, options),
  openRecord: async (path, moneyColumn) =>
    (await import('./connectors/sqlite-record.ts')).sqliteRecord({
      ...{ id: 'copy', path },
      ...(moneyColumn === undefined ? {} : { moneyColumn }),
    }),
  playIncident: async (found, isStopped) => (await import('./incidents.ts')).play(found, isStopped),
  demo: async (terminal, options) => (await import('./demo.ts')).demo(terminal, options),
};

process.exitCode = await run(process.argv.slice(2), processTerminal(), roots);
