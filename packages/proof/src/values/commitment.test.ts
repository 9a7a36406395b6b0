import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Sha256, toBase64url, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical.ts';
import {
  byDigest,
  commit,
  commitScalar,
  digestOf,
  keyed,
  openCommitments,
  parseDisclosure,
} from './commitment.ts';
import { sha256 } from './sha256.ts';

const salt = () => new Uint8Array(randomBytes(16));
const saltText = toBase64url(new Uint8Array(16));
const disclosure = (...parts: unknown[]): string => toBase64url(utf8(canonicalJson(parts)));
const failure = (given: () => unknown): unknown => {
  try {
    given();
    return 'accepted';
  } catch (cause) {
    return (cause as { code?: unknown }).code;
  }
};
/** Opens these disclosures with `extra` digests that nobody has. */
const open = (disclosures: readonly string[], extra = 0): unknown => {
  const known = byDigest(disclosures, sha256);
  const missing = Array.from({ length: extra }, (_, at) => `missing ${at}`);
  const digests = disclosures.map((each) => digestOf(each, sha256));
  return openCommitments([...digests, ...missing], (digest) => known.get(digest));
};

test('RFC 9901 section 4.2.3: the digest of the disclosure of a family name', () => {
  const given = 'WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0';
  expect(digestOf(given, sha256)).toBe('X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0');
});

describe('commit', () => {
  test('gives each leaf a disclosure of its own, sorted by digest', () => {
    const { digests, disclosures } = commit(
      { a: 1, b: ['x', {}], 'c/d': { '~': null }, e: [] },
      salt,
      sha256,
    );
    expect(disclosures.map((each) => digestOf(each, sha256))).toEqual(digests);
    expect(digests.toSorted()).toEqual(digests);
    const leaves = disclosures.map(parseDisclosure).map(({ pointer, value }) => [pointer, value]);
    expect(leaves.toSorted()).toEqual([
      ['/a', 1],
      ['/b/0', 'x'],
      ['/b/1', {}],
      ['/c~1d/~0', null],
      ['/e', []],
    ]);
  });

  test('round trip', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(open(commit(value, salt, sha256).disclosures)).toEqual({ value: plain, withheld: 0 });
      }),
    );
  });

  test('without any one disclosure the others still open, and the gap shows', () => {
    const value = { list: ['a', 'b', 'c'], name: { first: 'x', last: 'y' } };
    const { disclosures } = commit(value, salt, sha256);
    for (const hidden of disclosures) {
      const rest = disclosures.filter((each) => each !== hidden);
      const opened = open(rest, 1) as { value: unknown; withheld: number };
      expect(opened.withheld).toBe(1);
      const shown = JSON.stringify(opened.value);
      for (const each of disclosures)
        expect(shown.includes(JSON.stringify(parseDisclosure(each).value))).toBe(each !== hidden);
    }
    expect(open([], 5)).toEqual({ value: undefined, withheld: 5 });
  });

  test('a withheld item keeps its place', () => {
    const { disclosures } = commit(['a', 'b', 'c'], salt, sha256);
    const rest = disclosures.filter((each) => parseDisclosure(each).pointer !== '/1');
    expect(open(rest, 1)).toEqual({ value: ['a', undefined, 'c'], withheld: 1 });
  });

  test('the same value never has the same digests; a keyed one always has', () => {
    expect(commit('x', salt, sha256).digests).not.toEqual(commit('x', salt, sha256).digests);
    const logSalt = salt();
    expect(keyed(logSalt, 'id', 7, sha256)).toBe(keyed(logSalt, 'id', 7, sha256));
    expect(keyed(logSalt, 'id', 7, sha256)).not.toBe(keyed(logSalt, 'id', '7', sha256));
    expect(keyed(logSalt, 'id', 7, sha256)).not.toBe(keyed(logSalt, 'no', 7, sha256));
    expect(keyed(logSalt, 'id', 7, sha256)).not.toBe(keyed(salt(), 'id', 7, sha256));
    expect(keyed(logSalt, 'id', 7, sha256)).toBe(commitScalar(7, 'id', () => logSalt, sha256).digest);
  });

  test('large values are committed whole', () => {
    const leaves = (count: number) => Array.from({ length: count }, () => 0);
    expect(commit(leaves(256), salt, sha256).digests).toHaveLength(256);
    expect(commit(leaves(257), salt, sha256).digests).toHaveLength(1);
    expect(commit(['x'.repeat(16_380), 'y'], salt, sha256).digests).toHaveLength(1);
    expect(commit(['x'.repeat(16_370), 'y'], salt, sha256).digests).toHaveLength(2);
    for (const value of [leaves(300), ['x'.repeat(1_048_572)]]) {
      const { disclosures } = commit(value, salt, sha256);
      expect(parseDisclosure(disclosures[0] as string)).toEqual({ pointer: '', value });
      expect(open(disclosures)).toEqual({ value, withheld: 0 });
    }
  });

  test('refuses what is too large, no JSON, or badly salted', () => {
    expect(failure(() => commit('x'.repeat(1_048_575), salt, sha256))).toBe('too-large');
    expect(failure(() => commit('é'.repeat(524_287), salt, sha256))).toBe('accepted');
    expect(failure(() => commit('é'.repeat(524_288), salt, sha256))).toBe('too-large');
    expect(failure(() => commit({ a: undefined }, salt, sha256))).toBe('not-json');
    expect(failure(() => commit(1, () => new Uint8Array(15), sha256))).toBe('bad-salt');
  });

  test('names that look like indices cannot turn an object into a list', () => {
    for (const value of [{ '0': 'a' }, { '0': 'a', b: 'c' }, [{ '1': [1, 2] }], { a: { '12': {} } }])
      expect(open(commit(value, salt, sha256).disclosures)).toEqual({ value, withheld: 0 });
  });

  test('a member named __proto__ is a member', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":2}}') as object;
    const { value: opened } = open(commit(value, salt, sha256).disclosures) as { value: object };
    expect(canonicalJson(opened)).toBe(canonicalJson(value));
    expect(Object.getPrototypeOf(opened)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

/** Commitments in their plainest form: what the quick one must equal, byte for byte. */
const plain = {
  canonical(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map((item) => plain.canonical(item)).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.keys(value).sort();
    const text = (name: string): string =>
      `${JSON.stringify(name)}:${plain.canonical((value as Record<string, unknown>)[name])}`;
    return `{${members.map(text).join(',')}}`;
  },
  leaves(value: unknown, pointer = ''): [string, unknown][] {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const whole = !Array.isArray(value) && names.some((name) => /^(0|[1-9][0-9]{0,8})$/.test(name));
    if (names.length === 0 || whole) return [[pointer, value]];
    return names.flatMap((name) =>
      plain.leaves(
        (value as Record<string, unknown>)[name],
        `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      ),
    );
  },
  commit(value: unknown, salts: () => Uint8Array): { digests: string[]; disclosures: string[] } {
    const large = Buffer.byteLength(plain.canonical(value)) > 16_384;
    const found = plain.leaves(value);
    const leaves = large || found.length > 256 ? [['', value]] : found;
    const made = leaves.map(([pointer, leaf]) => {
      const parts = [Buffer.from(salts()).toString('base64url'), pointer, leaf];
      const text = Buffer.from(plain.canonical(parts)).toString('base64url');
      return [createHash('sha256').update(text).digest('base64url'), text] as const;
    });
    made.sort(([a], [b]) => (a < b ? -1 : 1));
    return { digests: made.map(([digest]) => digest), disclosures: made.map(([, text]) => text) };
  },
};

test('commit gives what its plainest form gives, byte for byte', () => {
  const counted = (): (() => Uint8Array) => {
    let count = 0;
    return () => Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? count++ : at * 37));
  };
  const shortcut: Sha256 = Object.assign((bytes: Uint8Array) => sha256(bytes), {
    ofText: (text: string) => createHash('sha256').update(text).digest('base64url'),
  });
  const long = fc.array(fc.string({ unit: 'binary', minLength: 1000, maxLength: 1400 }), { maxLength: 16 });
  const many = fc.array(fc.integer(), { minLength: 250, maxLength: 260 });
  const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: json }, long, many), (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown;
      const expected = plain.commit(value, counted());
      expect(commit(value, counted(), sha256)).toEqual(expected);
      expect(commit(value, counted(), shortcut)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('a text that is no Unicode has no digest, on either way', () => {
  const shortcut: Sha256 = Object.assign((bytes: Uint8Array) => sha256(bytes), { ofText: () => 'digest' });
  for (const each of [sha256, shortcut]) expect(failure(() => digestOf('a\ud800', each))).toBe('not-unicode');
  expect(digestOf('a', shortcut)).toBe('digest');
});

describe('openCommitments refuses', () => {
  const conflicting: [string, string[]][] = [
    ['a repeated pointer', ['/a', '/a']],
    ['a leaf with something below', ['/a', '/a/b']],
    ['the whole and a part', ['', '/a']],
    ['list and object at one place', ['/a/0', '/a/b']],
    ['a gap in a list with nothing withheld', ['/0', '/2']],
    ['a list that starts late', ['/1']],
  ];
  test.each(conflicting)('%s', (_, pointers) => {
    const given = pointers.map((pointer, at) => disclosure(saltText, pointer, at));
    expect(failure(() => open(given))).toBe('conflict');
  });

  test('a gap that is wider than what is withheld, before making room for it', () => {
    expect(failure(() => open([disclosure(saltText, '/2', 1)], 2))).toBe('accepted');
    expect(failure(() => open([disclosure(saltText, '/3', 1)], 2))).toBe('conflict');
    expect(failure(() => open([disclosure(saltText, '/999999999', 1)], 2))).toBe('conflict');
  });

  test('the same digest twice, and more digests than were ever committed', () => {
    const one = disclosure(saltText, '/a', 1);
    expect(failure(() => openCommitments(['d', 'd'], () => one))).toBe('conflict');
    expect(failure(() => open([], 257))).toBe('too-large');
  });

  const text = (json: string): string => toBase64url(utf8(json));
  test.each([
    ['two members', disclosure(saltText, '/a')],
    ['four members', disclosure(saltText, '/a', 1, 2)],
    ['no list', disclosure(saltText).replace(/.$/, '')],
    ['a short salt', disclosure('AAAA', '/a', 1)],
    ['a salt in another base64', disclosure(`${saltText}==`, '/a', 1)],
    ['a salt with left-over bits', disclosure(`${saltText.slice(0, -1)}B`, '/a', 1)],
    ['a salt of 17 bytes', disclosure(`${saltText}A`, '/a', 1)],
    ['a salt that is no text', disclosure(1, '/a', 1)],
    ['a name that is no text', disclosure(saltText, 1, 1)],
    ['white space', text(`["${saltText}", "/a",1]`)],
    ['another spelling of a number', text(`["${saltText}","/a",1.0]`)],
    ['another order of names', text(`["${saltText}","/a",{"1":1,"0":1}]`)],
    ['padding', `${disclosure(saltText, '/a', 1)}=`],
    ['a leaf that is no leaf', disclosure(saltText, '/a', { b: 1 })],
    ['a list as a leaf', disclosure(saltText, '/a', [1])],
    ['a name in place of a pointer', disclosure(saltText, 'a', 1)],
    ['a bad escape', disclosure(saltText, '/~2', 1)],
    ['a pointer of great depth', disclosure(saltText, '/a'.repeat(257), 1)],
    ['a disclosure of great length', disclosure(saltText, '', 'x'.repeat(1_100_000))],
  ])('%s', (_, given) => {
    expect(failure(() => openCommitments(['d'], () => given))).toMatch(
      /^(malformed|not-base64|not-a-pointer|syntax)$/,
    );
  });
});
