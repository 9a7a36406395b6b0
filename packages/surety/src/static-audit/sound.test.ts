import { reliesOn, type Standing } from '@surety/proof/changes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { files as houseFiles, TestHouse } from '../house.fixture.ts';
import { auditDeclarations } from './audit.ts';
import { type Finding, findingId } from './finding.ts';
import { Rehearsal, replay } from './rehearsal.ts';
import { defaults, standingWith, type Written } from './written.fixture.ts';

const found = async (written: Written | Readonly<Record<string, string>>): Promise<readonly Finding[]> =>
  auditDeclarations(await standingWith(written)).findings;

describe('the audit', () => {
  it('says the same each time, in an order that does not hang on that of the declarations', async () => {
    const standing = await standingWith(houseFiles);
    const backwards = new Map([...standing].reverse());
    const plain = (each: Finding) => ({ ...each });
    expect(auditDeclarations(backwards).findings.map(plain)).toEqual(
      auditDeclarations(standing).findings.map(plain),
    );
  });

  it('keeps the id of a finding, however it is worded', () => {
    expect(findingId('gap', { agent: 'buyer', tool: 'erp.pay' })).toBe(
      findingId('gap', { tool: 'erp.pay', agent: 'buyer' }),
    );
    expect(findingId('gap', { agent: 'buyer', tool: 'erp.pay' })).toBe('f-PmIz9hKORbsD');
  });

  it('downgrades what the gate does not show: the budget lets no such call through', async () => {
    const agents = '  buyer: { owner: lena@acme.example, budget: { amount: 1, currency: USD, per: day } }';
    const checkpoints = '  - { id: c, before: erp.pay, when: "money > 500", approve: { function: finance } }';
    const findings = await found({ agents, checkpoints });
    const asks = findings.find(({ kind }) => kind === 'requester-approves');
    expect([asks?.level, asks?.shown, asks?.trace]).toEqual(['note', 'not-replayed', undefined]);
  });

  it('tries the currency of the budget too', async () => {
    const standing = new Map(await standingWith({}));
    const buyer = standing.get('identity/buyer');
    const budget = { amountMinor: 100, currency: 'NOK', per: 'day' };
    standing.set('identity/buyer', { kind: 'identity.enrolled', body: { ...buyer?.body, budget } });
    const [path] = auditDeclarations(standing).findings;
    expect([path?.kind, path?.shown, path?.trace?.calls[0]?.args]).toEqual([
      'unguarded',
      'replayed',
      { amount: '0.01', currency: 'NOK' },
    ]);
  });

  // INVARIANT: where it finds no path, no call gets past every checkpoint.
  it('misses no call that conditions of single values leave out', async () => {
    const atom = fc.oneof(
      fc
        .tuple(fc.constantFrom('<', '<=', '>', '>=', '==', '!='), fc.integer({ min: -1, max: 4 }))
        .map(([op, n]) => `money ${op} ${n}`),
      fc
        .tuple(
          fc.constantFrom('a', 'b'),
          fc.constantFrom('==', '!='),
          fc.constantFrom("'x'", "'y'", '1', 'true', 'null'),
        )
        .map(([name, op, value]) => `args.${name} ${op} ${value}`),
      fc.constantFrom(
        'has(args.a)',
        'args.b',
        'args.a > 1',
        'has(args.n.m)',
        'args.n.m == 1',
        'args.a > 0.25 && args.a < 0.5',
        'money > 1.3',
        'args.a <= 1.5',
        "args.a in ['x', 2]",
        "user == 'u@x'",
        'user == null',
      ),
    );
    const condition = fc.letrec<{ all: string }>((tie) => ({
      all: fc.oneof(
        { maxDepth: 3 },
        atom,
        tie('all').map((each) => `!(${each})`),
        fc
          .tuple(tie('all'), fc.constantFrom('&&', '||'), tie('all'))
          .map(([a, op, b]) => `(${a}) ${op} (${b})`),
      ),
    })).all;
    const value = fc.constantFrom<unknown>(
      'x',
      'y',
      'z',
      0.3,
      1,
      1.5,
      2,
      7,
      true,
      false,
      null,
      undefined,
      [],
      {},
    );
    const call = fc.record({
      a: value,
      b: value,
      n: fc.constantFrom<unknown>(undefined, {}, { m: 1 }, { m: 2 }, 'x', []),
      amount: fc.integer({ min: 0, max: 6 }),
      user: fc.constantFrom(undefined, 'u@x', 'v@x'),
    });
    const base = new Map(
      await standingWith({
        checkpoints: '  - { id: c, before: erp.pay, when: "money > 0", once: [args.x] }',
      }),
    );
    const rule = base.get('rule/o/c');
    let covered = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(condition, { minLength: 1, maxLength: 2 }),
          // Together they leave out only what is an error in both, and that is refused.
          condition.map((one) => [one, `!(${one})`]),
        ),
        fc.array(call, { minLength: 5, maxLength: 20 }),
        (whens, calls) => {
          const standing = new Map(base);
          whens.forEach((when, index) => {
            const body = { ...rule?.body, rule: `c${index}`, when, hash: String(index).repeat(43) };
            standing.set(`rule/o/c${index}`, { kind: 'rule.activated', body });
          });
          standing.delete('rule/o/c');
          const { findings } = auditDeclarations(standing);
          const path = findings.find(({ kind }) => kind === 'gap' || kind === 'cover-unshown');
          if (path !== undefined)
            return path.kind === 'cover-unshown' || replay(standing, path.trace as never).isAsSaid;
          covered += 1;
          const gate = new Rehearsal(standing);
          return calls.every(({ a, b, n, amount, user }) => {
            const args = {
              ...(a === undefined ? {} : { a }),
              ...(b === undefined ? {} : { b }),
              ...(n === undefined ? {} : { n }),
              x: 1,
              amount: (amount / 100).toFixed(2),
              currency: 'USD',
            };
            const answer = gate.ask({
              agent: 'buyer',
              tool: 'erp.pay',
              args,
              ...(user === undefined ? {} : { user }),
            });
            return answer.answer !== 'allowed' || answer.passed.length > 0;
          });
        },
      ),
      { numRuns: 150 },
    );
    expect(covered).toBeGreaterThan(20);
  });

  it('answers as a real house does, call for call', async () => {
    const house = await TestHouse.open();
    try {
      const findings = await found(houseFiles);
      const plain = findings.flatMap(({ trace }) =>
        trace?.calls.length === 1 && trace.calls[0]?.approvals === undefined ? [trace] : [],
      );
      expect(plain.length).toBeGreaterThan(5);
      for (const { calls, expect: wanted } of plain) {
        const [call] = calls;
        if (call === undefined) continue;
        const of = await house.openCase(call.agent, call.user);
        const reply = await house.call(call.tool, call.args, { agent: call.agent, case: of });
        expect([call, reply.is === 'upstream' ? 'allowed' : reply.is]).toEqual([call, wanted.answer]);
      }
    } finally {
      await house.close();
    }
  });

  // INVARIANT: no change takes force without a signature that opens a path which the audit finds.
  it('finds no path that a change opened and nobody was asked for', async () => {
    const two = `erp: { stdio: [node, erp.js] }, mail: { stdio: [node, mail.js] }`;
    const tools = `${defaults.tools}  mail.send: { effect: send }\n  mail.wipe: { effect: delete }\n  mail.look: { effect: read }\n`;
    const agents = `${defaults.agents}\n  other: { owner: lena@acme.example }`;
    const cedar = [
      '@id("a") permit (principal == Agent::"buyer", action, resource in Server::"erp");',
      '@id("b") permit (principal, action == Action::"mail.send", resource);',
      '@id("c") permit (principal == Agent::"other", action, resource in Server::"mail");',
      '@id("d") forbid (principal, action == Action::"mail.wipe", resource);',
      '@id("e") forbid (principal == Agent::"other", action, resource) when { context has user };',
    ].join('\n');
    const checkpoints = '  - { id: c, before: erp.pay, once: [args.x] }';
    const full = await standingWith({ servers: two, tools, agents, cedar, checkpoints });
    const mailed = await standingWith({
      ...{ servers: two, tools, agents, cedar },
      checkpoints: `${checkpoints}\n  - { id: m, before: mail.send, once: [args.x] }\n  - { id: w, before: mail.wipe, when: "args.all == true", once: [args.x] }`,
    });
    const all = new Map([...full, ...mailed]);
    all.set('tool/mail.*', { kind: 'tool.labelled', body: { tool: 'mail.*', effect: 'read' } });
    const always = new Set([
      'outcome/o',
      'rule/o/c',
      'person/lena@acme.example',
      'server/erp',
      'server/mail',
    ]);
    const loose = [...all.keys()].filter((stream) => !always.has(stream) && !stream.startsWith('rule/'));
    const pathsOf = (standing: Standing): Set<string> =>
      new Set(
        auditDeclarations(standing)
          .findings.filter(({ kind }) => ['unguarded', 'gap', 'assumed-read', 'cover-unshown'].includes(kind))
          .map(({ parties }) => `${parties['agent']} ${parties['tool'] ?? `${parties['server']}.*`}`),
      );
    let asked = 0;
    fc.assert(
      fc.property(
        fc.subarray(loose),
        fc.constantFrom(...loose),
        fc.boolean(),
        (present, changed, guarded) => {
          const rules = guarded ? ['rule/o/m', 'rule/o/w'] : [];
          const before = new Map(
            [...always, ...present, ...rules].flatMap((stream) => {
              const content = all.get(stream);
              return content === undefined ? [] : [[stream, content] as const];
            }),
          );
          const after = new Map(before);
          const content = before.has(changed) ? undefined : all.get(changed);
          if (content === undefined) after.delete(changed);
          else after.set(changed, content);
          const change = { stream: changed, before: before.get(changed), after: content };
          if (reliesOn(change, before).length > 0) {
            asked += 1;
            return true;
          }
          const old = pathsOf(before);
          // What a default let through as a read was open already, under the name of its server; and so was a tool that
          // loses its label and falls to the default.
          const isKnown = (path: string) => {
            const [agent = '', tool = ''] = path.split(' ');
            const server = `${agent} ${tool.split('.')[0]}.`;
            if (old.has(path) || old.has(`${server}*`)) return true;
            return path === `${server}*` && old.has(`${agent} ${changed.slice('tool/'.length)}`);
          };
          return [...pathsOf(after)].every(isKnown);
        },
      ),
      { numRuns: 200 },
    );
    expect(asked).toBeGreaterThan(10);
  });
});
