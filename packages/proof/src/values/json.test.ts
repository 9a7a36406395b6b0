import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { canonicalJson } from './canonical.ts';
import { parseJson, parseJsonWithSpans } from './json.ts';

const code = (given: () => unknown): unknown => {
  try {
    return { accepted: given() };
  } catch (cause) {
    return (cause as { code?: unknown }).code;
  }
};

describe('parseJson', () => {
  test.each([
    '',
    ' ',
    '{',
    '[',
    '[1,]',
    '{"a":1,}',
    '{,}',
    "{'a':1}",
    '{a:1}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '[1 2]',
    '01',
    '-',
    '-01',
    '+1',
    '1.',
    '.5',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    'tru',
    'nul',
    '"a',
    '"\t"',
    '"\u001f"',
    '"\\x"',
    '"\\u12G4"',
    '"\\u12"',
    '"\\',
    '"\\a\n',
    '\u00a01',
    '"\\n\u0001"',
  ])('refuses `%s` as no JSON', (text) => {
    expect(code(() => parseJson(text))).toBe('syntax');
    expect(() => JSON.parse(text)).toThrow();
  });

  test.each([
    ['1 2', 'trailing'],
    ['{}}', 'trailing'],
    ['null\u0000', 'trailing'],
    ['\ufeff{}', 'byte-order-mark'],
    ['{"a":1,"a":1}', 'duplicate-name'],
    ['{"a":1,"\\u0061":2}', 'duplicate-name'],
    ['{"__proto__":1,"__proto__":2}', 'duplicate-name'],
    ['[{"":1,"":2}]', 'duplicate-name'],
    ['"\ud800"', 'not-unicode'],
    ['"\\ud800"', 'not-unicode'],
    ['"\\udc00\\ud800"', 'not-unicode'],
    ['{"\\udfff":1}', 'not-unicode'],
    ['12345678901234567890', 'inexact-number'],
    ['9007199254740993', 'inexact-number'],
    ['-9007199254740993', 'inexact-number'],
    ['0.10000000000000000555', 'inexact-number'],
    ['1e400', 'inexact-number'],
    ['-1e400', 'inexact-number'],
    ['1e-400', 'inexact-number'],
    ['1e99999999999999999999', 'inexact-number'],
    ['333333333.33333329', 'inexact-number'],
  ])('refuses `%s`: %s', (text, expected) => {
    expect(code(() => parseJson(text))).toBe(expected);
  });

  test.each([
    ['1.0', 1],
    ['1e2', 100],
    ['1E+2', 100],
    ['-0', -0],
    ['-0.0e5', -0],
    ['0e999999', 0],
    ['0.1', 0.1],
    ['1e23', 1e23],
    ['1.5e-7', 1.5e-7],
    ['-2.50e-10', -2.5e-10],
    ['9007199254740992', 2 ** 53],
    ['123456789012345680000', 123456789012345680000],
    ['0.30000000000000004', 0.30000000000000004],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['100000000000000000000000e-23', 1],
    ['0.00000000000000000000000000100', 1e-27],
  ])('keeps the number %s', (text, value) => {
    expect(parseJson(text)).toBe(value);
  });

  test('says where', () => {
    expect(() => parseJson('{"a":1, "a":2}')).toThrow('json is refused at 8: duplicate-name');
  });

  test('bounds depth and size', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(code(() => parseJson(nested(64)))).toHaveProperty('accepted');
    expect(code(() => parseJson(nested(65)))).toBe('too-deep');
    expect(code(() => parseJson(nested(3), { depthMax: 2 }))).toBe('too-deep');
    expect(code(() => parseJson('[[],[],[[]]]', { depthMax: 3 }))).toHaveProperty('accepted');
    expect(code(() => parseJson('1234', { bytesMax: 3 }))).toBe('too-large');
    expect(code(() => parseJson(nested(1_000_000)))).toBe('too-deep');
  });

  test('reads bytes strictly', () => {
    expect(parseJson(utf8('{"é":"😀"}'))).toEqual({ é: '😀' });
    expect(code(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('not-unicode');
    expect(code(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31)))).toBe('byte-order-mark');
  });

  test('never sets a prototype', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('agrees with JSON.parse on whatever it accepts', () => {
    const parts = ['{', '}', '[', ']', ',', ':', '"a"', '"\\u00e9"', '1', '-0.5e3', 'true', 'null', ' ', '"'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chosen) => {
        const text = chosen.join('');
        const mine = code(() => parseJson(text));
        const theirs = code(() => JSON.parse(text));
        if (typeof mine === 'object') expect(mine).toEqual(theirs);
        else if (mine === 'syntax' || mine === 'trailing') expect(theirs).toBeUndefined();
      }),
      { numRuns: 5000 },
    );
  });

  test('reads back every value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        if (!/\\ud[89a-f]/i.test(text)) expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('a number is kept exactly if it is the shortest text of its double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(parseJson(JSON.stringify(number))).toBe(Object.is(number, -0) ? 0 : number);
      }),
    );
  });
});

describe('parseJsonWithSpans', () => {
  const text = ' {"id" : 7, "params":{ "na/me":"x", "~":[1, {"b":2} ] }, "😀":null }';

  test('gives the text of each named value', () => {
    const pointers = ['', '/id', '/params', '/params/na~1me', '/params/~0/1/b', '/😀', '/none', '/id/none'];
    const { value, spans } = parseJsonWithSpans(text, pointers);
    expect(value).toEqual(JSON.parse(text));
    const texts = [...spans].map(([pointer, [start, end]]) => [pointer, text.slice(start, end)]);
    expect(Object.fromEntries(texts)).toEqual({
      '': text.trim(),
      '/id': '7',
      '/params': '{ "na/me":"x", "~":[1, {"b":2} ] }',
      '/params/na~1me': '"x"',
      '/params/~0/1/b': '2',
      '/😀': 'null',
    });
  });

  test('refuses what parseJson refuses', () => {
    expect(code(() => parseJsonWithSpans('{"id":1,"id":2}', ['/id']))).toBe('duplicate-name');
    expect(code(() => parseJsonWithSpans('[[1]]', [], { depthMax: 1 }))).toBe('too-deep');
    expect(code(() => parseJsonWithSpans('1', ['id']))).toBe('not-a-pointer');
    expect(code(() => parseJsonWithSpans('1', ['/~2']))).toBe('not-a-pointer');
  });

  test('every span parses to the value that its pointer names', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 })), (value) => {
        const whole = canonicalJson(value);
        const pointers = Object.keys(value).map(
          (name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        );
        const { spans } = parseJsonWithSpans(whole, pointers);
        Object.values(value).forEach((member, index) => {
          const [start, end] = spans.get(pointers[index] as string) as [number, number];
          expect(whole.slice(start, end)).toBe(canonicalJson(member));
        });
      }),
    );
  });
});

describe('canonicalJson', () => {
  test('RFC 8785 section 3.2.2', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('RFC 8785 section 3.2.3: names in the order of UTF-16', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(canonicalJson(value).match(/(?<=:")[A-Z]\w+/g)).toEqual(
      'Carriage One Control Latin Euro Emoji Hebrew'.split(' '),
    );
  });

  // RFC 8785 appendix B: the bits of a double and its text.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
    ['7fffffffffffffff', 'not-json'],
    ['7ff0000000000000', 'not-json'],
  ])('number %s is %s', (bits, expected) => {
    const number = Buffer.from(bits, 'hex').readDoubleBE();
    const printed = code(() => canonicalJson(number));
    expect(printed).toEqual(expected === 'not-json' ? expected : { accepted: expected });
  });

  const itself: unknown[] = [];
  itself.push(itself);
  test.each([
    [{ a: undefined }, 'not-json'],
    [[undefined], 'not-json'],
    [new Array(1), 'not-json'],
    [undefined, 'not-json'],
    [1n, 'not-json'],
    [() => 1, 'not-json'],
    [Symbol.iterator, 'not-json'],
    [new Date(0), 'not-json'],
    [new Map(), 'not-json'],
    [Uint8Array.of(1), 'not-json'],
    ['\ud800', 'not-unicode'],
    [{ '\udc00': 1 }, 'not-unicode'],
    [itself, 'too-deep'],
  ])('refuses what JSON cannot hold (%#)', (value, expected) => {
    expect(code(() => canonicalJson(value))).toBe(expected);
  });

  test('is read back by both parsers, and is its own canonical form', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(parseJson(text))).toBe(text);
      }),
    );
  });
});
