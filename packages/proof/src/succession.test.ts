// A log that goes on under another name after a loss: what stays provable, and what a reader is told.

import { describe, expect, it } from 'vitest';
import { goOn, lose, successorDay, told } from './succession.fixture.ts';
import { dayEnd, honestDay, hourMs, sha256 } from './verify.fixture.ts';
import { verify } from './verify.ts';

describe('a successor log', () => {
  it('is sound, and its verdict says what was lost', async () => {
    const day = honestDay();
    const loss = await lose(day);
    goOn(day, told(loss));
    const { checks, verdict, judgement } = await verify(await day.proof(), { sha256, trust: day.trust });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict).toBe('unproven');
    const reasons = judgement?.questions.find(({ question }) => question === 'recorded')?.reasons ?? [];
    const text = `facts ${loss.kept} to ${loss.kept + 2} of the log acme.example/surety are lost`;
    expect(reasons).toContainEqual(
      expect.objectContaining({ code: 'sequence-gap', text, facts: [loss.kept] }),
    );
    expect(judgement?.rung).toBe('C0');
    expect(judgement?.assumptions.map((each) => each.text).join()).toContain(text);
  });

  it('is checked with the keys that it names, where the auditor has none', async () => {
    const { checks } = await verify(await successorDay().proof(), { sha256 });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('extends what was kept of its predecessor, and needs not show what it says is lost', async () => {
    const day = honestDay();
    const { log: old } = day.trust;
    const kept = await day.log.seal([], 10);
    const whole = await day.log.seal([]);
    const loss = await lose(day);
    goOn(day, told(loss));
    const proof = await day.proof();
    // An auditor who knows both names of the log.
    const trust = { ...day.trust, log: [...day.trust.log, ...old] };
    for (const earlierHead of [kept, whole, loss.head, await day.log.seal([])]) {
      const { checks } = await verify(proof, { sha256, trust, earlierHead });
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(checks.map(({ check }) => check)).toContain('earlier-head');
      expect((await verify(proof, { sha256, earlierHead })).checks.filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it('leaves later windows provable, and says there what counts as if it had not been', async () => {
    const day = successorDay();
    const next = { from: dayEnd, to: dayEnd + 24 * hourMs };
    const { questions, assumptions } = await day.judged(next);
    const codes = questions.flatMap(({ reasons }) => reasons.map(({ code }) => code));
    expect(codes).not.toContain('sequence-gap');
    expect(assumptions.map(({ text }) => text).join()).toContain('counts as if it had not been');
    const before = { from: next.from - 48 * hourMs, to: next.from - 24 * hourMs };
    expect((await day.judged(before)).assumptions.map(({ text }) => text).join()).not.toContain('lost');
  });

  it('of a log that ended without a loss has no gap', async () => {
    const day = honestDay();
    day.log.write({ kind: 'process.stopped', stream: 'process/first', time: dayEnd - hourMs, body: {} });
    goOn(day, {});
    const { checks, judgement } = await verify(await day.proof(), { sha256, trust: day.trust });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(judgement?.rung).toBe('C3');
  });

  it('never takes a name again that it gave up', async () => {
    const day = successorDay();
    day.log.succeed(dayEnd + 3 * hourMs, 'acme.example/surety');
    const { checks } = await verify(await day.proof(), { sha256, trust: day.trust });
    expect(checks.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['sequence']);
  });
});
