// Passkeys that people register themselves, through a real house: who may, in which order, what counts when, and that a
// stranger who verifies the proof finds the same.

import { passkeyText } from '@surety/proof/changes';
import type { PasskeyStatement } from '@surety/proof/facts';
import { toBase64url } from '@surety/proof/records';
import { approvalText, challengeOf } from '@surety/proof/rules';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../../../proof/src/approvals/authenticator.fixture.ts';
import { files, hourMs, type Person, people, referenceIn, signed, TestHouse } from '../house.fixture.ts';
import { signedByPasskey } from '../people/assertions.ts';
import { newCode, newInvitation, type PasskeyError } from './index.ts';

const origin = 'https://surety.acme.example';
const { ines, sam, lena, paul, dora } = people;

/** Lena is of IT, which invites; Paul of legal, which confirms. Ines has no key by file. */
const surety = `${files['surety.yaml']
  .replace(`functions: [finance], keys: ["${ines.line}"]`, 'functions: [finance]')
  .replace(`name: Lena Canaryname, functions: [finance]`, 'name: Lena Canaryname, functions: [finance, it]')}
passkeys: { invite: [it], confirm: [legal, it] }
`;

let house: TestHouse;
beforeEach(async () => {
  house = await TestHouse.open({ 'surety.yaml': surety });
});
afterEach(() => house.close());

const desk = () => house.house.passkeys;
const said = (statement: PasskeyStatement, by: Person, signer = by) =>
  desk().carryOut({ statement, key: by.keyId, signature: signed(signer, passkeyText(statement)) });
const own = () => ({ log: house.log.origin, at: house.now() });

/** Lena invites Ines. */
async function invited(changed: Partial<PasskeyStatement> = {}, by = lena) {
  const { code, digest } = newCode();
  const invitation = newInvitation();
  const life = { code: digest, expires: house.now() + 24 * hourMs };
  const named = { does: 'invite', ...own(), invitation, person: ines.id, by: by.id, function: 'it' } as const;
  await said({ ...named, ...life, ...changed }, by);
  return { code, invitation };
}

const madeBy = (passkey: Authenticator) => ({
  credential: passkey.passkey.credential,
  publicKey: toBase64url(passkey.spki),
});

async function register(code: string, passkey: Authenticator, at = origin) {
  const { challenge } = desk().challengeFor(code, madeBy(passkey), at);
  return desk().register(code, madeBy(passkey), at, passkey.get(challenge).response);
}

const confirming = (
  invitation: string,
  passkey: Authenticator,
  by: Person,
  as = 'legal',
): PasskeyStatement => {
  const named = { does: 'confirm', ...own(), invitation, person: ines.id, by: by.id } as const;
  return { ...named, function: as, passkey: passkey.key };
};

async function confirmed(passkey = new Authenticator(origin)) {
  const { code, invitation } = await invited();
  await register(code, passkey);
  await said(confirming(invitation, passkey, paul), paul);
  return { passkey, invitation, code };
}

/** A payment that waits for finance, approved with this passkey. */
async function approve(passkey: Authenticator, invoice = 'A1') {
  const k = await house.openCase();
  await house.match(invoice, { case: k });
  const hold = referenceIn(await house.pay(invoice, '20000.00', { case: k }));
  const statement = house.statementFor(hold, ines);
  const text = approvalText(statement);
  const { response } = passkey.get(challengeOf(text));
  await house.house.answer({ statement, ...signedByPasskey(passkey.key, response) });
  return house.pay(invoice, '20000.00', { case: k });
}

describe('a passkey that is registered', () => {
  it('signs from its confirmation on, over a restart and a reload, until it is revoked; a proof shows it', async () => {
    const passkey = new Authenticator(origin);
    const { code, invitation } = await invited();
    expect(desk().open(code)).toMatchObject({ invitation, person: ines.id, state: 'invited' });
    const { fingerprint } = await register(code, passkey);
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){4}[0-9a-f]{4}$/);
    expect(desk().pending).toMatchObject([{ invitation, fingerprint, state: 'registered', origin }]);
    await expect(approve(passkey, 'A0')).rejects.toThrow('did not sign this');
    expect(desk().functionFor('confirm', paul.id, { person: ines.id, invitation })).toBe('legal');
    await said(confirming(invitation, passkey, paul), paul);
    expect(desk().pending).toEqual([]);
    expect(desk().of(ines.id)).toEqual([passkey.key]);
    expect((await approve(passkey, 'A1')).is).toBe('upstream');
    await house.reload({ 'surety.yaml': surety.replace('Ines Canaryname', 'Ines Othername') });
    expect((await approve(passkey, 'A2')).is).toBe('upstream');
    await house.restart();
    expect((await approve(passkey, 'A3')).is).toBe('upstream');
    expect((await house.verified(house.now())).failed).toEqual([]);
    expect((await house.verified(house.now())).reasons).not.toContain('checkpoint-passed-over');
    await said(
      { does: 'revoke', ...own(), invitation, person: ines.id, by: ines.id, reason: 'Lost.' },
      ines,
    ).catch((error: PasskeyError) => expect(error.code).toBe('bad-signature'));
    const lost = {
      does: 'revoke',
      ...own(),
      invitation,
      person: ines.id,
      by: paul.id,
      reason: 'Lost.',
    } as const;
    await said({ ...lost, function: 'legal' }, paul);
    expect(desk().of(ines.id)).toEqual([]);
    await expect(approve(passkey, 'A4')).rejects.toThrow('did not sign this');
    const { failed, reasons } = await house.verified(house.now());
    expect(failed).toEqual([]);
    expect(reasons).not.toContain('checkpoint-passed-over');
  });

  it('is ended with its person, also when they come back', async () => {
    const { passkey } = await confirmed();
    const without = surety.replace(/.*ines@acme.*\n/, '');
    await house.reload({ 'surety.yaml': without });
    await house.reload({ 'surety.yaml': surety });
    expect(desk().of(ines.id)).toEqual([]);
    await expect(approve(passkey)).rejects.toThrow('did not sign this');
  });

  it('can be of EdDSA too', async () => {
    const { passkey } = await confirmed(new Authenticator(origin, { alg: 'ed25519' }));
    expect((await approve(passkey)).is).toBe('upstream');
  });
});

describe('nobody', () => {
  const refused = async (doing: Promise<unknown>, code: PasskeyError['code']) =>
    expect(
      await doing.then(
        () => 'done',
        (error: PasskeyError) => error.code,
      ),
    ).toBe(code);

  it('invites without the function, for themselves, or with the key of another', async () => {
    await refused(invited({}, sam), 'not-yours');
    await refused(invited({ function: 'legal' }, paul), 'not-yours');
    await refused(invited({ person: lena.id }), 'not-yours');
    await refused(invited({ person: 'nobody@acme.example' }), 'not-yours');
    await refused(invited({ expires: house.now() - 1 }), 'malformed');
    await refused(invited({ expires: house.now() + 31 * 24 * hourMs }), 'malformed');
    await refused(invited({ at: house.now() - hourMs }), 'stale');
    await refused(invited({ log: 'acme.example/other' }), 'malformed');
    await refused(invited({ reason: 'Because.' }), 'malformed');
    const statement = {
      does: 'invite',
      ...own(),
      invitation: newInvitation(),
      person: ines.id,
      by: lena.id,
    } as const;
    const whole = { ...statement, function: 'it', code: newCode().digest, expires: house.now() + hourMs };
    await refused(said(whole, lena, sam), 'bad-signature');
    expect(await house.factsOf('passkey.invited')).toEqual([]);
  });

  it('invites where nothing is declared', async () => {
    await house.reload({ 'surety.yaml': surety.replace(/passkeys:.*\n/, '') });
    await refused(invited(), 'not-yours');
    // And to declare it again waits for the owner of every outcome.
    await house.reload({ 'surety.yaml': surety });
    expect(house.house.changes().map(({ stream }) => stream)).toEqual(['passkeys/functions']);
  });

  it('registers with another code, twice, too late, or without the passkey', async () => {
    const { code } = await invited();
    const passkey = new Authenticator(origin);
    await refused((async () => desk().open(newCode().code))(), 'unknown');
    await refused((async () => desk().open('x'))(), 'unknown');
    const { challenge } = desk().challengeFor(code, madeBy(passkey), origin);
    const answers = [
      new Authenticator(origin).get(challenge),
      passkey.get(challengeOf('another')),
      new Authenticator('https://evil.example').get(challenge),
    ];
    for (const { response } of answers)
      await refused(desk().register(code, madeBy(passkey), origin, response), 'bad-signature');
    passkey.wrong = { flags: 0x01 };
    await refused(register(code, passkey), 'bad-signature');
    passkey.wrong = {};
    await register(code, passkey);
    await refused(register(code, new Authenticator(origin)), 'done-already');
    const second = await invited();
    await refused(register(second.code, passkey), 'done-already');
    house.advance(25 * hourMs);
    await refused(register(second.code, new Authenticator(origin)), 'expired');
    expect(await house.factsOf('passkey.registered')).toHaveLength(1);
  });

  it('confirms what they invited to, what is theirs, for the same function, or another key', async () => {
    const { code, invitation } = await invited();
    const passkey = new Authenticator(origin);
    await refused(said(confirming(invitation, passkey, paul), paul), 'unknown');
    await register(code, passkey);
    await refused(said(confirming(invitation, passkey, lena, 'it'), lena), 'not-yours');
    await refused(said(confirming(invitation, passkey, sam, 'finance'), sam), 'not-yours');
    await refused(said(confirming(invitation, passkey, dora, 'legal'), dora), 'not-yours');
    await refused(said(confirming(invitation, new Authenticator(origin), paul), paul), 'malformed');
    await refused(said(confirming(invitation, passkey, paul), paul, sam), 'bad-signature');
    await said(confirming(invitation, passkey, paul), paul);
    await refused(said(confirming(invitation, passkey, paul), paul), 'done-already');
    expect(await house.factsOf('passkey.confirmed')).toHaveLength(1);
  });

  it('revokes what is another’s without a function that may', async () => {
    const { invitation } = await confirmed();
    const ending = {
      does: 'revoke',
      ...own(),
      invitation,
      person: ines.id,
      by: sam.id,
      reason: 'No.',
    } as const;
    await refused(said(ending, sam), 'not-yours');
    await refused(said({ ...ending, function: 'finance' }, sam), 'not-yours');
    await refused(said({ ...ending, reason: ' ' }, sam), 'malformed');
    expect(desk().of(ines.id)).toHaveLength(1);
  });

  it('has two registered at once by one code', async () => {
    const { code } = await invited();
    const both = [new Authenticator(origin), new Authenticator(origin)].map((each) => register(code, each));
    const done = await Promise.allSettled(both);
    expect(done.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await house.factsOf('passkey.registered')).toHaveLength(1);
  });
});
