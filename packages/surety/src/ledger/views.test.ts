import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from './log.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { openViews, type View, type Views } from './views.ts';

const counting = (version = 1): View & { applied: number } => ({
  name: 'kinds',
  version,
  tables: 'CREATE TABLE kinds (kind TEXT PRIMARY KEY, count INTEGER NOT NULL)',
  applied: 0,
  apply(database, fact) {
    this.applied++;
    database
      .prepare('INSERT INTO kinds VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1')
      .run(fact.kind);
  },
});
const countOf = ({ database }: Views): unknown =>
  database.prepare("SELECT count FROM kinds WHERE kind = 'action.opened'").get()?.['count'];

const logs: Log[] = [];
async function logWith(facts: number, origin = 'ledger.example/test') {
  const folder = newFolder();
  const log = await openLog({ ...optionsFor(folder), origin });
  logs.push(log);
  await log.append([{ stream: 'a', facts: Array.from({ length: facts }, (_, n) => opened(`${n}`)) }]);
  return { folder, log };
}
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

describe('openViews', () => {
  it('folds the log, follows it, and takes up where it stopped', async () => {
    const { folder, log } = await logWith(5);
    const view = counting();
    const views = openViews(folder, log, [view]);
    expect(countOf(views)).toBe(5);
    await log.append([{ stream: 'a', facts: [opened('more')] }]);
    expect(views.catchUp()).toBe(8);
    expect(countOf(views)).toBe(6);
    expect(view.applied).toBe(8);
    views.close();
    const again = counting();
    const reopened = openViews(folder, log, [again]);
    expect(again.applied).toBe(0);
    expect(countOf(reopened)).toBe(6);
    reopened.close();
  });

  it('folds more than a slice', async () => {
    const { folder, log } = await logWith(1000);
    await log.append([{ stream: 'b', facts: Array.from({ length: 1000 }, () => opened('more')) }]);
    const views = openViews(folder, log, [counting()]);
    expect(countOf(views)).toBe(2000);
    views.close();
  });

  it('is rebuilt when a view changes, when the file is gone, and when it is damaged', async () => {
    const { folder, log } = await logWith(5);
    const file = join(folder, 'views.sqlite');
    const rebuilt = (view: View & { applied: number }): boolean => {
      const views = openViews(folder, log, [view]);
      expect(countOf(views)).toBe(5);
      views.close();
      return view.applied === 7;
    };
    expect(rebuilt(counting())).toBe(true);
    expect(rebuilt(counting())).toBe(false);
    expect(rebuilt(counting(2))).toBe(true);
    rmSync(file);
    expect(rebuilt(counting(2))).toBe(true);
    writeFileSync(file, 'this is no database, whatever its name says');
    expect(rebuilt(counting(2))).toBe(true);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 4096, 8192));
    expect(rebuilt(counting(2))).toBe(true);
    expect(rebuilt(counting(2))).toBe(false);
  });

  it('is rebuilt when it is ahead of the log, or of another log', async () => {
    const { folder, log } = await logWith(9);
    openViews(folder, log, [counting()]).close();
    for (const other of [await logWith(2), await logWith(9), await logWith(9, 'other.example')]) {
      writeFileSync(join(other.folder, 'views.sqlite'), readFileSync(join(folder, 'views.sqlite')));
      const view = counting();
      const views = openViews(other.folder, other.log, [view]);
      expect(countOf(views)).toBe(other.log.size() - 2);
      expect(view.applied).toBe(other.log.size());
      views.close();
    }
  });

  it('writes nothing of a slice whose fold throws', async () => {
    const { folder, log } = await logWith(5);
    const broken: View = {
      ...counting(),
      apply: (database, fact) => {
        database.prepare('INSERT INTO kinds VALUES (?, 1)').run(`${fact.position}`);
        if (fact.position === 4) throw new Error('broken');
      },
    };
    expect(() => openViews(folder, log, [broken])).toThrow('broken');
    const views = openViews(folder, log, [counting()]);
    expect(countOf(views)).toBe(5);
    expect(views.database.prepare('SELECT count(*) AS n FROM kinds').get()?.['n']).toBe(3);
    views.close();
  });
});
