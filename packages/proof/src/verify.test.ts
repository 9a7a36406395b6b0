import { describe, expect, it } from 'vitest';
import { NOTE_COSIGNATURE, parsePolicy, printVerifier, utf8, verifier } from './records/index.ts';
import { type Day, honestDay, makeKey, sha256 } from './verify.fixture.ts';
import { parseTrust, steps, verify, weigh } from './verify.ts';

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
      {
        ...{ witness: 'audit.example/witness', key: day.witness.verifier },
        ...{ timeSeconds: 1_800_000_000, pinned: true },
      },
    ]);
    expect(verification).toMatchObject({ rung: 'C3', quorum: { name: 'audit', reached: true }, limits: [] });
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

  const trusting = (day: Day, policy: string) =>
    parseTrust(utf8(`${day.trustText.replace(/^(witness|quorum) .*\n/gm, '')}${policy}`));

  it('is in keys, not in names: a witness with the right name and its own key is not pinned', async () => {
    const day = honestDay().close();
    const other = makeKey('audit.example/witness', NOTE_COSIGNATURE);
    const trust = trusting(day, `witness audit ${other.verifier}\nquorum audit\n`);
    const verification = await verify(await day.proof(), { sha256, trust });
    expect(verification.witnessed.map(({ pinned }) => pinned)).toEqual([false]);
    expect(verification).toMatchObject({ rung: 'C1', quorum: { reached: false, missing: ['audit'] } });
  });

  it('is in keys, not in names: the key of a witness under another name is the same witness', async () => {
    const day = honestDay().close();
    const key = printVerifier(verifier('another.example', NOTE_COSIGNATURE, day.witness.publicKey));
    const trust = trusting(day, `witness audit ${key}\nquorum audit\n`);
    const verification = await verify(await day.proof(), { sha256, trust });
    expect(verification).toMatchObject({ rung: 'C3', quorum: { reached: true }, limits: [] });
  });

  it('has witnesses of its own, whom the operator need not declare', async () => {
    const day = honestDay().close();
    const mine = makeKey('mine.example', NOTE_COSIGNATURE);
    const trust = trusting(day, `witness mine ${mine.verifier}\nquorum mine\n`);
    const headNote = await day.log.seal([...day.cosigners, mine]);
    const verification = await verify(await day.proof({ headNote }), { sha256, trust });
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification).toMatchObject({ rung: 'C3', quorum: { reached: true } });
    expect(verification.judgement?.head.cosigned).toEqual(['audit.example/witness']);
  });

  it('caps the rung where its quorum is not reached, whatever quorum the operator declared', async () => {
    const day = honestDay({ quorum: 'any', legal: 'away' }).close();
    const both = `witness audit ${day.witness.verifier}\nwitness legal ${day.legal.verifier}\n`;
    const proof = await day.proof();
    const met = await verify(proof, {
      sha256,
      trust: trusting(day, `${both}group g any audit legal\nquorum g`),
    });
    expect(met).toMatchObject({ rung: 'C3', quorum: { name: 'g', reached: true, missing: ['legal'] } });
    const unmet = await verify(proof, {
      sha256,
      trust: trusting(day, `${both}group g all audit legal\nquorum g`),
    });
    expect(unmet).toMatchObject({ rung: 'C1', judgement: { rung: 'C3' }, quorum: { reached: false } });
    expect(unmet.limits).toMatchObject([{ code: 'witness-missing' }]);
    expect(unmet.limits[0]?.text).toContain('`g` of your trust file is not reached: legal has not cosigned');
    const nobody = await verify(proof, { sha256, trust: trusting(day, 'quorum none') });
    expect(nobody).toMatchObject({ rung: 'C1', limits: [{ code: 'witness-missing' }] });
    const anybody = await verify(proof, { sha256, trust: trusting(day, `${both}quorum none`) });
    expect(anybody).toMatchObject({ rung: 'C3', quorum: { name: 'none', reached: true }, limits: [] });
  });

  it('that is missing takes `proven` away, and nothing else', () => {
    const day = honestDay();
    const cosigned = [{ witness: 'audit.example/witness', key: day.witness.verifier, timeSeconds: 1 }];
    const verdictUnder = (trust: Parameters<typeof weigh>[0], by = cosigned) =>
      (['proven', 'violated', 'holding', 'unproven'] as const).map(
        (verdict) => weigh(trust, { verdict, rung: 'C5' }, by).verdict,
      );
    expect(verdictUnder(day.trust)).toEqual(['proven', 'violated', 'holding', 'unproven']);
    expect(verdictUnder(undefined)).toEqual(['unproven', 'violated', 'holding', 'unproven']);
    expect(verdictUnder(day.trust, [])).toEqual(['unproven', 'violated', 'holding', 'unproven']);
    expect(weigh(day.trust, { verdict: 'proven', rung: 'C0' }, []).rung).toBe('C0');
    expect(weigh(day.trust, { verdict: 'proven', rung: 'C5' }, cosigned).rung).toBe('C5');
  });

  it('is a policy with the key of the statements in it', () => {
    const day = honestDay();
    const { log, statement, policy } = parseTrust(utf8(`# on paper\n\n \t${day.trustText}`));
    expect(log).toEqual([day.log.logKey.verifier]);
    expect(statement).toEqual([day.log.statementKey.verifier]);
    expect(policy.quorum).toBe('audit');
    // To any other reader of policies the line is a comment.
    expect(parsePolicy(utf8(day.trustText))).toEqual(policy);
  });

  it.each([
    [
      'another word for the statement',
      (text: string) => text.replace('#!surety statement', '#!surety key'),
      'line 2',
    ],
    ['no key of the statement', (text: string) => text.replace(/(#!surety statement) .*/, '$1'), 'line 2'],
    ['something behind it', (text: string) => text.replace(/(#!surety .*)/, '$1 x'), 'line 2'],
    [
      'the key of a witness there',
      (text: string) =>
        text.replace(/(#!surety statement) .*/, `$1 ${makeKey('w', NOTE_COSIGNATURE).verifier}`),
      'no key of a statement',
    ],
    ['a cut key there', (text: string) => text.replace(/(#!surety .*).\n/, '$1\n'), 'line 2'],
    ['the statement commented out', (text: string) => text.replace('#!', '##!'), 'pins no `statement` key'],
    ['a space in the mark', (text: string) => text.replace('#!', '# !'), 'pins no `statement` key'],
    ['no log', (text: string) => text.replace(/^log .*\n/, ''), 'pins no `log` key'],
    ['no quorum', (text: string) => text.replace(/quorum .*\n/, ''), 'no `quorum` line'],
    ['nothing', () => '', 'no `quorum` line'],
    ['the word of older files', (text: string) => text.replace('#!surety ', ''), 'line 2'],
    [
      'a witness of older files',
      (text: string) => text.replace('witness audit ', 'witness '),
      '`witness NAME KEY [URL]`',
    ],
  ])('is refused with %s', (_, change, said) => {
    const { trustText } = honestDay();
    const changed = change(trustText);
    expect(changed).not.toBe(trustText);
    expect(() => parseTrust(utf8(changed))).toThrow(said);
  });

  it('says how a file of an older version is brought up to date', () => {
    const old = honestDay().trustText.replace('#!surety ', '');
    expect(() => parseTrust(utf8(old))).toThrow(
      expect.objectContaining({ help: 'write `#!surety statement KEY`' }),
    );
  });
});
