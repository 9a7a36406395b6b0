// One submission: the example of the specification, what is said of a fork, and a race.
// INVARIANT: of two heads that extend the same one and race, one is cosigned. Here the race is made: both have passed
// every check when the first signature comes.

import { NOTE_COSIGNATURE, type Verifier } from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { ensureKey } from '../keys.ts';
import { newFolder } from '../stores/samples.fixture.ts';
import { logOf } from './logs.fixture.ts';
import { Memory } from './memory.ts';
import { addCheckpoint, type Refused } from './submission.ts';

function witnessOf(logs: readonly Verifier[]) {
  const folder = newFolder();
  const key = ensureKey({ folder, stem: 'witness', name: 'witness.example', type: NOTE_COSIGNATURE });
  return { key, logs, memory: Memory.create(folder, 'any'), nowMs: () => 1_000 };
}
const refusalOf = (submitted: Promise<string>): Promise<Pick<Refused, 'status' | 'message'>> =>
  submitted.then(
    (line) => ({ status: 200, message: line }),
    ({ status, message }: Refused) => ({ status, message }),
  );

describe('the example of the specification (C2SP tlog-witness, add-checkpoint)', () => {
  const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
  const sofa = logOf('example.com/behind-the-sofa').verifier;
  const asked = (text: string, logs: readonly Verifier[]) => refusalOf(addCheckpoint(text, witnessOf(logs)));

  it('is read to its end: of a log that is not known, it is not known', async () => {
    expect(await asked(body, [logOf('log.example').verifier])).toMatchObject({ status: 404 });
  });

  // The key behind its signatures is published nowhere, so a true one cannot be told from a false one.
  it('with signatures by keys that are not trusted for its origin, is forbidden', async () => {
    expect(await asked(body, [sofa])).toMatchObject({ status: 403 });
  });

  it('with a signature that claims a trusted key and does not verify, is forbidden', async () => {
    const claimed = { ...sofa, keyId: Buffer.from('Az3grg==', 'base64').toString('hex') };
    expect(body).toContain('Az3grl');
    expect(await asked(body, [claimed])).toMatchObject({ status: 403 });
  });

  it.each([
    ['no empty line', body.replace('\n\n', '\n')],
    ['a leading zero', body.replace('old 2', 'old 02')],
    ['another word', body.replace('old ', 'size ')],
    ['a hash too short', body.replace('PlRNCrwH', '')],
    [
      'a proof of 64 lines',
      body.replace(/(old .*\n)/, `$1${'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n'.repeat(60)}`),
    ],
    ['no signature', body.slice(0, body.indexOf('\u2014'))],
    ['carriage returns', body.replaceAll('\n', '\r\n')],
  ])('is malformed with %s', async (_, text) => {
    expect(text).not.toBe(body);
    expect(await asked(text, [sofa])).toMatchObject({ status: 400 });
  });
});

it('tells whoever submits a fork, at the right old size, over how many facts it knows the log', async () => {
  const log = logOf('log.example');
  const witness = witnessOf([log.verifier]);
  expect(await addCheckpoint(await log.body(0, 10), witness)).toMatch(/^\u2014 witness\.example /);
  const said = 'the head does not extend the one over 10 facts that was cosigned\n';
  expect(await refusalOf(addCheckpoint(await log.body(10, 20, 5), witness))).toEqual({
    status: 422,
    message: said,
  });
  // The same size, and another root.
  expect(await refusalOf(addCheckpoint(await log.body(10, 10, 5), witness))).toEqual({
    status: 422,
    message: said,
  });
  // At another old size the answer is the size alone, as the specification has it.
  expect(await refusalOf(addCheckpoint(await log.body(4, 20, 5), witness))).toEqual({
    status: 409,
    message: '10\n',
  });
  expect(witness.memory.last('log.example').size).toBe(10);
});

it('gives one cosignature, however late the signatures are', async () => {
  const folder = newFolder();
  const log = logOf('log.example');
  const key = ensureKey({ folder, stem: 'witness', name: 'witness.example', type: NOTE_COSIGNATURE });
  const memory = Memory.create(folder, 'any');
  const signing: (() => void)[] = [];
  const bothSigning = Promise.withResolvers<void>();
  const slow = async (message: Uint8Array): Promise<Uint8Array> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signing.push(resolve) === 2) bothSigning.resolve();
    await promise;
    return key.sign(message);
  };
  const witness = {
    ...{ key: { ...key, sign: slow }, logs: [log.verifier], memory },
    nowMs: () => 1_000,
  };
  const racing = [await log.body(0, 20), await log.body(0, 20, 15)].map((body) =>
    addCheckpoint(body, witness),
  );
  const settled = Promise.allSettled(racing);
  await bothSigning.promise;
  for (const sign of signing) sign();
  const outcomes = await settled;
  // Whose signature of the log was verified first is nobody's to say.
  const won = outcomes.findIndex(({ status }) => status === 'fulfilled');
  expect(outcomes[1 - won]).toMatchObject({
    ...{ status: 'rejected', reason: { status: 409, message: '20\n' } as Refused },
  });
  // What is remembered is the head whose cosignature was given.
  const line = (outcomes[won] as PromiseFulfilledResult<string>).value;
  expect(line).toMatch(/^\u2014 witness\.example /);
  expect(memory.last('log.example').note).toBe(`${await log.head(20, won === 0 ? 20 : 15)}${line}`);
});
