// Every day of the verifier's own tests, done again by engines that are not ours: they agree. And where what the
// verifier says is another thing, an engine notices.

import { canonicalJson } from '@surety/proof/records';
import { bytesSource, verify } from '@surety/proof/verify';
import { describe, expect, it } from 'vitest';
import { guardedDays } from '../../../proof/src/verdict/guarded.fixture.ts';
import { otherDays } from '../../../proof/src/verdict/other.fixture.ts';
import { reconciledDays } from '../../../proof/src/verdict/reconciled.fixture.ts';
import { at, type Day, hashOf, honestDay, permit } from '../../../proof/src/verify.fixture.ts';
import { sha256 } from '../ledger/hash.ts';
import { type OpenedProof, openAgain, redoAll } from './index.ts';

async function opened(day: Day): Promise<OpenedProof> {
  const proof = await day.proof();
  const { judgement, checks } = await verify(proof, { sha256, trust: day.trust });
  if (judgement === undefined) throw new Error(JSON.stringify(checks));
  return openAgain(bytesSource(proof), judgement);
}

const agreed = async (proof: OpenedProof) =>
  Object.fromEntries((await redoAll(proof)).map(({ check, agreed: count }) => [check, count]));
const disagreed = async (proof: OpenedProof) =>
  (await redoAll(proof)).flatMap(({ check, disagreed: all }) => all.map(({ text }) => `${check}: ${text}`));

describe('other engines', () => {
  it.each([
    { name: 'an honest day', day: () => honestDay().close() },
    ...reconciledDays,
    ...guardedDays,
    ...otherDays,
  ])('agree about $name', async ({ day }) => {
    expect(await disagreed(await opened(day()))).toEqual([]);
  });

  it('do every call, condition, row and the window again', async () => {
    // Four payments and the worst case of one agent; `when` and evidence of each, two rows of channels... and so on.
    expect(await agreed(await opened(honestDay().close()))).toEqual({
      cedar: 5,
      cel: 13,
      sql: 5,
      calendar: 3,
    });
  });

  it('agree about policies with conditions, and those that came and went', async () => {
    const day = honestDay();
    const money = { has: { left: { Var: 'context' }, attr: 'money' } };
    const cedar = { ...permit, effect: 'forbid', conditions: [{ kind: 'unless', body: money }] };
    const hash = hashOf(canonicalJson(cedar));
    day.declare('policy.activated', 'policy/with-money', { policy: 'with-money', hash, cedar }, at(12));
    day.pay('4120', '10.00', { at: at(13) });
    day.withdraw('policy/clerk-pays', at(14));
    day.pay('4121', '10.00', { at: at(15) });
    const proof = await opened(day.close());
    expect([...proof.book.calls.values()].slice(-2).map(({ permitted }) => permitted)).toEqual([true, false]);
    expect(await disagreed(proof)).toEqual([]);
  });

  it('leave out what is withheld, and say how much', async () => {
    const day = honestDay().close();
    const { body } = day.log.drafts.find(({ kind }) => kind === 'call.intended') ?? {};
    const args = body?.['args'] as string[];
    for (const each of day.log.disclosures) if (args.includes(hashOf(each))) day.log.disclosures.delete(each);
    const redone = await redoAll(await opened(day));
    expect(redone.flatMap(({ disagreed: all }) => all)).toEqual([]);
    expect(redone.map(({ check, left }) => [check, left])).toContainEqual(['cedar', 1]);
  });
});

/** The proof, with something about it that the verifier would have got wrong. */
const wrongs: readonly [string, string, (proof: OpenedProof) => OpenedProof | undefined][] = [
  ['cedar', 'a call that is permitted and should not be', (proof) => void flip(proof, { permitted: false })],
  [
    'cedar',
    'a policy that Cedar does not know',
    (proof) => ({
      ...proof,
      facts: proof.facts.map((fact) =>
        fact.kind === 'policy.activated'
          ? { ...fact, body: { ...fact.body, cedar: { effect: 'maybe' } } }
          : fact,
      ),
    }),
  ],
  [
    'cel',
    'a condition that is true and was taken as false',
    (proof) => void answer(proof, { answer: 'not-needed' }),
  ],
  [
    'cel',
    'evidence that does not fit',
    (proof) => void answer(proof, { answer: 'passed', evidence: [1], approvals: [] }, 'matched'),
  ],
  [
    'cel',
    'evidence that fits and was not found',
    (proof) => void answer(proof, { answer: 'failed', lacks: 'evidence', text: '' }, 'matched'),
  ],
  [
    'cel',
    'a row that a channel should not account for',
    (proof) => row(proof, 'elsewhere', { is: 'orphan', channel: undefined }),
  ],
  [
    'cel',
    'an invariant that is broken and nobody said so',
    (proof) => {
      const [first, ...others] = proof.judgement.declared.invariants;
      const invariants = first === undefined ? [] : [{ ...first, each: 'row.payments > 1' }, ...others];
      return judged(proof, { declared: { ...proof.judgement.declared, invariants } });
    },
  ],
  [
    'sql',
    'a row of a call that is called an orphan',
    (proof) => row(proof, 'governed', { is: 'orphan', call: undefined }),
  ],
  ['sql', 'a row of another call', (proof) => row(proof, 'governed', { call: 'c-4104' })],
  ['sql', 'a row that agrees and is said to differ', (proof) => row(proof, 'governed', { is: 'differs' })],
  [
    'sql',
    'a row of another amount that is said to agree',
    (proof) => row(proof, 'governed', { amountMinor: 1 }),
  ],
  [
    'calendar',
    'a window that begins after midnight',
    (proof) =>
      judged(proof, { window: { ...proof.judgement.window, from: proof.judgement.window.from + 60_000 } }),
  ],
  [
    'calendar',
    'a window of two days',
    (proof) =>
      judged(proof, { window: { ...proof.judgement.window, to: proof.judgement.window.to + 86_400_000 } }),
  ],
];

const judged = (proof: OpenedProof, change: Partial<OpenedProof['judgement']>): OpenedProof => ({
  ...proof,
  judgement: { ...proof.judgement, ...change },
});

/** The first row of a kind, changed. */
function row(proof: OpenedProof, kind: string, change: object): OpenedProof {
  const { population } = proof.judgement;
  const at = population.rows.findIndex(({ is }) => is === kind);
  const rows = population.rows.map((each, index) =>
    index === at ? ({ ...each, ...change } as typeof each) : each,
  );
  return judged(proof, { population: { ...population, rows } });
}

const flip = (proof: OpenedProof, change: object): void => {
  const [first] = proof.book.calls.values();
  if (first !== undefined) Object.assign(first, change);
};

/** What the last governed call was told by a rule. */
function answer(proof: OpenedProof, said: object, rule = 'four-eyes'): void {
  const call = [...proof.book.calls.values()].at(-1);
  const found = call?.judged.find((each) => each.rule.rule === rule);
  if (found !== undefined) Object.assign(found, { answer: said });
}

describe('an engine notices', () => {
  it.each(wrongs)('%s: %s', async (check, _, change) => {
    const proof = await opened(honestDay().close());
    const changed = change(proof) ?? proof;
    const checks = (await redoAll(changed)).filter((each) => each.disagreed.length > 0);
    expect(checks.map((each) => each.check)).toEqual([check]);
  });
});
