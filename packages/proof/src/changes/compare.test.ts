// The structural rule: what each line of docs/weakening.md says.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matched, outcomeBody, ruleBodies, who } from '../declared.fixture.ts';
import { askDefault, bodies, containmentDefault, contractDefault } from '../facts.ts';
import { relationOf } from './compare.ts';
import type { Relation } from './relation.ts';
import type { Content, Standing } from './standing.ts';

type Body = Readonly<Record<string, unknown>>;
const none: Standing = new Map();
const content = (kind: string, body: Body | undefined): Content | undefined =>
  body === undefined ? undefined : { kind, body: defined(body) };
const defined = (body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));

const compare = (kind: string, before?: Body, after?: Body, standing = none, stream = 'x/y'): Relation =>
  relationOf({ stream, before: content(kind, before), after: content(kind, after) }, standing);

const changed = (kind: string, base: Body) => (change: Body) => compare(kind, base, { ...base, ...change });
const money = (amountMinor: number, currency = 'USD') => ({ amountMinor, currency, per: 'day' });

const rule = changed('rule.activated', ruleBodies.fourEyes);
const withEvidence = changed('rule.activated', matched);
const outcome = changed('outcome.declared', outcomeBody);
const reconcile = (change: Body) => outcome({ reconcile: { ...outcomeBody.reconcile, ...change } });
const approve = (change: Body) => rule({ approve: { ...ruleBodies.fourEyes.approve, ...change } });
const require = (change: Body) => withEvidence({ require: { ...matched.require, ...change } });
const clerk = { identity: 'clerk', is: 'agent', owner: who.lena, budget: money(500), timeZone: 'UTC' };
const identity = changed('identity.enrolled', clerk);
const label = {
  tool: 'erp.pay',
  effect: 'spend',
  money: { amount: 'args.a', unit: 'major', currency: 'USD' },
};
const server = { server: 'erp', transport: 'stdio', definition: 'D' };
const [one, two] = [
  { id: '1', alg: 'ed25519', public: 'A' },
  { id: '2', alg: 'ed25519', public: 'B' },
];
const ines = { person: who.ines, functions: ['finance', 'legal'], keys: [one, two], simulated: false };
const person = changed('person.enrolled', ines);
const deputy = { person: who.lena, until: 9 };
const handing = (afterMs: number, to = 'legal') => ({
  ...ruleBodies.fourEyes.approve,
  escalate: { afterMs, function: to },
});
const handedOn = (before: object, after: object) =>
  compare(
    'rule.activated',
    { ...ruleBodies.fourEyes, approve: before },
    { ...ruleBodies.fourEyes, approve: after },
  );
const witness = { witness: 'w', key: 'K', simulated: false };

const both = containmentDefault;
const approvers = contractDefault;
const passkeys = (before?: Body, after?: Body) => compare('passkeys.declared', before, after);
const inOut = { invite: ['it'], confirm: ['legal'] };
const containment = (before?: Body, after?: Body) => compare('containment.declared', before, after);

const told = { mail: false, webhooks: [{ webhook: 'own', of: ['breach'] }], asks: askDefault };
const notices = (before?: Body, after?: Body) => compare('notices.declared', before, after);

const sought = { call: 'erp.other', same: [] };
const [order, receipt] = [{ any: [sought] }, { any: [{ ...sought, same: ['case'] }] }];
const ordered = changed('rule.activated', { ...matched, requires: [order] });

describe('a change', () => {
  it.each<[string, Relation, Relation]>([
    // Checkpoints.
    ['handed on to others', 'weakens', handedOn(ruleBodies.fourEyes.approve, handing(5))],
    ['handed on to nobody', 'narrows', handedOn(handing(5), ruleBodies.fourEyes.approve)],
    ['handed on later', 'narrows', handedOn(handing(5), handing(6))],
    ['handed on sooner', 'weakens', handedOn(handing(5), handing(4))],
    ['handed on to others than before', 'weakens', handedOn(handing(5), handing(5, 'it'))],
    ['a checkpoint added', 'narrows', compare('rule.activated', undefined, matched)],
    ['a checkpoint withdrawn', 'weakens', compare('rule.activated', matched)],
    ['another hash alone', 'same', rule({ hash: 'x' })],
    ['before another tool', 'weakens', rule({ before: 'erp.other' })],
    ['a condition removed', 'narrows', rule({ when: undefined })],
    ['a condition added', 'weakens', withEvidence({ when: 'money > 1' })],
    ['a lower threshold', 'narrows', rule({ when: 'money > 999999' })],
    ['a higher threshold', 'weakens', rule({ when: 'money > 1000001' })],
    ['a threshold that reaches less', 'weakens', rule({ when: 'money >= 999999' })],
    ['another condition', 'weakens', rule({ when: 'args.urgent' })],
    ['no evidence', 'weakens', withEvidence({ require: undefined })],
    ['further evidence asked for', 'narrows', rule({ requires: [order] })],
    ['evidence behind it', 'narrows', ordered({ requires: [order, receipt] })],
    ['evidence ahead of it', 'weakens', ordered({ requires: [receipt, order] })],
    ['evidence exchanged', 'weakens', ordered({ requires: [receipt] })],
    ['further evidence no more', 'weakens', ordered({ requires: undefined })],
    ['a call forbidden', 'narrows', rule({ forbids: [sought] })],
    [
      'a call forbidden no more',
      'weakens',
      changed('rule.activated', { ...matched, forbids: [sought] })({ forbids: [] }),
    ],
    [
      'a call forbidden for less long',
      'weakens',
      changed('rule.activated', { ...matched, forbids: [sought] })({ forbids: [{ ...sought, withinMs: 1 }] }),
    ],
    ['a limit', 'narrows', rule({ limits: [{ ...sought, most: 1 }] })],
    [
      'another limit in its place',
      'weakens',
      changed('rule.activated', { ...matched, limits: [{ ...sought, most: 1 }] })({
        limits: [{ ...sought, most: 2 }],
      }),
    ],
    ['people who must be apart', 'narrows', rule({ apart: [['this', 'approvers']] })],
    [
      'people who need not be apart',
      'weakens',
      changed('rule.activated', { ...matched, apart: [['this', 'approvers']] })({ apart: undefined }),
    ],
    ['something that must follow', 'narrows', rule({ afterwards: [{ ...sought, withinMs: 1 }] })],
    [
      'something that need not follow',
      'weakens',
      changed('rule.activated', { ...matched, afterwards: [{ ...sought, withinMs: 1 }] })({ afterwards: [] }),
    ],
    ['evidence asked for', 'narrows', rule({ require: matched.require })],
    ['evidence of another call', 'weakens', require({ call: 'erp.other' })],
    ['evidence that need not fit', 'weakens', require({ where: undefined })],
    ['evidence that must fit otherwise', 'weakens', require({ where: 'true' })],
    ['evidence of the same case', 'narrows', require({ same: ['case'] })],
    ['evidence of any age', 'weakens', withEvidence({ withinMs: undefined })],
    ['older evidence', 'weakens', withEvidence({ withinMs: matched.withinMs + 1 })],
    ['fresher evidence', 'narrows', withEvidence({ withinMs: 1 })],
    ['evidence that serves more often', 'weakens', withEvidence({ once: [] })],
    ['evidence that serves once', 'narrows', rule({ once: ['args.id'] })],
    ['once by more values', 'weakens', withEvidence({ once: ['args.invoice_id', 'args.part'] })],
    ['no approval', 'weakens', rule({ approve: undefined })],
    ['an approval asked for', 'narrows', withEvidence({ approve: ruleBodies.fourEyes.approve })],
    ['more who approve', 'narrows', approve({ count: 2 })],
    ['fewer who approve', 'weakens', approve({ count: 0 })],
    ['another function that approves', 'weakens', approve({ function: 'it' })],
    ['the requester may approve', 'weakens', approve({ not: ['agent-owner'] })],
    ['it only observes', 'weakens', rule({ mode: 'observe' })],
    ['it denies', 'narrows', rule({ mode: 'deny' })],
    ['it holds where it denied', 'weakens', withEvidence({ mode: 'hold' })],
    ['a member that nobody knows', 'weakens', rule({ screen: 'all' })],
    ['a member within that nobody knows', 'weakens', approve({ from: 'abroad' })],
    // Outcomes.
    ['an outcome added', 'narrows', compare('outcome.declared', undefined, outcomeBody)],
    ['an outcome withdrawn', 'weakens', compare('outcome.declared', outcomeBody)],
    ['another sentence', 'weakens', outcome({ statement: 'All is well.' })],
    ['another owner', 'weakens', outcome({ owner: who.ines })],
    ['a higher appetite', 'weakens', outcome({ appetite: money(5_000_001) })],
    ['a lower appetite', 'narrows', outcome({ appetite: money(1) })],
    ['no appetite', 'weakens', outcome({ appetite: undefined })],
    ['an appetite in another currency', 'weakens', outcome({ appetite: money(1, 'EUR') })],
    ['one more who evaluates', 'narrows', outcome({ evaluatedBy: ['legal'] })],
    ['an origin rule added', 'narrows', outcome({ arguments: { 'erp.pay': { iban: ['record'] } } })],
    ['a way for data added', 'narrows', outcome({ egress: { bank: ['erp'] } })],
    ['no record', 'weakens', outcome({ reconcile: undefined })],
    ['another population', 'weakens', reconcile({ population: 'SELECT 1' })],
    [
      'one more column that must agree',
      'narrows',
      reconcile({ match: { ...outcomeBody.reconcile.match, a: 'args.a' } }),
    ],
    ['one column less that must agree', 'weakens', reconcile({ match: { amount: 'money' } })],
    ['no channel past the gateway', 'narrows', reconcile({ elsewhere: [] })],
    ['another time for late rows', 'weakens', reconcile({ withinMs: 1 })],
    ['one more invariant', 'narrows', outcome({ invariants: [...outcomeBody.invariants, { id: 'x' }] })],
    ['no invariant', 'weakens', outcome({ invariants: [] })],
    ['it contains on a breach', 'narrows', outcome({ onBreach: 'contain' })],
    ['it alerts on a breach', 'weakens', outcome({ onBreach: 'alert' })],
    ['a lower rung', 'weakens', outcome({ needs: { ...outcomeBody.needs, rung: 'C4' } })],
    ['a longer window', 'weakens', outcome({ needs: { ...outcomeBody.needs, windowMs: 1e9 } })],
    ['another calendar', 'weakens', outcome({ timeZone: 'Asia/Tokyo' })],
    ['an outcome with a member that nobody knows', 'weakens', outcome({ ignore: ['all'] })],
    // Who acts, and with what.
    ['an identity added', 'weakens', compare('identity.enrolled', undefined, clerk)],
    ['an identity withdrawn', 'narrows', compare('identity.enrolled', clerk)],
    ['a lower budget', 'narrows', identity({ budget: money(499) })],
    ['a higher budget', 'weakens', identity({ budget: money(501) })],
    ['no budget', 'weakens', identity({ budget: undefined })],
    ['a budget in another currency', 'weakens', identity({ budget: money(1, 'EUR') })],
    [
      'a budget where there was none',
      'narrows',
      compare('identity.enrolled', { ...clerk, budget: undefined }, clerk),
    ],
    ['another owner of an agent', 'weakens', identity({ owner: who.sam })],
    ['an application out of an agent', 'weakens', identity({ is: 'application' })],
    ['another day', 'weakens', identity({ timeZone: 'Asia/Tokyo' })],
    ['a label added', 'weakens', compare('tool.labelled', undefined, label)],
    ['a label withdrawn', 'narrows', compare('tool.labelled', label)],
    [
      'a read that is recorded before',
      'narrows',
      compare('tool.labelled', { tool: 't', effect: 'read' }, { tool: 't', effect: 'write' }),
    ],
    ['a payment called a read', 'weakens', compare('tool.labelled', label, { ...label, effect: 'read' })],
    ['money read elsewhere', 'weakens', compare('tool.labelled', label, { ...label, money: undefined })],
    [
      'about another subject',
      'weakens',
      compare('tool.labelled', label, { ...label, subject: { kind: 'a', path: 'b' } }),
    ],
    ['a server added', 'weakens', compare('server.declared', undefined, server)],
    ['a server withdrawn', 'narrows', compare('server.declared', server)],
    [
      'a decided server withdrawn',
      'weakens',
      compare('server.declared', { ...server, transport: 'decided' }),
    ],
    ['another server', 'weakens', compare('server.declared', server, { ...server, definition: 'E' })],
    ['a record added', 'weakens', compare('record.declared', undefined, { record: 'erp' })],
    ['a record withdrawn', 'weakens', compare('record.declared', { record: 'erp' })],
    // People and witnesses.
    ['a person enrolled', 'weakens', compare('person.enrolled', undefined, ines)],
    ['one function less', 'narrows', person({ functions: ['finance'] })],
    ['one function more', 'weakens', person({ functions: ['finance', 'legal', 'it'] })],
    ['another account', 'narrows', person({ accounts: ['i@acme.example'] })],
    ['a deputy', 'weakens', person({ deputies: [deputy] })],
    [
      'one deputy less',
      'narrows',
      changed('person.enrolled', { ...ines, deputies: [deputy] })({ deputies: [] }),
    ],
    ['one key less', 'narrows', person({ keys: [one] })],
    ['another key', 'weakens', person({ keys: [one, { ...two, public: 'C' }] })],
    ['a person said to be played', 'narrows', person({ simulated: true })],
    ['a witness added', 'weakens', compare('witness.declared', undefined, witness)],
    ['a witness withdrawn', 'narrows', compare('witness.declared', witness)],
    [
      'a witness on the own host',
      'narrows',
      compare('witness.declared', witness, { ...witness, simulated: true }),
    ],
    [
      'a witness said to be elsewhere',
      'weakens',
      compare('witness.declared', { ...witness, simulated: true }, witness),
    ],
    ['a quorum added', 'narrows', compare('quorum.declared', undefined, { policy: '' })],
    ['a quorum withdrawn', 'weakens', compare('quorum.declared', { policy: '' })],
    ['nobody may let passkeys in, as by default', 'same', passkeys(undefined, { invite: [], confirm: [] })],
    ['somebody may let passkeys in', 'weakens', passkeys(undefined, inOut)],
    ['more who may invite', 'weakens', passkeys(inOut, { ...inOut, invite: ['it', 'legal'] })],
    ['more who may confirm', 'weakens', passkeys(inOut, { ...inOut, confirm: ['legal', 'it'] })],
    ['fewer who may confirm', 'narrows', passkeys(inOut, { ...inOut, confirm: [] })],
    ['nobody may let passkeys in any more', 'narrows', passkeys(inOut, undefined)],
    ['containment as it is by default', 'same', containment(undefined, both)],
    ['no more said of it', 'same', containment(both, undefined)],
    ['more who may contain', 'narrows', containment(both, { ...both, order: [...both.order, 'legal'] })],
    ['fewer who may contain', 'weakens', containment(undefined, { ...both, order: ['security'] })],
    ['fewer who may lift', 'narrows', containment(undefined, { ...both, lift: ['security'] })],
    ['others who may lift', 'weakens', containment(undefined, { ...both, lift: ['legal'] })],
    ['people told for the first time', 'narrows', notices(undefined, told)],
    ['people told of no more', 'weakens', notices(told)],
    ['people told by mail too', 'narrows', notices(told, { ...told, mail: true })],
    ['people told by mail no more', 'weakens', notices({ ...told, mail: true }, told)],
    ['one webhook less', 'weakens', notices(told, { ...told, webhooks: [] })],
    ['people asked less', 'narrows', notices(told, { ...told, asks: { ...askDefault, person: 5 } })],
    ['an agent that may ask less', 'narrows', notices(told, { ...told, asks: { ...askDefault, agent: 5 } })],
    ['people asked more', 'weakens', notices(undefined, { ...told, asks: { ...askDefault, person: 101 } })],
    ['asked one by one longer', 'weakens', notices(told, { ...told, asks: { ...askDefault, singles: 99 } })],
    ['all again who may lift', 'weakens', containment({ ...both, lift: ['security'] }, undefined)],
    ['contracts as it is by default', 'same', compare('contracts.declared', undefined, approvers)],
    [
      'fewer who may approve contracts',
      'narrows',
      compare('contracts.declared', approvers, { approve: ['security'] }),
    ],
    ['others who may', 'weakens', compare('contracts.declared', undefined, { approve: ['legal'] })],
    ['contracts asked for', 'narrows', compare('server.declared', server, { ...server, pins: 'required' })],
    [
      'contracts observed only',
      'weakens',
      compare('server.declared', { ...server, pins: 'required' }, { ...server, pins: 'observe' }),
    ],
    ['not even that', 'weakens', compare('server.declared', { ...server, pins: 'observe' }, server)],
    [
      'contracts required that were observed',
      'narrows',
      compare('server.declared', { ...server, pins: 'observe' }, { ...server, pins: 'required' }),
    ],
    ['a quorum that nobody can read', 'weakens', compare('quorum.declared', { policy: '' }, { policy: 'x' })],
    // What this version does not know.
    ['a kind that nobody knows', 'weakens', compare('limit.declared', undefined, { limit: 1 })],
    ['its change', 'weakens', compare('limit.declared', { limit: 1 }, { limit: 0 })],
    ['its end', 'weakens', compare('limit.declared', { limit: 1 })],
    [
      'another kind in its place',
      'weakens',
      relationOf(
        {
          stream: 'x/y',
          before: { kind: 'limit.declared', body: {} },
          after: { kind: 'rule.activated', body: {} },
        },
        none,
      ),
    ],
  ])('%s: %s', (_, expected, found) => expect(found).toBe(expected));

  it('of a label is one of what its server says for all tools', () => {
    const standing: Standing = new Map([
      ['tool/erp.*', { kind: 'tool.labelled', body: { tool: 'erp.*', effect: 'read' } }],
    ]);
    const at = (before?: Body, after?: Body) =>
      compare('tool.labelled', before, after, standing, 'tool/erp.pay');
    const read = { tool: 'erp.pay', effect: 'read' };
    expect(at(undefined, { ...read, effect: 'write' })).toBe('narrows');
    expect(at(undefined, read)).toBe('same');
    expect(at(label, undefined)).toBe('weakens');
  });

  it('has a line for every kind that people declare, and docs/weakening.md has one for every member', () => {
    const page = readFileSync(new URL('../../../../docs/weakening.md', import.meta.url), 'utf8');
    const declared = Object.entries(bodies).filter(([kind]) =>
      /\.(declared|labelled|enrolled|activated)$/.test(kind),
    );
    const missing = declared.flatMap(([kind, shape]) => {
      const members = Object.keys((shape.schema as { properties: object }).properties);
      return members
        .filter((name) => !new RegExp(`\`${kind}\`[^\\n]*\`${name}\``).test(page))
        .map((name) => `${kind} ${name}`);
    });
    expect(missing).toEqual([]);
  });
});
