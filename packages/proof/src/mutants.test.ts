// INVARIANT: every check of the verifier has a mutant that it kills, and that lives without it; every attack, reason and
// thing that a rule or an outcome can say has its mutant. What is added to the verifier fails here until it has one.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { membersOf } from '../build-schema.ts';
import { attacks, beyond, isNamed, saidBy, told } from './attacks.fixture.ts';
import { outcome, rule } from './facts.ts';
import { mutants } from './mutants.fixture.ts';
import { reasonCodes } from './verdict/index.ts';
import { sha256 } from './verify.fixture.ts';
import { steps, verify, verifyWith } from './verify.ts';

describe('a mutant', () => {
  it.each(mutants)('$check kills $name, and nothing else does', async ({ check, make }) => {
    const { proof, options, day: made } = await make();
    const all = { sha256, trust: made.trust, ...options };
    const whole = await verify(proof, all);
    expect(whole.checks.filter(({ ok }) => !ok).map((each) => each.check)).toEqual([check]);
    expect(whole.verdict).toBe('unsound');
    const without = await verifyWith(
      steps.filter((step) => step.check !== check),
      proof,
      all,
    );
    expect(without.verdict).not.toBe('unsound');
  });

  it('has a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it('exists for every check', () => {
    const killed = new Set(mutants.map(({ check }) => check));
    expect(steps.map(({ check }) => check).filter((check) => !killed.has(check))).toEqual([]);
  });

  it('exists for every reason', () => {
    const claimed = mutants.map(({ name }) => name).join();
    expect(Object.keys(reasonCodes).filter((code) => !claimed.includes(`\`${code}\``))).toEqual([]);
  });

  it('exists for everything that a rule or an outcome can say', () => {
    const paths = [
      ...membersOf(rule.schema, 'rule').map(([path]) => path),
      ...membersOf(outcome.schema, 'outcome').map(([path]) => path),
    ];
    expect(Object.keys(saidBy).sort()).toEqual([...paths].sort());
    const missing = Object.values(saidBy).filter(
      (name) => name !== told && !mutants.some((mutant) => isNamed(name, mutant)),
    );
    expect(missing).toEqual([]);
  });
});

describe('an attack', () => {
  const page = readFileSync(new URL('../../../docs/proof.md', import.meta.url), 'utf8');
  const checksOf = (names: readonly string[]) =>
    [...new Set(names.map((name) => mutants.find((mutant) => isNamed(name, mutant))?.check))].sort();

  it.each(Object.entries(attacks))('%s is tried by mutants that are here', (_, names) => {
    expect(names.filter((name) => mutants.every((mutant) => !isNamed(name, mutant)))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(Object.entries(attacks))(
    '%s stands in docs/proof.md with the checks that catch it',
    (attack, names) => {
      const line = page.split('\n').find((each) => each.startsWith(`| ${attack} |`)) ?? '';
      const said = [...(line.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, check]) => check);
      expect(said.sort()).toEqual(checksOf(names));
    },
  );

  it.each(beyond)(
    'by $name is beyond the file, and docs/proof.md says so',
    async ({ name, shownBy, make, shows }) => {
      const { day, proof, showing } = await make();
      const alone = await verify(proof, { sha256, trust: day.trust });
      expect(alone.checks.filter(({ ok }) => !ok)).toEqual([]);
      if (shows !== undefined) {
        const shown = await verify(proof, { sha256, trust: day.trust, ...showing });
        const failed = shown.checks.filter(({ ok }) => !ok).map(({ check }) => check);
        expect([...failed, ...shown.limits.map(({ code }) => code)]).toEqual([shows]);
      }
      expect(page).toContain(`| ${name} | ${shownBy} |`);
    },
  );
});
