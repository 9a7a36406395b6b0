// Clocks that jump: the order in the log is by position and never by time, whatever the clock says.

import { parseFact } from '@surety/proof/facts';
import { NOTE_ED25519, openHead, printVerifier } from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { ensureKey } from './keys.ts';
import { startSealer } from './seal.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const yearMs = 365 * 86_400_000;

describe('a clock that jumps', () => {
  it('moves no fact: they stand as they were appended, and are sealed', { timeout: 30_000 }, async () => {
    const [folder, keys] = [newFolder(), newFolder()];
    const key = ensureKey({ folder: keys, stem: 'log', name: 'ledger.example/test', type: NOTE_ED25519 });
    const logKey = printVerifier(key.verifier);
    let time = now;
    const open = () => openLog({ ...optionsFor(folder), logKey, clock: () => time });
    const said = [now, now - yearMs, now + 100 * yearMs, 0, now + 1, now + 1];
    let log = await open();
    const sealer = await startSealer({ folder, keys, witnesses: [] });
    for (const [index, each] of said.entries()) {
      time = each;
      await log.append([{ stream: 's', expected: index, facts: [opened(String(index))] }]);
      if (index !== 2) continue;
      // And over a restart, which finds its predecessor by position as well.
      await log.close();
      log = await open();
    }
    const head = await sealer.sealed(log.size(), { timeoutMs: 20_000 });
    await log.close();
    await sealer.stop();
    const reader = openReader(folder);
    const facts = reader.read(0, reader.size()).map(({ bytes, position }) => parseFact(bytes, position));
    reader.close();
    expect(facts.filter(({ stream }) => stream === 's').map((fact) => fact.time)).toEqual(said);
    expect(facts.map(({ position }) => position)).toEqual(facts.map((_, at) => at));
    expect(
      facts.find(({ kind, position }) => kind === 'process.started' && position > 1)?.body,
    ).toMatchObject({
      tail: 'clean',
    });
    await expect(openHead(head.head, { log: [key.verifier], witnesses: [] })).resolves.toMatchObject({
      size: head.size,
    });
  });

  it('that says no time at all refuses the append, and nothing else', async () => {
    let time = now;
    const log = await openLog({ ...optionsFor(newFolder()), clock: () => time });
    for (const none of [Number.NaN, -1, 1.5, 2 ** 60, Number.POSITIVE_INFINITY]) {
      time = none;
      await expect(log.append([{ stream: 's', facts: [opened('a')] }])).rejects.toMatchObject({
        code: 'invalid',
      });
    }
    time = now;
    await expect(log.append([{ stream: 's', expected: 0, facts: [opened('a')] }])).resolves.toMatchObject({
      positions: [2],
    });
    await log.close();
  });
});
