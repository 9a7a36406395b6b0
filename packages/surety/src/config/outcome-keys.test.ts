// INVARIANT: no key of an outcome file is silently ignored. Each key of the published schema changes a member of what is
// declared, which has a mutant in `packages/proof` that lives if no verdict looks at it; or nothing enforces it yet: then
// `surety check` warns where it is written, and the question it is about says `not-enforced`.

import { readFileSync } from 'node:fs';
import type { Question } from '@surety/proof/verdict';
import { describe, expect, test } from 'vitest';
import { saidBy } from '../../../proof/src/attacks.fixture.ts';
import { type Day, honestDay } from '../../../proof/src/verify.fixture.ts';
import { outcomeDeclarations } from './compile.ts';
import { edited, said } from './folder.fixture.ts';
import type { Installation } from './installation.ts';
import { type Outcome, outcome as outcomeShape } from './outcome.ts';

const whole = {
  outcome: 'payments',
  statement: 'No supplier is paid twice.',
  owner: 'tove@acme.example',
  'time-zone': 'UTC',
  'at-stake': { amount: 100, currency: 'USD' },
  appetite: { amount: 10, currency: 'USD', per: 'day' },
  'evaluated-by': ['legal'],
  arguments: { 'erp.pay': { iban: ['record'] } },
  egress: { bank: ['erp'] },
  checkpoints: [
    {
      ...{ id: 'matched', before: 'erp.pay', when: 'money > 1', within: '1h', once: ['args.invoice'] },
      require: { call: 'erp.match', where: "prior.result.status == 'matched'", same: ['case'] },
      approve: {
        ...{ function: 'finance', count: 1, not: ['requester'] },
        escalate: { after: '1h', function: 'it' },
      },
      mode: 'hold',
    },
  ],
  reconcile: {
    record: 'erp',
    population: { sql: 'SELECT id FROM payments' },
    effects: { call: 'erp.pay', key: { id: 'result.id' }, match: { amount: 'money' } },
    elsewhere: [{ rows: "row.by == 'payroll'", owner: 'paul@acme.example' }],
    within: '1h',
  },
  invariants: [{ id: 'paid-once', extract: 'SELECT n FROM paid', each: 'row.n <= 1' }],
  'on-breach': 'alert',
  'arguments-mode': 'deny',
  needs: { rung: 'C5', window: '1d' },
};

const sought = { call: 'erp.match', where: 'true', same: ['case'] };
const aged = { ...sought, within: '2h', after: '1h' };
const alone = { as: 'one', count: 2, follows: 'two', once: true };
const later = {
  forbid: [{ ...sought, within: '1h', since: 'one', until: [sought] }],
  limit: [{ ...sought, within: '1h', sum: 'prior.money', most: 1 }],
  apart: [['this', 'one']],
  afterwards: [{ ...sought, within: '1h' }],
};
/** The sample with other requirements, and all that came with them. */
const requiring = (require: unknown) => ({
  ...whole,
  checkpoints: [{ id: 'matched', before: 'erp.pay', require, ...later }],
});

/** The sample in which a key stands. */
function sampleOf(path: string): object {
  const [, after = ''] = path.split('checkpoints[].');
  const inList = /^require(\[\])?\.any/.test(after) ? { ...alone, any: [aged] } : { ...alone, ...aged };
  if (after.startsWith('require[]')) return requiring([inList]);
  const isPlain = /^(require(\.(call|where|same))?|within|when|once|approve.*|mode|id|before)?$/.test(after);
  return isPlain ? whole : requiring(inList);
}

/** Keys of one requirement, alone or in a list. */
const requirement = (at: string): Record<string, readonly [member: string, other?: unknown]> => {
  const calls = (place: string) => ({
    [`${place}.call`]: ['rule.requires[].any[].call', 'erp.look'] as const,
    [`${place}.where`]: ['rule.requires[].any[].where', 'false'] as const,
    [`${place}.same`]: ['rule.requires[].any[].same', ['user']] as const,
    [`${place}.within`]: ['rule.requires[].any[].withinMs', '3h'] as const,
    [`${place}.after`]: ['rule.requires[].any[].afterMs', '2h'] as const,
  });
  return {
    ...calls(at),
    ...calls(`${at}.any[]`),
    [`${at}.any`]: ['rule.requires[].any', [{ call: 'erp.look' }]],
    [`${at}.as`]: ['rule.requires[].as', 'another'],
    [`${at}.count`]: ['rule.requires[].count', 3],
    [`${at}.follows`]: ['rule.requires[].follows', 'another'],
    [`${at}.once`]: ['rule.requires[].once'],
  };
};
const counted = (
  key: string,
  member: string,
): Record<string, readonly [member: string, other?: unknown]> => ({
  [`checkpoints[].${key}`]: [`rule.${member}`],
  [`checkpoints[].${key}[].call`]: [`rule.${member}[].call`, 'erp.look'],
  [`checkpoints[].${key}[].where`]: [`rule.${member}[].where`, 'false'],
  [`checkpoints[].${key}[].same`]: [`rule.${member}[].same`, ['user']],
  [`checkpoints[].${key}[].within`]: [`rule.${member}[].withinMs`, '3h'],
});

/** What each key becomes, and another value that it can have; where it can only be left out, nothing. */
const keys: Readonly<Record<string, readonly [member: string, other?: unknown]>> = {
  outcome: ['outcome.outcome', 'refunds'],
  statement: ['outcome.statement', 'Another sentence.'],
  owner: ['outcome.owner', 'paul@acme.example'],
  'time-zone': ['outcome.timeZone', 'Europe/Zurich'],
  'at-stake': ['outcome.atStake'],
  'at-stake.amount': ['outcome.atStake.amountMinor', 200],
  'at-stake.currency': ['outcome.atStake.currency', 'EUR'],
  appetite: ['outcome.appetite'],
  'appetite.amount': ['outcome.appetite.amountMinor', 20],
  'appetite.currency': ['outcome.appetite.currency', 'EUR'],
  // There is one word so far; it goes with the whole.
  'appetite.per': ['outcome.appetite.per'],
  'evaluated-by': ['outcome.evaluatedBy'],
  arguments: ['outcome.arguments'],
  'arguments-mode': ['outcome.argumentsMode', 'observe'],
  egress: ['outcome.egress'],
  checkpoints: ['rule.rule'],
  ...requirement('checkpoints[].require[]'),
  ...requirement('checkpoints[].require'),
  ...counted('forbid', 'forbids'),
  'checkpoints[].forbid[].since': ['rule.forbids[].since', 'two'],
  'checkpoints[].forbid[].until': ['rule.forbids[].until'],
  'checkpoints[].forbid[].until[].call': ['rule.forbids[].until[].call', 'erp.look'],
  'checkpoints[].forbid[].until[].where': ['rule.forbids[].until[].where', 'false'],
  'checkpoints[].forbid[].until[].same': ['rule.forbids[].until[].same', ['user']],
  ...counted('limit', 'limits'),
  'checkpoints[].limit[].sum': ['rule.limits[].sum', 'prior.args.count'],
  'checkpoints[].limit[].most': ['rule.limits[].most', 2],
  'checkpoints[].apart': ['rule.apart'],
  ...counted('afterwards', 'afterwards'),
  'checkpoints[].id': ['rule.rule', 'another'],
  'checkpoints[].before': ['rule.before', 'erp.gift'],
  'checkpoints[].when': ['rule.when', 'money > 2'],
  'checkpoints[].require': ['rule.require'],
  'checkpoints[].require.call': ['rule.require.call', 'erp.look'],
  'checkpoints[].require.where': ['rule.require.where', 'true'],
  'checkpoints[].require.same': ['rule.require.same', ['user']],
  'checkpoints[].within': ['rule.withinMs', '2h'],
  'checkpoints[].once': ['rule.once', ['args.iban']],
  'checkpoints[].approve': ['rule.approve'],
  'checkpoints[].approve.function': ['rule.approve.function', 'legal'],
  'checkpoints[].approve.count': ['rule.approve.count', 2],
  'checkpoints[].approve.not': ['rule.approve.not', ['agent-owner']],
  'checkpoints[].approve.escalate': ['rule.approve.escalate'],
  'checkpoints[].approve.escalate.after': ['rule.approve.escalate.afterMs', '2h'],
  'checkpoints[].approve.escalate.function': ['rule.approve.escalate.function', 'legal'],
  'checkpoints[].mode': ['rule.mode', 'observe'],
  reconcile: ['outcome.reconcile'],
  'reconcile.record': ['outcome.reconcile.record', 'crm'],
  'reconcile.population': ['outcome.reconcile.population', 'SELECT 2'],
  'reconcile.population.sql': ['outcome.reconcile.population', 'SELECT 3'],
  'reconcile.effects': ['outcome.reconcile.call', { call: 'erp.gift', key: {}, match: {} }],
  'reconcile.effects.call': ['outcome.reconcile.call', 'erp.gift'],
  'reconcile.effects.key': ['outcome.reconcile.key', { id: 'result.number' }],
  'reconcile.effects.match': ['outcome.reconcile.match', { iban: 'args.iban' }],
  'reconcile.elsewhere': ['outcome.reconcile.elsewhere'],
  'reconcile.elsewhere[].rows': ['outcome.reconcile.elsewhere[].rows', 'true'],
  'reconcile.elsewhere[].owner': ['outcome.reconcile.elsewhere[].owner', 'tove@acme.example'],
  'reconcile.within': ['outcome.reconcile.withinMs', '2h'],
  invariants: ['outcome.invariants'],
  'invariants[].id': ['outcome.invariants[].id', 'another'],
  'invariants[].extract': ['outcome.invariants[].extract', 'SELECT 4'],
  'invariants[].each': ['outcome.invariants[].each', 'true'],
  'on-breach': ['outcome.onBreach', 'hold'],
  needs: ['outcome.needs', { rung: 'C1' }],
  'needs.rung': ['outcome.needs.rung', 'C1'],
  'needs.window': ['outcome.needs.windowMs', '7d'],
};

/** What nothing enforces yet: as it is written, as it is declared, and the question that it leaves open. */
const unenforced: Readonly<
  Record<string, readonly [written: readonly string[], declared: object, question: Question]>
> = {
  'evaluated-by': [['[finance]'], { evaluatedBy: ['legal'] }, 'owned'],
  egress: [['{ bank: [erp] }'], { egress: { bank: ['erp'] } }, 'guarded'],
};

type Schema = { readonly [keyword: string]: unknown };

function keysIn(schema: Schema, prefix = ''): string[] {
  const { properties = {}, items, anyOf = [] } = schema as Record<string, Schema | undefined>;
  const own = Object.entries(properties).flatMap(([name, each]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [path, ...keysIn(each as Schema, path)];
  });
  const branches = (anyOf as unknown as Schema[]).flatMap((each) => keysIn(each, prefix));
  return [...own, ...branches, ...(items === undefined ? [] : keysIn(items, `${prefix}[]`))];
}

const published = (): Schema =>
  JSON.parse(readFileSync(new URL('../../schemas/outcome.schema.json', import.meta.url), 'utf8')) as Schema;

/** The sample with one key changed, or without it. */
function changed(path: string, other: unknown): Outcome {
  const copy = structuredClone(sampleOf(path)) as Record<string, unknown>;
  const names = path.replaceAll('[]', '.0').split('.');
  const last = names.pop() as string;
  const at = names.reduce((place, name) => place[name] as Record<string, unknown>, copy);
  if (other === undefined) delete at[last];
  else at[last] = other;
  return outcomeShape.parse(copy);
}

/** What a member is in what the file declares. */
function memberOf(file: Outcome, member: string): unknown {
  const installation = { records: { erp: {}, crm: {} } } as unknown as Installation;
  const made = outcomeDeclarations(file, file, installation);
  const [kind, ...names] = member.replaceAll('[]', '.0').split('.');
  const wanted = kind === 'rule' ? 'rule.activated' : 'outcome.declared';
  const body: unknown = made.find((each) => each.kind === wanted)?.body;
  return names.reduce((place: unknown, name) => (place as Schema | undefined)?.[name], body);
}

test('every key of the schema is accounted for', () => {
  expect(keysIn(published()).toSorted()).toEqual(Object.keys(keys).toSorted());
});

describe.each(Object.entries(keys))('`%s`', (path, [member, other]) => {
  test('changes what is declared, and a verdict looks at that or tells it', () => {
    const before = memberOf(outcomeShape.parse(sampleOf(path)), member);
    expect(before).toBeDefined();
    const removed = path === 'appetite.per' ? 'appetite' : path;
    expect(memberOf(changed(removed, other), member)).not.toEqual(before);
    expect(saidBy).toHaveProperty([member]);
  });
});

describe.each(Object.entries(unenforced))(
  '`%s`, which nothing enforces,',
  (key, [written, declared, question]) => {
    test.each(written)('is warned of where it says %s', async (value) => {
      const file = 'outcomes/supplier-payments.yaml';
      const warned = await said(edited(file, 'needs: {', `${key}: ${value}\nneeds: {`));
      expect(warned).toContain(`warning: \`${key}\` is not enforced yet: \`${question}\` stays unproven`);
    });

    test('leaves its question open, and nobody is asked to end that', async () => {
      const day = honestDay({ outcome: declared } as ConstructorParameters<typeof Day>[0]).close();
      const { questions } = await day.judged();
      const answer = questions.find((each) => each.question === question);
      expect(answer?.verdict).toBe('unproven');
      const said = answer?.reasons.filter(({ code, text }) => code === 'not-enforced' && text.includes('`'));
      expect(said).toEqual([
        expect.objectContaining({ who: [], text: expect.stringContaining(`\`${key}\``) }),
      ]);
    });
  },
);
