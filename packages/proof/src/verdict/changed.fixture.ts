// Days on which something that an outcome relies on was weakened, and its owner has not signed that.

import type { Change } from '../changes/index.ts';
import type { Kind } from '../facts.ts';
import { canonicalJson } from '../values/canonical.ts';
import {
  at,
  type Day,
  dayEnd,
  hashed,
  hashOf,
  hourMs,
  makeKey,
  outcomeBody,
  permit,
  personKey,
  populationSql,
  ruleBodies,
  who,
} from '../verify.fixture.ts';
import { type DayCase, type Made, of, passedOver, withDay } from './cases.fixture.ts';

const stream = 'rule/supplier-payments/four-eyes';
const written = { ...ruleBodies.fourEyes, when: 'money > 99999999' };
const weaker = hashed(written);
const impose: Made = (day) => day.impose('rule.activated', stream, weaker);
const weakening = (day: Day): Change => day.changes.changeBy('rule.activated', stream, weaker) as Change;
const unsigned = of('guarded', 'unproven', 'change-unsigned');

/** The checkpoint is weakened at three, with what is made of the signature under it. */
const signedBy = (name: string, sign: Made): DayCase => ({
  name: `a checkpoint weakened ${name}`,
  day: withDay((day) => {
    sign(day);
    impose(day);
  }),
  ...unsigned,
});

const imposed = (name: string, kind: Kind, at: string, body: (day: Day) => object): DayCase => ({
  name,
  day: withDay((day) => {
    day.impose(kind, at, body(day));
  }),
  ...unsigned,
});

const mails = (agent: string) => {
  const resource = { op: 'in', entity: { type: 'Server', id: 'mail' } };
  const principal = { op: '==', entity: { type: 'Agent', id: agent } };
  const cedar = { ...permit, principal, resource };
  return { policy: 'mails', hash: hashOf(canonicalJson(cedar)), cedar };
};
const send = { tool: 'mail.send', effect: 'send' };
const newcomer = { identity: 'newcomer', is: 'agent', owner: who.lena, timeZone: 'UTC' };

/** A tool of a server that no outcome is about: what comes last opens the path to it. */
const opened = (name: string, ...imposes: readonly (readonly [Kind, string, object])[]): DayCase => ({
  name,
  day: withDay((day) => {
    for (const [kind, at, body] of imposes) day.impose(kind, at, body);
  }),
  ...unsigned,
});

export const changedDays: readonly DayCase[] = [
  signedBy('and nobody asked', () => {}),
  signedBy('and proposed only', (day) => {
    day.changes.propose(weakening(day), at(14));
  }),
  signedBy('by the word of somebody else than the owner', (day) => {
    day.changes.propose(weakening(day), at(14));
    day.changes.sign(weakening(day), at(14), { person: who.ines });
  }),
  signedBy('with the key of somebody else under the name of the owner', (day) => {
    const { ines, tove } = day.keys;
    day.changes.propose(weakening(day), at(14));
    if (ines && tove) day.changes.sign(weakening(day), at(14), { person: who.tove, key: ines, named: tove });
  }),
  signedBy('with a key that the owner never had', (day) => {
    day.changes.propose(weakening(day), at(14));
    day.changes.sign(weakening(day), at(14), { person: who.tove, key: makeKey('tove') });
  }),
  signedBy('with a key that two people have', (day) => {
    const { ines, tove } = day.keys;
    if (ines && tove) day.enrol(who.ines, ['finance'], [ines, tove], at(13));
    day.changes.propose(weakening(day), at(14));
    day.changes.sign(weakening(day), at(14), { person: who.tove });
  }),
  ...(['stream', 'from', 'to', 'log', 'change'] as const).map((member) =>
    signedBy(`with a signature over another \`${member}\``, (day) => {
      day.changes.propose(weakening(day), at(14));
      const instead = { [member]: hashOf('another') };
      day.changes.sign(weakening(day), at(14), { person: who.tove, instead });
    }),
  ),
  signedBy('by a signature for a proposal of something else', (day) => {
    day.changes.propose(weakening(day), at(14), { to: hashOf('another') });
    day.changes.sign(weakening(day), at(14), { person: who.tove });
  }),
  signedBy('by a signature for an earlier proposal of the same', (day) => {
    day.changes.propose(weakening(day), at(13));
    day.changes.sign(weakening(day), at(13), { person: who.tove });
    day.changes.propose(weakening(day), at(14));
  }),
  signedBy('by a signature for a proposal that was withdrawn', (day) => {
    const change = day.changes.propose(weakening(day), at(13));
    day.changes.sign(weakening(day), at(13), { person: who.tove });
    day.log.write({ kind: 'change.withdrawn', stream: `change/${change}`, time: at(14), body: { change } });
  }),
  signedBy('by a signature for a proposal that was refused', (day) => {
    const change = day.changes.propose(weakening(day), at(13));
    day.changes.sign(weakening(day), at(13), { person: who.tove });
    day.changes.refuse(change, at(14), who.tove);
  }),
  signedBy('by a signature given after the proposal was refused', (day) => {
    const change = day.changes.propose(weakening(day), at(13));
    day.changes.refuse(change, at(13), who.tove);
    day.changes.sign(weakening(day), at(14), { person: who.tove });
  }),
  signedBy('by a signature that served before', (day) => {
    day.rule(written, at(13));
    day.rule(ruleBodies.fourEyes, at(14));
  }),
  {
    name: 'a payment past a checkpoint that was weakened without a signature',
    day: withDay((day) => {
      impose(day);
      day.pay('4120', '20000.00', { at: at(16) });
    }),
    ...passedOver(),
  },
  {
    name: 'a checkpoint withdrawn without a signature',
    day: withDay((day) => {
      day.impose('declaration.withdrawn', `withdrawal/${stream}`, { stream });
      day.pay('4120', '20000.00', { at: at(16) });
    }),
    ...passedOver(),
  },
  {
    name: 'a weakening that lasts from the day before',
    day: withDay((day) => {
      const [fact] = day.log.drafts.slice(day.impose('rule.activated', stream, weaker, at(8)));
      if (fact !== undefined) fact.time = at(-20);
    }),
    ...unsigned,
  },
  {
    name: 'a budget raised without a signature',
    day: withDay((day) => {
      const budget = { amountMinor: 900_000_000, currency: 'USD', per: 'day' };
      const body = { identity: 'clerk', is: 'agent', owner: who.lena, budget, timeZone: 'UTC' };
      day.impose('identity.enrolled', 'identity/clerk', body, at(11));
      day.approve('4120', '4900000.00', { at: at(12) });
      day.pay('4120', '4900000.00', { at: at(12, 30) });
    }),
    ...of('bounded', 'violated', 'limit-exceeded'),
  },
  imposed('an owner exchanged without a signature', 'outcome.declared', 'outcome/supplier-payments', () => ({
    ...outcomeBody,
    owner: who.ines,
  })),
  imposed(
    'a key of the owner exchanged without a signature',
    'person.enrolled',
    `person/${who.tove}`,
    (day) => ({
      ...{ person: who.tove, name: day.log.commit(who.tove), functions: ['treasury'], simulated: false },
      keys: [personKey(makeKey('tove'))],
    }),
  ),
  imposed('an owner left without a key', 'person.enrolled', `person/${who.tove}`, (day) => ({
    ...{ person: who.tove, name: day.log.commit(who.tove), functions: ['treasury'], simulated: false },
    keys: [],
  })),
  imposed('an approver enrolled without a signature', 'person.enrolled', `person/${who.paul}`, (day) => ({
    ...{ person: who.paul, name: day.log.commit(who.paul), functions: ['finance'], simulated: false },
    keys: [personKey(makeKey('paul'))],
  })),
  imposed('a permission added without a signature', 'policy.activated', 'policy/others', () => {
    const cedar = { ...permit, principal: { op: 'All' } };
    return { policy: 'others', hash: hashOf(canonicalJson(cedar)), cedar };
  }),
  opened(
    'a path opened by a permission that nobody signed',
    ['tool.labelled', 'tool/mail.send', send],
    ['policy.activated', 'policy/mails', mails('clerk')],
  ),
  opened(
    'a path opened by a label that nobody signed',
    ['policy.activated', 'policy/mails', mails('clerk')],
    ['tool.labelled', 'tool/mail.send', send],
  ),
  opened(
    'a path opened by an agent that nobody signed',
    ['policy.activated', 'policy/mails', mails('newcomer')],
    ['tool.labelled', 'tool/mail.send', send],
    ['identity.enrolled', 'identity/newcomer', newcomer],
  ),
  opened(
    'a path past the gateway that nobody signed',
    ['tool.labelled', 'tool/mail.send', send],
    ['server.declared', 'server/mail', { server: 'mail', transport: 'decided', definition: hashOf('mail') }],
  ),
  imposed('a label changed without a signature', 'tool.labelled', 'tool/erp.pay_invoice', () => ({
    ...{ tool: 'erp.pay_invoice', effect: 'read' },
  })),
  imposed('a server exchanged without a signature', 'server.declared', 'server/erp', () => ({
    ...{ server: 'erp', transport: 'http', definition: hashOf('another') },
  })),
  imposed('a record exchanged without a signature', 'record.declared', 'record/erp', () => ({
    ...{ record: 'erp', kind: 'sqlite', definition: hashOf('another') },
  })),
  imposed('a witness added without a signature', 'witness.declared', 'witness/own.example', () => ({
    ...{ witness: 'own.example', key: makeKey('own.example').verifier, simulated: false },
  })),
  {
    name: 'an owner who was exchanged and signs for themselves',
    day: withDay((day) => {
      day.impose('outcome.declared', 'outcome/supplier-payments', { ...outcomeBody, owner: who.ines });
      day.changes.propose(weakening(day), at(15));
      day.changes.sign(weakening(day), at(15), { person: who.ines });
      impose(day);
    }),
    ...unsigned,
  },
  {
    name: 'a population narrowed without a signature',
    day: withDay((day) => {
      day.stray({ id: 'X1' });
      const population = `${populationSql} AND created_by = 'gateway'`;
      const body = { ...outcomeBody, reconcile: { ...outcomeBody.reconcile, population } };
      day.impose('outcome.declared', 'outcome/supplier-payments', body, dayEnd - hourMs);
    }),
    ...of('reconciled', 'violated', 'orphan'),
  },
];
