// The witness as any log meets it: over HTTP, with the heads and proofs of a tree made here.

import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCosignature, openHead, parseNote, parseVerifier, toBase64 } from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { endProcesses, kill, startWitness, witnessKey } from '../processes.fixture.ts';
import { newFolder } from '../stores/samples.fixture.ts';
import { logOf, submit } from './logs.fixture.ts';

afterEach(endProcesses);

describe('add-checkpoint', () => {
  it('cosigns a first head and each that extends it, with the time of its clock', async () => {
    const log = logOf('log.example');
    const folder = newFolder();
    const clock = join(folder, 'clock.json');
    writeFileSync(clock, JSON.stringify({ at: 1_700_000_000_000, real: Date.now() }));
    const witness = await startWitness(folder, 'witness.example', [log.vkey], { clock });
    for (const [from, to] of [
      [0, 5],
      [5, 5],
      [5, 300],
      [300, 301],
    ] as const) {
      const { status, text } = await submit(witness.url, await log.body(from, to));
      expect(status).toBe(200);
      const opened = await openHead(`${await log.head(to)}${text}`, {
        log: [log.verifier],
        witnesses: [parseVerifier(witness.vkey)],
      });
      expect(opened.cosigned).toMatchObject([{ witness: 'witness.example', key: witness.vkey }]);
      expect(opened.cosigned[0]?.timeSeconds).toBeGreaterThanOrEqual(1_700_000_000);
      expect(opened.cosigned[0]?.timeSeconds).toBeLessThan(1_700_000_060);
    }
  });

  it('answers with the status codes of the spec', async () => {
    const log = logOf('log.example');
    const stranger = logOf('stranger.example');
    const impostor = logOf('log.example');
    const fresh = logOf('fresh.example');
    const { url } = await startWitness(newFolder(), 'witness.example', [log.vkey, fresh.vkey]);
    expect(await submit(url, await log.body(0, 10))).toMatchObject({ status: 200 });
    const size = { type: 'text/x.tlog.size', text: '10\n' };
    const proof = log.proof(10, 20);
    const withProof = async (lines: readonly string[]): Promise<string> =>
      `old 10\n${lines.map((line) => `${line}\n`).join('')}\n${await log.head(20)}`;
    const cases: [string, string | Uint8Array<ArrayBuffer>, object][] = [
      ['an unknown log', await stranger.body(0, 3), { status: 404 }],
      ['a false signature', await impostor.body(10, 20), { status: 403 }],
      ['a stale old size', await log.body(0, 20), { status: 409, ...size }],
      ['an old size ahead of it', await log.body(15, 20), { status: 409, ...size }],
      ['a smaller head', await log.body(5, 8), { status: 409, ...size }],
      ['an old size above the head', `old 21\n\n${await log.head(20)}`, { status: 400 }],
      ['another root of the same size', await log.body(10, 10, 7), { status: 422 }],
      ['a fork', await log.body(10, 20, 7), { status: 422 }],
      [
        'an empty tree with a root of something',
        `old 0\n\n${await fresh.signed(`fresh.example\n0\n${toBase64(new Uint8Array(32))}\n`)}`,
        { status: 422 },
      ],
      [
        'a proof though nothing was cosigned',
        `old 0\n${proof[0]}\n\n${await fresh.head(3)}`,
        { status: 422 },
      ],
      ['a proof though nothing grew', `old 10\n${proof[0]}\n\n${await log.head(10)}`, { status: 422 }],
      [
        'the signature of another head',
        `old 10\n${proof.join('\n')}\n\n${(await log.head(20)).split('\n\n')[0]}\n\n${(await log.head(19)).split('\n\n')[1]}`,
        { status: 403 },
      ],
      ['no proof', await withProof([]), { status: 422 }],
      ['a longer proof', await withProof([...proof, proof[0] as string]), { status: 422 }],
      [
        '64 lines of proof',
        await withProof(Array.from({ length: 64 }, () => proof[0] as string)),
        { status: 400 },
      ],
      ['a proof line that is no hash', await withProof(['AAAA']), { status: 400 }],
      ['no old size', `\n${await log.head(20)}`, { status: 400 }],
      ['a leading zero', `old 010\n\n${await log.head(20)}`, { status: 400 }],
      ['no head', 'old 10\n\n', { status: 400 }],
      ['nothing', '', { status: 400 }],
      ['no UTF-8', Uint8Array.of(0xff, 0xfe), { status: 400 }],
      ['too much', 'x'.repeat(200_000), { status: 413 }],
    ];
    for (const [name, body, expected] of cases) expect(await submit(url, body), name).toMatchObject(expected);
    expect(await submit(url, await log.body(10, 20), '/elsewhere')).toMatchObject({ status: 404 });
    expect(await submit(url, await log.body(10, 20))).toMatchObject({ status: 200 });
  });

  it('keeps what it cosigned of each log apart, and shows it to monitors', async () => {
    const [first, second] = [logOf('first.example'), logOf('second.example')];
    const witness = await startWitness(newFolder(), 'witness.example', [first.vkey, second.vkey]);
    const newest = async (origin: string) =>
      fetch(`${witness.url}/${createHash('sha256').update(origin).digest('hex')}/checkpoint`);
    expect((await newest('first.example')).status).toBe(404);
    expect(await submit(witness.url, await first.body(0, 10))).toMatchObject({ status: 200 });
    const cosigned = await submit(witness.url, await second.body(0, 4));
    expect(cosigned.status).toBe(200);
    expect(await submit(witness.url, await second.body(10, 20))).toMatchObject({ status: 409, text: '4\n' });
    const shown = await newest('second.example');
    expect(await shown.text()).toBe(`${await second.head(4)}${cosigned.text}`);
    expect((await newest('third.example')).status).toBe(404);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(witness.url)).status).toBe(404);
  });

  it('cosigns what other logs write: signatures of others, and lines behind the root', async () => {
    const log = logOf('log.example');
    const witness = await startWitness(newFolder(), 'witness.example', [log.vkey]);
    const stranger = (await logOf('stranger.example').head(5)).split('\n\n')[1];
    expect(await submit(witness.url, `old 0\n\n${await log.head(5)}${stranger}`)).toMatchObject({
      status: 200,
    });
    const text = `${(await log.head(8)).split('\n\n')[0]}\nsome extension\n`;
    const signed = await log.signed(text);
    const lines = log.proof(5, 8).join('\n');
    const answered = await submit(witness.url, `old 5\n${lines}\n\n${signed}`);
    expect(answered.status).toBe(200);
    const [own] = parseNote(`${signed}${answered.text}`).signatures.filter(
      ({ name }) => name === 'witness.example',
    );
    await openCosignature(text, parseVerifier(witness.vkey), own?.signature ?? new Uint8Array());
    const empty = await log.signed(`${text}\nmore\n`);
    expect(await submit(witness.url, `old 8\n\n${empty}`)).toMatchObject({ status: 400 });
  });

  it('cosigns under both keys of a log that changes its key', async () => {
    const [old, next] = [logOf('log.example'), logOf('log.example')];
    const { url } = await startWitness(newFolder(), 'witness.example', [old.vkey, next.vkey]);
    expect(await submit(url, await old.body(0, 10))).toMatchObject({ status: 200 });
    expect(await submit(url, await next.body(10, 20))).toMatchObject({ status: 200 });
  });

  it('lets one of two histories pass, however they race', async () => {
    const log = logOf('log.example');
    const { url } = await startWitness(newFolder(), 'witness.example', [log.vkey]);
    await submit(url, await log.body(0, 10));
    const bodies = [await log.body(10, 20), await log.body(10, 20, 15), await log.body(10, 25, 12)];
    const statuses = await Promise.all(bodies.map(async (body) => (await submit(url, body)).status));
    expect(statuses.toSorted()).toEqual([200, 409, 409]);
  });

  it('remembers across kill -9, and its key with it', async () => {
    const log = logOf('log.example');
    const folder = newFolder();
    const first = await startWitness(folder, 'witness.example', [log.vkey]);
    expect((await submit(first.url, await log.body(0, 10))).status).toBe(200);
    await kill(first.child);
    const second = await startWitness(folder, 'witness.example', [log.vkey]);
    expect(second.vkey).toBe(first.vkey);
    expect((await submit(second.url, await log.body(0, 12, 5))).status).toBe(409);
    expect((await submit(second.url, await log.body(10, 12, 5))).status).toBe(422);
    expect((await submit(second.url, await log.body(10, 12))).status).toBe(200);
  });
});

describe('its key', () => {
  it('is made once, for its owner alone to read', async () => {
    const folder = newFolder();
    const vkey = await witnessKey(folder, 'witness.example');
    expect(vkey).toMatch(/^witness\.example\+[0-9a-f]{8}\+/);
    expect(await witnessKey(folder, 'witness.example')).toBe(vkey);
    expect(readFileSync(join(folder, 'witness.vkey'), 'utf8')).toBe(`${vkey}\n`);
    expect(statSync(join(folder, 'witness.key')).mode & 0o777).toBe(0o600);
    await expect(witnessKey(folder, 'other.example')).rejects.toThrow('witness.example');
    chmodSync(join(folder, 'witness.key'), 0o644);
    await expect(witnessKey(folder, 'witness.example')).rejects.toThrow('0600');
  });
});
