// The witness as any log meets it: over HTTP, with the heads and proofs of a tree made here.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  consistencyProof,
  fromBase64url,
  leafHash,
  NOTE_ED25519,
  openHead,
  parseVerifier,
  printVerifier,
  signHead,
  subtreeOf,
  toBase64,
  treeRoot,
  verifier,
} from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from './hash.ts';
import { endProcesses, kill, startWitness, witnessKey } from './processes.fixture.ts';
import { newFolder } from './stores/samples.fixture.ts';

afterEach(endProcesses);

/** A log with any history one likes: `fork` changes every leaf from there on. */
function logOf(origin: string, key = generateKeyPairSync('ed25519').privateKey) {
  const publicKey = publicOf(key);
  const leaves = (size: number, fork = size) =>
    Array.from({ length: size }, (_, n) => leafHash(Buffer.from(n < fork ? `${n}` : `fork ${n}`), sha256));
  const head = (size: number, fork?: number): Promise<string> =>
    signHead({ origin, size, root: treeRoot(leaves(size, fork), sha256) }, publicKey, (bytes) =>
      sign(null, bytes, key),
    );
  const proof = (from: number, to: number, fork?: number): string[] =>
    consistencyProof(from, to, subtreeOf(leaves(to, fork), sha256), sha256).map(toBase64);
  const body = async (from: number, to: number, fork?: number): Promise<string> =>
    `${[`old ${from}`, ...proof(from, to, fork)].join('\n')}\n\n${await head(to, fork)}`;
  const own = verifier(origin, NOTE_ED25519, publicKey);
  return { vkey: printVerifier(own), verifier: own, head, proof, body };
}

const publicOf = (key: KeyObject): Uint8Array => fromBase64url(key.export({ format: 'jwk' }).x as string);

async function submit(url: string, body: string | Uint8Array<ArrayBuffer>, path = '/add-checkpoint') {
  const response = await fetch(`${url}${path}`, { method: 'POST', body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

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
      expect(opened.cosigned).toMatchObject([
        { witness: 'witness.example', timeSeconds: expect.any(Number) },
      ]);
      expect(opened.cosigned[0]?.timeSeconds).toBeGreaterThanOrEqual(1_700_000_000);
      expect(opened.cosigned[0]?.timeSeconds).toBeLessThan(1_700_000_060);
    }
  });

  it('answers with the status codes of the spec', async () => {
    const log = logOf('log.example');
    const stranger = logOf('stranger.example');
    const impostor = logOf('log.example');
    const { url } = await startWitness(newFolder(), 'witness.example', [log.vkey]);
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
      ['another root of the same size', await log.body(10, 10, 7), { status: 409, ...size }],
      ['a fork', await log.body(10, 20, 7), { status: 422 }],
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
      ['too much', 'x'.repeat(100_000), { status: 413 }],
    ];
    for (const [name, body, expected] of cases) expect(await submit(url, body), name).toMatchObject(expected);
    expect(await submit(url, await log.body(10, 20), '/elsewhere')).toMatchObject({ status: 404 });
    expect(await submit(url, await log.body(10, 20))).toMatchObject({ status: 200 });
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

  it('is retired when the memory is lost', async () => {
    const folder = newFolder();
    await witnessKey(folder, 'witness.example');
    rmSync(join(folder, 'heads.json'));
    await expect(witnessKey(folder, 'witness.example')).rejects.toThrow('retire');
  });
});
