import { describe, expect, it } from 'vitest';
import { NOTE_COSIGNATURE } from './records/index.ts';
import { honestDay, makeKey, sha256 } from './verify.fixture.ts';
import { parseTrust, steps, trusted, verify } from './verify.ts';

describe('a proof', () => {
  it('of an honest day passes every check and gives the verdict that was stated', async () => {
    const day = honestDay().close();
    const verification = await verify(await day.proof(), { sha256, trust: day.trust });
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification.checks.map(({ check }) => check)).toEqual([
      'container',
      // No earlier head was given, so nobody may read that it was checked.
      ...steps.filter(({ needs }) => needs === undefined).map(({ check }) => check),
    ]);
    expect(verification).toMatchObject({ verdict: 'unproven', pinned: true, judgement: { rung: 'C3' } });
    expect(verification.witnessed).toEqual([
      { witness: 'audit.example/witness', timeSeconds: 1_800_000_000, pinned: true },
    ]);
  });

  it('extends a head that the auditor kept', async () => {
    const day = honestDay();
    const earlierHead = await day.log.seal([]);
    const { verdict } = await verify(await day.close().proof(), { sha256, trust: day.trust, earlierHead });
    expect(verdict).toBe('unproven');
  });

  it('is the same bytes for the same judgement', async () => {
    const day = honestDay().close();
    const headNote = await day.log.seal(day.cosigners);
    expect(await day.proof({ headNote })).toEqual(await day.proof({ headNote }));
  });

  it('with rows withheld is sound, and says so', async () => {
    const day = honestDay().close();
    day.log.rows.clear();
    const { verdict, judgement } = await verify(await day.proof(), { sha256, trust: day.trust });
    expect(verdict).toBe('unproven');
    const codes = judgement?.questions[0]?.reasons.map(({ code }) => code);
    expect(codes).toContain('evidence-withheld');
  });

  it('with values withheld counts them', async () => {
    const day = honestDay().close();
    const [first] = day.log.disclosures;
    day.log.disclosures.delete(first ?? '');
    expect(await verify(await day.proof(), { sha256, trust: day.trust })).toMatchObject({ withheld: 1 });
  });

  it('over a window that is still open is holding', async () => {
    const day = honestDay();
    day.asOf = day.log.drafts.at(-1)?.time ?? 0;
    expect(await verify(await day.proof(), { sha256, trust: day.trust })).toMatchObject({
      verdict: 'holding',
    });
  });
});

describe('trust', () => {
  it('comes from outside: without it nothing is pinned', async () => {
    const day = honestDay().close();
    const verification = await verify(await day.proof(), { sha256 });
    expect(verification).toMatchObject({ verdict: 'unproven', pinned: false });
    expect(verification.witnessed.map(({ pinned }) => pinned)).toEqual([false]);
  });

  it('is in keys, not in names: a witness with the right name and its own key is not pinned', async () => {
    const day = honestDay().close();
    const other = makeKey('audit.example/witness', NOTE_COSIGNATURE);
    const trust = { ...day.trust, witnesses: [other.verifier] };
    const { witnessed } = await verify(await day.proof(), { sha256, trust });
    expect(witnessed.map(({ pinned }) => pinned)).toEqual([false]);
  });

  it('that is missing takes `proven` away, and nothing else', () => {
    expect(trusted('proven', false)).toBe('unproven');
    expect(trusted('proven', true)).toBe('proven');
    expect(trusted('violated', false)).toBe('violated');
    expect(trusted('holding', false)).toBe('holding');
  });

  it('is read line by line', () => {
    const [log, statement] = [makeKey('l').verifier, makeKey('s').verifier];
    const witness = makeKey('w', NOTE_COSIGNATURE).verifier;
    const text = `# keys\nlog ${log}\n\nstatement ${statement} # ours\n  witness ${witness}  \n`;
    expect(parseTrust(text)).toEqual({ log: [log], statement: [statement], witnesses: [witness] });
  });

  it.each([
    ['log', 'line 1 of the trust file is not'],
    ['# x\nkey abc', 'line 2 of the trust file is not'],
    ['log a b', 'line 1 of the trust file is not'],
    ['log abc', 'line 1 of the trust file:'],
    ['constructor x', 'line 1 of the trust file is not'],
    ['', 'the trust file pins no `log` key'],
  ])('refuses %j', (text, message) => {
    expect(() => parseTrust(text)).toThrow(message);
  });
});
