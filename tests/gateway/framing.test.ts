// Requests that two readers could read differently, as raw bytes on a socket of a started Surety: none is half taken.
// What follows a refused request on its connection is never read, and nothing of it reaches a server.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Siege, statusesIn } from './siege.fixture.ts';

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.start();
}, 180_000);
afterAll(() => siege?.end());

let nth = 0;
/** Somebody else's work goes on, whatever was sent. */
afterEach(async () => {
  const mark = `works-${nth++}`;
  expect((await siege.call('look', { mark }, 'second')).status).toBe(200);
  expect(siege.reached(mark)).toBe(1);
  expect(siege.child?.exitCode).toBeNull();
});

const last = 'Connection: close';
const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');
/** Lines of the headers of a call, without those about its body. */
const head = (tool = 'look') =>
  Object.entries({ host: '127.0.0.1', ...siege.headers(tool) }).map(([name, value]) => `${name}: ${value}`);
const call = (mark: string) => siege.callText('look', { mark });
const whole = (mark: string, ...more: string[]) => {
  const body = call(mark);
  return `${lines('POST /mcp/erp HTTP/1.1', ...head(), `Content-Length: ${body.length}`, ...more, '')}${body}`;
};
const chunked = (body: string, extension = '') =>
  `${body.length.toString(16)}${extension}\r\n${body}\r\n0\r\n\r\n`;

describe('a request of two lengths is refused, and what hides in it is not read', () => {
  // It ends the connection, if it is taken for a request.
  let hidden = 0;
  test.each<[string, (smuggled: string) => string]>([
    [
      'Content-Length before Transfer-Encoding (CL.TE)',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 5', 'Transfer-Encoding: chunked', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'Transfer-Encoding before Content-Length (TE.CL)',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', 'Content-Length: 4', '')}${chunked(smuggled)}`,
    ],
    [
      'two lengths that differ',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 0', `Content-Length: ${smuggled.length}`, '')}${smuggled}`,
    ],
    [
      'two lengths that agree',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 2', 'Content-Length: 2', '')}{}${smuggled}`,
    ],
    [
      'a list of lengths',
      (smuggled) => `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 2, 2', '')}{}${smuggled}`,
    ],
    [
      'a length with a sign',
      (smuggled) => `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: +2', '')}{}${smuggled}`,
    ],
    [
      'a length in another base',
      (smuggled) => `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 0x2', '')}{}${smuggled}`,
    ],
    [
      'a space before the colon',
      (smuggled) => `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length : 2', '')}{}${smuggled}`,
    ],
    [
      'a coding twice',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'a coding after chunked',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked, identity', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'a coding that would have to be undone',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: gzip, chunked', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'a coding behind a control character',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: \x0bchunked', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'a folded header (obs-fold)',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding:', ' chunked', '')}0\r\n\r\n${smuggled}`,
    ],
    [
      'bare line feeds',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Content-Length: 2', '').replaceAll('\r', '')}{}${smuggled}`,
    ],
    [
      'one bare line feed',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'A: b\nContent-Length: 2', '')}{}${smuggled}`,
    ],
    [
      'a bare carriage return',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'A: b\rContent-Length: 2', '')}{}${smuggled}`,
    ],
    [
      'a zero byte in a header',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'A: b\0', 'Content-Length: 2', '')}{}${smuggled}`,
    ],
    [
      'a chunk whose size overflows',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', '')}fffffffffffffffff1\r\n${smuggled}`,
    ],
    [
      'a chunk with bare line feeds',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', '')}0\n\n${smuggled}`,
    ],
    [
      'a line feed in the extension of a chunk (TERM.EXT)',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', '')}2;\n${smuggled}`,
    ],
    [
      'a chunk that is longer than it says',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.1', ...head(), 'Transfer-Encoding: chunked', '')}2\r\n{}x\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'chunks in HTTP/1.0',
      (smuggled) =>
        `${lines('POST /mcp/erp HTTP/1.0', ...head(), 'Connection: keep-alive', 'Transfer-Encoding: chunked', '')}0\r\n\r\n${smuggled}`,
    ],
    ['HTTP/2 in clear text', (smuggled) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`],
    [
      'a version of its own',
      (smuggled) => `${lines('POST /mcp/erp HTTP/2.0', ...head(), 'Content-Length: 2', '')}{}${smuggled}`,
    ],
  ])('%s', async (_, first) => {
    const mark = `smuggled-${hidden++}`;
    const statuses = statusesIn(await siege.raw(first(whole(mark, last))));
    expect(statuses.length).toBeLessThanOrEqual(1);
    for (const status of statuses) expect([400, 413, 501]).toContain(status);
    expect(siege.reached(mark)).toBe(0);
  });
});

describe('what is of one meaning is taken once', () => {
  test('requests that come together are answered in their order', async () => {
    const marks = ['first', 'second', 'third'].map((each) => `pipelined-${each}`);
    const heard = await siege.raw(marks.map((mark, at) => whole(mark, ...(at === 2 ? [last] : []))).join(''));
    expect(statusesIn(heard)).toEqual([200, 200, 200]);
    expect(
      marks.map((mark) => heard.indexOf(mark)).every((at, index, all) => at > (all[index - 1] ?? 0)),
    ).toBe(true);
    for (const mark of marks) expect(siege.reached(mark)).toBe(1);
  });

  test('one behind a refused one is answered for itself, or not at all', async () => {
    const heard = await siege.raw(
      `${lines('POST /nowhere HTTP/1.1', 'host: 127.0.0.1', 'Content-Length: 2', '')}{}${whole('behind', last)}`,
    );
    const statuses = statusesIn(heard);
    expect(statuses[0]).toBe(404);
    expect(siege.reached('behind')).toBe(statuses[1] === 200 ? 1 : 0);
  });

  test('chunks with extensions, and one byte at a time, are the same body', async () => {
    const body = call('in-chunks');
    const sent = `${lines('POST /mcp/erp HTTP/1.1', ...head(), last, 'Transfer-Encoding: chunked', '')}${chunked(body, ';a="b"')}`;
    expect(statusesIn(await siege.raw(sent))).toEqual([200]);
    const socket = await siege.socket();
    const answered = new Promise<string>((resolve) =>
      socket.once('data', (part) => resolve(part.toString('latin1'))),
    );
    for (const byte of Buffer.from(whole('byte-by-byte'))) socket.write(Buffer.of(byte));
    expect(await answered).toContain('200 OK');
    socket.destroy();
    expect([siege.reached('in-chunks'), siege.reached('byte-by-byte')]).toEqual([1, 1]);
  });

  test('a credential in a trailer is none', async () => {
    const without = head().filter((line) => !line.startsWith('authorization'));
    const body = call('trailing');
    const heard = await siege.raw(
      `${lines('POST /mcp/erp HTTP/1.1', ...without, last, 'Transfer-Encoding: chunked', 'Trailer: Authorization', '')}` +
        `${body.length.toString(16)}\r\n${body}\r\n0\r\nAuthorization: ${siege.bearer()}\r\n\r\n`,
    );
    expect(statusesIn(heard)[0]).toBe(401);
    expect(siege.reached('trailing')).toBe(0);
  });
});

describe('paths and headers', () => {
  test.each([
    ...[
      '/mcp/erp/',
      '//mcp/erp',
      '/mcp//erp',
      '/mcp/./erp',
      '/mcp/../mcp/erp',
      '/mcp%2ferp',
      '/%6dcp/erp',
      '/mcp/%65rp',
    ],
    ...[
      '/MCP/erp',
      '/mcp/erp;x',
      '/mcp/erp%00',
      '/mcp\\erp',
      '/v1/../mcp/erp',
      '/healthz/../mcp/erp',
      '*',
      '/mcp/erp#x',
    ],
    ...[
      'http://127.0.0.1/mcp/erp',
      'http://evil.example/mcp/erp',
      'evil.example:443',
      '/mcp/constructor',
      '/mcp/__proto__',
    ],
  ])('%s is no address of a server', async (path) => {
    const body = call('odd-path');
    const heard = await siege.raw(
      `${lines(`POST ${path} HTTP/1.1`, ...head(), last, `Content-Length: ${body.length}`, '')}${body}`,
    );
    for (const status of statusesIn(heard)) expect([400, 404, 405]).toContain(status);
    expect(siege.reached('odd-path')).toBe(0);
  });

  test.each([
    ['a second credential', (): string[] => [`Authorization: ${siege.bearer('second')}`]],
    ['a second type', () => ['Content-Type: text/plain']],
    ['a second name', () => ['Mcp-Name: note']],
    ['a second version', () => ['Mcp-Protocol-Version: 2025-11-25']],
    ['a second host', () => ['Host: evil.example']],
    ['a second origin', () => ['Origin: http://127.0.0.1', 'Origin: http://evil.example']],
    ['two cases', () => ['Surety-Case: a', 'Surety-Case: b']],
  ])('%s is refused, not chosen from', async (_, more) => {
    const heard = await siege.raw(whole('twice-said', last, ...more()));
    expect(statusesIn(heard)[0]).toBe(400);
    expect(siege.reached('twice-said')).toBe(0);
  });

  test('what a proxy would say about somebody is believed by nobody', async () => {
    const { authorization, ...rest } = siege.headers('look');
    for (const name of [
      'x-forwarded-for',
      'x-real-ip',
      'x-original-url',
      'x-forwarded-user',
      'x-authenticated-agent',
    ])
      expect((await siege.ask('/mcp/erp', call('claimed'), { ...rest, [name]: 'buyer' })).status).toBe(401);
    const overridden = {
      ...siege.headers('look'),
      'x-http-method-override': 'DELETE',
      'x-forwarded-host': 'evil.example',
    };
    expect((await siege.ask('/mcp/erp', call('overridden'), overridden)).status).toBe(200);
    expect([siege.reached('claimed'), siege.reached('overridden')]).toEqual([0, 1]);
    expect(authorization).toContain('Bearer');
  });

  test('headers above their bound, or without end, are cut off', async () => {
    const large = await siege.raw(
      `${lines('POST /mcp/erp HTTP/1.1', ...head(), last, `A: ${'x'.repeat(100_000)}`, '')}`,
    );
    expect(statusesIn(large)).toEqual([431]);
    const many = await siege.raw(
      lines(
        'POST /mcp/erp HTTP/1.1',
        ...head(),
        ...Array.from({ length: 5_000 }, (_, at) => `A${at}: b`),
        '',
      ),
    );
    expect(statusesIn(many).every((status) => status >= 400 && status < 500)).toBe(true);
    const socket = await siege.socket();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('GET / HTTP/1.1\r\nA: ');
    const more = (error?: Error | null): void => {
      if (error === undefined || error === null) socket.resume().write('x'.repeat(10_000), more);
    };
    more();
    await closed;
  });
});

describe('DNS rebinding (CVE-2025-66414, CVE-2025-66416, CVE-2026-59950: MCP SDKs; CVE-2025-49596: MCP Inspector)', () => {
  const foreign = { host: 'evil.example' };
  const visiting = { origin: 'http://evil.example' };

  test.each(['/mcp', '/mcp/erp', '/v1/cases', '/v1/decide', '/v1/approvals', '/healthz', '/nowhere'])(
    '%s is not for a page of another site, whatever name it came under',
    async (path) => {
      for (const said of [
        foreign,
        visiting,
        { origin: 'null' },
        { host: '127.0.0.1.evil.example' },
        { host: 'a@127.0.0.1' },
      ]) {
        const answer = await siege.ask(path, call('rebound'), { ...siege.headers('look'), ...said });
        expect(answer.status, JSON.stringify(said)).toBe(403);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      expect(siege.reached('rebound')).toBe(0);
    },
  );

  test('a question of a browser before its request is answered with no permission', async () => {
    const asked = {
      ...visiting,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const answer = await siege.ask('/mcp', undefined, asked, 'OPTIONS');
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
