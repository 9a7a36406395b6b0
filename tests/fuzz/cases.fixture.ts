// What the fuzzer sends: requests made by bending a good one, from a seed, and those of the corpus. Each is bytes, with
// places that are filled in when it is sent: `{{credential}}`, `{{host}}` and `{{mark}}`, which is different in each.

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';

export interface Case {
  readonly name: string;
  readonly text: string;
  /** After how many bytes each write ends. */
  readonly cuts: readonly number[];
}

const folder = new URL('./corpus/', import.meta.url);

/** Bytes are kept as latin1, so that a file holds exactly what is sent. */
export const corpus = (): Case[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.http'))
    .sort()
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'latin1'), cuts: [] }));

/** Pieces of JSON that parsers differ about, or that a message must not have. */
const oddJson = fc.constantFrom(
  ...[
    '',
    ' ',
    'null',
    '[]',
    '{}',
    '[{}]',
    '"',
    '{"jsonrpc":"2.0"}',
    '\ufeff{}',
    '{"a":1,"a":2}',
    '1e400',
    '-0',
    '01',
    '1.0',
  ],
  ...[
    '9007199254740993',
    '0.1e1',
    '"\\ud800"',
    '"\\u0000"',
    '{"__proto__":{}}',
    '{"constructor":1}',
    'NaN',
    "'a'",
    '//',
    '[1,]',
  ],
  ...[
    '['.repeat(70),
    '{"a":'.repeat(70),
    '\u0000',
    '\xff',
    '\xc0\xaf',
    '\xed\xa0\x80',
    '"\t"',
    '"\u2028"',
    'tru',
    '{"id":null}',
  ],
);

const args = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
      .map((each) => JSON.stringify(each)),
  },
  { weight: 1, arbitrary: oddJson },
);
const pick = (right: string, ...wrong: string[]) =>
  fc.oneof(
    { weight: 25, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );

const id = pick('1', '"a"', 'null', '1.5', '1e3', '{}', '9007199254740993', '""', '-1', '01');
const method = pick(
  'tools/call',
  'tools/list',
  'initialize',
  'ping',
  'constructor',
  '',
  'server/discover',
  'x\\u0000',
  'notifications/x',
);
const version =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';
const meta = pick(
  `{${version}}`,
  '{}',
  'null',
  '1',
  `{${version},${version}}`,
  '{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}',
);
const tool = pick(
  'look',
  'note',
  'hang2',
  '',
  'a.b',
  '__proto__',
  '../look',
  'l\\u006fok',
  'x'.repeat(300),
  'look\\n',
);

const body = fc
  .record({
    id,
    method,
    meta,
    tool,
    args,
    jsonrpc: pick('"2.0"', '"1.0"', '2', 'null'),
    more: pick('', ',"x":1', ',"id":2', ',"result":{}', ',"params":{}'),
  })
  .map(
    (each) =>
      `{"jsonrpc":${each.jsonrpc},"id":${each.id},"method":"${each.method}","params":{"name":"${each.tool}",` +
      `"arguments":{"mark":"{{mark}}","a":${each.args}},"_meta":${each.meta}}${each.more}}`,
  );

const edits = fc.array(fc.record({ at: fc.nat(), put: oddJson, cut: fc.nat({ max: 3 }) }), {
  minLength: 1,
  maxLength: 2,
});
/** Bytes of the body put in, taken away or changed. */
const bent = fc
  .tuple(body, fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: edits }))
  .map(([text, edits]) =>
    edits.reduce((now, { at, put, cut }) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + put + now.slice(place + cut);
    }, text),
  );

const oddHeader = fc.constantFrom(
  ...[
    'Content-Length: 0',
    'Content-Length: -1',
    'Content-Length: 1e3',
    'Content-Length : 3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
  ],
  ...[
    'Transfer-Encoding: chunked, identity',
    'Content-Encoding: gzip',
    'Expect: 100-continue',
    'Expect: x',
    'Upgrade: h2c',
    'Connection: upgrade',
  ],
  ...[
    'Authorization: Bearer x',
    'Mcp-Name: note',
    'Mcp-Method: ping',
    'Mcp-Session-Id: x',
    'Mcp-Protocol-Version: 2025-11-25',
    'Host: evil.example',
  ],
  ...[
    'Origin: null',
    'Accept: text/html',
    'Content-Type: text/plain',
    ' folded',
    'A\u0000: b',
    'A: b\nB: c',
    ': x',
    'x',
    'A: \xff',
    'Surety-Case: \t',
  ],
);
const path = pick(
  '/mcp/erp',
  '/mcp',
  '/',
  '/mcp/erp/',
  '/mcp/../mcp',
  '*',
  'http://x/mcp',
  '/v1/decide',
  '/v1/approvals',
  '/v1/cases',
  '/%00',
  '/mcp?a=%',
);
const verb = pick('POST', 'GET', 'DELETE', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'post', 'X', 'M-SEARCH');
const protocol = pick('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.1x', '');
const lineEnd = fc.oneof(
  { weight: 30, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n') },
);
/** How long the body says it is, against how long it is. */
const length = fc.oneof(
  { weight: 25, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1, 7, 100_000) },
);

const made = fc.record({
  body: bent,
  verb,
  path,
  protocol,
  lineEnd,
  length,
  chunked: fc.boolean(),
  odd: fc.array(oddHeader, { maxLength: 2 }),
});

export const cases: fc.Arbitrary<Case> = fc
  .record({ made, cuts: fc.array(fc.nat({ max: 400 }), { maxLength: 3 }), oddly: fc.nat({ max: 7 }) })
  .map(
    ({
      made: { body: text, verb: how, path: where, protocol: as, lineEnd: end, length: off, chunked, odd },
      cuts,
      oddly,
    }) => {
      const filled = Buffer.from(text, 'utf8').toString('latin1');
      const marks = filled.split('{{mark}}').length - 1;
      const size = filled.length + marks * (markLength - '{{mark}}'.length);
      const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${Math.max(0, size + off)}`;
      const sent = chunked ? `${(size + Math.max(0, off)).toString(16)}\r\n${filled}\r\n0\r\n\r\n` : filled;
      // Seven of eight keep to the headers, so that the message itself is reached.
      const headers = [...base, framing, ...(oddly === 0 ? odd : [])];
      const first = [how, where, as].filter(Boolean).join(' ');
      return { name: 'made', text: `${[first, ...headers, '', ''].join(end)}${sent}`, cuts };
    },
  );

/** Marks are of one length, so that a body's length can be known before. */
export const markLength = 12;
const base = [
  'Host: {{host}}',
  'Authorization: Bearer {{credential}}',
  'Content-Type: application/json',
  'Accept: application/json, text/event-stream',
  'Mcp-Protocol-Version: 2026-07-28',
  'Mcp-Method: tools/call',
  'Mcp-Name: look',
  'Connection: close',
];
