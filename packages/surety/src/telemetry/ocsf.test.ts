import { bodies, type Fact, type Kind, type UnknownFact } from '@surety/proof/facts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people, referenceIn, TestHouse } from '../house.fixture.ts';
import { leafOf, lineOf } from './lines.ts';
import { ocsfEvent } from './ocsf.ts';
import { ocsfProblems } from './ocsf-schema.fixture.ts';

type Event = ReturnType<typeof ocsfEvent> & {
  readonly metadata: { readonly event_code: string; readonly uid: string; readonly correlation_uid?: string };
  readonly unmapped: Readonly<Record<string, unknown>>;
};

let house: TestHouse;
let lines: string[];
let events: Event[];
const canary = 'canary-7f3a';

beforeAll(async () => {
  house = await TestHouse.open();
  const { credential } = await house.house.issue('buyer', 1_000);
  await house.house.revoke('buyer');
  const opened = await house.openCase('buyer', people.sam.id, `words ${canary}`);
  await house.match(canary, { case: opened });
  await house.pay(canary, '12345.67', { case: opened });
  const hold = referenceIn(await house.pay(`${canary}-2`, '12345.67', { case: opened }));
  await house.call('erp.wipe', { what: canary });
  await house.match('E-1');
  const held = referenceIn(await house.pay('E-1', '22222.22'));
  await house.answerHold(held, people.ines);
  await house.pay('E-1', '22222.22');
  await house.house.verdict('payments');
  await house.log.flushed();
  const entries = house.log.read(0, house.log.size());
  lines = entries.map((entry) => lineOf(entry, 'ocsf'));
  events = lines.map((line) => JSON.parse(line) as Event);
  expect(hold).not.toBe('');
  expect(lines.join('\n')).not.toContain(credential);
});
afterAll(() => house?.close());

const ofKind = (kind: Kind): Event => {
  const found = events.find(({ metadata }) => metadata.event_code === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
};

describe('the facts of a day', () => {
  test('are all there, in order, each a valid event of OCSF 1.8.0', () => {
    expect(events.map(({ metadata }) => metadata.uid)).toEqual(
      events.map((_, at) => `acme.example/test/${at}`),
    );
    expect(events.flatMap((event) => ocsfProblems(event))).toEqual([]);
  });

  test('hold nothing that a commitment hides', () => {
    for (const value of [canary, 'Canaryname', '12345.67', '1234567', '22222.22', '2222222'])
      expect(lines.filter((line) => line.includes(value))).toEqual([]);
  });

  test('calls are API Activity, with agent, user, tool and what became of it', () => {
    expect(ofKind('call.refused')).toMatchObject({
      class_uid: 6003,
      type_uid: 600399,
      activity_name: 'spend',
      severity_id: 2,
      status_id: 2,
      status_code: 'checkpoint',
      status_detail: 'checkpoint',
      actor: { app_uid: 'buyer', user: { uid: people.sam.id } },
      api: { operation: 'pay', service: { name: 'erp' }, request: { uid: expect.stringMatching(/^c-/) } },
    });
    expect(ofKind('call.held')).toMatchObject({ class_uid: 6003, status_id: 99, status: 'Held' });
    expect(ofKind('call.settled')).toMatchObject({ type_uid: 600302, status_id: 1, status_code: 'ok' });
  });

  test('approvals and credentials are Entity Management, the person is the actor', () => {
    const held = ofKind('call.held').metadata;
    expect(ofKind('approval.given')).toMatchObject({
      type_uid: 300410,
      actor: { user: { uid: people.ines.id } },
      entity: { type: 'Hold', uid: expect.stringMatching(/^h-/) },
    });
    expect(held.correlation_uid).toMatch(/^c-/);
    expect(ofKind('credential.issued')).toMatchObject({ type_uid: 300401, entity: { type: 'Credential' } });
    expect(ofKind('credential.revoked')).toMatchObject({ type_uid: 300404, entity: { type: 'Credential' } });
  });

  test('a verdict is a Compliance Finding on its outcome', () => {
    expect(ofKind('verdict.given')).toMatchObject({
      class_uid: 2003,
      compliance: { control: 'payments', status: expect.stringMatching(/^(unproven|violated|holding)$/) },
    });
  });
});

test('every kind that there is becomes a valid event', () => {
  const texts = { tool: 'erp.pay', effect: 'spend', person: 'ann@acme.example', order: 'o-1', lifts: 'o-1' };
  const body = new Proxy({ ...texts, verdict: 'proven', settlement: 'ok' } as Record<string, string>, {
    get: (own, name) => (typeof name === 'string' ? (own[name] ?? 'some-text') : undefined),
  });
  for (const kind of Object.keys(bodies) as Kind[]) {
    const fact = { ...envelope(kind), body } as unknown as Fact;
    expect([kind, ...ocsfProblems(ocsfEvent(fact, { version: '1', leaf: '00', kind }))]).toEqual([kind]);
  }
});

test('a kind of a later version is a Base Event under its own name, and nothing of its body leaves', () => {
  const fact = { ...envelope('unknown'), body: { secret: canary } } as unknown as UnknownFact;
  const event = ocsfEvent(fact, { version: '1', leaf: '00', kind: 'moon.landed' });
  expect(ocsfProblems(event)).toEqual([]);
  expect(event).toMatchObject({ class_uid: 0, activity_name: 'moon.landed' });
  expect(JSON.stringify(event)).not.toContain(canary);
});

test('a line of JSON is the fact as it was hashed', () => {
  for (const entry of house.log.read(0, 50)) {
    const line = lineOf(entry, 'jsonl');
    const { position, leaf, fact } = JSON.parse(line) as { position: number; leaf: string; fact: object };
    expect([position, leaf]).toEqual([entry.position, leafOf(entry.bytes)]);
    expect(leafOf(Buffer.from(JSON.stringify(fact)))).toBe(leaf);
  }
});

test('the validator finds what is wrong', () => {
  const good = events[0] as Event;
  expect(ocsfProblems({ ...good, severity_id: 7 })).toEqual(['/severity_id is none of 0,1,2,3,4,5,6,99']);
  expect(ocsfProblems({ ...good, colour: 'red' })).toEqual(['/colour is unknown']);
  expect(ocsfProblems({ ...good, metadata: { version: '1.8.0' } })).toEqual(['/metadata/product is missing']);
  expect(ocsfProblems({ ...good, type_uid: 1 })).toEqual(['type 1']);
  expect(ocsfProblems({ ...good, status_id: 99 })).toContain('/status_id is other, and status is missing');
});

const envelope = (kind: string) => ({
  ...{ v: 1, kind, log: 'acme.example/test', stream: 'case/k', streamVersion: 0, basis: [] },
  ...{ emitter: 'e-1', emitterSeq: 0, time: 1, case: 'k', agent: 'buyer', position: 3 },
});
