// How a mutant is made: a day, what is put in place of what would be true, and the check that must find it.

import { headOf, salt } from './log.fixture.ts';
import { canonicalJson, commitScalar, parseJson, toBase64 } from './records/index.ts';
import { type Day, honestDay, sha256 } from './verify.fixture.ts';
import type { VerifyOptions } from './verify.ts';

export interface Mutant {
  readonly name: string;
  readonly check: string;
  readonly make: () => Promise<{ proof: Uint8Array; options?: Partial<VerifyOptions>; day: Day }>;
}

export const day = (): Day => honestDay().close();
/** The day with an orphan: what the attacker wants to hide. */
export const badDay = (): Day => {
  const bad = honestDay();
  bad.stray({ id: 'X1', amount: '31000.00' });
  return bad.close();
};

type Predicate = { judgement: Record<string, unknown>; simulated: boolean };
/** Signs another predicate over the same files. */
export const stating =
  (change: (predicate: Predicate) => void) =>
  (text: string): string => {
    const statement = parseJson(text) as { predicate: Predicate };
    change(statement.predicate);
    return canonicalJson(statement);
  };

/** Signs the same statement without the reasons of one code. */
export const without = (code: string, more: object = {}) =>
  stating(({ judgement }) => {
    const questions = judgement['questions'] as { reasons: { code: string }[] }[];
    for (const each of questions) each.reasons = each.reasons.filter((reason) => reason.code !== code);
    Object.assign(judgement, more);
  });

export const mutant = (
  name: string,
  check: string,
  instead: (day: Day) => Parameters<Day['proof']>[0] | Promise<Parameters<Day['proof']>[0]>,
  makeDay = day,
  options: (day: Day) => Partial<VerifyOptions> | Promise<Partial<VerifyOptions>> = () => ({}),
): Mutant => ({
  name,
  check,
  make: async () => {
    const made = makeDay();
    const proof = await made.proof(await instead(made));
    return { proof, day: made, options: await options(made) };
  },
});

/** The facts are edited after the head was signed; whatever is recomputed, is recomputed from the edit. */
export const edited = (name: string, edit: (day: Day) => void, makeDay = day): Mutant =>
  mutant(
    name,
    'root',
    async (made) => {
      const headNote = await made.log.seal(made.cosigners);
      const { size, root } = headOf(made.log.origin, made.log.entries);
      edit(made);
      made.log.renumber();
      return { headNote, root: { size, root: toBase64(root) } };
    },
    makeDay,
  );

export const withRow = (rows: ReadonlyMap<number, readonly string[]>) => {
  const [[position, first] = [0, []]] = rows;
  const { disclosure } = commitScalar({ id: 'X9', amount: '1.00', currency: 'USD' }, 'row', salt, sha256);
  return new Map(rows).set(position, [...first, disclosure]);
};
