// Days in which a key of the log was handed over, and what a thief, a stranger or the operator makes of that.

import type { Key } from './log.fixture.ts';
import {
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  parseNote,
  printNote,
  printVerifier,
  verifier,
} from './records/index.ts';
import type { Trust } from './trust.ts';
import { at, type Day, honestDay, makeKey } from './verify.fixture.ts';
import type { VerifyOptions } from './verify.ts';

/** A day whose keys were both handed over at noon. */
export function rotatedDay(): Day {
  const day = honestDay();
  day.log.rotate('log', at(12));
  day.log.rotate('statement', at(12, 1));
  return day.close();
}

const rotated =
  (...instead: Parameters<Day['log']['rotate']>) =>
  (): Day => {
    const day = honestDay();
    day.log.rotate(...instead);
    return day.close();
  };

/** What the auditor pins: that of the first keys, with these in their place. */
export const pinning = (day: Day, instead: Partial<Trust>): { trust: Trust } => ({
  trust: { ...day.trust, ...instead },
});

type Instead = NonNullable<Parameters<Day['proof']>[0]>;

export interface RotatedMutant {
  readonly name: string;
  readonly check: string;
  readonly day: () => Day;
  readonly instead?: (day: Day) => Instead | Promise<Instead>;
  readonly options?: (day: Day) => Partial<VerifyOptions> | Promise<Partial<VerifyOptions>>;
}

/** The head by this key alone, as a thief of it would sign it. */
const headBy = async (day: Day, key: Key): Promise<Instead> => ({
  headNote: await day.log.seal([], undefined, key),
  cosigned: [],
});

/** What is no rotation, though it stands in the log. */
const untrue: readonly RotatedMutant[] = [
  {
    name: 'a rotation of the log key signed by a stranger',
    day: rotated('log', at(12), { signer: makeKey('acme.example/surety') }),
  },
  {
    name: 'a rotation of the statement key signed by a stranger',
    day: rotated('statement', at(12), { signer: makeKey('statements') }),
  },
  {
    name: 'a rotation that the new key never accepted',
    day: rotated('log', at(12), { acceptor: makeKey('acme.example/surety') }),
  },
  {
    name: 'a rotation signed for the other role',
    day: () => {
      const day = honestDay();
      const { logKey } = day.log;
      day.log.rotate('statement', at(12), { old: logKey });
      const draft = day.log.drafts.at(-1);
      Object.assign(day.log, { logKey: day.log.statementKey, statementKey: day.log.first.statement });
      // In the place of the log's own: only its signatures say which role it was made for.
      Object.assign(draft?.body ?? {}, { role: 'log' });
      return day.close();
    },
  },
  {
    name: 'a key that takes over the other role too',
    day: () => {
      const day = honestDay();
      const { statementKey } = day.log;
      day.log.rotate('log', at(12), {
        next: { ...statementKey, ...renamed(statementKey, 'acme.example/surety') },
      });
      return day.close();
    },
  },
  {
    name: 'a key of another name',
    day: rotated('statement', at(12), { next: makeKey('other') }),
  },
  {
    name: 'a key of another type',
    day: rotated('statement', at(12), { next: makeKey('statements', NOTE_COSIGNATURE) }),
  },
  {
    name: 'a key that comes back',
    day: () => {
      const day = honestDay();
      day.log.rotate('log', at(12));
      day.log.rotate('log', at(13), { next: day.log.first.log });
      return day.close();
    },
  },
  {
    name: 'one key that hands over twice',
    day: () => {
      const day = honestDay();
      day.log.rotate('log', at(12));
      day.log.rotate('log', at(13), { old: day.log.first.log });
      return day.close();
    },
  },
  {
    name: 'a rotation backdated: put before the head that it follows',
    day: () => {
      const day = honestDay();
      day.log.rotate('log', at(12));
      const [rotation] = day.log.drafts.splice(-1);
      day.log.drafts.splice(-1, 0, rotation as never);
      day.log.renumber();
      return day.close();
    },
  },
  {
    name: 'a rotation taken over into another history',
    day: () => {
      const day = honestDay();
      day.log.rotate('log', at(12));
      // The thief of the new key alone: the old key's signature is kept, what it vouched for is not.
      Object.assign(day.log.drafts[3] ?? {}, { time: at(8) + 1 });
      return day.close();
    },
  },
].map((each) => ({ check: 'rotations', ...each }));

const byWrongKey: readonly RotatedMutant[] = [
  {
    name: 'a head by the new key, which the auditor pinned, without a rotation',
    check: 'head-signature',
    day: () => honestDay().close(),
    instead: async (day) => {
      Object.assign(day, { next: makeKey('acme.example/surety') });
      return headBy(day, nextOf(day));
    },
    options: (day) => pinning(day, { log: [day.log.first.log.verifier, nextOf(day).verifier] }),
  },
  {
    name: 'a head by the retired key after the rotation',
    check: 'head-signature',
    day: rotatedDay,
    instead: (day) => headBy(day, day.log.first.log),
  },
  {
    name: 'a rotation, where the auditor accepts none',
    check: 'head-signature',
    day: rotated('log', at(12)),
    options: (day) => pinning(day, { rotation: 'refused' }),
  },
  {
    name: 'a rotation away from a compromised key, which the thief could have made',
    check: 'head-signature',
    day: rotated('log', at(12), { reason: 'compromised' }),
  },
  {
    name: 'a head by a key that the auditor revoked',
    check: 'head-signature',
    day: rotated('log', at(12)),
    options: (day) => pinning(day, { revoked: [day.log.logKey.verifier] }),
  },
  {
    name: 'a rotation by a key that the auditor revoked',
    check: 'head-signature',
    day: () => {
      const day = honestDay();
      day.log.rotate('log', at(12));
      day.log.rotate('log', at(13));
      return day.close();
    },
    options: (day) => {
      const rotation = day.log.drafts.find(({ kind }) => kind === 'key.rotated');
      return pinning(day, { revoked: [String(rotation?.body['to'])] });
    },
  },
  {
    name: 'a statement by the retired key after the rotation',
    check: 'statement-signature',
    day: rotatedDay,
    instead: (day) => ({ statementKey: day.log.first.statement }),
  },
  {
    name: 'a statement by the new key, which the auditor pinned, without a rotation',
    check: 'statement-signature',
    day: () => honestDay().close(),
    instead: (day) => {
      Object.assign(day, { next: makeKey('statements') });
      return { statementKey: nextOf(day) };
    },
    options: (day) => pinning(day, { statement: [day.log.first.statement.verifier, nextOf(day).verifier] }),
  },
  {
    name: 'a rotation of the statement key, where the auditor accepts none',
    check: 'statement-signature',
    day: rotated('statement', at(12)),
    options: (day) => pinning(day, { rotation: 'refused' }),
  },
  {
    name: 'a statement key handed over by one that was compromised',
    check: 'statement-signature',
    day: rotated('statement', at(12), { reason: 'compromised' }),
  },
  {
    name: 'an earlier head that a thief of the retired key signed',
    check: 'earlier-head',
    day: rotatedDay,
    options: async (day) => ({ earlierHead: await day.log.seal([], undefined, day.log.first.log) }),
  },
];

export const rotatedMutants: readonly RotatedMutant[] = [...untrue, ...byWrongKey];

const nextOf = (day: Day): Key => (day as unknown as { next: Key }).next;

const renamed = ({ publicKey }: Key, name: string): Partial<Key> => ({
  name,
  verifier: printVerifier(verifier(name, NOTE_ED25519, publicKey)),
});

/** The head with a second signature beside the log's: of the key that just handed over. */
export async function signedByBoth(day: Day): Promise<string> {
  const note = parseNote(await day.log.seal(day.cosigners));
  const old = parseNote(await day.log.seal([], undefined, day.log.first.log));
  return printNote({ text: note.text, signatures: [...note.signatures, ...old.signatures] });
}
