// Acme's operations agent: it works tickets. Scripted, so that the story can be repeated, and fully obedient to whatever text
// it reads, as an agent is on its worst day. Told to delete a volume it first looks at it and at the calendar, as an operator
// would; a command that somebody copied it runs as it stands, and if that is refused, it tries again the careful way.

import { type Answer, type Asked, askOnce, type Tools, undone } from '../../stage/hands.ts';
import { type Order, ordersIn, ticketIn } from './ticket.ts';

/** One call as it happened, for whoever tells the story. */
export interface Step extends Asked {
  /** Known once the ticket has been read. */
  readonly ticket?: string;
}

export interface Entry {
  /** The ticket's number; the file's name if it could not be read. */
  readonly ticket: string;
  /** The ticket's path. */
  readonly file: string;
  readonly did: 'done' | 'held' | 'refused' | 'failed' | 'skipped';
  readonly message: string;
  /** What is left to do, from the order that is held on. */
  readonly left?: readonly Order[];
}

export interface Report {
  readonly entries: Entry[];
  /** Why the tickets could not be listed, if so. */
  readonly problem?: string;
}

type Ask = (toolId: string, args: object) => Promise<Asked['answer']>;
type Result = Pick<Entry, 'did' | 'message'>;
type OnStep = (step: Step) => void;

const ticketsMax = 200;
const ordersMax = 50;
const done: Result = { did: 'done', message: '' };

/** Works every ticket in the folder, in the order of their names. Never rejects for want of an answer. */
export async function workTickets(tools: Tools, folder: string, onStep: OnStep = () => {}): Promise<Report> {
  const listed = await asking(tools, undefined, onStep)('tickets.list_directory', { path: folder });
  if (listed.isError) return { entries: [], problem: listed.text };
  const names = [...listed.text.matchAll(/^\[FILE\] (.+\.txt)$/gm)].map((found) => String(found[1]));
  const entries: Entry[] = [];
  for (const name of names.sort().slice(0, ticketsMax))
    entries.push(await workTicket(tools, `${folder}/${name}`, onStep));
  return { entries };
}

/** Goes on with what was held, in the same words; what failed or was refused is worked from its first line. */
export async function retry(
  tools: Tools,
  entries: readonly Entry[],
  onStep: OnStep = () => {},
): Promise<Entry[]> {
  const again: Entry[] = [];
  for (const { ticket, file, did, left } of entries) {
    if (did !== 'held' || left === undefined) again.push(await workTicket(tools, file, onStep));
    else again.push({ ticket, file, ...(await obey(asking(tools, ticket, onStep), left, file)) });
  }
  return again;
}

async function workTicket(tools: Tools, file: string, onStep: OnStep): Promise<Entry> {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const read = await asking(tools, undefined, onStep)('tickets.read_text_file', { path: file });
  if (read.isError) return { ticket: name, file, ...undone(read) };
  const ticket = ticketIn(read.text);
  if (ticket === undefined) return { ticket: name, file, did: 'skipped', message: 'no ticket' };
  return { ticket, file, ...(await obey(asking(tools, ticket, onStep), ordersIn(read.text), file)) };
}

/**
 * One order after the other. What waits for people, or is not known to have happened, stops the ticket; after a refusal it
 * goes on with the next order. Whoever wrote the text, or a line of a log that it names, controls every word of this.
 */
async function obey(
  ask: Ask,
  orders: readonly Order[],
  file: string,
): Promise<Omit<Entry, 'ticket' | 'file'>> {
  const queue = [...orders];
  let refused: Result | undefined;
  for (let nth = 0; nth < ordersMax; nth += 1) {
    const order = queue[0];
    if (order === undefined) return refused ?? done;
    const result =
      order.order === 'read-log' ? await readLog(ask, order.log, file, queue) : await carryOut(ask, order);
    if (result.did === 'held') return { ...result, left: [...queue] };
    if (result.did === 'failed') return result;
    if (result.did === 'refused') refused ??= result;
    queue.shift();
  }
  return { did: 'failed', message: `more than ${ordersMax} orders in one ticket` };
}

/** What the log orders comes next, before the rest of the ticket. */
async function readLog(ask: Ask, log: string, file: string, queue: Order[]): Promise<Result> {
  const tickets = file.slice(0, file.lastIndexOf('/', file.lastIndexOf('/') - 1));
  const read = await ask('tickets.read_text_file', { path: `${tickets}/logs/${log}` });
  if (read.isError) return undone(read);
  // A log that names a log is not followed further.
  queue.splice(1, 0, ...ordersIn(read.text).filter((order) => order.order !== 'read-log'));
  return done;
}

async function carryOut(ask: Ask, order: Exclude<Order, { order: 'read-log' }>): Promise<Result> {
  switch (order.order) {
    case 'copy':
      return resultOf(await ask('cloud.copy_to_vault', { volume_id: order.volume }));
    case 'try-restore':
      return resultOf(await ask('cloud.test_restore', { volume_id: order.volume }));
    case 'rotate':
      return resultOf(await ask('cloud.rotate_credential', { database_id: order.database }));
    case 'delete-volume':
      return lookAndDelete(ask, order.volume);
    case 'delete-backups':
      return deleteBackups(ask, order.backups);
    case 'run': {
      const { volume: volume_id, environment, rows } = order;
      const ran = resultOf(await ask('cloud.delete_volume', { volume_id, environment, rows }));
      return ran.did === 'refused' ? lookAndDelete(ask, volume_id) : ran;
    }
  }
}

async function lookAndDelete(ask: Ask, volume_id: string): Promise<Result> {
  const seen = await ask('cloud.describe_volume', { volume_id });
  if (seen.isError) return undone(seen);
  if (member(seen, 'state') === 'deleted') return { did: 'done', message: 'deleted already' };
  const [environment, rows] = [member(seen, 'environment'), member(seen, 'rows')];
  const calendar = await ask('cloud.check_calendar', { environment });
  if (calendar.isError) return undone(calendar);
  return resultOf(await ask('cloud.delete_volume', { volume_id, environment, rows }));
}

async function deleteBackups(ask: Ask, backups: readonly string[]): Promise<Result> {
  let refused: Result | undefined;
  for (const backup_id of backups) {
    const result = resultOf(await ask('cloud.delete_backup', { backup_id }));
    if (result.did === 'held' || result.did === 'failed') return result;
    if (result.did === 'refused') refused ??= result;
  }
  return refused ?? done;
}

const resultOf = (answer: Asked['answer']): Result => (answer.isError ? undone(answer) : done);

function asking(tools: Tools, ticket: string | undefined, onStep: OnStep): Ask {
  return async (did, args) => {
    const answer = await askOnce(tools, did, args);
    onStep({ ...(ticket === undefined ? {} : { ticket }), did, args, answer });
    return answer;
  };
}

export function member({ structured }: Answer, name: string): unknown {
  return typeof structured === 'object' && structured !== null ? Reflect.get(structured, name) : undefined;
}
