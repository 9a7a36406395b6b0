// `surety rotate`: hands the log key or the statement key over to a new one. That is a fact, signed by both; the
// verifier follows it from the key that an auditor pinned, if the auditor's trust file lets it.

import { type OpenDesk, withDesk } from '../desk.ts';
import { configOf } from '../store.ts';
import type { RotatedKey } from '../table.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly prepare?: boolean;
  readonly compromised?: boolean;
  readonly json?: boolean;
}

const roles = { 'log-key': 'log', 'statement-key': 'statement' } as const;

export async function rotate(
  terminal: Terminal,
  open: OpenDesk,
  key: RotatedKey,
  { folder, prepare, compromised, json }: Asked,
): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const role = roles[key];
  if (prepare === true) {
    const to = await withDesk(config, terminal, open, (desk) => desk.nextKey(role));
    terminal.out(json === true ? JSON.stringify({ key, to }) : to);
    terminal.note(`not in force: \`surety rotate ${key}\` hands over to it`);
    return exit.ok;
  }
  const reason = compromised === true ? 'compromised' : 'scheduled';
  const { from, to, position } = await withDesk(config, terminal, open, (desk) => desk.rotate(role, reason));
  terminal.out(json === true ? JSON.stringify({ key, from, to, reason, fact: position }) : to);
  terminal.note(`in force from the head over fact ${position} on; the old private key is gone`);
  for (const line of whoNeeds(key, reason)) terminal.note(line);
  return exit.ok;
}

function whoNeeds(key: RotatedKey, reason: 'compromised' | 'scheduled'): readonly string[] {
  const witnesses = key === 'log-key' ? ['witnesses cosign again once whoever runs them adds this key'] : [];
  return reason === 'compromised'
    ? [
        ...witnesses,
        'auditors must pin this key, and revoke the old one in their trust files: docs/keys.md says what a thief of it can do',
      ]
    : [
        ...witnesses,
        'auditors who pinned the old key follow by the fact, unless their trust files say `no-rotation`',
      ];
}
