// What the cloud offers over MCP. Inputs are strict; every answer is `structuredContent` with the same JSON as text beside it.
// `delete_volume` takes where the caller believes the volume to be, and how much is on it: it looks at neither. What is in a
// volume is counted, a restore is really tried.

import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Cloud } from './cloud.ts';
import { CloudError, type Row } from './database.ts';

const id = z.string().min(1).max(64);
const volume_id = id.regex(/^vol-[0-9a-f]{4}$/, 'is no volume id');
const backup_id = id.regex(/^BK-\d{4}$/, 'is no backup id');
const environment = z.enum(['production', 'staging']);
const rows = z.int().min(0);
const when = z.iso.datetime({ precision: 3 });
/** The vault is in another region than everything else. */
const vaultRegion = 'eu-2';

const volume = z.object({ volume_id, environment, created_at: when, deleted_at: when.nullable() });
const database = z.object({ database_id: id, environment, volume_id, credential: id });
const backup = z.object({
  ...{ backup_id, database_id: id, lies_on: volume_id.nullable(), region: id },
  ...{ rows, sha256: z.string(), taken_at: when, deleted_at: when.nullable() },
});
const shown = z.object({
  ...{ volume_id, environment, region: id.describe('What is in one region fails together') },
  ...{ database_id: id.nullable(), rows, state: z.enum(['there', 'deleted']) },
});
const calendar = z.object({
  environment,
  frozen: z.boolean(),
  until: when.nullable(),
  why: z.string().nullable(),
});
const copy = z.object({ backup_id, volume_id, region: id, rows, taken_at: when });
const tried = z.object({ volume_id, backup_id, restored: z.boolean(), rows, region: id });

const reads = { readOnlyHint: true, openWorldHint: false };
const writes = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
const destroys = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false };

/** A fresh server over the same cloud, for one connection. */
export function cloudServer(cloud: Cloud): McpServer {
  const server = new McpServer({ name: 'acme-cloud', title: 'Acme cloud', version: '1.0.0' });
  offerReads(server, cloud);
  offerWrites(server, cloud);
  offerDeletions(server, cloud);
  return server;
}

function offerReads(server: McpServer, cloud: Cloud): void {
  for (const [table, row] of [
    ['databases', database],
    ['volumes', volume],
    ['backups', backup],
  ] as const)
    server.registerTool(
      `list_${table}`,
      {
        ...{ title: `List ${table}`, description: `All ${table}, in the order of their ids.` },
        ...{ inputSchema: z.strictObject({}), annotations: reads },
        outputSchema: z.object({ [table]: z.array(row) }),
      },
      () => answer(() => ({ [table]: cloud.list(table) })),
    );
  server.registerTool(
    'describe_volume',
    {
      ...{
        title: 'Describe a volume',
        description: 'Where a volume is, what uses it, how many rows are on it.',
      },
      ...{ inputSchema: z.strictObject({ volume_id }), outputSchema: shown, annotations: reads },
    },
    ({ volume_id: of }) => answer(() => cloud.describeVolume(of)),
  );
  server.registerTool(
    'check_calendar',
    {
      ...{
        title: 'Check the change calendar',
        description: 'Whether changes of an environment are frozen now.',
      },
      ...{ inputSchema: z.strictObject({ environment }), outputSchema: calendar, annotations: reads },
    },
    ({ environment: of }) => answer(() => truths(cloud.checkCalendar(of), 'frozen')),
  );
  server.registerTool(
    'count_copies',
    {
      title: 'Count copies',
      description: 'How many copies that nobody can delete would be left without a backup.',
      inputSchema: z.strictObject({ backup_id }),
      outputSchema: z.object({ backup_id, immutable: z.int().min(0) }),
      annotations: reads,
    },
    ({ backup_id: of }) => answer(() => cloud.countCopies(of)),
  );
}

function offerWrites(server: McpServer, cloud: Cloud): void {
  server.registerTool(
    'copy_to_vault',
    {
      ...{ title: 'Copy to the vault', description: 'Takes a backup now and puts it into another region.' },
      ...{ inputSchema: z.strictObject({ volume_id }), outputSchema: copy, annotations: writes },
    },
    ({ volume_id: of }) => answer(() => cloud.copyToVault(of, vaultRegion)),
  );
  server.registerTool(
    'test_restore',
    {
      ...{
        title: 'Try a restore',
        description: 'Brings the newest backup of a volume back on the side to try it.',
      },
      ...{ inputSchema: z.strictObject({ volume_id }), outputSchema: tried, annotations: writes },
    },
    ({ volume_id: of }) => answer(() => truths(cloud.testRestore(of), 'restored')),
  );
  server.registerTool(
    'rotate_credential',
    {
      title: 'Rotate a credential',
      description: 'Gives a database a new credential, and the services that use it too.',
      inputSchema: z.strictObject({ database_id: id }),
      outputSchema: z.object({ database_id: id, credential: id }),
      annotations: writes,
    },
    ({ database_id: of }) => answer(() => cloud.rotateCredential(of)),
  );
  for (const [name, title, says] of [
    ['announce_backup_deletion', 'Announce the deletion of a backup', 'to be deleted'],
    ['keep_backup', 'Keep a backup', 'to be kept'],
  ] as const)
    server.registerTool(
      name,
      {
        ...{ title, description: `Tells everybody that a backup is ${says}.`, annotations: writes },
        ...{ inputSchema: z.strictObject({ backup_id }), outputSchema: z.object({ backup_id }) },
      },
      ({ backup_id: of }) => answer(() => cloud.notice(of, says)),
    );
}

function offerDeletions(server: McpServer, cloud: Cloud): void {
  server.registerTool(
    'delete_volume',
    {
      title: 'Delete a volume',
      description: 'Deletes a volume and all that lies on it, its backups too. There is no way back.',
      inputSchema: z.strictObject({
        volume_id,
        environment: environment.describe('Where the caller believes it to be'),
        rows: rows.describe('The most that the caller believes to be on it'),
      }),
      outputSchema: z.object({ deletion_id: id, volume_id, backups: z.int() }),
      annotations: destroys,
    },
    ({ volume_id: of }) => answer(() => cloud.deleteVolume(of)),
  );
  server.registerTool(
    'delete_backup',
    {
      ...{ title: 'Delete a backup', description: 'Deletes one backup that lies on a volume.' },
      ...{ inputSchema: z.strictObject({ backup_id }), outputSchema: z.object({ backup_id }) },
      annotations: destroys,
    },
    ({ backup_id: of }) => answer(() => cloud.deleteBackup(of)),
  );
}

/** SQLite has no truth values; what says yes or no leaves as one. */
const truths = (row: Row, name: string): Record<string, unknown> => ({ ...row, [name]: row[name] === 1 });

/** Only what the cloud itself says reaches the caller; anything else is the server's own error. */
function answer(ask: () => Record<string, unknown>): CallToolResult {
  try {
    const structuredContent = ask();
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { content: [{ type: 'text', text: error.message }], isError: true };
  }
}
