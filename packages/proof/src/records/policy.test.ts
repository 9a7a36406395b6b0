// The policy of the spec's own example (c2sp.org/tlog-policy), every rule of its text, and each way to break one.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../values/index.ts';
import { NOTE_COSIGNATURE, NOTE_ED25519, printVerifier, type Verifier, verifier } from './note.ts';
import { isQuorum, isReached, type Policy, PolicyError, parsePolicy, seatsOf } from './policy.ts';

const keyOf = (name: string, type: 0x01 | 0x04, first: number): Verifier =>
  verifier(name, type, new Uint8Array(32).fill(first));
const log = printVerifier(keyOf('log.example', NOTE_ED25519, 1));
const key = (n: number): string => printVerifier(keyOf(`w${n}.example`, NOTE_COSIGNATURE, 10 + n));

/** The example of the specification; keys are elided there. */
const example = `log ${log}

witness X1 ${key(1)}
witness X2 ${key(2)}
witness X3 ${key(3)}
group X-witnesses 2 X1 X2 X3

witness Y1 ${key(4)}
witness Y2 ${key(5)}
witness Y3 ${key(6)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;
const parse = (text: string): Policy => parsePolicy(utf8(text));
const met = (policy: Policy, names: readonly string[]): boolean => {
  const keys = policy.witnesses.filter(({ name }) => names.includes(name)).map(({ key: own }) => own.keyId);
  return isQuorum(policy, ({ keyId }) => keys.includes(keyId));
};

describe('the example of the spec', () => {
  const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'];
  const policy = parse(example);

  test('lists a log and six witnesses', () => {
    expect(policy.logs.map((each) => printVerifier(each.key))).toEqual([log]);
    expect(policy.witnesses.map(({ name }) => name)).toEqual(names);
    expect(seatsOf(policy).map(({ name }) => name)).toEqual(names);
  });

  test('asks for two of the X and one of the Y, over every set of cosigners', () => {
    for (let set = 0; set < 64; set += 1) {
      const some = names.filter((_, at) => (set & (1 << at)) !== 0);
      const count = (letter: string) => some.filter((name) => name.startsWith(letter)).length;
      expect(met(policy, some), some.join()).toBe(count('X') >= 2 && count('Y') >= 1);
    }
  });
});

describe('a policy', () => {
  test('with `quorum none` asks for nobody', () => {
    expect(met(parse('quorum none\n'), [])).toBe(true);
    expect(met(parse(`witness a ${key(1)}\nquorum none`), [])).toBe(true);
    expect(seatsOf(parse(`witness a ${key(1)}\nquorum none`))).toEqual([]);
  });

  test('with one witness asks for that one, however many others cosigned', () => {
    const policy = parse(`witness a ${key(1)}\nwitness b ${key(2)}\nquorum a\n`);
    expect(met(policy, ['a'])).toBe(true);
    expect(met(policy, ['b'])).toBe(false);
    expect(seatsOf(policy).map(({ name }) => name)).toEqual(['a']);
  });

  test('takes spaces and tabs, comments, urls, names of any octets, and lines in any order', () => {
    const text = `  # who we trust\n\t \nquorum none\n\twitness\tall \t${key(1)} https://w.example/ \n#\nlog ${log} x\ngroup any all all`;
    const policy = parse(text);
    expect(policy.witnesses).toMatchObject([{ name: 'all', url: 'https://w.example/' }]);
    expect(policy.groups).toEqual([{ name: 'any', least: 1, members: ['all'] }]);
    expect(policy.logs[0]?.url).toBe('x');
  });

  test('compares names as octets: a Kelvin sign is no K, and what is no UTF-8 is a name too', () => {
    const policy = parse(`witness K ${key(1)}\nwitness \u212a ${key(2)}\nquorum \u212a\n`);
    expect(met(policy, ['K'])).toBe(false);
    expect(met(policy, ['\u212a'])).toBe(true);
    const octets = (name: number) =>
      Uint8Array.of(...utf8('witness '), name, ...utf8(` ${key(1)}\nquorum `), name);
    expect(isQuorum(parsePolicy(octets(0xff)), () => true)).toBe(true);
    expect(() => parsePolicy(Uint8Array.of(...octets(0xff).slice(0, -1), 0xfe))).toThrow(PolicyError);
    // A space of another alphabet is a letter of the name, as the spec has it.
    expect(parse(`witness a\u00a0b ${key(1)}\nquorum a\u00a0b`).witnesses[0]?.name).toBe('a\u00a0b');
  });

  test('has room for what the spec recommends, and an end', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => {
        const name = `w${n}`;
        const own = printVerifier(keyOf(name, NOTE_COSIGNATURE, 100 + n));
        return `witness ${name} ${own}\ngroup g${n} any ${name}`;
      }).join('\n');
    expect(parse(`${many(32)}\ngroup all-of-them all ${'g'}0\nquorum all-of-them`).groups).toHaveLength(33);
    expect(() => parse(`${many(65)}\nquorum none`)).toThrow('more than 64');
    expect(() => parse(`# ${'x'.repeat(65_536)}\nquorum none`)).toThrow('octets');
  });

  const two = `witness a ${key(1)}\nwitness b ${key(2)}\n`;
  test.each([
    ['no quorum', two, 3, 'no `quorum` line'],
    ['nothing', '', 1, 'no `quorum` line'],
    ['two quorums', 'quorum none\nquorum none\n', 2, 'second `quorum`'],
    ['a quorum that is nobody', `${two}quorum c`, 3, '`c` is no witness or group above'],
    ['a quorum named too early', `quorum a\n${two}`, 1, '`a` is no witness'],
    ['a quorum of two names', `${two}quorum a b`, 3, '`quorum NAME`'],
    ['a group named too early', `group g any a\n${two}quorum g`, 1, '`a` is no witness'],
    ['a group in itself', `${two}group g any g\nquorum g`, 3, '`g` is no witness'],
    ['a member twice in a group', `${two}group g 2 a a\nquorum g`, 3, '`a` is a member already'],
    [
      'a member of two groups',
      `${two}group g any a\ngroup h all a b\nquorum h`,
      4,
      '`a` is a member already',
    ],
    ['a group with `none` in it', `${two}group g any a none\nquorum g`, 3, '`none` is no witness'],
    ['an empty group', `${two}group g all\nquorum g`, 3, '`group NAME'],
    ['a group of none of its members', `${two}group g 0 a b\nquorum g`, 3, 'a number from 1 to 2'],
    ['a group of more than its members', `${two}group g 3 a b\nquorum g`, 3, 'a number from 1 to 2'],
    ['a number with a zero before it', `${two}group g 01 a b\nquorum g`, 3, 'a number from 1 to 2'],
    ['a negative number', `${two}group g -1 a b\nquorum g`, 3, 'a number from 1 to 2'],
    ['a name twice', `${two}witness a ${key(3)}\nquorum a`, 3, 'the name `a` is taken'],
    ['a group named like a witness', `${two}group a any b\nquorum a`, 3, 'the name `a` is taken'],
    ['a witness called none', `witness none ${key(1)}\nquorum none`, 1, 'the name `none` is taken'],
    ['a witness without a name', `witness ${key(1)}\nquorum none`, 1, '`witness NAME KEY [URL]`'],
    ['a witness with too much', `witness a ${key(1)} u v\nquorum a`, 1, '`witness NAME KEY [URL]`'],
    ['a witness with the key of a log', `witness a ${log}\nquorum a`, 1, 'no key of a witness'],
    ['a log with the key of a witness', `log ${key(1)}\nquorum none`, 1, 'no key of a log'],
    ['a log without a key', 'log\nquorum none', 1, '`log KEY [URL]`'],
    ['a cut key', `log ${log.slice(0, -4)}\nquorum none`, 1, 'has not 32 bytes'],
    ['a log twice', `log ${log}\nlog ${log}\nquorum none`, 2, 'stands here twice'],
    [
      'one witness under two names',
      `witness a ${key(1)}\nwitness b ${printVerifier(keyOf('other', NOTE_COSIGNATURE, 11))}\ngroup g 2 a b\nquorum g`,
      2,
      'public key of `other` stands here twice',
    ],
    [
      'a witness that is the log',
      `log ${log}\nwitness a ${printVerifier(keyOf('w', NOTE_COSIGNATURE, 1))}\nquorum a`,
      2,
      'public key of `w` stands here twice',
    ],
    ['another word', `${two}statement ${log}\nquorum a`, 3, '`statement` is none of'],
    ['a word of JavaScript', `${two}constructor ${log}\nquorum a`, 3, '`constructor` is none of'],
    ['a word in capitals', 'Quorum none', 1, '`Quorum` is none of'],
    ['a comment behind a line', `${two}quorum a # all of them`, 3, '`quorum NAME`'],
    ['a carriage return', `${two}quorum a\r\n`, 3, 'carriage return'],
    ['a control character', `${two}quorum a\u0007\n`, 3, 'control character'],
    ['a deletion', '# \u007f\nquorum none', 1, 'control character'],
    ['a byte order mark', '\ufeffquorum none', 1, 'byte order mark'],
    ['another kind of space', 'quorum\u00a0none', 1, 'is none of'],
  ])('is refused with %s', (_, text, line, said) => {
    const thrown = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(PolicyError);
    expect(thrown).toMatchObject({ line });
    expect((thrown as Error).message).toContain(said);
  });

  test('throws nothing but its own error, whatever it is given', () => {
    const word = fc.constantFrom(
      'log',
      'witness',
      'group',
      'quorum',
      'none',
      'a',
      'all',
      '2',
      log,
      key(1),
      '#',
    );
    const text = fc.array(
      fc.array(word, { maxLength: 5 }).map((words) => words.join(' ')),
      { maxLength: 6 },
    );
    const octets = fc.oneof(
      text.map((lines) => utf8(lines.join('\n'))),
      fc.uint8Array({ maxLength: 80 }),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        try {
          parsePolicy(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
    );
  });

  test('is reached by public keys, whatever they are called, and never by nobody', () => {
    const policy = parse(`witness a ${key(1)}\nwitness b ${key(2)}\ngroup g 2 a b\nquorum g`);
    const renamed = printVerifier(keyOf('another.example', NOTE_COSIGNATURE, 12));
    expect(isReached(policy, [key(1), renamed])).toBe(true);
    expect(isReached(policy, [key(1), key(1)])).toBe(false);
    expect(isReached(policy, [key(1), key(3)])).toBe(false);
    const anybody = parse(`witness a ${key(1)}\nquorum none`);
    expect([isReached(anybody, [key(1)]), isReached(anybody, [key(2)]), isReached(anybody, [])]).toEqual([
      ...[true, false, false],
    ]);
    expect(isReached(parse('quorum none'), [key(1)])).toBe(false);
  });

  test('is kept by more cosigners if it is kept by fewer', () => {
    const policy = parse(example);
    const some = fc.subarray(policy.witnesses.map(({ name }) => name));
    fc.assert(
      fc.property(some, some, (a, b) => {
        if (met(policy, a)) expect(met(policy, [...a, ...b])).toBe(true);
      }),
    );
  });
});
