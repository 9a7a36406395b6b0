// `surety rotate`: hands the log key or the statement key over to a new one. That is a fact, signed by both; the
// verifier follows it from the key that an auditor pinned, if the auditor's trust file lets it. The log key of a
// sealer apart is rotated by the sealer's account: it signs the order, and the gateway records it.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RotationReason } from '@surety/proof/records';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { shareWithGroup } from '../../ledger/durable.ts';
import { KeysOfLog } from '../../ledger/key-history.ts';
import { ensureNextKey, publishedKey } from '../../ledger/keys.ts';
import { waitingOrder } from '../../ledger/rotating.ts';
import { orderRotation } from '../../ledger/rounds.ts';
import { logKeyPlace, publicFolder } from '../../ledger/sealer-place.ts';
import { openReader } from '../../ledger/stores/reader.ts';
import { type Account, accountOf, sealerPlace } from '../accounts.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { configOf, configWithoutSecrets } from '../store.ts';
import type { RotatedKey } from '../table.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly prepare?: boolean;
  readonly compromised?: boolean;
  readonly json?: boolean;
}

interface Done {
  readonly from: string;
  readonly to: string;
  readonly position: number;
}

const roles = { 'log-key': 'log', 'statement-key': 'statement' } as const;
const program = fileURLToPath(new URL('../../main.ts', import.meta.url));

export async function rotate(
  terminal: Terminal,
  open: OpenDesk,
  key: RotatedKey,
  asked: Asked,
): Promise<Exit> {
  const { folder, prepare, compromised, json } = asked;
  const plain = await configWithoutSecrets(terminal, folder);
  const account = key === 'log-key' && plain.sealer !== undefined ? accountOf(plain.sealer.user) : undefined;
  const config = account === undefined ? await configOf(terminal, folder) : plain;
  if (account !== undefined && process.geteuid?.() === 0) return asAccount(config, account, key, asked);
  const role = roles[key];
  if (prepare === true) {
    const to =
      account === undefined
        ? await withDesk(config, terminal, open, (desk) => desk.nextKey(role))
        : nextOfSealer(config, account);
    terminal.out(json === true ? JSON.stringify({ key, to }) : to);
    terminal.note(`not in force: \`surety rotate ${key}\` hands over to it`);
    return exit.ok;
  }
  const reason = compromised === true ? 'compromised' : 'scheduled';
  const { from, to, position } =
    account === undefined
      ? await withDesk(config, terminal, open, (desk) => desk.rotate(role, reason))
      : await ofSealer(terminal, config, account, reason);
  terminal.out(json === true ? JSON.stringify({ key, from, to, reason, fact: position }) : to);
  terminal.note(`in force from the head over fact ${position} on; the old private key is gone`);
  for (const line of whoNeeds(key, reason)) terminal.note(line);
  return exit.ok;
}

/** Root takes the sealer's account for it, with the store's group: the key is made by who will read it. */
function asAccount({ folder, store }: Config, { uid }: Account, key: RotatedKey, asked: Asked): Exit {
  const { gid } = statSync(store);
  const words = ['rotate', key, '-C', folder];
  for (const option of ['prepare', 'compromised', 'json'] as const)
    if (asked[option] === true) words.push(`--${option}`);
  const { status, error } = spawnSync(process.execPath, [program, ...words], { uid, gid, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return (status ?? exit.error) as Exit;
}

function mustBe({ name, uid }: Account): void {
  if (process.geteuid?.() === uid) return;
  throw new CommandError(
    `only \`${name}\` can read the log key`,
    `sudo -u ${name} surety rotate log-key`,
    exit.unauthenticated,
  );
}

function nextOfSealer(config: Config, account: Account): string {
  mustBe(account);
  return ensureNextKey(logKeyPlace(sealerPlace(config), config.origin)).vkey;
}

const waitMsMax = 60_000;
const lookMs = 200;

/** Signs the order; the gateway records it within seconds, and the sealer hands over. */
async function ofSealer(
  terminal: Terminal,
  config: Config,
  account: Account,
  reason: RotationReason,
): Promise<Done> {
  mustBe(account);
  shareWithGroup();
  const place = sealerPlace(config);
  const from = publishedKey({ folder: publicFolder(place), stem: 'log' });
  await orderRotation(place, reason, clockFrom(terminal.env).now());
  terminal.note('the order is signed: the gateway records it');
  const reader = openReader(config.store);
  try {
    const keys = new KeysOfLog(reader, place.home);
    const order = waitingOrder(publicFolder(place), 'log', keys.history(), reader.size());
    for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += lookMs) {
      const done = keys.history().rotations.find((each) => each.role === 'log' && each.to === order?.to);
      if (done !== undefined && publishedKey({ folder: publicFolder(place), stem: 'log' }) === done.to)
        return done;
      await pause(lookMs);
    }
    throw new CommandError(
      `the gateway has not recorded the order yet; until then \`${from}\` stays in force`,
      'the order stands: it is carried out when `surety up` runs, and the sealer beside it',
    );
  } finally {
    reader.close();
  }
}

function whoNeeds(key: RotatedKey, reason: RotationReason): readonly string[] {
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
