import { describe, expect, it } from 'vitest';
import { parseFact } from './facts.ts';
import type { Draft } from './log.fixture.ts';
import {
  isTimely,
  keyAt,
  NOTE_COSIGNATURE,
  parseNote,
  printNote,
  rotationLagMax,
  rotationText,
  toBase64,
  utf8,
} from './records/index.ts';
import { pinning, rotatedDay, signedByBoth } from './rotated.fixture.ts';
import { Book } from './verdict/index.ts';
import { at, type Day, dayEnd, honestDay, makeKey, sha256 } from './verify.fixture.ts';
import { parseTrust, type VerifyOptions, verify } from './verify.ts';

const checked = async (day: Day, options: Partial<VerifyOptions> = {}, instead = {}) => {
  const verification = await verify(await day.proof(instead), { sha256, trust: day.trust, ...options });
  expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
  return verification;
};

describe('a log whose keys were handed over', () => {
  it('verifies for whoever pinned the first keys, or the new ones, or a chain between them', async () => {
    const day = rotatedDay();
    const { logKey, statementKey } = day.log;
    const followed = [logKey.verifier, statementKey.verifier];
    expect(await checked(day)).toMatchObject({ verdict: 'unproven', pinned: true, followed });
    const now = { log: [logKey.verifier], statement: [statementKey.verifier] };
    expect(await checked(day, pinning(day, now))).toMatchObject({ pinned: true, followed: [] });
    // Pinned outright, they need no rotation that the auditor would have to accept.
    await checked(day, pinning(day, { ...now, rotation: 'refused' }));
    await checked(day, pinning(day, { ...now, revoked: [...day.trust.log, ...day.trust.statement] }));
    const again = honestDay();
    const keys = [at(12), at(13), at(14)].map((time) => again.log.rotate('log', time));
    again.close();
    await checked(again);
    await checked(again, pinning(again, { log: [keys[1]?.verifier ?? ''] }));
  });

  it('verifies without trust too, and then is nobody’s', async () => {
    const compromised = honestDay();
    compromised.log.rotate('log', at(12), { reason: 'compromised' });
    for (const day of [rotatedDay(), compromised.close()]) {
      const verification = await verify(await day.proof(), { sha256 });
      expect(verification).toMatchObject({ verdict: 'unproven', pinned: false, followed: [] });
    }
  });

  it('from a compromised key counts once the auditor pins the new one', async () => {
    const day = honestDay();
    const { verifier } = day.log.rotate('log', at(12), { reason: 'compromised' });
    day.close();
    await checked(day, pinning(day, { log: [verifier] }));
  });

  it('may have a head that both keys signed; the old signature counts for nothing', async () => {
    const day = rotatedDay();
    expect(await checked(day)).toMatchObject({ unknown: 0 });
    expect(await checked(day, {}, { headNote: await signedByBoth(day) })).toMatchObject({ unknown: 1 });
  });

  it('extends heads that the old key signed while it was in force', async () => {
    const day = honestDay();
    const before = await day.log.seal([]);
    day.log.rotate('log', at(12));
    const after = await day.log.seal([]);
    day.close();
    await checked(day, { earlierHead: before });
    await checked(day, { earlierHead: after });
  });

  it('may do so as often as its operator likes, each time after the head before', async () => {
    const day = honestDay();
    day.log.rotate('log', at(12), { size: 3 });
    day.log.rotate('log', at(12), { size: day.log.drafts.length - 1 });
    await checked(day.close());
  });
});

describe('the key in force', () => {
  it('is not changed by a rotation that comes too late after its head to be checked against it', () => {
    expect(isTimely({ size: 10, position: 10 + rotationLagMax })).toBe(true);
    expect(isTimely({ size: 10, position: 11 + rotationLagMax })).toBe(false);
    const book = new Book({ sha256, find: () => undefined, signed: () => false });
    const day = honestDay();
    day.log.rotate('log', at(12), { size: 0 });
    const rotation = day.log.drafts.at(-1) as Draft;
    // A log so long that only its numbers can be made here.
    book.add(parseFact(utf8(JSON.stringify(rotation)), 1 + rotationLagMax));
    expect(book.keys.rotations).toEqual([]);
    book.add(parseFact(utf8(JSON.stringify(rotation)), rotationLagMax));
    expect(book.keys.rotations).toHaveLength(1);
  });

  it('is the first until the next head after a rotation', () => {
    const day = honestDay();
    const { first, origin } = day.log;
    const position = day.log.drafts.length;
    const next = day.log.rotate('log', at(12));
    const rotation = { ...(day.log.drafts.at(-1)?.body as never as object), position };
    const history = {
      eras: [{ position: 0, origin, log: first.log.verifier, statement: first.statement.verifier }],
      rotations: [rotation as never],
    };
    expect(keyAt(history, 'log', position)).toBe(first.log.verifier);
    expect(keyAt(history, 'log', position + 1)).toBe(next.verifier);
    expect(keyAt(history, 'statement', position + 1)).toBe(first.statement.verifier);
  });

  it('signs a text that says all of it, in one form', () => {
    const terms = {
      size: 3,
      at: 5,
      role: 'log',
      root: 'r',
      from: 'f',
      to: 't',
      reason: 'scheduled',
    } as const;
    expect(rotationText('o', { ...terms, signature: 'x' } as never)).toBe(
      'surety-rotation/v1\n{"at":5,"from":"f","log":"o","reason":"scheduled","role":"log","root":"r","size":3,"to":"t"}',
    );
  });
});

describe('an algorithm that nobody here knows', () => {
  const foreign = (name: string) => {
    const { verifier: known } = makeKey(name, NOTE_COSIGNATURE);
    const [, id = '', key = ''] = known.split('+');
    return `${name}+${id}+${toBase64(Uint8Array.from(Buffer.from(key, 'base64')).with(0, 6))}`;
  };

  it('of a witness is ignored and counted: the others still cosign', async () => {
    const day = honestDay();
    const key = foreign('future.example');
    const body = { witness: 'future.example', key, simulated: false };
    day.declare('witness.declared', 'witness/future.example', body);
    day.close();
    const note = parseNote(await day.log.seal(day.cosigners));
    const line = {
      ...{ name: 'future.example', keyId: key.split('+')[1] ?? '' },
      signature: new Uint8Array(8 + 2_420),
    };
    const headNote = printNote({ ...note, signatures: [...note.signatures, line] });
    const { unknown, witnessed } = await checked(day, {}, { headNote });
    expect(unknown).toBe(1);
    expect(witnessed.map(({ witness }) => witness)).toEqual(['audit.example/witness']);
  });

  it('of a log or statement key is refused by name', async () => {
    for (const role of ['log', 'statement'] as const) {
      const day = honestDay();
      const next = day.log.rotate(role, at(12));
      const to = foreign(next.name);
      Object.assign(day.log.drafts.at(-1)?.body ?? {}, { to });
      const { checks, verdict } = await verify(await day.close().proof(), { sha256, trust: day.trust });
      expect(verdict).toBe('unsound');
      for (const name of ['rotations', role === 'log' ? 'head-signature' : 'statement-signature'])
        expect(checks.find(({ check }) => check === name)?.text).toContain('unknown-algorithm');
    }
  });

  it('of a person’s key is refused by name', () => {
    const day = honestDay();
    const position = day.enrol('new@acme.example', ['finance'], [makeKey('new')], dayEnd);
    const draft = day.log.drafts[position] as Draft;
    const [key] = draft.body['keys'] as [{ alg: string }];
    expect(() => parseFact(utf8(JSON.stringify(draft)), position)).not.toThrow();
    key.alg = 'ml-dsa-44';
    expect(() => parseFact(utf8(JSON.stringify(draft)), position)).toThrow(
      '/body/keys/0/alg names an unknown-algorithm: known are ed25519, p256',
    );
  });
});

describe('the trust file', () => {
  const keys = ['l', 's', 'o'].map((name) => makeKey(name).verifier);
  const [log, statement, old] = keys as [string, string, string];
  const lines = `log ${log}\n#!surety statement ${statement}\nquorum none\n`;
  const parse = (text: string) => parseTrust(utf8(text));

  it('may refuse rotations, and revoke keys', () => {
    const { revoked, rotation } = parse(`${lines}#!surety no-rotation\n#!surety  revoked\t${old}\n`);
    expect({ revoked, rotation }).toEqual({ revoked: [old], rotation: 'refused' });
    expect(parse(lines)).toMatchObject({ revoked: [], rotation: 'accepted' });
    // One more mark, and it is a comment as to every other reader.
    expect(parse(`${lines}##!surety no-rotation\n`)).toMatchObject({ rotation: 'accepted' });
  });

  it.each([
    ['a word after it', '#!surety no-rotation please', 'line 4 of the trust file: it is not'],
    ['no key', '#!surety revoked', 'line 4 of the trust file: it is not'],
    ['two keys', `#!surety revoked ${old} ${old}`, 'line 4 of the trust file: it is not'],
    ['nonsense', '#!surety revoked abc', 'line 4 of the trust file:'],
    ['another word', '#!surety norotation', 'line 4 of the trust file: it is not'],
    ['a key that is pinned too', `#!surety revoked ${log}`, 'the trust file pins and revokes'],
  ])('refuses %s', (_, line, message) => {
    expect(() => parse(`${lines}${line}\n`)).toThrow(message);
  });
});
