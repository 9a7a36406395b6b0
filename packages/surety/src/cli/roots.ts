// What only the composition root can do for a command.

import type { Found, Incident } from '../packs/index.ts';
import type { NoteForm, NoteLevel } from '../telemetry/index.ts';
import type { OpenRecord } from './commands/verify-again.ts';
import type { OpenDesk } from './desk.ts';
import type { Story } from './table.ts';
import type { Exit, Terminal } from './terminal.ts';

export interface UpOptions {
  readonly folder: string;
  readonly log?: NoteForm;
  readonly logLevel?: NoteLevel;
  readonly port?: number;
  readonly withParent?: boolean;
  /** The sealer runs by itself, whoever starts it. */
  readonly noSealer?: boolean;
}

/** What became of an incident that was played again. */
export interface PlayedIncident {
  readonly steps: readonly {
    readonly step: Incident['steps'][number];
    readonly answer: Incident['steps'][number]['answer'];
  }[];
  readonly verdict: string;
  /** Why, where it is violated. */
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
}

export interface DemoOptions {
  readonly story: Story;
  readonly once?: boolean;
  readonly json?: boolean;
}

export interface Roots {
  /** Plays it in a house of its own: with the checkpoints that stop it, or without. */
  readonly playIncident: (found: Found, isStopped: boolean) => Promise<PlayedIncident>;
  readonly openDesk: OpenDesk;
  /** An auditor's own copy of a record, opened for reading. */
  readonly openRecord: OpenRecord;
  /** `surety up`: resolves when it has been asked to stop. */
  readonly up: (terminal: Terminal, options: UpOptions) => Promise<Exit>;
  /** `surety demo`: a story of `examples`. */
  readonly demo: (terminal: Terminal, options: DemoOptions) => Promise<Exit>;
  readonly version: string;
}
