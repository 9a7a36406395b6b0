// What a hostile server answers, made by bending a good answer from a seed, and the corpus of such answers. Text is bytes
// kept as latin1, with places that are filled in when it is sent: `{{id}}` of the request, and `{{mark}}` of the call.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

const framings = ['length', 'chunked', 'close', 'short', 'long', 'broken-chunk', 'twice'] as const;
type Framing = (typeof framings)[number];
const codings = ['gzip', 'br', 'deflate'] as const;

export interface HttpCase {
  readonly name: string;
  /** Status line and headers, without those of the framing and the coding. */
  readonly head: readonly string[];
  readonly body: string;
  readonly framing: Framing;
  /** What the body is compressed with; `bomb` is 16 MiB of white space before it. */
  readonly coding?: (typeof codings)[number] | 'bomb';
  /** After how many bytes each write ends. */
  readonly cuts: readonly number[];
  /** What becomes of the connection; `forever` says that it lives until it is closed. */
  readonly ending: 'keep' | 'end' | 'reset' | 'forever';
}

export interface StdioCase {
  readonly name: string;
  readonly body: string;
  readonly cuts: readonly number[];
  readonly ending: 'stay' | 'exit' | 'forever';
}

interface Corpus {
  readonly http: readonly (HttpCase & { readonly is: 'answered' | 'lost' })[];
  readonly stdio: readonly (StdioCase & { readonly is: 'answered' | 'lost' })[];
}
export const corpus = (): Corpus =>
  JSON.parse(readFileSync(new URL('./corpus/upstream.json', import.meta.url), 'utf8')) as Corpus;

const result = '{"content":[{"type":"text","text":"HOSTILE {{mark}}"}]}';
const answer = (id: string, of: string = `"result":${result}`): string =>
  `{"jsonrpc":"2.0","id":${id},${of}}`;
export const good = answer('{{id}}');

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const fitting = fc.oneof(
  { weight: 6, arbitrary: fc.constant(good) },
  {
    weight: 2,
    arbitrary: fc
      .jsonValue({ maxDepth: 3 })
      .map((value) =>
        latin1(answer('{{id}}', `"result":{"structuredContent":{"HOSTILE":${JSON.stringify(value)}}}`)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ` \t${good}\n`,
      answer('{{id}}', '"error":{"code":-32050,"message":"HOSTILE {{mark}}"}'),
      answer('{{id}}', `"result":${result},"more":1`),
      answer('{{id}}', '"result":{"isError":true,"content":[],"HOSTILE":"{{mark}}"}'),
      answer('{{id}}', '"result":{"resultType":"input_required","HOSTILE":{},"inputRequests":{}}'),
      answer('{{id}}', '"result":{"__proto__":{"HOSTILE":1},"constructor":null}'),
    ),
  },
);

/** Ids that another reader could take for ours, and of others. */
const oddIds = [
  '"{{id}}"',
  '{{id}}.0',
  '{{id}}e0',
  '-{{id}}',
  '0{{id}}',
  '{{id}}1',
  'null',
  '1',
  '[{{id}}]',
  '1e400',
];
const odd = fc.constantFrom(
  ...oddIds.map((id) => answer(id)),
  answer('{{id}},"id":1'),
  answer('1,"id":{{id}}'),
  answer('{{id}}', `"result":${result},"result":${result}`),
  answer('{{id}}', '"result":{"HOSTILE":1,"HOSTILE":2}'),
  answer('{{id}}', '"result":{"HOSTILE":1,"\\u0048OSTILE":2}'),
  answer('{{id}}', `"result":${result},"error":{"code":1,"message":"HOSTILE"}`),
  ...[
    '[]',
    '"HOSTILE"',
    'null',
    '{"HOSTILE":1e400}',
    '{"HOSTILE":9007199254740993}',
    '{"HOSTILE":"\\ud800"}',
  ].map((of) => answer('{{id}}', `"result":${of}`)),
  answer('{{id}}', '"result":{"HOSTILE":"\xff\xfe"}'),
  answer('{{id}}', '"result":{"HOSTILE":"\xed\xa0\x80"}'),
  answer('{{id}}', '"result":{"HOSTILE":"\x00"}'),
  answer('{{id}}', `"result":{"HOSTILE":${'['.repeat(70)}${']'.repeat(70)}}`),
  answer('{{id}}', `"result":{"HOSTILE":"${'x'.repeat(70_000)}"}`),
  answer('{{id}}', '"error":{"code":"1","message":"HOSTILE"}'),
  answer('{{id}}', '"error":{"code":1.5,"message":"HOSTILE"}'),
  `[${good}]`,
  `${good}${good}`,
  `${good}x`,
  `\xef\xbb\xbf${good}`,
  good.replace('"2.0"', '2.0'),
  good.replace('"jsonrpc":"2.0",', ''),
  good.slice(0, -1),
  good.replace('"result"', '"method":"notifications/message","result"'),
  `{"jsonrpc":"2.0","id":{{id}}}`,
  `{"result":${result}}`,
  'null',
  '',
  'x'.repeat(70_000),
  '['.repeat(20_000),
);

/** What a server says besides: to everybody, to nobody, and what it wants to know. */
const said = fc.constantFrom(
  ...['message', 'progress', 'cancelled', 'tools/list_changed', 'nonsense'].map(
    (of) =>
      `{"jsonrpc":"2.0","method":"notifications/${of}","params":{"requestId":{{id}},"progressToken":{{id}},"progress":1}}`,
  ),
  ...[
    'ping',
    'sampling/createMessage',
    'roots/list',
    'elicitation/create',
    'tools/call',
    'x'.repeat(200),
  ].map((method) => `{"jsonrpc":"2.0","id":"{{id}}","method":"${method}","params":{}}`),
);
const message = fc.oneof(
  { weight: 5, arbitrary: fitting },
  { weight: 5, arbitrary: odd },
  { weight: 2, arbitrary: said },
);

const breakOf = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
const field = fc.oneof(
  fc.constantFrom(
    ...[
      ': ',
      ':',
      'id: {{id}}',
      'id:',
      'id: \x00',
      'id: \xff',
      'retry: 0',
      'retry: -1',
      'retry: 9999999',
      'retry: x',
    ],
    ...[
      'event: message',
      'event: error',
      'event:message',
      'event',
      'data',
      'data:',
      'Data: {}',
      ' data: x',
      'x: y',
      '\xff',
    ],
  ),
  fc.string({ maxLength: 12 }).map((text) => latin1(text).replace(/[\r\n]/g, '')),
);
const event = fc
  .tuple(
    fc.array(field, { maxLength: 3 }),
    message,
    breakOf,
    fc.constantFrom('data: ', 'data:', 'data:  '),
    fc.boolean(),
  )
  .map(([fields, text, end, before, split]) => {
    const lines = split ? text.replace(',', ',\n').split('\n') : [text];
    return [...fields, ...lines.map((line) => `${before}${line}`), '', ''].join(end);
  });
const events = fc
  .tuple(
    fc.constantFrom('', '', '', '\xef\xbb\xbf', '\n', ':\n\n'),
    fc.array(event, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '', 'data: x', `data: ${good}`, `data: ${good}\n`),
  )
  .map(([before, all, after]) => `${before}${all.join('')}${after}`);

const rarely = <T>(usual: T, ...odder: T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...odder) },
  );
const statusLine = rarely(
  ...([
    '200 OK',
    '201 Created',
    '202 Accepted',
    '204 No Content',
    '206 Partial Content',
    '304 Not Modified',
  ] as const),
  ...[
    '400 Bad Request',
    '401 Unauthorized',
    '404 Not Found',
    '500 Broken',
    '503 Later',
    '999 Odd',
    '101 Switching Protocols',
  ],
  ...['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'],
).map((status) => `HTTP/1.1 ${status}`);
const typeHeader = (usual: string) =>
  rarely(
    `Content-Type: ${usual}`,
    ...[
      'Content-Type: text/html',
      'Content-Type: application/json-seq',
      'Content-Type: text/event-stream, application/json',
    ],
    ...[
      `Content-Type: ${usual.toUpperCase()} ; charset=utf-16`,
      'X-None: 1',
      'Content-Type: multipart/mixed; boundary=x',
    ],
  );
const header = fc.constantFrom(
  ...[
    'Location: {{bystander}}',
    'Refresh: 0; url={{bystander}}',
    'Mcp-Session-Id: other',
    'Set-Cookie: a=b',
    'Link: <{{bystander}}>',
  ],
  ...[
    'Content-Encoding: identity',
    'Content-Encoding: zstd',
    'Content-Encoding: gzip, gzip',
    'Content-Location: {{bystander}}',
  ],
  ...[
    'Connection: Upgrade',
    'Upgrade: h2c',
    'Alt-Svc: h2="{{bystander}}"',
    'Trailer: content-type',
    `X-Long: ${'y'.repeat(20_000)}`,
  ],
);
const cuts = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(fc.nat({ max: 600 }), { minLength: 1, maxLength: 8 }) },
);

export const httpCases: fc.Arbitrary<HttpCase> = fc
  .tuple(fc.boolean(), cuts)
  .chain(([streams, cutAt]) =>
    fc.record(
      {
        name: fc.constant('made'),
        head: fc
          .tuple(
            statusLine,
            typeHeader(streams ? 'text/event-stream' : 'application/json'),
            fc.oneof(
              { weight: 3, arbitrary: fc.constant([]) },
              { weight: 1, arbitrary: fc.array(header, { maxLength: 2 }) },
            ),
          )
          .map(([status, type, more]) => [status, type, ...more]),
        body: streams ? events : message,
        framing: rarely<Framing>(streams ? 'chunked' : 'length', ...framings),
        coding: fc.oneof(
          { weight: 8, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.constantFrom(...codings, 'bomb' as const) },
        ),
        cuts: fc.constant(cutAt),
        ending: rarely<HttpCase['ending']>('keep', 'end', 'reset', 'forever'),
      },
      { requiredKeys: ['name', 'head', 'body', 'framing', 'cuts', 'ending'] },
    ),
  )
  .map(({ coding, ...rest }) => (coding === undefined ? rest : { ...rest, coding }));

export const stdioCases: fc.Arbitrary<StdioCase> = fc.record({
  name: fc.constant('made'),
  body: fc
    .array(fc.oneof({ weight: 5, arbitrary: message }, { weight: 1, arbitrary: field }), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((lines) => breakOf.map((end) => lines.map((line) => `${line}${end}`).join(''))),
  cuts,
  ending: rarely<StdioCase['ending']>('stay', 'exit', 'forever'),
});

const coded: Readonly<Record<NonNullable<HttpCase['coding']>, (body: Buffer) => Buffer>> = {
  gzip: (body) => gzipSync(body),
  br: (body) => brotliCompressSync(body),
  deflate: (body) => deflateSync(body),
  bomb: (body) => gzipSync(Buffer.concat([Buffer.alloc(16 * 1024 * 1024, ' '), body])),
};

/** The bytes that go over the wire. */
export function bytesOf({ head, body, framing, coding }: HttpCase, fill: (text: string) => string): Buffer {
  const plain = Buffer.from(fill(body), 'latin1');
  const bytes = coding === undefined ? plain : coded[coding](plain);
  const headers = [
    ...head.map(fill),
    ...(coding === undefined ? [] : [`Content-Encoding: ${coding === 'bomb' ? 'gzip' : coding}`]),
  ];
  const length = { length: 0, short: -1, long: 1, twice: 0 }[framing as 'length'];
  if (length !== undefined) headers.push(`Content-Length: ${Math.max(0, bytes.length + length)}`);
  if (framing === 'twice') headers.push(`Content-Length: ${bytes.length + 7}`);
  if (framing === 'close') headers.push('Connection: close');
  const isChunked = framing === 'chunked' || framing === 'broken-chunk';
  if (isChunked) headers.push('Transfer-Encoding: chunked');
  const written = isChunked ? chunks(bytes, framing === 'broken-chunk') : bytes;
  return Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\n\r\n`, 'latin1'), written]);
}

function chunks(bytes: Buffer, broken: boolean): Buffer {
  const at = Math.floor(bytes.length / 2);
  const parts = [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0);
  const written = parts.flatMap((part) => [`${part.length.toString(16)}\r\n`, part, '\r\n']);
  return Buffer.concat(
    [...written, broken ? 'ZZ\r\n' : '0\r\n\r\n'].map((part) =>
      Buffer.from(part as never, 'latin1' as never),
    ),
  );
}

/** In the pieces that the case says. */
export function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
  return ends.map((end, nth) => bytes.subarray(nth === 0 ? 0 : ends[nth - 1], end));
}
