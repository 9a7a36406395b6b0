import { afterEach, describe, expect, test } from 'vitest';
import type { UpstreamReply } from './port.ts';
import type { StdioOptions, StdioUpstream } from './stdio.ts';
import { call, scripted } from './surroundings.fixture.ts';

const opened: StdioUpstream[] = [];
const start = (mode = 'plain', options: Partial<StdioOptions> = {}) => {
  const upstream = scripted(mode, options);
  opened.push(upstream);
  return upstream;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

const params = (name: string, args: object = {}) => JSON.stringify({ name, arguments: args });
const textOf = (reply: UpstreamReply): string => {
  if (reply.is !== 'result') throw new Error(`no result but ${reply.is}`);
  return (reply.value.content as { text: string }[])[0]?.text ?? '';
};
const env = async (upstream: StdioUpstream) => JSON.parse(textOf(await upstream.ask(call(params('env')))));
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a server that behaves', () => {
  test('is asked with its params as they are, on one line', async () => {
    const upstream = start();
    const reply = await upstream.ask(call('{"name":"echo",\r\n"arguments":{"a":1.0,"b":"\\n"}}'));
    expect(textOf(reply)).toBe(
      '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo",  "arguments":{"a":1.0,"b":"\\n"}}}',
    );
  });

  test('answers many at once, each its own', async () => {
    const upstream = start();
    const asked = Array.from({ length: 100 }, (_, n) => upstream.ask(call(params('echo', { n }))));
    const heard = (await Promise.all(asked)).map((reply) => JSON.parse(textOf(reply)).params.arguments.n);
    expect(heard).toEqual([...heard.keys()]);
  });

  test('lists all pages once, and anew after it says so', async () => {
    const upstream = start('plain', { listMaxAgeMs: 1e9 });
    const before = await upstream.list('tools');
    expect(before.map(({ name }) => name)).toEqual(['echo', 'hang', 'die']);
    expect(before[0]?.text).toBe('{ "name":"echo", "inputSchema":{"type":"object"},"weight":1.0 }');
    expect(await upstream.list('tools')).toBe(before);
    await upstream.ask(call(params('grows')));
    expect((await upstream.list('tools')).map(({ name }) => name)).toEqual([
      'echo',
      'hang',
      'die',
      'grown-3',
    ]);
  });

  test('sees only the environment that was given to it', async () => {
    process.env['SURETY_TEST_SECRET'] = 'do not pass on';
    const seen = await env(start('plain', { env: { ERP_USER: 'clerk' } }));
    delete process.env['SURETY_TEST_SECRET'];
    expect(seen).toMatchObject({ ERP_USER: 'clerk', PATH: process.env['PATH'] });
    expect(Object.keys(seen).filter((name) => !['ERP_USER', 'PATH', 'HOME'].includes(name))).toEqual([]);
  });

  test('may ask nothing of us', async () => {
    const heard = JSON.parse(textOf(await start().ask(call(params('asks')))));
    expect(heard).toMatchObject({ id: 'q', error: { code: -32601 } });
  });

  test('is heard on standard error', async () => {
    const heard: string[] = [];
    const upstream = start('plain', { onStderr: (text) => heard.push(text) });
    await upstream.describe();
    await upstream.close();
    expect(heard.join('')).toBe('scripted server is up\n');
  });

  test('answers what it still can before it ends', async () => {
    expect(textOf(await start().ask(call(params('die-after'))))).toBe('done');
  });
});

describe('a server that does not', () => {
  test('hangs: the call is lost, the next one is not', async () => {
    const upstream = start();
    await upstream.describe();
    expect(await upstream.ask(call(params('hang'), { timeoutMs: 50 }))).toEqual({
      is: 'lost',
      cause: 'no answer in time',
    });
    expect((await upstream.ask(call(params('echo')))).is).toBe('result');
  });

  test('dies in the middle of calls: they are lost; a new process answers the next', async () => {
    const upstream = start();
    const replies = await Promise.all(
      ['hang', 'die', 'hang'].map((name) => upstream.ask(call(params(name)))),
    );
    expect(replies.map(({ is }) => is)).toEqual(['lost', 'lost', 'lost']);
    expect((await upstream.ask(call(params('echo')))).is).toBe('result');
  });

  test('keeps dying: started ever later, and nothing is sent meanwhile', async () => {
    const upstream = start();
    const outcomes = [];
    for (let attempt = 0; attempt < 4; attempt++) outcomes.push((await upstream.ask(call(params('die')))).is);
    expect(outcomes.slice(0, 2)).toEqual(['lost', 'lost']);
    expect(outcomes).toContain('not-sent');
  });

  test.each([
    ['cannot be started', { command: '/nonexistent/program' }, 'plain'],
    ['ends at once', {}, 'no-start'],
    ['speaks another protocol', {}, 'old'],
    ['never says hello', { startTimeoutMs: 50 }, 'mute'],
  ])('%s: nothing is sent', async (_, options, mode) => {
    const upstream = start(mode, options);
    expect((await upstream.ask(call(params('echo')))).is).toBe('not-sent');
    await expect(upstream.describe()).rejects.toMatchObject({ name: 'UpstreamError' });
    await expect(upstream.list('tools')).rejects.toMatchObject({ name: 'UpstreamError' });
  });

  test('does not start: people are told its last words, without what it got from us', async () => {
    const told: string[] = [];
    const script = `console.error('starting\\nno access with ' + process.env.TOKEN); process.exit(3)`;
    const upstream = start('plain', {
      command: process.execPath,
      args: ['-e', script],
      env: { TOKEN: 'canary-secret' },
      onProblem: (problem) => told.push(problem),
    });
    await expect(upstream.describe()).rejects.toMatchObject({ name: 'UpstreamError' });
    expect(told.join()).toMatch(/it did not start: .*; it wrote last: no access with \*\*\*/);
    expect(told.join()).not.toContain('canary');
  });

  test('writes what is no message: counted, and the stream goes on', async () => {
    const upstream = start();
    expect((await upstream.ask(call(params('garbage'), { timeoutMs: 100 }))).is).toBe('lost');
    expect((await upstream.ask(call(params('echo')))).is).toBe('result');
    expect(upstream.nonsense.get('not-a-message')).toBe(1);
  });

  test('answers ambiguously: lost at once', async () => {
    const upstream = start('plain', { timeoutMs: 1e8 });
    const reply = await upstream.ask(call(params('duplicate-names')));
    expect(reply).toEqual({ is: 'lost', cause: 'the answer cannot be read' });
  });

  test('answers twice, or to nobody: counted, and given to nobody', async () => {
    const upstream = start();
    expect(textOf(await upstream.ask(call(params('twice'))))).toBe('one');
    expect((await upstream.ask(call(params('unknown-id')))).is).toBe('result');
    expect(upstream.nonsense.get('unknown-id')).toBe(2);
  });

  test('never ends a line: ended, and the call is lost', async () => {
    const upstream = start('plain', { answerBytesMax: 1_000_000 });
    expect((await upstream.ask(call(params('never-a-newline')))).is).toBe('lost');
    expect(upstream.nonsense.get('line-too-long')).toBe(1);
    expect((await upstream.ask(call(params('echo')))).is).toBe('result');
  });

  test('stops reading: what waited here is not sent, what was handed over is lost', async () => {
    const upstream = start('deaf', { timeoutMs: 500 });
    await upstream.describe();
    const asked = Array.from({ length: 20 }, () =>
      upstream.ask(call(params('echo', { x: 'x'.repeat(100_000) }))),
    );
    const outcomes = (await Promise.all(asked)).map(({ is }) => is);
    const firstUnsent = outcomes.indexOf('not-sent');
    expect(firstUnsent).toBeGreaterThan(0);
    expect(outcomes).toEqual(outcomes.map((_, at) => (at < firstUnsent ? 'lost' : 'not-sent')));
  });

  test('is asked too much at once: the rest is not sent', async () => {
    const upstream = start('plain', { inFlightMax: 2, timeoutMs: 100 });
    const replies = await Promise.all([1, 2, 3].map(() => upstream.ask(call(params('hang')))));
    expect(replies.map(({ is }) => is)).toEqual(['lost', 'lost', 'not-sent']);
  });
});

describe('closing', () => {
  test('ends the process, what is in flight is lost, and nothing is started again', async () => {
    const upstream = start('plain', { args: pidArgs });
    const { pid } = JSON.parse(textOf(await upstream.ask(call(params('pid')))));
    expect(alive(pid)).toBe(true);
    const hanging = upstream.ask(call(params('hang')));
    // Written after it, so that it was written.
    await upstream.ask(call(params('echo')));
    await upstream.close();
    expect((await hanging).is).toBe('lost');
    expect(alive(pid)).toBe(false);
    expect(await upstream.ask(call(params('echo')))).toMatchObject({ is: 'not-sent' });
  });

  test('ends a process that does not want to', async () => {
    const upstream = start('plain', { args: pidArgs, graceMs: 50, env: { STUBBORN: '1' } });
    const { pid } = JSON.parse(textOf(await upstream.ask(call(params('pid')))));
    await upstream.close();
    expect(alive(pid)).toBe(false);
  });
});

/** A server that tells its process number, and ignores every friendly way to end it if `STUBBORN`. */
const pidServer = `
  if (process.env.STUBBORN) { process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); }
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    const info = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'p', version: '1' } };
    const result = method === 'initialize' ? info : { content: [{ type: 'text', text: JSON.stringify({ pid: process.pid }) }] };
    if (id !== undefined && params?.name !== 'hang') console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });`;
const pidArgs = ['--eval', pidServer];
