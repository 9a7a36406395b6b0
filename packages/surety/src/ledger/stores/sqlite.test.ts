import { bodies, parseFact } from '@surety/proof/facts';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { NewFact } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import type { Append, AppendAnswer, Log, LogReader, Recorded } from '../log.ts';
import { logSalt } from '../opening.ts';
import { openReader } from './reader.ts';
import { newFolder, opened, optionsFor, refused } from './samples.fixture.ts';
import { type LogOptions, openLog } from './sqlite.ts';

const logs: Log[] = [];
const open = async (options: Partial<LogOptions> & { folder: string }): Promise<Log> => {
  const log = await openLog({ ...optionsFor(options.folder), ...options });
  logs.push(log);
  return log;
};
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (cause: unknown) => (cause instanceof LedgerError ? cause.code : cause),
  );
const factsOf = (log: LogReader) =>
  log.read(0, 10_000).map(({ bytes, position }) => parseFact(bytes, position));

afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

describe('a new log', () => {
  it('begins with its opening, then the process, by one emitter', async () => {
    const log = await open({ folder: newFolder() });
    const [first, second, ...rest] = factsOf(log);
    expect(first).toMatchObject({
      kind: 'log.opened',
      stream: 'log',
      streamVersion: 0,
      emitterSeq: 0,
      position: 0,
      body: { origin: 'ledger.example/test', logKey: 'log key', statementKey: 'statement key' },
    });
    expect(second).toMatchObject({
      kind: 'process.started',
      stream: `process/${first?.emitter}`,
      emitter: first?.emitter,
      emitterSeq: 1,
      body: { program: 'gateway', clock: 'system', tail: 'none' },
    });
    expect(rest).toEqual([]);
    expect(first?.emitter).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(log.origin).toBe('ledger.example/test');
  });

  it('keeps a salt of its own, which every reader finds', async () => {
    const [one, other] = [await open({ folder: newFolder() }), await open({ folder: newFolder() })];
    expect(logSalt(one)).toHaveLength(16);
    expect(logSalt(one)).toEqual(logSalt(one));
    expect(logSalt(one)).not.toEqual(logSalt(other));
  });

  it('needs an origin', async () => {
    const { origin: _, ...options } = optionsFor(newFolder());
    expect(await codeOf(openLog(options))).toBe('missing');
  });
});

describe('append', () => {
  it('writes the envelope in its fixed member order, exactly as specified', async () => {
    const log = await open({ folder: newFolder(), clock: () => 1234 });
    await log.append([{ stream: 's', facts: [opened('x'), refused('é "quoted"')] }]);
    const emitter = factsOf(log)[0]?.emitter;
    const text = log.read(3, 1).map(({ bytes }) => Buffer.from(bytes).toString())[0];
    const body = JSON.stringify(bodies['call.refused'](refused('é "quoted"').body, ''));
    expect(text).toBe(
      `{"v":1,"kind":"call.refused","log":"ledger.example/test","stream":"s","streamVersion":1,` +
        `"basis":[["other",3]],"emitter":"${emitter}","emitterSeq":3,"time":1234,"case":"case/1",` +
        `"agent":"buyer","user":"ann@acme.example","body":${body}}`,
    );
  });

  it('is conditional on every stream and writes nothing on a conflict', async () => {
    const log = await open({ folder: newFolder() });
    expect(await log.append([{ stream: 'a', expected: 0, facts: [opened('1')] }])).toEqual({
      positions: [2],
    });
    const answer = await log.append([
      { stream: 'b', expected: 0, facts: [opened('2')] },
      { stream: 'a', expected: 0, facts: [opened('3')] },
    ]);
    expect(answer).toEqual({ conflict: 'a' });
    expect(log.size()).toBe(3);
    expect(await log.version('b')).toBe(0);
    expect(await log.append([{ stream: 'a', expected: 1, facts: [] }])).toEqual({ positions: [] });
    expect(await log.append([{ stream: 'a', expected: 2, facts: [] }])).toEqual({ conflict: 'a' });
  });

  it('lets exactly one of many parallel appends have a version', async () => {
    const log = await open({ folder: newFolder() });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        log.append([{ stream: 'once', expected: 0, facts: [opened(`${n}`)] }]),
      ),
    );
    expect(answers.filter((answer) => 'positions' in answer)).toEqual([{ positions: [2] }]);
    expect(await log.version('once')).toBe(1);
  });

  it('behaves as the model says under random parallel appends', async () => {
    const stream = fc.constantFrom('a', 'b', 'c');
    const one = fc.record({
      stream,
      expected: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
      facts: fc.nat({ max: 3 }),
    });
    const appends = fc.array(fc.uniqueArray(one, { selector: (each) => each.stream, maxLength: 3 }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(appends, async (given) => {
        const log = await open({ folder: newFolder() });
        const asked = given.map((append) =>
          append.map(
            ({ stream: name, expected, facts }): Append => ({
              stream: name,
              ...(expected === undefined ? {} : { expected }),
              facts: Array.from({ length: facts }, () => opened(name)),
            }),
          ),
        );
        const answers = await Promise.all(asked.map((append) => log.append(append)));
        expect(answers).toEqual(model(asked));
        const facts = factsOf(log);
        expect(facts.map(({ position }) => position)).toEqual(facts.map((_, at) => at));
        expect(facts.map(({ emitterSeq }) => emitterSeq)).toEqual(facts.map((_, at) => at));
        const seen = new Map<string, number>();
        for (const fact of facts) {
          expect(fact.streamVersion).toBe(seen.get(fact.stream) ?? 0);
          seen.set(fact.stream, fact.streamVersion + 1);
        }
        await log.close();
      }),
      { numRuns: 12 },
    );
  });

  it('does so in one turn that takes several packets and several transactions', async () => {
    const log = await open({ folder: newFolder() });
    const padding = 'x'.repeat(700);
    const asked = Array.from({ length: 700 }, (_, n): Append[] => [
      // Every seventh is stale.
      {
        stream: `s${n % 5}`,
        ...(n % 7 === 3 ? { expected: 100_000 } : {}),
        facts: [opened(`${n} ${padding}`)],
      },
      { stream: 'all', facts: n % 2 === 0 ? [opened(`${n} one`), refused(`${n} two`, [`of ${n}`])] : [] },
    ]);
    const heard: Recorded[] = [];
    log.subscribe((recorded) => heard.push(...recorded));
    const answers = await Promise.all(asked.map((append) => log.append(append)));
    expect(answers).toEqual(model(asked));
    const facts = factsOf(log).slice(2);
    expect(facts).toHaveLength(
      answers.flatMap((answer) => ('positions' in answer ? answer.positions : [])).length,
    );
    expect(heard.map(({ fact }) => fact)).toEqual(facts);
    const disclosed = facts.flatMap((fact) =>
      fact.kind === 'call.refused' ? [[fact.position, `of ${fact.body.call.split(' ')[0]}`]] : [],
    );
    expect(log.disclosures(0, log.size()).slice(1)).toEqual(disclosed);
  });

  it('records time as the clock says it, backwards too', async () => {
    const times = [30, 20, 10];
    const log = await open({ folder: newFolder(), clock: () => times.shift() ?? 5, clockKind: 'injected' });
    await log.append([{ stream: 'a', facts: [opened('1')] }]);
    await log.append([{ stream: 'a', facts: [opened('2')] }]);
    expect(factsOf(log).map(({ time }) => time)).toEqual([30, 30, 20, 10]);
  });

  it('stores disclosures with the facts they belong to', async () => {
    const log = await open({ folder: newFolder() });
    await log.append([{ stream: 'a', facts: [opened('1'), refused('2', ['one', 'two'])] }]);
    await log.append([{ stream: 'a', facts: [refused('3', ['three'])] }]);
    expect(log.disclosures(2, 5)).toEqual([
      [3, 'one'],
      [3, 'two'],
      [4, 'three'],
    ]);
    expect(log.disclosures(3, 4)).toHaveLength(2);
  });

  it('refuses what would not parse as a fact, and only that', async () => {
    const log = await open({ folder: newFolder() });
    const bad: NewFact[] = [
      opened('lone \ud800 surrogate'),
      { kind: 'action.opened', body: { call: 1 } } as unknown as NewFact,
      { kind: 'action.opened', body: { call: 'x', more: 1 } } as unknown as NewFact,
      { kind: 'nothing.known', body: {} } as unknown as NewFact,
      { ...opened('x'), agent: 'No Agent' },
      { ...opened('x'), user: 'nobody' },
      { ...opened('x'), case: '\udfff' },
      { ...opened('x'), basis: [['a', -1]] },
      { ...opened('x'), basis: [['a', 1.5]] },
      { kind: 'policy.activated', body: { policy: 'p', hash: 'A'.repeat(43), cedar: { a: '\ud800' } } },
    ];
    for (const fact of bad)
      expect(await codeOf(log.append([{ stream: 'a', facts: [fact] }]))).toBe('invalid');
    expect(await codeOf(log.append([{ stream: '\ud800', facts: [opened('x')] }]))).toBe('invalid');
    for (const disclosures of [['two\nlines'], [''], ['whole', '']])
      expect(await codeOf(log.append([{ stream: 'a', facts: [refused('x', disclosures)] }]))).toBe('invalid');
    const twice = [
      { stream: 'a', facts: [opened('1')] },
      { stream: 'a', facts: [opened('2')] },
    ];
    expect(await codeOf(log.append(twice))).toBe('invalid');
    const literal = opened('a literal \\ud800 and a pair \u{1f600}');
    expect(await log.append([{ stream: 'a', facts: [literal] }])).toEqual({ positions: [2] });
    expect(factsOf(log)[2]).toMatchObject(literal);
  });

  it('takes a fact of 65,535 bytes and refuses one more, alone', async () => {
    const log = await open({ folder: newFolder() });
    await log.append([{ stream: 'a', facts: [opened('')] }]);
    const frame = log.read(2, 1)[0]?.bytes.length as number;
    const sized = (bytes: number): Append[] => [
      { stream: 'a', facts: [opened(`${'é'.repeat(10)}${'x'.repeat(bytes - frame - 20)}`)] },
    ];
    const answers = await Promise.all([
      codeOf(log.append(sized(65_536))),
      codeOf(log.append([{ stream: 'a', facts: [opened('between')] }])),
      codeOf(log.append(sized(65_535))),
      codeOf(log.append(sized(200_000))),
    ]);
    expect(answers).toEqual(['too-large', 'resolved', 'resolved', 'too-large']);
    expect(log.read(4, 1)[0]?.bytes.length).toBe(65_535);
  });

  it('refuses when the queue is full', async () => {
    const log = await open({ folder: newFolder(), queueMax: 3 });
    const codes = await Promise.all(
      Array.from({ length: 5 }, (_, n) => codeOf(log.append([{ stream: 'a', facts: [opened(`${n}`)] }]))),
    );
    expect(codes).toEqual(['resolved', 'resolved', 'resolved', 'full', 'full']);
    expect(await codeOf(log.append([{ stream: 'a', facts: [opened('again')] }]))).toBe('resolved');
  });

  it('resolves in the order made and is flushed when all before are', async () => {
    const log = await open({ folder: newFolder() });
    const order: number[] = [];
    for (let n = 0; n < 300; n++)
      void log.append([{ stream: `s${n}`, facts: [opened(`${n}`)] }]).then(() => order.push(n));
    await log.flushed();
    expect(order).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(log.size()).toBe(302);
  });
});

/** What the answers must be, if appends are taken one after the other. */
function model(appends: readonly (readonly Append[])[]): AppendAnswer[] {
  const versions = new Map<string, number>();
  const version = (stream: string): number => versions.get(stream) ?? 0;
  let size = 2;
  return appends.map((append) => {
    const stale = append.find(
      ({ stream, expected }) => expected !== undefined && expected !== version(stream),
    );
    if (stale !== undefined) return { conflict: stale.stream };
    const positions: number[] = [];
    for (const { stream, facts } of append) {
      versions.set(stream, version(stream) + facts.length);
      for (let fact = 0; fact < facts.length; fact++) positions.push(size++);
    }
    return { positions };
  });
}

describe('subscribers', () => {
  it('hear exactly what the bytes parse to, before the append resolves, in order', async () => {
    const log = await open({ folder: newFolder() });
    const heard: Recorded[] = [];
    const stop = log.subscribe((recorded) => heard.push(...recorded));
    const answer = await log.append([{ stream: 'a', facts: [opened('1'), refused('2', ['shown'])] }]);
    expect(answer).toEqual({ positions: [2, 3] });
    expect(heard).toHaveLength(2);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => log.append([{ stream: `s${n % 3}`, facts: [refused(`${n}`)] }])),
    );
    await log.append([{ stream: 's0', expected: 0, facts: [opened('conflict')] }]);
    expect(heard.map(({ fact }) => fact)).toEqual(factsOf(log).slice(2));
    expect(heard[1]?.disclosures).toEqual(['shown']);
    stop();
    await log.append([{ stream: 'a', facts: [opened('unheard')] }]);
    expect(heard).toHaveLength(22);
  });
});

describe('opening again', () => {
  it('names the predecessor, whose tail is clean if it stopped', async () => {
    const folder = newFolder();
    const first = await open({ folder });
    await first.close();
    const second = await open({ folder });
    const facts = factsOf(second);
    expect(facts.map(({ kind }) => kind)).toEqual([
      'log.opened',
      'process.started',
      'process.stopped',
      'process.started',
    ]);
    expect(facts[3]).toMatchObject({
      emitterSeq: 0,
      body: { predecessor: facts[0]?.emitter, tail: 'clean' },
    });
    expect(facts[3]?.emitter).not.toBe(facts[0]?.emitter);
  });

  it('goes on with positions and versions', async () => {
    const folder = newFolder();
    const first = await open({ folder });
    await first.append([{ stream: 'a', facts: [opened('1'), opened('2')] }]);
    await first.close();
    const second = await open({ folder });
    expect(await second.append([{ stream: 'a', expected: 2, facts: [opened('3')] }])).toEqual({
      positions: [6],
    });
  });

  it('refuses another origin and other keys, and leaves the log as it was', async () => {
    const folder = newFolder();
    await (await open({ folder })).close();
    const options = optionsFor(folder);
    expect(await codeOf(openLog({ ...options, origin: 'other.example' }))).toBe('wrong-log');
    expect(await codeOf(openLog({ ...options, logKey: 'other' }))).toBe('wrong-log');
    const reader = openReader(folder);
    expect(reader.size()).toBe(3);
    reader.close();
  });

  it('refuses a second writer, naming who has it, until the first is gone', async () => {
    const folder = newFolder();
    const first = await open({ folder });
    await expect(openLog(optionsFor(folder))).rejects.toThrow(`process ${process.pid} (gateway)`);
    expect(await codeOf(openLog(optionsFor(folder)))).toBe('held');
    await first.close();
    expect(await codeOf(first.append([{ stream: 'a', facts: [opened('late')] }]))).toBe('closed');
    await open({ folder });
  });
});

describe('a reader', () => {
  it('sees what is durable while the log is written', async () => {
    const folder = newFolder();
    expect(() => openReader(folder)).toThrow(LedgerError);
    const log = await open({ folder });
    const reader = openReader(folder);
    expect(reader.size()).toBe(2);
    await log.append([{ stream: 'a', facts: [opened('1')] }]);
    expect(reader.size()).toBe(3);
    expect(reader.version('a')).toBe(1);
    expect(reader.read(2, 1)).toEqual(log.read(2, 1));
    reader.close();
  });
});
