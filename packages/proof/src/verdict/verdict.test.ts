import { describe, expect, it, test } from 'vitest';
import { at, Day, type DayOptions, dayEnd, honestDay, hourMs, outcomeBody, who } from '../verify.fixture.ts';
import { changedDays } from './changed.fixture.ts';
import { fineDays } from './checkpoints.fixture.ts';
import { pinnedDays } from './contracts.fixture.ts';
import { guardedDays } from './guarded.fixture.ts';
import { type Judgement, type Question, type ReasonCode, reasonCodes } from './index.ts';
import { decidedDay, otherDays } from './other.fixture.ts';
import { passkeyDay } from './passkeys.fixture.ts';
import { reconciledDays } from './reconciled.fixture.ts';
import { goodRegistration } from './registered.fixture.ts';

const dayCases = [...reconciledDays, ...guardedDays, ...changedDays, ...otherDays];

const answer = (judgement: Judgement, question: Question) => {
  const found = judgement.questions.find((each) => each.question === question);
  if (found === undefined) throw new Error('six questions');
  return found;
};
const codes = (judgement: Judgement, question: Question): ReasonCode[] => [
  ...new Set(answer(judgement, question).reasons.map(({ code }) => code)),
];

describe('an honest day', () => {
  it('is guarded where a passkey approved that its person registered', async () => {
    expect(answer(await goodRegistration().judged(), 'guarded').verdict).toBe('proven');
  });

  it('is guarded where a passkey approved, whether it is backed up or not', async () => {
    for (const flags of [0x05, 0x0d, 0x1d]) {
      const judgement = await passkeyDay({ flags }).judged();
      // That she was enrolled with it in the middle of the day is all there is to say.
      expect(codes(judgement, 'guarded')).toEqual(['declaration-changed']);
    }
  });

  it('is reconciled, guarded and owned; what is not built yet is said', async () => {
    const judgement = await honestDay().close().judged();
    expect(judgement.figures).toEqual({
      calls: 4,
      effects: 4,
      rows: 5,
      governed: 4,
      elsewhere: 1,
      orphans: 0,
    });
    const verdicts = judgement.questions.map(({ question, verdict }) => [question, verdict]);
    expect(Object.fromEntries(verdicts)).toEqual({
      ...{ reconciled: 'proven', guarded: 'proven', bounded: 'unproven' },
      ...{ owned: 'proven', tested: 'unproven', recorded: 'unproven' },
    });
    expect(codes(judgement, 'bounded')).toEqual(['not-enforced', 'test-expired']);
    expect(codes(judgement, 'tested')).toEqual(['test-expired', 'not-enforced']);
    expect(codes(judgement, 'recorded')).toEqual(['bypass-possible']);
    expect(judgement).toMatchObject({ verdict: 'unproven', grade: 'observed', rung: 'C3' });
    expect(judgement.assumptions.map(({ text }) => text)).toContain(
      '1 row over 2500.00 USD came through a declared channel that Surety does not see',
    );
    // A wildcard is not said of what has another label.
    expect(judgement.assumptions.map(({ text }) => text)).toContain(
      'these tools change nothing, as they are labelled: erp.* except erp.pay_invoice',
    );
  });

  it('is lowered by what is simulated, and says what it would be', async () => {
    const simulated = Object.values(who);
    const judgement = await honestDay({ simulated, witness: 'simulated', clock: 'injected' })
      .close()
      .judged();
    for (const question of ['reconciled', 'guarded', 'owned'] as const) {
      expect(answer(judgement, question)).toMatchObject({ verdict: 'unproven', otherwise: 'proven' });
      expect(codes(judgement, question)).toEqual(['simulated']);
    }
  });
});

test('calls that their caller only asked about are observed, and never above C2', async () => {
  const judgement = await decidedDay().judged();
  expect(judgement).toMatchObject({ grade: 'observed', rung: 'C2' });
  for (const question of ['guarded', 'recorded'] as const)
    expect(answer(judgement, question).grade).toBe('observed');
  expect(answer(judgement, 'recorded').reasons.map(({ text }) => text)).toContain(
    'whoever calls these tools asks first, and could leave that out: erp.pay_invoice, erp.match_invoice',
  );
});

describe('a day on which there is', () => {
  it.each(dayCases)('$name: $question is $verdict ($code)', async (each) => {
    const judgement = await each.day().judged();
    expect(codes(judgement, each.question)).toContain(each.code);
    const { verdict, otherwise } = answer(judgement, each.question);
    expect(verdict).toBe(each.verdict);
    if (each.otherwise !== undefined) expect(otherwise).toBe(each.otherwise);
    const whole = each.whole ?? (each.verdict === 'violated' ? 'violated' : judgement.verdict);
    expect(judgement.verdict).toBe(whole);
  });

  it.each([...fineDays, ...pinnedDays])('not $name, and nothing to say', async ({ day }) => {
    const judgement = await day().judged();
    const observed = codes(judgement, 'guarded').filter((code) => code !== 'observed');
    expect(observed).toEqual([]);
  });

  it('every reason of the closed list', () => {
    const produced = new Set(dayCases.map(({ code }) => code));
    expect(Object.keys(reasonCodes).filter((code) => !produced.has(code as ReasonCode))).toEqual([]);
  });
});

describe('reconciled', () => {
  it('is proven over a zero that was read', async () => {
    const judgement = await new Day().close().judged();
    expect(answer(judgement, 'reconciled').verdict).toBe('proven');
    expect(answer(judgement, 'guarded').verdict).toBe('proven');
  });

  it('finds the effect of a call whose answer was lost, settled from the record or not', async () => {
    const day = honestDay();
    day.pay('4107', '10.00', { how: 'ok', by: 'record' });
    day.pay('4108', '11.00', { how: 'error', row: true });
    const judgement = await day.close().judged();
    expect(answer(judgement, 'reconciled').verdict).toBe('proven');
    expect(judgement.figures).toMatchObject({ effects: 6, governed: 6 });
  });

  it('counts an open intent as its row once the record shows one, and still says that it is open', async () => {
    const day = honestDay();
    day.pay('4107', '10.00', { how: 'open', row: true });
    const judgement = await day.close().judged();
    expect(codes(judgement, 'reconciled')).toEqual(['open-obligation']);
    expect(judgement.figures.orphans).toBe(0);
  });

  it('gives no row to an open intent when nothing is compared', async () => {
    const { reconcile } = outcomeBody;
    const day = honestDay({ outcome: { reconcile: { ...reconcile, match: {} } } });
    day.pay('4107', '10.00', { how: 'open' });
    day.stray({ id: 'X1' });
    expect(codes(await day.close().judged(), 'reconciled')).toContain('orphan');
  });

  it('accounts for a call whose row the record dated just after the window', async () => {
    const day = honestDay();
    day.pay('4107', '10.00', { at: at(23, 59), row: false });
    const row = { id: 'P5', invoice_id: '4107', iban: 'IBAN-4107', amount: '10.00', currency: 'USD' };
    day.lateRows.push({ ...row, created_by: 'gateway' });
    expect(answer(await day.close().judged(), 'reconciled').verdict).toBe('proven');
  });

  it('judges no orphan while the window is open, and a checkpoint passed over at once', async () => {
    const day = honestDay();
    day.stray({ id: 'X1' });
    day.asOf = at(20);
    expect((await day.judged()).verdict).toBe('holding');
    day.pay('4107', '10.00', { match: false });
    expect((await day.judged()).verdict).toBe('violated');
  });
});

describe('guarded', () => {
  it('does not ask for what a rule does not ask for', async () => {
    const day = honestDay();
    day.pay('4120', '10000.00', { at: at(12) });
    expect(answer(await day.close().judged(), 'guarded').verdict).toBe('proven');
  });

  it('lets evidence serve again after a call that had no effect', async () => {
    const day = honestDay();
    day.pay('4120', '5.00', { at: at(12), how: 'none', call: 'first' });
    day.pay('4120', '5.00', { at: at(13), call: 'second' });
    expect(answer(await day.close().judged(), 'guarded').verdict).toBe('proven');
  });

  it('takes no offence at a call that had no effect', async () => {
    const day = honestDay();
    day.pay('4120', '5.00', { at: at(12), how: 'none', match: false });
    day.pay('4121', '5.00', { at: at(12), how: 'error', match: false });
    expect(answer(await day.close().judged(), 'guarded').verdict).toBe('proven');
  });

  it('judges the calls of other windows only where their rows lie here', async () => {
    const day = honestDay();
    day.pay('4120', '5.00', { at: dayEnd + hourMs, match: false });
    day.rows.pop();
    expect(answer(await day.close(dayEnd + 2 * hourMs).judged(), 'guarded').verdict).toBe('proven');
    const next = await day.judged({ from: dayEnd, to: dayEnd + 86_400_000 });
    expect(answer(next, 'guarded').verdict).toBe('violated');
  });

  it('says when nobody is known to have asked for what a person approved', async () => {
    const day = honestDay();
    day.match('4120', at(12));
    day.approve('4120', '20000.00', { at: at(12), user: undefined });
    day.pay('4120', '20000.00', { at: at(13), user: undefined, match: false });
    expect(codes(await day.close().judged(), 'guarded')).toEqual(['intent-undeclared']);
  });
});

describe('recorded', () => {
  const c2 = { needs: { ...outcomeBody.needs, rung: 'C2' } };
  const recording = async (options: DayOptions) => {
    const judgement = await honestDay({ outcome: c2, ...options })
      .close()
      .judged();
    return { rung: judgement.rung, ...answer(judgement, 'recorded') };
  };

  it('is proven to C2 by one of two witnesses where any is enough, or nothing is asked', async () => {
    for (const options of [{}, { quorum: 'any' }, { quorum: 'all', legal: 'real' }] as const)
      expect(await recording(options)).toMatchObject({ rung: 'C3', verdict: 'proven', reasons: [] });
  });

  it('ends at C1 without the quorum, and the empty seat can end it', async () => {
    const { rung, reasons } = await recording({ quorum: 'all', legal: 'away' });
    expect(rung).toBe('C1');
    expect(reasons).toMatchObject([{ code: 'witness-missing', who: ['legal'] }]);
    expect(reasons[0]?.text).toBe(
      'the quorum `seats` is not reached: legal (legal) has not cosigned the head',
    );
  });

  it("counts a witness on the operator's host towards the rung, not towards certainty", async () => {
    expect(await recording({ quorum: 'all', legal: 'simulated' })).toMatchObject({
      ...{ rung: 'C3', verdict: 'unproven', otherwise: 'proven' },
      reasons: [{ code: 'simulated' }],
    });
    expect(await recording({ quorum: 'any', legal: 'simulated' })).toMatchObject({ verdict: 'proven' });
  });

  it('asks for somebody where the quorum asks for nobody', async () => {
    const made = new Day({ witness: 'none', outcome: c2 });
    made.quorum('quorum none\n', at(8));
    const judgement = await made.close().judged();
    expect(judgement.rung).toBe('C1');
    expect(codes(judgement, 'recorded')).toContain('witness-missing');
  });

  it('names every seat where nobody cosigned, and says when nothing can be read', async () => {
    const { reasons } = await recording({ quorum: 'all', witness: 'none' });
    expect(reasons[0]?.text).toContain('auditor, legal (legal) has not cosigned');
    expect(reasons[0]?.who).toEqual(['operator', 'legal']);
    const day = honestDay({ outcome: c2 });
    day.quorum('quorum seats', at(8));
    const unreadable = answer(await day.close().judged(), 'recorded').reasons;
    expect(unreadable[0]).toMatchObject({
      code: 'witness-missing',
      text: 'the declared quorum cannot be read',
    });
  });

  it('does not take a quorum for changed that was declared once, or again with the same words', async () => {
    const day = honestDay({ outcome: c2, quorum: 'all', legal: 'real' });
    day.quorum(day.quorumText('all'), at(12));
    expect(codes(await day.close().judged(), 'recorded')).toEqual([]);
  });
});

describe('reasons', () => {
  it('name who can end them, and are bounded', async () => {
    const day = honestDay();
    for (let index = 0; index < 150; index += 1) day.stray({ id: `X${index}` });
    const { reasons } = answer(await day.close().judged(), 'reconciled');
    expect(reasons).toHaveLength(101);
    expect(reasons.at(-1)?.text).toMatch(/^and 50 more of the kind/);
    expect(reasons.every(({ who: people, remedy }) => people.length > 0 && remedy !== '')).toBe(true);
  });
});
