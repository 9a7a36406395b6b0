import { afterAll, describe, expect, test } from 'vitest';
import { auditDeclarations } from './audit.ts';
import { type Finding, kinds } from './finding.ts';
import type { SchemasOf } from './schemas.ts';
import { defaults, person, standingWith, type Written } from './written.fixture.ts';

/** Kinds that some test here has found: each must be. */
const seen = new Set<string>(['suppression-idle']);

async function found(
  written: Written | Readonly<Record<string, string>>,
  schemasOf?: SchemasOf,
): Promise<readonly Finding[]> {
  const { findings } = auditDeclarations(await standingWith(written), schemasOf);
  for (const { kind } of findings) seen.add(kind);
  return findings;
}
const said = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ level, kind, parties, shown }) => `${level} ${kind} ${Object.values(parties).join(' ')} ${shown}`,
  );
const ofKind = (findings: readonly Finding[], kind: string): Finding => {
  const one = findings.find((each) => each.kind === kind);
  if (one === undefined) throw new Error(`no ${kind} among ${said(findings).join('; ')}`);
  return one;
};
const last = ({ trace }: Finding) => trace?.calls.at(-1);

const four = 'approve: { function: finance, not: [requester, agent-owner] }';
const withLegal = `${person('ines', 'finance')}${person('sam', 'finance')}${person('paul', 'finance, legal')}${person('lena', 'it')}`;

afterAll(() => expect([...seen].sort()).toEqual(Object.keys(kinds).sort()));

describe('paths to an effect', () => {
  test('a tool without a checkpoint is open, to each agent that may call it and to no other', async () => {
    const agents = `${defaults.agents}\n  other: { owner: lena@acme.example }`;
    const findings = await found({ agents });
    expect(said(findings)).toEqual(['error unguarded buyer erp.pay replayed']);
    expect(findings[0]?.trace?.expect).toEqual({ answer: 'allowed', step: 'forward', passed: [] });
  });

  test.each([
    ['observes', `  - { id: c, before: erp.pay, once: [args.invoice], mode: observe }`],
    [
      'looks at what comes afterwards',
      `  - { id: c, before: erp.pay, afterwards: [{ call: erp.match, within: 1d }] }`,
    ],
  ])('a checkpoint that only %s stops nothing', async (_, checkpoints) => {
    expect(said(await found({ checkpoints }))).toContain('error unguarded buyer erp.pay replayed');
  });

  test.each([
    `  - { id: c, before: erp.pay, once: [args.invoice] }`,
    `  - { id: c, before: erp.pay, limit: [{ within: 1d, most: 3 }] }`,
    `  - { id: a, before: erp.pay, when: "money > 100", ${four} }\n  - { id: b, before: erp.pay, when: "money <= 100", once: [args.invoice] }`,
    `  - { id: a, before: erp.pay, when: "args.kind == 'a'", ${four} }\n  - { id: b, before: erp.pay, when: "!(args.kind in ['a'])", once: [args.x] }`,
    `  - { id: a, before: erp.pay, when: "has(args.kind) || true", ${four} }`,
  ])('one that covers every call leaves no path: %s', async (checkpoints) => {
    const kindsFound = (await found({ checkpoints })).map(({ kind }) => kind);
    for (const open of ['unguarded', 'gap', 'cover-unshown']) expect(kindsFound).not.toContain(open);
  });

  test('what every condition leaves out is a gap, shown by the largest such call', async () => {
    const gap = ofKind(
      await found({ checkpoints: `  - { id: c, before: erp.pay, when: "money > 1000000", ${four} }` }),
      'gap',
    );
    expect(gap).toMatchObject({
      level: 'warning',
      shown: 'replayed',
      parties: { agent: 'buyer', tool: 'erp.pay' },
    });
    expect(last(gap)?.args).toEqual({ amount: '10000.00', currency: 'USD' });
  });

  test('a policy that asks for money and currency narrows what is open', async () => {
    const asks = (most: number) =>
      `permit (principal == Agent::"buyer", action, resource in Server::"erp") when { context has money && context.money.currency == "CHF" && context.money.amountMinor < ${most} };`;
    const gap = ofKind(await found({ cedar: asks(500), checkpoints: '' }), 'unguarded');
    expect(last(gap)?.args).toEqual({ amount: '4.99', currency: 'CHF' });
    const none = await found({ cedar: asks(0) });
    expect(said(none)).not.toContain('error unguarded buyer erp.pay replayed');
  });

  test('a condition that it cannot reason about is said to be one', async () => {
    const checkpoints = `  - { id: c, before: erp.pay, when: "args.lines.all(l, l.sum + 1 > args.lines.size())", ${four} }`;
    const findings = await found({ checkpoints });
    expect(said(findings)).toContain('unshown cover-unshown buyer erp.pay none');
  });

  test('what executes is unbounded, with or without a checkpoint before it', async () => {
    const tools = `${defaults.tools}  erp.run: { effect: execute }\n`;
    const checkpoints = `  - { id: p, before: erp.pay, ${four} }\n  - { id: c, before: erp.run, ${four} }`;
    const findings = await found({ tools, checkpoints });
    expect(ofKind(findings, 'unbounded')).toMatchObject({ level: 'error', shown: 'replayed' });
    expect(last(ofKind(findings, 'unbounded'))?.approvals).toHaveLength(2);
  });

  test('a default takes tools that nobody labelled for reads', async () => {
    const findings = await found({ tools: `${defaults.tools}  erp.*: { effect: read }\n` });
    expect(said(findings)).toContain('warning assumed-read buyer erp replayed');
  });

  test('calls that never cross, and tools without a label, are named', async () => {
    const servers =
      'erp: { stdio: [node, erp.js] }, hook: { decided: true }, bare: { stdio: [node, bare.js] }';
    const findings = await found({ servers, tools: `${defaults.tools}  hook.wipe: { effect: delete }\n` });
    expect(said(findings)).toContain('warning out-of-path hook none');
    expect(said(findings)).toContain('warning unlabelled bare replayed');
  });

  test('a tool that a checkpoint names and a log no longer labels is refused', async () => {
    const standing = new Map(await standingWith({ checkpoints: `  - { id: c, before: erp.pay, ${four} }` }));
    standing.delete('tool/erp.pay');
    expect(said(auditDeclarations(standing).findings)).toContain('error unlabelled erp.pay replayed');
  });
});

describe('checkpoints that are not what they seem', () => {
  const checkpoint = (text: string) => ({ checkpoints: `  - { id: c, before: erp.pay, ${text} }` });

  test('too few may approve: the owner of the agent, and a second account, count for nobody', async () => {
    const people = ['ines', 'lena', 'twin'].map((name) => person(name, 'finance')).join('');
    const asks = checkpoint('approve: { function: finance, count: 2, not: [agent-owner] }');
    const standing = new Map(await standingWith({ people, ...asks }));
    const twin = standing.get('person/twin@acme.example');
    const accounts = ['ines@acme.example'];
    standing.set('person/twin@acme.example', { kind: 'person.enrolled', body: { ...twin?.body, accounts } });
    const { findings } = auditDeclarations(standing);
    const never = ofKind(findings, 'never-passes');
    expect(never).toMatchObject({ level: 'error', shown: 'replayed', parties: { rule: 'o/c' } });
    expect(never.sentence).toContain('only twin@acme.example with a key can (lena@acme.example may not');
    expect(never.trace?.expect.answer).toBe('held');
  });

  test('for one agent of two', async () => {
    const agents = `${defaults.agents}\n  own: { owner: ines@acme.example }`;
    const cedar = 'permit (principal, action, resource in Server::"erp");';
    const findings = await found({
      agents,
      cedar,
      ...checkpoint('approve: { function: finance, count: 2, not: [agent-owner] }'),
    });
    expect(said(findings)).toContain('error never-passes o/c own replayed');
    expect(said(findings).filter((each) => each.includes('never-passes'))).toHaveLength(1);
  });

  test.each([
    [
      'nobody may call what is required',
      'permit (principal == Agent::"buyer", action == Action::"erp.pay", resource);',
      '  - { id: c, before: erp.pay, require: { call: erp.match, same: [case] } }',
      'which no agent may call',
    ],
    [
      'two wait for each other',
      defaults.cedar,
      '  - { id: c, before: erp.pay, require: { call: erp.match, same: [case] } }\n  - { id: d, before: erp.match, require: { call: erp.pay, same: [case] } }',
      'which itself waits',
    ],
    [
      'another forbids what it requires',
      defaults.cedar,
      '  - { id: c, before: erp.pay, require: { call: erp.match, same: [case] } }\n  - { id: d, before: erp.pay, forbid: [{ call: erp.match }] }',
      'forbids erp.pay after any of them',
    ],
  ])('never satisfied: %s', async (_, cedar, checkpoints, sentence) => {
    const never = ofKind(await found({ cedar, checkpoints }), 'never-passes');
    expect(never).toMatchObject({ level: 'error', shown: 'replayed' });
    expect(never.sentence).toContain(sentence);
    expect(never.trace?.expect.answer).toBe('refused');
  });

  test('never fires, and not shown to', async () => {
    const never = ofKind(await found(checkpoint(`when: "money > 5 && money < 3", ${four}`)), 'never-fires');
    expect(never).toMatchObject({ level: 'warning', shown: 'replayed' });
    const none = await found(
      checkpoint(`when: "args.a.startsWith(args.b + 'nobody-guesses-this')", ${four}`),
    );
    expect(said(none)).toContain('unshown firing-unshown o/c none');
    const other = await found(checkpoint(`when: "agent == 'somebody-else'", ${four}`));
    expect(said(other)).toContain('warning never-fires o/c replayed');
  });

  test('what it requires cannot be shown to be possible', async () => {
    const where =
      "prior.args.a == args.a && prior.result.b == args.b + 'x' && prior.result.b == args.b + 'y'";
    const findings = await found(checkpoint(`require: { call: erp.match, where: "${where}" }`));
    expect(said(findings)).toContain('unshown passing-unshown o/c none');
  });

  test('stands before what nobody may call', async () => {
    const findings = await found({
      cedar: 'permit (principal == Agent::"buyer", action == Action::"erp.match", resource);',
      ...checkpoint(four),
    });
    expect(said(findings)).toEqual(['warning guards-nothing o/c replayed']);
  });

  test('asks for nothing that another does not ask for: one of two alike, or the narrower', async () => {
    const both = `  - { id: a, before: erp.pay, ${four} }\n  - { id: b, before: erp.pay, when: "money > 500", ${four} }`;
    const shadow = (await found({ checkpoints: both })).filter(({ kind }) => kind === 'shadowed');
    expect(shadow.map(({ parties, shown }) => [parties, shown])).toEqual([
      [{ rule: 'o/b', by: 'o/a' }, 'replayed'],
    ]);
    const alike = `  - { id: a, before: erp.pay, ${four} }\n  - { id: b, before: erp.pay, ${four} }`;
    expect((await found({ checkpoints: alike })).filter(({ kind }) => kind === 'shadowed')).toHaveLength(1);
    const other = `  - { id: a, before: erp.pay, when: "money > 9", ${four} }\n  - { id: b, before: erp.pay, when: "money > 5", once: [args.x] }`;
    expect((await found({ checkpoints: other })).filter(({ kind }) => kind === 'shadowed')).toEqual([]);
  });

  test('three-way evidence with ages, names and approvals is found to be possible', async () => {
    const checkpoints = `
  - id: c
    before: erp.pay
    require:
      - { as: order, call: erp.match, where: "prior.args.po == args.po", after: 1h }
      - { call: erp.match, follows: order, where: "prior.args.invoice == args.invoice && prior.result.total >= 3 && prior.result.status == 'ok'", within: 30d }
      - { call: erp.match, count: 2, where: "prior.args.invoice == args.invoice && prior.result.po == order.args.po" }
    ${four}`;
    expect(said(await found({ checkpoints }))).toEqual([]);
  });
});

describe('duties that conflict', () => {
  const approve = (text: string) => ({ checkpoints: `  - { id: c, before: erp.pay, approve: { ${text} } }` });

  test('who asks, and who answers for the agent, may approve', async () => {
    const people = `${person('ines', 'finance')}${person('lena', 'finance')}`;
    const findings = await found({ people, ...approve('function: finance') });
    expect(said(findings)).toEqual([
      'warning owner-approves o/c buyer replayed',
      'warning requester-approves o/c buyer replayed',
    ]);
    const own = ofKind(findings, 'owner-approves');
    expect(last(own)?.approvals).toEqual([{ person: 'lena@acme.example', function: 'finance' }]);
    const asks = ofKind(findings, 'requester-approves');
    expect([last(asks)?.user, last(asks)?.approvals?.[0]?.person]).toEqual([
      'ines@acme.example',
      'ines@acme.example',
    ]);
  });

  test('too few are left where one of them asks', async () => {
    const findings = await found({
      people: `${person('ines', 'finance')}${person('lena', 'it')}`,
      ...approve('function: finance, not: [requester]'),
    });
    expect(said(findings)).toEqual(['warning approvers-run-out o/c buyer replayed']);
    expect(findings[0]?.trace?.expect.answer).toBe('held');
  });

  test('one person gives what two functions are asked for', async () => {
    const both = `  - { id: a, before: erp.pay, ${four} }\n  - { id: b, before: erp.pay, approve: { function: legal, not: [requester, agent-owner] } }`;
    const people = `${withLegal}${person('zoe', 'legal')}`;
    const one = ofKind(await found({ people, checkpoints: both }), 'one-person-both');
    expect(one).toMatchObject({
      shown: 'replayed',
      parties: { rules: 'o/a,o/b', person: 'paul@acme.example' },
    });
    expect(one.trace?.expect.passed).toEqual(['o/a', 'o/b']);
    const apart = `${person('ines', 'finance')}${person('sam', 'finance')}${person('zoe', 'legal')}${person('yan', 'legal')}${person('lena', 'it')}`;
    expect(said(await found({ people: apart, checkpoints: both }))).toEqual([]);
  });

  test('evidence that is about anything, and that the agent makes itself', async () => {
    const tools = `${defaults.tools}  erp.sign: { effect: write }\n`;
    const free = await found({
      tools,
      checkpoints: '  - { id: c, before: erp.pay, require: { call: erp.match } }',
    });
    const untied = ofKind(free, 'evidence-untied');
    expect(untied).toMatchObject({ level: 'warning', shown: 'replayed' });
    expect(untied.trace?.calls.map(({ tool }) => tool)).toEqual(['erp.match', 'erp.pay']);
    const where = 'where: "prior.args.invoice == args.invoice"';
    const own = `  - { id: c, before: erp.pay, require: { call: erp.sign, ${where} } }`;
    expect(said(await found({ tools, checkpoints: own }))).toContain(
      'warning own-evidence o/c erp.sign buyer replayed',
    );
    const apart = `  - { id: c, before: erp.pay, require: [{ as: signed, call: erp.sign, ${where} }], apart: [[this.user, signed.user]] }`;
    expect(
      said(await found({ tools, checkpoints: apart })).filter((each) => each.includes('own-evidence')),
    ).toEqual([]);
  });
});

describe('what is read of calls, held against the schemas of their tools', () => {
  const string = { type: 'string' };
  const pay = {
    type: 'object',
    properties: {
      amount: { type: ['number', 'string'] },
      currency: string,
      invoice: string,
      lines: { type: 'array', items: { type: 'object', properties: { net: { type: 'number' } } } },
      to: { type: 'object', properties: { iban: string }, additionalProperties: false },
    },
    additionalProperties: false,
  };
  const match = { type: 'object', properties: { status: { enum: ['ok', 'no'] } } };
  const schemas: SchemasOf = (tool) =>
    ({ 'erp.pay': { input: pay }, 'erp.match': { input: { type: 'object' }, output: match } })[tool];
  const rule = (more: string) => `  - { id: c, before: erp.pay, ${more} }`;
  const readsIn = async (checkpoints: string, schemasOf = schemas) =>
    (await found({ checkpoints }, schemasOf))
      .filter(({ kind }) => kind === 'never-there' || kind === 'never-equal')
      .map(
        ({ level, kind, parties, shown }) =>
          `${level} ${kind} ${parties['tool']} ${parties['read']} ${shown}`,
      );

  test.each([
    [rule(`when: "args.ammount > 1", ${four}`), 'error never-there erp.pay args.ammount none'],
    [rule(`once: [args.invoice_id]`), 'error never-there erp.pay args.invoice_id none'],
    [rule(`when: "args.to.bic == 'x'", ${four}`), 'error never-there erp.pay args.to.bic none'],
    [rule(`when: "args.currency.code == 'x'", ${four}`), 'error never-there erp.pay args.currency.code none'],
    [rule(`when: "has(args.bic)", ${four}`), 'error never-there erp.pay args.bic none'],
    [rule(`when: "args['bic'] == 'x'", ${four}`), 'error never-there erp.pay args.bic none'],
    [rule(`when: "args.currency == 5", ${four}`), 'warning never-equal erp.pay args.currency none'],
    [rule(`when: "5 < args.currency", ${four}`), 'warning never-equal erp.pay args.currency none'],
    [
      rule(`require: { call: erp.match, where: "prior.result.state == 'ok'" }`),
      'warning never-there erp.match prior.result.state none',
    ],
    [
      rule(`require: { call: erp.match, where: "prior.result.status == 5" }`),
      'warning never-equal erp.match prior.result.status none',
    ],
    [
      rule(`afterwards: [{ call: erp.match, within: 1d, where: "next.result.state == 'ok'" }]`),
      'warning never-there erp.match next.result.state none',
    ],
  ])('%s', async (checkpoints, finding) => expect(await readsIn(checkpoints)).toEqual([finding]));

  test.each([
    rule(`when: "args.amount > 1 && args.to.iban == 'x' && args.invoice != ''", ${four}`),
    rule(`when: "args.amount == '1'", ${four}`),
    rule(`when: "args.lines.all(line, line.whatever > 0)", ${four}`),
    rule(
      `require: { call: erp.match, where: "prior.args.anything == args.invoice && prior.result.status == 'ok'" }`,
    ),
    rule(`require: { call: erp.match, where: "has(prior.result.state)" }`),
  ])('says nothing of %s', async (checkpoints) => expect(await readsIn(checkpoints)).toEqual([]));

  test.each([
    [{ $ref: '#/$defs/x' }],
    [{ ...pay, allOf: [{}] }],
    [{ ...pay, patternProperties: { '^a': {} } }],
    ['nonsense'],
    [{ ...pay, type: ['something-else'], additionalProperties: undefined, properties: undefined, $ref: '#' }],
  ])('claims nothing where a schema says it elsewhere, or is none (%#)', async (input) => {
    expect(await readsIn(rule(`when: "args.ammount > 1", ${four}`), () => ({ input }))).toEqual([]);
  });

  test('a name of everybody is no member', async () => {
    const input = { type: 'object', properties: {}, additionalProperties: false };
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(await readsIn(rule(`when: "args.${name} == 1", ${four}`), () => ({ input }))).toContain(
        `error never-there erp.pay args.${name} none`,
      );
  });

  test('names what is there instead, and keeps its id however it is worded', async () => {
    const findings = await found({ checkpoints: rule(`when: "args.ammount > 1", ${four}`) }, schemas);
    const { sentence, id } = ofKind(findings, 'never-there');
    expect(sentence).toContain(
      'erp.pay takes no `args.ammount`; it takes amount, currency, invoice, lines and to',
    );
    expect(id).toMatch(/^f-/);
  });
});
