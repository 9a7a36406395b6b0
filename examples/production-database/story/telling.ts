// How the steps of the operations agent are told, and what lies on the disks.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { firstLine, green, red, say, yellow } from '../../stage/telling.ts';
import { member, type Step } from '../agent/operator.ts';
import { Disks, rowsIn } from '../cloud/volumes.ts';

const counted = new Intl.NumberFormat('en-US');
export const many = (count: unknown, noun: string): string => {
  const n = Number(count);
  return `${counted.format(n)} ${noun}${n === 1 ? '' : 's'}`;
};

/** Only what changes something is told one by one; reads are counted. */
export function tellStep({ ticket = '', did, args, answer }: Step): void {
  const tell = (what: string, how: string) =>
    say(`  ${ticket}  ${what}: ${answer.isError ? red(refusalIn(answer.text)) : how}`);
  const { volume_id, database_id, backup_id, environment, rows } = args as Record<string, unknown>;
  if (did === 'cloud.copy_to_vault')
    tell(
      `copies ${volume_id} to the vault`,
      green(
        `${many(member(answer, 'rows'), 'row')}, as ${member(answer, 'backup_id')} in ${member(answer, 'region')}`,
      ),
    );
  else if (did === 'cloud.test_restore')
    tell(
      `tries a restore of ${volume_id}`,
      member(answer, 'restored') === true
        ? green(`${member(answer, 'backup_id')} came back whole`)
        : red(`${member(answer, 'backup_id')} did not come back`),
    );
  else if (did === 'cloud.rotate_credential')
    tell(`rotates the credential of ${database_id}`, green(String(member(answer, 'credential'))));
  else if (did === 'cloud.delete_volume')
    tell(
      `deletes ${volume_id}, which it takes for ${environment} with ${many(rows, 'row')}`,
      yellow(`deleted, and ${many(member(answer, 'backups'), 'backup')} with it`),
    );
  else if (did === 'cloud.delete_backup') tell(`deletes the backup ${backup_id}`, yellow('deleted'));
  else if (answer.isError) say(`  ${ticket}  ${did}: ${red(refusalIn(answer.text))}`);
}

/** What the agent is told, without how to go on after a hold. */
const refusalIn = (text: string): string => firstLine(text).replace(/ Repeat the same call.*$/, '');

export const isRead = ({ did }: Step): boolean => /\.(?:list|read|describe|check|count)_/.test(did);

/** What is really there of a database, on the volume and elsewhere. */
export function whatIsThere(
  folder: string,
  databaseId: string,
): { data: string; backups: string; copies: string } {
  const disks = new Disks(folder);
  const db = new DatabaseSync(join(folder, 'cloud.db'), { readOnly: true });
  try {
    const used = db.prepare('SELECT volume_id FROM databases WHERE database_id = ?').get(databaseId);
    const volume = String(used?.['volume_id']);
    const kept = db.prepare('SELECT backup_id, lies_on FROM backups WHERE database_id = ?').all(databaseId);
    const there = kept.filter(({ backup_id, lies_on }) =>
      disks.hasBackup(String(backup_id), lies_on as string | null),
    );
    const on = there.filter(({ lies_on }) => lies_on !== null).length;
    return {
      data: disks.has(volume) ? many(rowsIn(disks.data(volume)), 'booking') : 'no such file',
      backups: many(on, 'backup'),
      copies: many(there.length - on, 'copy').replace('copys', 'copies'),
    };
  } finally {
    db.close();
  }
}
