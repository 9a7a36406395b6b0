// INVARIANT: with and without the second thread a proof gets the same answer.

import { withheldMark } from '@surety/proof/bundle';
import { digestOf } from '@surety/proof/records';
import { bytesSource, type VerifyOptions, verify } from '@surety/proof/verify';
import { describe, expect, test } from 'vitest';
import { filesIn, zipOf } from '../../../proof/src/bundle/files.fixture.ts';
import { mutants } from '../../../proof/src/mutants.fixture.ts';
import { type Day, honestDay } from '../../../proof/src/verify.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { withRecords } from './records-thread.ts';

const always = Number.POSITIVE_INFINITY;
const both = async (proof: Uint8Array, options: VerifyOptions) =>
  Promise.all(
    [0, always].map((sizeBytes) =>
      withRecords(sizeBytes, (records) => verify(bytesSource(proof), { ...options, ...records })),
    ),
  );

/** More facts than one message holds. */
function longDay(): Day {
  const day = honestDay();
  for (let invoice = 0; invoice < 400; invoice++) day.pay(`9${invoice}`, '1.50');
  return day.close();
}

describe('the same answer', () => {
  test('to an honest proof of many bundles, with an earlier head', async () => {
    const day = longDay();
    const earlierHead = await day.log.seal([], 300);
    const [one, two] = await both(await day.proof(), { sha256, trust: day.trust, earlierHead });
    expect(two).toEqual(one);
    expect(one?.verdict).toBe('unproven');
  });

  test('to a proof with a row and values withheld', async () => {
    const day = longDay();
    for (const each of [...day.log.disclosures].slice(5, 25)) day.log.disclosures.delete(each);
    // The rows hash to the same root, with a digest in the place of one.
    const proof = await day.proof({
      extracts: (all) => {
        const [[position, rows] = [0, []]] = all;
        return new Map(all).set(position, rows.with(1, `${withheldMark}${digestOf(rows[1] ?? '', sha256)}`));
      },
    });
    const [one, two] = await both(proof, { sha256, trust: day.trust });
    expect(two).toEqual(one);
    expect(one?.checks.find(({ check }) => check === 'extracts')?.ok).toBe(true);
  });

  // One for each check, whatever it is that the mutant lies in.
  const first = mutants.filter(({ check }, at) => mutants.findIndex((each) => each.check === check) === at);
  test.each(first.map((mutant) => [mutant.check, mutant.name, mutant] as const))(
    'to a mutant of %s: %s',
    async (check, _, { make }) => {
      const { proof, options, day } = await make();
      const [one, two] = await both(proof, { sha256, trust: day.trust, ...options });
      expect(two).toEqual(one);
      expect(two?.checks.filter(({ ok }) => !ok).map((each) => each.check)).toEqual([check]);
    },
  );

  test.each(['tile/entries/', 'disclosures/', 'extracts/'])(
    'to a proof whose %s are broken',
    async (start) => {
      const day = longDay();
      const files = (await filesIn(await day.proof())).map(({ name, bytes }) => {
        const changed = bytes.slice();
        if (name.startsWith(start)) changed[9] = 0x21;
        return { name, bytes: changed };
      });
      const [one, two] = await both(await zipOf(files), { sha256, trust: day.trust });
      expect(two).toEqual(one);
      expect(two?.verdict).toBe('unsound');
    },
  );
});

test('whoever stops half-way leaves no thread behind', async () => {
  const proof = await honestDay().close().proof();
  const stopped = withRecords(always, ({ records }) => {
    const thread = records?.({ origin: 'a', earlierSize: undefined });
    void Promise.resolve(thread?.end()).catch(() => undefined);
    return Promise.reject(new Error(`stopped over ${proof.length} bytes`));
  });
  await expect(stopped).rejects.toThrow('stopped over');
});
