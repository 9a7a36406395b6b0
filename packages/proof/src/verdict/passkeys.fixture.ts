// Days on which a payment rests on an approval that a passkey gave, and something about that is not so.

import { Authenticator, type Wrong } from '../approvals/authenticator.fixture.ts';
import { at, type Day, type Signer, who } from '../verify.fixture.ts';
import { type DayCase, passedOver, withDay } from './cases.fixture.ts';

interface Prepared {
  readonly keys?: readonly Signer[];
  readonly key?: Signer;
  readonly signer?: Signer;
}

/** Ines signs with a passkey, unless `prepare` says otherwise. */
const byPasskey = (prepare: (passkey: Authenticator, day: Day) => Prepared): (() => Day) =>
  withDay((day) => {
    const passkey = new Authenticator();
    const { keys = [passkey], ...signs } = prepare(passkey, day);
    const { ines } = day.keys;
    day.enrol(who.ines, ['finance'], [...(ines ? [ines] : []), ...keys], at(9));
    day.approve('4120', '20000.00', { at: at(12), key: passkey, ...signs });
    day.pay('4120', '20000.00', { at: at(12, 30) });
  });

const wrongly = (name: string, wrong: Wrong): DayCase => ({
  name: `an approval by a passkey ${name}`,
  day: byPasskey((passkey) => {
    passkey.wrong = wrong;
    return {};
  }),
  ...passedOver(),
});

/** Declared as a local key. */
export class Local extends Authenticator {
  override get key() {
    const { passkey: _, ...key } = super.key;
    return key;
  }
}

const origin = 'https://surety.acme.example';

/** The day as it should be: by either algorithm, backed up or not. */
export const passkeyDay = (wrong: Wrong = {}): Day =>
  byPasskey((passkey) => {
    passkey.wrong = wrong;
    return {};
  })();

export const passkeyDays: readonly DayCase[] = [
  wrongly('for another text', { client: { challenge: 'A'.repeat(43) } }),
  wrongly('that was being made', { client: { type: 'webauthn.create' } }),
  wrongly('on a page of another origin', { client: { origin: 'https://surety.acme.example.evil.example' } }),
  wrongly('on another port', { client: { origin: `${origin}:8443` } }),
  wrongly('in a frame of another page', { client: { crossOrigin: true } }),
  wrongly('with a page around its own', { client: { topOrigin: 'https://evil.example' } }),
  wrongly('whose words stand there twice', {
    rewrite: (text) => text.replace('{', '{"type":"webauthn.create",'),
  }),
  wrongly('for another host', { host: 'acme.example' }),
  wrongly('that nobody touched', { flags: 0x04 }),
  wrongly('that nobody was verified for', { flags: 0x01 }),
  wrongly('with a key in its data', { flags: 0x45 }),
  wrongly('with something behind its data', { behind: new Uint8Array([0xa0]) }),
  wrongly('that is backed up and cannot be', { flags: 0x15 }),
  wrongly('that signed as a local key does', { plain: true }),
  wrongly('that signed without an assertion', { plain: true, bare: true }),
  {
    name: 'an approval by another passkey',
    day: byPasskey((passkey) => {
      passkey.wrong = { signer: new Authenticator() };
      return {};
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by a local key that has an assertion with it',
    day: byPasskey(() => {
      const local = new Local(origin, { alg: 'ed25519', wrong: { plain: true } });
      return { keys: [local], key: local };
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by a passkey that two people have',
    day: byPasskey((passkey, day) => {
      const { sam } = day.keys;
      day.enrol(who.sam, ['finance', 'payables'], [...(sam ? [sam] : []), passkey], at(9));
      return {};
    }),
    ...passedOver(),
  },
];
