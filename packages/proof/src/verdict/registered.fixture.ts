// Days on which a payment rests on the approval of a passkey that Ines registered herself: Lena of IT invited her, Tove of
// the treasury confirmed it. Something about that is not so.

import { Authenticator } from '../approvals/authenticator.fixture.ts';
import { passkeyText } from '../changes/index.ts';
import type { PasskeyStatement } from '../facts.ts';
import { signedWith } from '../log.fixture.ts';
import { at, type Day, hashOf, makeKey, type Signer, who } from '../verify.fixture.ts';
import { type DayCase, passedOver, withDay } from './cases.fixture.ts';
import { Local } from './passkeys.fixture.ts';

type Changed = Partial<Omit<PasskeyStatement, 'does'>>;
/** What is put in place of what is true: in the fact, in what is signed beneath it, who signs, and in whose name. */
interface Saying {
  readonly said?: Changed;
  readonly signs?: Changed;
  readonly named?: Signer | ((day: Day) => Signer | undefined);
  readonly signer?: Signer;
  readonly time?: number;
}
interface Registering {
  readonly functions?: { readonly invite: readonly string[]; readonly confirm: readonly string[] };
  readonly passkey?: Authenticator;
  readonly person?: string;
  readonly invite?: Saying | 'not';
  readonly register?: Saying | 'not';
  readonly confirm?: Saying | 'not';
  readonly before?: (day: Day) => void;
  /** Between the invitation and the registration, that and the confirmation, and that and the approval. */
  readonly registering?: (day: Day) => void;
  readonly confirming?: (day: Day) => void;
  readonly approving?: (day: Day) => void;
}

const kinds = {
  invite: 'passkey.invited',
  register: 'passkey.registered',
  confirm: 'passkey.confirmed',
} as const;
const invitation = 'p-AAAAAAAAAAAA';
const stream = `passkey/${invitation}`;

function say(
  day: Day,
  statement: PasskeyStatement & { readonly does: keyof typeof kinds },
  { said, signs, named, signer, time = at(9) }: Saying,
  own: Signer | undefined,
): void {
  const key = typeof named === 'function' ? named(day) : (named ?? own);
  if (key === undefined) throw new Error('nobody signs');
  const { does, log: _, passkey, ...rest } = { ...statement, ...said };
  const signed = signedWith(key, signer ?? key, passkeyText({ ...statement, ...said, ...signs }));
  const body = does === 'register' ? { ...rest, passkey, ...signed } : { ...rest, ...signed };
  day.log.write({ kind: kinds[does], stream, time, body });
  day.changes.wrote();
}

const registeredDay = (registering: Registering = {}): (() => Day) =>
  withDay((day) => {
    const { invite = {}, register = {}, confirm = {}, person = who.ines } = registering;
    const { functions = { invite: ['it', 'payroll'], confirm: ['treasury'] } } = registering;
    const { passkey = new Authenticator() } = registering;
    const { lena, tove } = day.keys;
    day.declare('passkeys.declared', 'passkeys/functions', functions, at(8));
    registering.before?.(day);
    const named = { log: day.log.origin, invitation, person };
    const invited = { ...named, by: who.lena, function: 'it', code: hashOf('code'), expires: at(11) };
    if (invite !== 'not') say(day, { does: 'invite', ...invited, at: at(9) }, invite, lena);
    registering.registering?.(day);
    const registered = { ...named, passkey: passkey.key };
    if (register !== 'not') say(day, { does: 'register', ...registered }, register, passkey);
    registering.confirming?.(day);
    const confirmed = { ...registered, by: who.tove, function: 'treasury', at: at(9) };
    if (confirm !== 'not') say(day, { does: 'confirm', ...confirmed }, confirm, tove);
    registering.approving?.(day);
    day.approve('4120', '20000.00', { at: at(12), key: passkey, person });
    day.pay('4120', '20000.00', { at: at(12, 30) });
  });

/** As it should be. */
export const goodRegistration = registeredDay();

const wrongly = (name: string, registering: Registering): DayCase => ({
  name: `an approval by a passkey that ${name}`,
  day: registeredDay(registering),
  ...passedOver(),
});

const other = new Authenticator();
const [own, nora] = [makeKey('own'), 'nora@acme.example'];
/** Somebody else, with a key of their own. */
const enrols = (person: string, functions: string[]) => (day: Day) =>
  void day.enrol(person, functions, [own], at(8));

function revoke(day: Day, named = invitation): void {
  const body = { invitation: named, person: who.ines, by: who.tove, at: at(10), key: hashOf('k') };
  const more = { signature: '', reason: [] };
  day.log.write({ kind: 'passkey.revoked', stream, time: at(10), body: { ...body, ...more } });
  day.changes.wrote();
}

/** The invitation, the registration and the confirmation once more, each with its own signature. */
function replay(day: Day): void {
  for (const { kind, body } of day.log.drafts.filter((each) => each.stream === stream))
    if (kind !== 'passkey.revoked')
      day.log.write({ kind: kind as 'passkey.invited', stream, time: at(10), body });
}

/** Enrolled anew, with the keys that she had by file. */
function leaveAndReturn(day: Day): void {
  const { ines } = day.keys;
  day.withdraw(`person/${who.ines}`, at(10));
  if (ines) day.enrol(who.ines, ['finance'], [ines], at(10));
}

const second = (day: Day) =>
  say(
    day,
    { does: 'register', log: day.log.origin, invitation, person: who.ines, passkey: other.key },
    {},
    other,
  );

export const registeredDays: readonly DayCase[] = [
  wrongly('nobody invited', { invite: 'not' }),
  wrongly('nobody registered', { register: 'not' }),
  wrongly('nobody confirmed', { confirm: 'not' }),
  wrongly('somebody invited who does not act for the function', {
    invite: { said: { function: 'payroll' } },
  }),
  wrongly('was invited for a function that may not', { invite: { said: { function: 'finance' } } }),
  wrongly('its person invited to', {
    before: enrols(who.ines, ['finance', 'it']),
    invite: { said: { by: who.ines }, named: own },
  }),
  wrongly('its person invited to from a second account', {
    before: (day) => {
      const { ines } = day.keys;
      day.options.accounts = { [who.ines]: [nora] };
      day.enrol(who.ines, ['finance'], ines ? [ines] : [], at(8));
      enrols(nora, ['it'])(day);
    },
    invite: { said: { by: nora }, named: own },
  }),
  wrongly('is of somebody who was not enrolled yet', {
    person: nora,
    approving: enrols(nora, ['finance']),
  }),
  wrongly('was invited by the signature of another', { invite: { signer: other } }),
  wrongly('was invited under another name', { invite: { signs: { person: who.sam } } }),
  wrongly('was invited in another log', { invite: { signs: { log: 'acme.example/other' } } }),
  wrongly('was invited where nobody may', { functions: { invite: [], confirm: ['treasury'] } }),
  wrongly('was confirmed where nobody may', { functions: { invite: ['it'], confirm: [] } }),
  wrongly('was registered for another person', { register: { said: { person: who.sam } } }),
  wrongly('was registered too late', { register: { time: at(11) + 1 } }),
  wrongly('did not sign its registration', { register: { signer: other } }),
  wrongly('came second', { registering: second }),
  wrongly('is none', {
    passkey: new Local('https://surety.acme.example', { wrong: { plain: true, bare: true } }),
  }),
  wrongly('was confirmed too late', { confirm: { time: at(11) + 1 } }),
  wrongly('was confirmed by the signature of another', { confirm: { signer: other } }),
  wrongly('is not the one that was confirmed', { confirm: { signs: { passkey: other.key } } }),
  wrongly('was confirmed for somebody else', { confirm: { said: { person: who.sam } } }),
  wrongly('was confirmed by the one who invited', {
    functions: { invite: ['it'], confirm: ['finance'] },
    confirm: { said: { by: who.lena, function: 'finance' }, named: (day) => day.keys['lena'] },
  }),
  wrongly('was confirmed by the function that invited', {
    functions: { invite: ['it'], confirm: ['it', 'treasury'] },
    before: enrols(nora, ['it']),
    confirm: { said: { by: nora, function: 'it' }, named: own },
  }),
  wrongly('was revoked', {
    approving: (day) => {
      revoke(day, 'p-BBBBBBBBBBBB');
      revoke(day);
    },
  }),
  wrongly('was revoked before it was confirmed', { confirming: revoke }),
  wrongly('was revoked and confirmed again', {
    approving: (day) => {
      revoke(day);
      replay(day);
    },
  }),
  wrongly('its person had before they left', { approving: leaveAndReturn }),
];
