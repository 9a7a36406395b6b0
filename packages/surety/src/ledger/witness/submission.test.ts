// INVARIANT: of two heads that extend the same one and race, one is cosigned. Here the race is made: both have passed
// every check when the first signature comes.

import { NOTE_COSIGNATURE } from '@surety/proof/records';
import { expect, it } from 'vitest';
import { ensureKey } from '../keys.ts';
import { newFolder } from '../stores/samples.fixture.ts';
import { logOf } from './logs.fixture.ts';
import { Memory } from './memory.ts';
import { addCheckpoint, type Refused } from './submission.ts';

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
