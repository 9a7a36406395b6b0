import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import type { Append } from '../log.ts';
import { DisclosureReader } from './disclosed.ts';
import { Packing } from './packet.ts';
import { newFolder, opened } from './samples.fixture.ts';
import { type Answers, batchMax, storeFile } from './wire.ts';
import { Writer } from './writer.ts';

const writers: Writer[] = [];
afterEach(() => {
  for (const writer of writers.splice(0)) writer.close();
});
const start = (folder: string): Writer => {
  const writer = new Writer({ folder, program: 'gateway' });
  writers.push(writer);
  return writer;
};
/** Appends of one fact each, whose text names it. */
function packet(names: readonly string[], expected?: number) {
  const packing = new Packing();
  for (const name of names) {
    const append: Append = {
      stream: name,
      ...(expected === undefined ? {} : { expected }),
      facts: [opened(name)],
    };
    packing.append([append], () => packing.fact([`${name} version `, ' seq ', '.'], [`about ${name}`], name));
  }
  return packing.take();
}
/** The rows, as any other connection sees them. */
function stored(folder: string): string[] {
  const database = new DatabaseSync(join(folder, storeFile), { readOnly: true });
  const rows = database.prepare('SELECT position, bytes FROM facts ORDER BY position');
  const disclosed = new DisclosureReader(database, folder);
  const texts = rows.all().map(({ position, bytes }) => {
    const fact = Buffer.from(bytes as Uint8Array).toString();
    const [[, text] = []] = disclosed.between(Number(position), Number(position) + 1);
    return `${position}: ${fact} ${text}`;
  });
  disclosed.close();
  database.close();
  return texts;
}

describe('a writer', () => {
  it('shows and answers nothing before it commits, and then all', () => {
    const folder = newFolder();
    const writer = start(folder);
    const answers: Answers[] = [];
    const answer = (given: Answers): number => answers.push(given);
    writer.stage(packet(['a', 'b']), answer);
    writer.stage(packet(['a']), answer);
    writer.stage(packet(['b'], 0), answer);
    expect([answers, stored(folder), writer.size]).toEqual([[], [], 0]);
    writer.commit(answer);
    expect(answers).toEqual([
      {
        appends: 4,
        refused: [[3, { conflict: 'b' }]],
        position: 0,
        emitterSeq: 0,
        versions: Float64Array.of(0, 0, 1),
      },
    ]);
    expect(stored(folder)).toEqual([
      '0: a version 0 seq 0. about a',
      '1: b version 0 seq 1. about b',
      '2: a version 1 seq 2. about a',
    ]);
    writer.commit(answer);
    expect([answers.length, writer.size]).toEqual([1, 3]);
  });

  it('commits what is full without being told', () => {
    const writer = start(newFolder());
    const counts: number[] = [];
    const names = Array.from({ length: 2 * batchMax + 3 }, (_, n) => `s${n}`);
    writer.stage(packet(names), ({ appends }) => counts.push(appends));
    expect(counts).toEqual([batchMax, batchMax]);
    writer.commit(({ appends }) => counts.push(appends));
    expect(counts).toEqual([batchMax, batchMax, 3]);
  });

  it('refuses the whole of a transaction that the store refused, and goes on from what the store holds', () => {
    const folder = newFolder();
    const writer = start(folder);
    const answers: Answers[] = [];
    const answer = (given: Answers): number => answers.push(given);
    writer.stage(packet(['a']), answer);
    writer.commit(answer);
    const other = new DatabaseSync(join(folder, storeFile));
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON facts WHEN NEW.position = 3
      BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    writer.stage(packet(['a', 'b', 'c', 'd']), answer);
    writer.stage(packet(['e'], 9), answer);
    writer.commit(answer);
    const why = { code: 'corrupt', message: expect.stringContaining('not this one') };
    expect(answers[1]).toMatchObject({ appends: 5, refused: [0, 1, 2, 3, 4].map((index) => [index, why]) });
    expect(stored(folder)).toEqual(['0: a version 0 seq 0. about a']);
    other.exec('DROP TRIGGER refuse');
    other.close();
    writer.stage(packet(['a', 'b']), answer);
    writer.commit(answer);
    expect(answers[2]).toEqual({
      appends: 2,
      refused: [],
      position: 1,
      emitterSeq: 1,
      versions: Float64Array.of(1, 0),
    });
    expect(stored(folder).slice(1)).toEqual([
      '1: a version 1 seq 1. about a',
      '2: b version 0 seq 2. about b',
    ]);
  });
});
