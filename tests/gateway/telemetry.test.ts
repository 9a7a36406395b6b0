// `surety up` as those who watch it see it: spans and metrics at a receiver of OTLP, `/metrics` as Prometheus reads it,
// and what the server behind it is told of the trace. Nothing of what was called with is in any of that.

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readExposition } from '../../packages/surety/src/telemetry/exposition.fixture.ts';
import { counters, gauges, histograms, totals } from '../../packages/surety/src/telemetry/instruments.ts';
import type { Program } from './program.fixture.ts';
import { attributeOf, Client, fetchFrom, prepared, Receiver, type Span } from './watchers.fixture.ts';

/** Each starts several processes: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const canary = 'canary-9d41';
const secret = 'otlp-secret-5c2e';
const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

describe('with everybody watching', () => {
  const receiver = new Receiver();
  let here: Program;
  let credential: string;
  let metrics: string;
  let log = '';
  let told: (string | undefined)[];

  beforeAll(async () => {
    process.env['OTLP_KEY'] = secret;
    const http = await receiver.open();
    here = await prepared(
      `telemetry: { otlp: { http: "${http}", headers: { x-key: "\${OTLP_KEY}" } }, prometheus: socket }`,
    );
    const { url, child } = await here.up();
    child.stderr?.on('data', (part: string) => {
      log += part;
    });
    credential = await here.credential('buyer');
    const client = await Client.open(url, credential);
    const meta = { traceparent: `00-${parent.traceId}-${parent.spanId}-00`, tracestate: `t=${canary}` };
    const inMeta = await client.call('look', { what: canary }, meta);
    const inHeader = await client.call('look', { what: canary, fail: true }, undefined, {
      traceparent: `00-${parent.traceId}-${parent.spanId}-01`,
    });
    await client.call('pay', { invoice: canary, amount: '12345.67', currency: 'USD' });
    await client.call(`made-up-${canary}`, { what: canary });
    told = [inMeta, inHeader].map(({ structuredContent }) => structuredContent?.meta.traceparent);
    metrics = (await fetchFrom(here.path('store/admin.sock'), '/metrics')).text;
    expect(await here.stop(child)).toBe(0);
  });
  afterAll(async () => {
    receiver.close();
    await here?.remove();
  });

  test('a trace goes on from the client to the server, in `_meta`', () => {
    const mine = receiver.spans().filter(({ traceId }) => traceId === parent.traceId);
    const [server, client] = [2, 3].map((kind) => mine.filter((span) => span.kind === kind)) as [
      Span[],
      Span[],
    ];
    expect(server.map(({ parentSpanId }) => parentSpanId)).toEqual([parent.spanId, parent.spanId]);
    expect(client.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
      server.map(({ spanId }) => spanId).sort(),
    );
    expect([...told].sort()).toEqual(client.map(({ spanId }) => `00-${parent.traceId}-${spanId}-01`).sort());
  });

  test('spans bear the names that the conventions give', () => {
    const [first] = receiver
      .spans()
      .filter(({ kind, traceId }) => kind === 2 && traceId === parent.traceId) as [Span];
    expect(first.name).toBe('tools/call erp.look');
    const attributes = Object.fromEntries(first.attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'erp.look',
      'gen_ai.agent.id': 'buyer',
      'jsonrpc.request.id': '2',
      'mcp.session.id': expect.any(String),
      'network.transport': 'tcp',
      'surety.decision': 'allow',
      'surety.call': expect.stringMatching(/^c-/),
    });
    const opened = receiver.spans().find(({ name }) => name === 'initialize');
    expect(opened?.kind).toBe(2);
    expect(attributeOf(opened as Span, 'gen_ai.agent.id')).toBe('buyer');
    const failed = receiver.spans().filter((span) => attributeOf(span, 'error.type') === 'tool_error');
    expect(failed.every(({ status }) => status.code === 2)).toBe(true);
    expect(
      receiver
        .spans()
        .every(
          ({ startTimeUnixNano, endTimeUnixNano }) => BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano),
        ),
    ).toBe(true);
  });

  test('a refusal says its code to those who watch, and nothing was sent', () => {
    const spans = receiver.spans().filter((span) => attributeOf(span, 'surety.decision') === 'deny');
    expect(spans.map((span) => attributeOf(span, 'surety.refusal.code')).sort()).toEqual([
      'checkpoint',
      'unknown-tool',
    ]);
    const sent = receiver
      .spans()
      .filter(({ kind, parentSpanId }) => kind === 3 && spans.some(({ spanId }) => spanId === parentSpanId));
    expect(sent).toEqual([]);
  });

  test('metrics are in the format of Prometheus, and count what the ledger holds', () => {
    const families = readExposition(metrics);
    const calls = families.get('surety_calls_total')?.samples ?? [];
    expect(calls.map(({ labels, value }) => ({ ...labels, value }))).toEqual(
      expect.arrayContaining([
        { tool: 'erp.look', effect: 'read', decision: 'allow', value: 2 },
        { tool: 'erp.pay', effect: 'spend', decision: 'deny', code: 'checkpoint', value: 1 },
        { tool: 'unlabelled', effect: 'execute', decision: 'deny', code: 'unknown-tool', value: 1 },
      ]),
    );
    expect(families.get('surety_upstream_up')?.samples).toEqual([
      { name: 'surety_upstream_up', labels: { server: 'erp' }, value: 1 },
    ]);
    const durations = families.get('mcp_server_operation_duration_seconds');
    expect(durations?.type).toBe('histogram');
    expect(families.get('surety_ledger_size')?.samples[0]?.value).toBeGreaterThan(10);
    expect(families.get('surety_budget_use_ratio')?.samples).toHaveLength(3);
    expect([...families.keys()].filter((name) => /_usd|amount/i.test(name))).toEqual([]);
  });

  test('the receiver gets every metric that there was something to say of, under its own name', () => {
    const known = new Set([counters, histograms, gauges, totals].flatMap((each) => Object.keys(each)));
    const sent = receiver.metricNames();
    expect([...sent].filter((name) => !known.has(name))).toEqual([]);
    for (const name of [
      'mcp.server.operation.duration',
      'surety.calls',
      'surety.ledger.size',
      'process.cpu.time',
    ])
      expect(sent).toContain(name);
    expect(new Set(receiver.bodies.map(({ key }) => key))).toEqual(new Set([secret]));
  });

  test('no argument, amount, invented name or credential is in spans, metrics or the log', () => {
    const everything = [...receiver.bodies.map(({ text }) => text), metrics, log].join('\n');
    for (const value of [
      canary,
      '12345.67',
      '1234567',
      credential,
      credential.slice(7, 30),
      secret,
      'Canaryname',
    ])
      expect(everything.includes(value), value).toBe(false);
  });
});

test('an address of its own answers to names of this host only, and only for /metrics', async () => {
  const here = await prepared('telemetry: { prometheus: "127.0.0.1:0" }');
  try {
    const { child, said } = await here.up();
    const [, address = ''] = /Metrics are served: (\S+)\/metrics/.exec(said()) ?? [];
    const answer = await fetch(`${address}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(readExposition(await answer.text()).size).toBeGreaterThan(5);
    expect((await fetch(`${address}/status`)).status).toBe(404);
    expect((await fetch(`${address}/metrics`, { method: 'POST' })).status).toBe(405);
    const { hostname, port } = new URL(address);
    const rebound = await new Promise<number>((resolve, reject) => {
      const asked = request(
        { hostname, port, path: '/metrics', headers: { host: 'evil.example' } },
        (each) => {
          each.resume();
          resolve(each.statusCode ?? 0);
        },
      );
      asked.on('error', reject).end();
    });
    expect(rebound).toBe(403);
    await here.stop(child);
  } finally {
    await here.remove();
  }
});

test('a receiver that is away: said once, calls go on, and the end comes all the same', async () => {
  const here = await prepared('telemetry: { otlp: { http: "http://127.0.0.1:9" } }');
  try {
    const { url, child } = await here.up();
    let log = '';
    child.stderr?.on('data', (part: string) => {
      log += part;
    });
    const client = await Client.open(url, await here.credential('buyer'));
    for (let nth = 0; nth < 5; nth += 1)
      expect(await client.call('look', { nth })).toHaveProperty('structuredContent');
    expect(await here.stop(child)).toBe(0);
    expect(log.match(/spans could not be sent/g)).toHaveLength(1);
  } finally {
    await here.remove();
  }
});

describe('the log', () => {
  const callsIn = async (...words: string[]) => {
    const here = await prepared('');
    try {
      const { url, child, said } = await here.up(...words);
      const client = await Client.open(url, await here.credential('buyer'));
      await client.call('look', { what: canary });
      await client.call('pay', { invoice: canary, amount: '12345.67', currency: 'USD' });
      await here.stop(child);
      return said();
    } finally {
      await here.remove();
    }
  };

  test('as JSON is JSON to the last line, and says each call by ids where that is wanted', async () => {
    const log = await callsIn('--log', 'json', '--log-level', 'debug');
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      lines.map(({ level, time, msg }) => [level, time, msg].every((each) => typeof each === 'string')),
    ).not.toContain(false);
    const calls = lines.filter(({ msg }) => msg === 'call');
    expect(calls).toMatchObject([
      {
        level: 'debug',
        agent: 'buyer',
        tool: 'erp.look',
        decision: 'allow',
        call: expect.stringMatching(/^c-/),
      },
      { tool: 'erp.pay', decision: 'deny', code: 'checkpoint', ms: expect.any(Number) },
    ]);
    for (const value of [canary, '12345.67', 'surety_']) expect(log).not.toContain(value);
  });

  test('for people is one line each, and says no call unless asked', async () => {
    const log = await callsIn();
    expect(log).toMatch(/^\d{4}-\S+Z info {2}ready on port \d+/m);
    expect(log).not.toMatch(/ call | canary|erp\.look/);
  });
});

test('off, nobody is told anything', async () => {
  const here = await prepared('');
  try {
    const { url, child } = await here.up();
    expect((await fetchFrom(here.path('store/admin.sock'), '/metrics')).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    const client = await Client.open(url, await here.credential('buyer'));
    const traceparent = `00-${parent.traceId}-${parent.spanId}-01`;
    const passed = await client.call('look', {}, { traceparent });
    expect(passed.structuredContent?.meta.traceparent).toBe(traceparent);
    await here.stop(child);
  } finally {
    await here.remove();
  }
});
