// Changes of the files, against a real house on a real store: what narrows applies at once, what weakens waits for the
// owner, whether Surety is started again or not, and every proof knows the difference.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeText, refusalText } from '@surety/proof/changes';
import { afterEach, expect, test } from 'vitest';
import { files, hourMs, type Person, people, signed, TestHouse } from '../house.fixture.ts';
import { backUp } from '../ledger/backup.ts';
import { restore } from '../ledger/restore.ts';
import type { Pending } from './changing.ts';

const tove = people.tove;
const withKey = (text: string): string =>
  text.replace('name: Tove Canaryname }', `name: Tove Canaryname, keys: ["${tove.line}"] }`);
const surety = withKey(files['surety.yaml']);
const outcome = files['outcomes/payments.yaml'];
const weaker = outcome.replace('money > 1000000', 'money > 90000000');
const stricter = outcome.replace('money > 1000000', 'money > 100000');

/** Another outcome over the same tools, of another owner. */
const refunds = outcome
  .replace('outcome: payments', 'outcome: refunds')
  .replace(tove.id, people.paul.id)
  .replace(/reconcile:[\s\S]*/, '');

const houses: TestHouse[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

async function opened(changed: Readonly<Record<string, string>> = {}): Promise<TestHouse> {
  const house = await TestHouse.open({ 'surety.yaml': surety, ...changed });
  houses.push(house);
  return house;
}

/** The statement of an owner under what waits, with anything in it made wrong. */
async function sign(house: TestHouse, who: Person, change: string, instead: object = {}) {
  const proposed = (await house.factsOf('change.proposed')).findLast(({ body }) => body.change === change);
  if (proposed === undefined) throw new Error(`no proposal ${change}`);
  const by = { person: who.id, at: house.now(), ...instead };
  const text = changeText({ ...proposed.body, log: proposed.log }, by);
  return house.house.sign({ change, ...by, key: who.keyId, signature: signed(who, text) });
}

/** The refusal of an owner, with anything in what is handed in made wrong. */
async function refuse(house: TestHouse, who: Person, change: string, instead: object = {}) {
  const proposed = (await house.factsOf('change.proposed')).findLast(({ body }) => body.change === change);
  if (proposed === undefined) throw new Error(`no proposal ${change}`);
  const by = { person: who.id, at: house.now() };
  const reason = 'Ten million is too much for one pair of eyes.';
  const text = refusalText({ ...proposed.body, log: proposed.log }, { ...by, reason });
  const offered = { change, ...by, key: who.keyId, signature: signed(who, text), refuse: reason };
  return house.house.sign({ ...offered, ...instead });
}

const waiting = (house: TestHouse): readonly Pending[] => house.house.changes();
const only = (house: TestHouse): string => {
  const [first, ...more] = waiting(house);
  if (first === undefined || more.length > 0) throw new Error(`${waiting(house).length} changes wait`);
  return first.change;
};

/** A payment between the two thresholds: held by the stricter rule, let through by the weaker. */
async function pays(house: TestHouse, invoice: string): Promise<string> {
  await house.match(invoice);
  const reply = await house.pay(invoice, '20000.00');
  return reply.is;
}

test('the first configuration asks nobody, and the same files again change nothing', async () => {
  const house = await opened();
  expect(waiting(house)).toEqual([]);
  const size = house.log.size();
  await house.reload({});
  expect(waiting(house)).toEqual([]);
  expect(house.log.size()).toBe(size);
});

test('a weaker checkpoint waits, through a restart, until the owner signs; a call is held until then', async () => {
  const house = await opened();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const change = only(house);
  expect(waiting(house)[0]).toMatchObject({
    stream: 'rule/payments/four-eyes',
    signed: [],
    missing: [{ outcome: 'payments', owner: tove.id }],
  });
  expect(await pays(house, 'INV-1')).toBe('held');
  await house.restart();
  expect(only(house)).toBe(change);
  expect(await pays(house, 'INV-2')).toBe('held');
  expect(await sign(house, tove, change)).toEqual({ pending: false });
  expect(waiting(house)).toEqual([]);
  expect(await pays(house, 'INV-3')).toBe('upstream');
});

test('a stricter checkpoint applies at once', async () => {
  const house = await opened();
  await house.reload({ 'outcomes/payments.yaml': stricter });
  expect(waiting(house)).toEqual([]);
  await house.match('INV-1');
  expect((await house.pay('INV-1', '2000.00')).is).toBe('held');
});

test('whoever is not the owner, or signs something else, signs nothing', async () => {
  const house = await opened();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const change = only(house);
  await expect(sign(house, people.ines, change)).rejects.toThrow('does not wait for');
  await expect(sign(house, people.ines, change, { person: tove.id })).rejects.toThrow('did not sign this');
  await expect(sign(house, tove, change, { at: house.now() - hourMs })).rejects.toThrow('too long ago');
  const wrong = { change, person: tove.id, at: house.now(), key: tove.keyId };
  await expect(house.house.sign({ ...wrong, signature: 'no base64' })).rejects.toThrow('did not sign this');
  await expect(house.house.sign({ ...wrong, change: 'd-none', signature: '' })).rejects.toThrow(
    'no change waits',
  );
  expect(only(house)).toBe(change);
});

test('what changes again is proposed again, and what is taken back waits no more', async () => {
  const house = await opened();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const first = only(house);
  await house.reload({ 'outcomes/payments.yaml': weaker.replace('90000000', '80000000') });
  const second = only(house);
  expect(second).not.toBe(first);
  await expect(sign(house, tove, first)).rejects.toThrow('no change waits');
  await house.reload({ 'outcomes/payments.yaml': outcome });
  expect(waiting(house)).toEqual([]);
  const withdrawn = await house.factsOf('change.withdrawn');
  expect(withdrawn.map(({ body }) => body.change)).toEqual([first, second]);
  expect(await pays(house, 'INV-1')).toBe('held');
});

test('every owner who relies on it must sign, and the old owner for a new one', async () => {
  const house = await opened({ 'outcomes/refunds.yaml': refunds });
  await house.reload({ 'surety.yaml': surety.replace('amount: 1000000', 'amount: 2000000') });
  const budget = only(house);
  expect(waiting(house)[0]?.stream).toBe('identity/buyer');
  expect(await sign(house, tove, budget)).toEqual({ pending: true });
  await expect(sign(house, tove, budget)).rejects.toThrow('has signed');
  expect(await sign(house, people.paul, budget)).toEqual({ pending: false });

  await house.reload({ 'outcomes/payments.yaml': outcome.replace(tove.id, people.ines.id) });
  const owner = only(house);
  await expect(sign(house, people.ines, owner)).rejects.toThrow('does not wait for');
  expect(await sign(house, tove, owner)).toEqual({ pending: false });
});

test('nobody enrols another key for an owner; the first one of an owner without any is free', async () => {
  const house = await opened();
  await house.reload({ 'surety.yaml': surety.replace(`keys: ["${tove.line}"]`, 'keys: []') });
  expect(waiting(house).map(({ stream }) => stream)).toEqual([`person/${tove.id}`]);
  const free = await TestHouse.open();
  houses.push(free);
  await free.reload({ 'surety.yaml': surety });
  expect(waiting(free)).toEqual([]);
});

test('an owner refuses: it stays out, through a restart, until the files change, and nobody can sign it any more', async () => {
  const house = await opened();
  const day = house.now();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const change = only(house);
  expect(await refuse(house, tove, change)).toEqual({ pending: false });
  expect(waiting(house)).toEqual([]);
  await expect(sign(house, tove, change)).rejects.toThrow('no change waits');
  await expect(refuse(house, tove, change)).rejects.toThrow('no change waits');
  const [refused] = await house.factsOf('change.refused');
  expect(refused?.body).toMatchObject({ change, person: tove.id });
  expect(refused && house.opened(refused, refused.body.reason)).toContain('too much');
  const size = house.log.size();
  await house.reload({});
  expect(house.log.size()).toBe(size);
  await house.restart();
  expect(waiting(house)).toEqual([]);
  expect(await pays(house, 'INV-1')).toBe('held');
  // Something else is asked for: that is another question.
  const another = weaker.replace('90000000', '80000000');
  await house.reload({ 'outcomes/payments.yaml': another });
  const second = only(house);
  expect(await refuse(house, tove, second)).toEqual({ pending: false });
  // And so is the first, once the files had changed.
  await house.reload({ 'outcomes/payments.yaml': weaker });
  expect(await sign(house, tove, only(house))).toEqual({ pending: false });
  expect(await pays(house, 'INV-2')).toBe('upstream');
  const { failed, reasons } = await house.verified(day);
  expect(failed).toEqual([]);
  expect(reasons).not.toContain('change-unsigned');
});

test('a refusal is for its owner alone, for exactly this, with a reason; a yes is no refusal', async () => {
  const house = await opened();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const change = only(house);
  await expect(refuse(house, people.ines, change)).rejects.toThrow('does not wait for');
  await expect(refuse(house, tove, change, { refuse: 'For another reason.' })).rejects.toThrow(
    'did not sign this',
  );
  await expect(refuse(house, tove, change, { refuse: undefined })).rejects.toThrow('did not sign this');
  await expect(refuse(house, tove, change, { refuse: ' ' })).rejects.toThrow('has a reason');
  await expect(refuse(house, tove, change, { refuse: 'x'.repeat(1_001) })).rejects.toThrow('has a reason');
  await expect(refuse(house, tove, change, { at: house.now() - hourMs })).rejects.toThrow('too long ago');
  expect(only(house)).toBe(change);
});

test('of several owners one no is enough, also of one who had signed', async () => {
  const house = await opened({ 'outcomes/refunds.yaml': refunds });
  await house.reload({ 'surety.yaml': surety.replace('amount: 1000000', 'amount: 2000000') });
  const budget = only(house);
  expect(await sign(house, tove, budget)).toEqual({ pending: true });
  expect(await refuse(house, tove, budget)).toEqual({ pending: false });
  expect(waiting(house)).toEqual([]);
  await expect(sign(house, people.paul, budget)).rejects.toThrow('no change waits');
});

test('what is in force of a server, while another waits, comes back with a backup', async () => {
  const house = await opened();
  await house.reload({ 'surety.yaml': surety.replace('[node, erp.js]', '[node, other.js]') });
  expect(waiting(house).map(({ stream }) => stream)).toEqual(['server/erp']);
  const [store, backup] = [join(house.folder, 'store'), join(house.folder, 'kept.backup')];
  const kept = readdirSync(join(store, 'definitions')).toSorted();
  expect(kept).toHaveLength(2);
  await backUp(store, backup, { keys: true, at: house.now(), version: 'test' });
  const { origin } = house.log;
  const closing = house.house;
  await closing.close();
  rmSync(store, { recursive: true });
  await restore({
    ...{ backup, store, origin, witnesses: [], heads: [], choice: 'complete' },
    ...{ clock: () => house.now(), clockKind: 'injected', version: 'test' },
  });
  expect(readdirSync(join(store, 'definitions')).toSorted()).toEqual(kept);
  // Closed above: closing once more closes nothing.
  house.house = { ...closing, close: async () => {} };
  await house.restart();
  expect(house.house.servers()).toMatchObject([{ id: 'erp', args: ['erp.js'] }]);
  expect(house.notes.filter((note) => note.includes('cannot be used'))).toEqual([]);
  expect(only(house)).toMatch(/^d-/);
});

test('a proof verifies with what waits in it, and says what was signed in its window', async () => {
  const house = await opened();
  const day = house.now();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  expect(await pays(house, 'INV-1')).toBe('held');
  expect((await house.verified(day)).reasons).not.toContain('declaration-changed');
  await sign(house, tove, only(house));
  expect(await pays(house, 'INV-2')).toBe('upstream');
  const { verdict, failed, reasons } = await house.verified(day);
  expect([verdict, failed]).toEqual(['holding', []]);
  expect(reasons).toContain('declaration-changed');
  expect(reasons).not.toContain('change-unsigned');
});

test('a weakening that somebody wrote into the log past all this changes nothing', async () => {
  const house = await opened();
  const day = house.now();
  await house.reload({ 'outcomes/payments.yaml': weaker });
  const [proposed] = await house.factsOf('change.proposed');
  const weakened = { kind: 'rule.activated', body: proposed?.body.declared?.body as never } as const;
  await house.log.append([{ stream: 'rule/payments/four-eyes', facts: [weakened] }]);
  expect(await pays(house, 'INV-1')).toBe('held');
  const { failed, reasons } = await house.verified(day);
  expect(failed).toEqual([]);
  expect(reasons).toContain('change-unsigned');
});

/** A server that no outcome is about, with a tool that has an effect. */
const withMail = surety
  .replace('servers: {', 'servers: { mail: { stdio: [node, mail.js], pins: observe },')
  .replace('tools:', 'tools:\n  mail.send: { effect: send }');
const withMailPermit = `${files['policies/agents.cedar']}
@id("mails") permit (principal == Agent::"buyer", action == Action::"mail.send", resource in Server::"mail");`;
const sends = async (house: TestHouse): Promise<string> =>
  (await house.call('mail.send', { to: 'x' }, { case: await house.openCase() })).is;

test('a path that opens where no outcome looks waits for every owner, and no call goes that way until then', async () => {
  const house = await opened();
  await house.reload({ 'surety.yaml': withMail, 'policies/agents.cedar': withMailPermit });
  expect(waiting(house).map(({ stream, missing }) => [stream, missing.map(({ owner }) => owner)])).toEqual([
    ['policy/mails', [tove.id]],
  ]);
  expect(await sends(house)).toBe('refused');
  await house.restart();
  expect(await sends(house)).toBe('refused');
  await sign(house, tove, only(house));
  expect(waiting(house)).toEqual([]);
  expect(await sends(house)).toBe('upstream');
  const { failed, reasons } = await house.verified(house.now());
  expect([failed, reasons.includes('change-unsigned')]).toEqual([[], false]);
});

test('with a checkpoint that stops every such call, only the owner of its outcome is asked', async () => {
  const house = await opened();
  const mails = `
outcome: mails
statement: No mail is sent that nobody looked at.
owner: ines@acme.example
checkpoints:
  - { id: looked-at, before: mail.send, approve: { function: legal } }
`;
  writeFileSync(join(house.folder, 'outcomes/mails.yaml'), mails);
  await house.reload({ 'surety.yaml': withMail, 'policies/agents.cedar': withMailPermit });
  expect(waiting(house).map(({ stream, missing }) => [stream, missing.map(({ owner }) => owner)])).toEqual([
    ['policy/mails', ['ines@acme.example']],
  ]);
});
