import { describe, expect, it } from 'vitest';
import { fourEyes, hashed, matched, outcomeBody, permit, who } from '../declared.fixture.ts';
import { opensPath } from './opening.ts';
import { reliesOn } from './reliance.ts';
import type { Content, Standing } from './standing.ts';

const content = (kind: string, body: object): Content => ({ kind, body: { ...body } }) as Content;
const label = (tool: string, effect = 'send') => content('tool.labelled', { tool, effect });
const agent = (identity: string) =>
  content('identity.enrolled', { identity, is: 'agent', owner: who.lena, timeZone: 'UTC' });
const policy = (cedar: object) => content('policy.activated', { policy: 'p', hash: 'h', cedar });
const server = (transport: string) =>
  content('server.declared', { server: 'mail', transport, definition: 'd' });
const rule = (more: object) => {
  const body: Record<string, unknown> = {
    ...matched,
    outcome: 'other',
    rule: 'r',
    before: 'mail.send',
    ...more,
  };
  for (const [name, value] of Object.entries(body)) if (value === undefined) delete body[name];
  return content('rule.activated', hashed(body));
};

const mails = { ...permit, resource: { op: 'in', entity: { type: 'Server', id: 'mail' } } };
const outcome = content('outcome.declared', outcomeBody);
const base: Readonly<Record<string, Content>> = {
  'outcome/supplier-payments': outcome,
  'rule/supplier-payments/matched': content('rule.activated', hashed(matched)),
  'identity/clerk': agent('clerk'),
  'tool/mail.send': label('mail.send'),
  'policy/p': policy(mails),
};
const standingOf = (more: Readonly<Record<string, Content | undefined>>): Standing =>
  new Map(Object.entries({ ...base, ...more }).flatMap(([stream, each]) => (each ? [[stream, each]] : [])));

const asked = (
  stream: string,
  after: Content | undefined,
  more: Readonly<Record<string, Content | undefined>>,
) => {
  const standing = standingOf(more);
  const before = standing.get(stream);
  return reliesOn({ stream, before, after }, standing).map(({ owner }) => owner);
};

describe('a change that no outcome relies on waits for every owner where it opens a path', () => {
  const gone = (stream: string) => ({ [stream]: undefined });
  const forbid = policy({ ...mails, effect: 'forbid' });

  it.each<[string, string, Content | undefined, Readonly<Record<string, Content | undefined>>, boolean]>([
    ['a permission', 'policy/p', base['policy/p'], gone('policy/p'), true],
    ['a label', 'tool/mail.send', base['tool/mail.send'], gone('tool/mail.send'), true],
    ['an agent', 'identity/clerk', base['identity/clerk'], gone('identity/clerk'), true],
    ['a forbid that goes', 'policy/f', undefined, { 'policy/f': forbid }, true],
    [
      'a server whose calls no longer cross',
      'server/mail',
      server('decided'),
      { 'server/mail': server('stdio') },
      true,
    ],
    ['a default for a server', 'tool/mail.*', label('mail.*', 'read'), gone('tool/mail.send'), true],
    [
      'a default for a tool that a policy names',
      'tool/mail.*',
      label('mail.*', 'read'),
      {
        ...gone('tool/mail.send'),
        'policy/p': policy({ ...mails, action: { op: '==', entity: { type: 'Action', id: 'mail.send' } } }),
      },
      true,
    ],
    [
      'a label of what never crosses',
      'tool/mail.wipe',
      label('mail.wipe', 'delete'),
      { ...gone('policy/p'), 'server/mail': server('decided') },
      true,
    ],
    [
      'what executes, whatever stands before it',
      'tool/mail.send',
      label('mail.send', 'execute'),
      { ...gone('tool/mail.send'), 'rule/other/r': rule({}) },
      true,
    ],
    [
      'a checkpoint that only observes',
      'policy/p',
      base['policy/p'],
      { ...gone('policy/p'), 'rule/other/r': rule({ mode: 'observe' }) },
      true,
    ],
    [
      'a checkpoint that leaves calls out',
      'policy/p',
      base['policy/p'],
      { ...gone('policy/p'), 'rule/other/r': rule({ ...fourEyes, outcome: 'other', before: 'mail.send' }) },
      true,
    ],
    [
      'a checkpoint that looks at what follows',
      'policy/p',
      base['policy/p'],
      {
        ...gone('policy/p'),
        'rule/other/r': rule({
          require: undefined,
          once: [],
          afterwards: [{ call: 'mail.log', same: [], withinMs: 1 }],
        }),
      },
      true,
    ],
    [
      'a checkpoint that stops every call',
      'policy/p',
      base['policy/p'],
      { ...gone('policy/p'), 'rule/other/r': rule({}) },
      false,
    ],
    ['a read', 'tool/mail.read', label('mail.read', 'read'), {}, false],
    [
      'a label that nobody may call',
      'tool/mail.send',
      base['tool/mail.send'],
      { ...gone('tool/mail.send'), ...gone('policy/p') },
      false,
    ],
    [
      'another policy for what was open',
      'policy/q',
      policy({ ...mails, conditions: [{ kind: 'when', body: { Value: true } }] }),
      {},
      false,
    ],
    ['an agent that may do nothing', 'identity/other', agent('other'), {}, false],
    ['a server that crosses', 'server/mail', server('stdio'), {}, false],
    [
      'a label where its server had a default',
      'tool/mail.send',
      base['tool/mail.send'],
      { ...gone('tool/mail.send'), 'tool/mail.*': label('mail.*', 'read') },
      false,
    ],
  ])('%s: %s', (_, stream, after, more, isAsked) => {
    expect(asked(stream, after, more)).toEqual(isAsked ? [who.tove] : []);
  });

  it('asks nobody where there is no outcome', () => {
    const none = { ...gone('outcome/supplier-payments'), ...gone('policy/p') };
    expect(asked('policy/p', base['policy/p'], none)).toEqual([]);
    expect(
      opensPath({ stream: 'policy/p', before: undefined, after: base['policy/p'] }, standingOf(none)),
    ).toBe(true);
  });

  it('opens where it cannot be read, and where there is too much to look at', () => {
    const unreadable = policy({ ...mails, conditions: [{ kind: 'when', body: { like: {} } }] });
    expect(
      asked('policy/f', undefined, {
        'policy/f': policy({ ...mails, effect: 'forbid', principal: { op: '?' } }),
      }),
    ).toEqual([who.tove]);
    expect(asked('policy/p', unreadable, gone('policy/p'))).toEqual([who.tove]);
    const many: Record<string, Content> = {};
    for (let index = 0; index < 300; index++) {
      many[`tool/mail.t${index}`] = label(`mail.t${index}`);
      many[`identity/a${index}`] = agent(`a${index}`);
    }
    // It would open nothing that was not open: there is more to decide than one change is worth.
    const every = policy({ ...mails, principal: { op: 'is', entity_type: 'Agent' } });
    const all = policy({ ...mails, principal: { op: 'All' } });
    expect(asked('policy/q', all, { ...many, 'policy/p': every })).toEqual([who.tove]);
    expect(asked('policy/q', all, { 'policy/p': every })).toEqual([]);
  });
});
