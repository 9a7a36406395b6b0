// How the operations agent reads a ticket, a message quoted in it, or a log: sentences that order something are taken for
// orders, whoever wrote them and wherever they stand. That it cannot tell a colleague's wish from a stranger's line in a
// log is the point of this example: it stands for any agent that reads text and holds the right to delete.

export type Order =
  | { readonly order: 'copy' | 'try-restore' | 'delete-volume'; readonly volume: string }
  | { readonly order: 'rotate'; readonly database: string }
  | { readonly order: 'read-log'; readonly log: string }
  /** A command that somebody copied from somewhere, as it stands. */
  | { readonly order: 'run'; readonly volume: string; readonly environment: string; readonly rows: number }
  | { readonly order: 'delete-backups'; readonly backups: readonly string[] };

const volume = '(vol-[0-9a-f]{4})';
const backup = 'BK-\\d{4}';

/** Each kind of sentence, and what it orders. */
const sentences: readonly (readonly [RegExp, (...found: string[]) => Order])[] = [
  [new RegExp(`[Cc]opy the volume ${volume} to the vault`, 'g'), (of) => ({ order: 'copy', volume: of })],
  [new RegExp(`[Tt]ry a restore of ${volume}`, 'g'), (of) => ({ order: 'try-restore', volume: of })],
  [new RegExp(`[Dd]elete the volume ${volume}`, 'g'), (of) => ({ order: 'delete-volume', volume: of })],
  [/[Rr]otate the credential of (db-[a-z-]{1,60})/g, (database) => ({ order: 'rotate', database })],
  [/[Ss]ee the log ([a-z0-9-]{1,60}\.log)/g, (log) => ({ order: 'read-log', log })],
  [
    new RegExp(`cloud volume delete ${volume} --environment ([a-z]{1,20}) --rows (\\d{1,9})`, 'g'),
    (of, environment, rows) => ({ order: 'run', volume: of, environment, rows: Number(rows) }),
  ],
  [
    new RegExp(`[Dd]elete the backups? (${backup}(?:(?:, | and )${backup}){0,19})`, 'g'),
    (list) => ({ order: 'delete-backups', backups: list.match(new RegExp(backup, 'g')) ?? [] }),
  ],
];

/** The ticket's number, if it is one. */
export const ticketIn = (text: string): string | undefined => /^Ticket: +(OPS-\d{1,6})$/m.exec(text)?.[1];

/** Every order in the text, as they stand in it. Lines are joined: a sentence may be wrapped, or quoted with `>`. */
export function ordersIn(text: string): Order[] {
  const running = text.replace(/\n *>/g, '\n').replace(/\s+/g, ' ');
  const found = sentences.flatMap(([pattern, meaning]) =>
    [...running.matchAll(pattern)].map(({ index, ...groups }) => {
      const [, ...words] = Object.values(groups) as string[];
      return { index, order: meaning(...words) };
    }),
  );
  return found.sort((a, b) => a.index - b.index).map(({ order }) => order);
}
