import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMessage, replaced, rpc, WireError, withMember } from './wire.ts';

const limits = { depthMax: 8, bytesMax: 2_000 };
const parse = (text: string | Uint8Array) => parseMessage(text, limits);
const codeOf = (text: string | Uint8Array): number | undefined => {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
};

describe('what is refused', () => {
  const call = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  test.each([
    ['not JSON', '{', rpc.parseError],
    ['nothing', '', rpc.parseError],
    ['a second value', '{"jsonrpc":"2.0","id":1,"method":"ping"} {}', rpc.parseError],
    ['a name twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', rpc.parseError],
    ['a name twice, deep inside', call('{"name":"pay","arguments":{"to":"a","to":"b"}}'), rpc.parseError],
    ['a name twice, spelled differently', call('{"name":"a","n\\u0061me":"b"}'), rpc.parseError],
    ['a lone surrogate', call('{"name":"\\ud800"}'), rpc.parseError],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), rpc.parseError],
    ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', rpc.parseError],
    ['a number that changes', call('{"name":"pay","arguments":{"amount":9007199254740993}}'), rpc.parseError],
    ['depth', call(`${'['.repeat(20)}${']'.repeat(20)}`), rpc.parseError],
    ['size', call(`{"name":"${'x'.repeat(2_000)}"}`), rpc.parseError],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', rpc.invalidRequest],
    ['an empty batch', '[]', rpc.invalidRequest],
    ['a bare value', '"ping"', rpc.invalidRequest],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', rpc.invalidRequest],
    ['no version', '{"id":1,"method":"ping"}', rpc.invalidRequest],
    ['id null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', rpc.invalidRequest],
    ['id a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', rpc.invalidRequest],
    ['id an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', rpc.invalidRequest],
    ['a long id', `{"jsonrpc":"2.0","id":"${'x'.repeat(257)}","method":"ping"}`, rpc.invalidRequest],
    ['method no string', '{"jsonrpc":"2.0","id":1,"method":1}', rpc.invalidRequest],
    ['params a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', rpc.invalidRequest],
    ['an unknown member', '{"jsonrpc":"2.0","id":1,"method":"ping","Params":{}}', rpc.invalidRequest],
    [
      'both answers',
      '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
      rpc.invalidRequest,
    ],
    ['neither', '{"jsonrpc":"2.0","id":1}', rpc.invalidRequest],
    ['a result that is a list', '{"jsonrpc":"2.0","id":1,"result":[]}', rpc.invalidRequest],
    ['an error without code', '{"jsonrpc":"2.0","id":1,"error":{"message":"x"}}', rpc.invalidRequest],
  ])('%s', (_, text, code) => expect(codeOf(text)).toBe(code));
});

describe('slices', () => {
  test('params, id and name keep their own spelling', () => {
    const params = '{ "_meta" : {"a":1.0}, "name" :"pa\\u0079", "arguments":{"x":1e2} }';
    const message = parse(`{"params":${params} ,"method":"tools/call","id":"\\u0031","jsonrpc":"2.0"}`);
    if (message.is !== 'request') throw new Error('no request');
    expect(message.idText).toBe('"\\u0031"');
    expect(message.paramsText).toBe(params);
    expect(message.params.name).toBe('pay');
    expect(message.paramsText.slice(...(message.spans.get('/name') ?? [0, 0]))).toBe('"pa\\u0079"');
    expect(message.paramsText.slice(...(message.spans.get('/_meta') ?? [0, 0]))).toBe('{"a":1.0}');
  });

  test('a nested name is not the name', () => {
    const message = parse('{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":{"name":"x"}}}');
    expect(message.is === 'request' && message.spans.get('/name')).toBe(undefined);
  });

  test('answers', () => {
    expect(parse('{"jsonrpc":"2.0","id":7,"result":{ "a":1.0 },"more":1}')).toEqual({
      is: 'result',
      id: 7,
      text: '{ "a":1.0 }',
      value: { a: 1 },
    });
    expect(parse('{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no", "data":1.0}}')).toMatchObject({
      is: 'error',
      text: '{"code":-1,"message":"no", "data":1.0}',
    });
  });

  test('a member is added and nothing else changes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
        const { added: _, ...rest } = object;
        const text = JSON.stringify(rest, null, indent);
        expect(JSON.parse(withMember(text, 'added', 'x'))).toEqual({ added: 'x', ...JSON.parse(text) });
      }),
    );
    expect(withMember('{ }', 'a', 1)).toBe('{"a":1}');
  });

  test('a name is replaced by any other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (from, to) => {
        fc.pre(from.isWellFormed() && to.isWellFormed());
        const params = JSON.stringify({
          before: 1,
          name: from.slice(0, 100),
          after: { name: from.slice(0, 100) },
        });
        const message = parse(`{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`);
        const span = message.is === 'request' ? message.spans.get('/name') : undefined;
        if (span === undefined) throw new Error('no request');
        expect(JSON.parse(replaced(params, span, to))).toEqual({
          ...JSON.parse(params),
          name: to,
        });
      }),
    );
  });
});

test('no text makes the parser throw anything but its own error', () => {
  const fragment = fc.constantFrom(
    '{',
    '}',
    '"jsonrpc":"2.0"',
    ',',
    '"id":1',
    '"method":"m"',
    '[',
    ']',
    '"result":{}',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 12 }), (parts) => {
      expect([undefined, rpc.parseError, rpc.invalidRequest]).toContain(codeOf(parts.join('')));
    }),
  );
});
