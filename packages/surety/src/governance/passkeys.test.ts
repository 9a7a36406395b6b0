// What people sign with passkeys, through a real house: approvals, changes and orders count, and a stranger who verifies
// the proof finds the same.

import { changeText, refusalText } from '@surety/proof/changes';
import type { OrderStatement } from '@surety/proof/facts';
import { approvalText, challengeOf } from '@surety/proof/rules';
import { afterEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../../../proof/src/approvals/authenticator.fixture.ts';
import { files, people, referenceIn, TestHouse } from '../house.fixture.ts';
import { signedByPasskey } from '../people/assertions.ts';
import { orderText } from './index.ts';
import { offeredOrder } from './orders.fixture.ts';

let house: TestHouse;
afterEach(() => house.close());

/** Ines, Dora and Tove have a passkey each, by file. */
async function withPasskeys() {
  const [ines, dora, tove] = [
    new Authenticator(),
    new Authenticator(),
    new Authenticator(undefined, { alg: 'ed25519' }),
  ];
  const surety = files['surety.yaml']
    .replace(people.ines.line, ines.line)
    .replace(people.dora.line, dora.line)
    .replace('name: Tove Canaryname', `keys: ["${tove.line}"]`);
  house = await TestHouse.open({ 'surety.yaml': surety });
  return { ines, dora, tove, surety };
}

/** As a browser signs it. */
const browsed = (passkey: Authenticator, text: string) =>
  signedByPasskey(passkey.key, passkey.get(challengeOf(text)).response);

describe('a passkey', () => {
  it('approves exactly one call, which a proof shows', async () => {
    const { ines } = await withPasskeys();
    const k = await house.openCase();
    await house.match('A1', { case: k });
    const hold = referenceIn(await house.pay('A1', '20000.00', { case: k }));
    const statement = house.statementFor(hold, people.ines);
    const text = approvalText(statement);
    // Without its assertion, or as the answer to another challenge, it is no signature.
    const { assertion: _, ...bare } = browsed(ines, text);
    for (const wrong of [bare, browsed(ines, `${text} `), browsed(new Authenticator(), text)])
      await expect(house.house.answer({ statement, ...wrong })).rejects.toThrow('did not sign this');
    await house.house.answer({ statement, ...browsed(ines, text) });
    expect((await house.pay('A1', '20000.00', { case: k })).is).toBe('upstream');
    expect(house.sentFor('erp.pay', 'A1')).toBe(1);
    const [given] = await house.factsOf('approval.given');
    expect(given?.body).toMatchObject({ key: ines.key.id, assertion: { clientData: expect.any(String) } });
    // Also after the gate has folded the log anew.
    await house.restart();
    const { failed, reasons } = await house.verified(house.now());
    expect(failed).toEqual([]);
    expect(reasons).not.toContain('checkpoint-passed-over');
  });

  it('lets a weakening take force, as its owner', async () => {
    const { tove, surety } = await withPasskeys();
    await house.reload({ 'surety.yaml': surety.replace('amount: 1000000', 'amount: 2000000') });
    const [pending] = house.house.changes();
    const [proposed] = await house.factsOf('change.proposed');
    const signs = { person: people.tove.id, at: house.now() };
    const change = pending?.change ?? '';
    if (proposed === undefined) throw new Error('nothing was proposed');
    const text = changeText({ ...proposed.body, log: house.log.origin }, signs);
    expect(await house.house.sign({ change, ...signs, ...browsed(tove, text) })).toEqual({ pending: false });
    expect((await house.verified(house.now())).reasons).not.toContain('change-unsigned');
  });

  it('refuses a weakening, with a reason that a proof discloses', async () => {
    const { tove, surety } = await withPasskeys();
    await house.reload({ 'surety.yaml': surety.replace('amount: 1000000', 'amount: 2000000') });
    const [proposed] = await house.factsOf('change.proposed');
    if (proposed === undefined) throw new Error('nothing was proposed');
    const { change } = proposed.body;
    const [signs, refuse] = [{ person: people.tove.id, at: house.now() }, 'Not this week.'];
    const text = refusalText({ ...proposed.body, log: house.log.origin }, { ...signs, reason: refuse });
    await house.house.sign({ change, ...signs, refuse, ...browsed(tove, text) });
    expect(house.house.changes()).toEqual([]);
    expect((await house.verified(house.now())).failed).toEqual([]);
  });

  it('orders', async () => {
    const { dora } = await withPasskeys();
    const { statement } = offeredOrder(house, 'place-legal-hold', people.dora, {
      subject: house.log.subjectName('case/k'),
      about: 'case/k',
    });
    const signed = browsed(dora, orderText(statement as OrderStatement));
    const other = browsed(new Authenticator(), orderText(statement as OrderStatement));
    await expect(house.house.order({ statement, ...other })).rejects.toThrow('did not sign this');
    expect(await house.house.order({ statement, ...signed })).toMatchObject({ did: 'place-legal-hold' });
    const [placed] = await house.factsOf('legal-hold.placed');
    expect(placed?.body.assertion).toEqual(signed.assertion);
  });
});
