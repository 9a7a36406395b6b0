// The rule language asked of a public implementation of CEL: JSON goes in as CEL's ints, doubles, texts, lists and
// maps (docs/rule-language.md); what is neither true nor false is an error, as a condition sees it.

import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';

export const engine = '@bufbuild/cel';
export type Answer = boolean | 'error';

const env = celEnv();
const plans = new Map<string, ReturnType<typeof plan> | undefined>();

/** Whole numbers that a double holds exactly are ints: what CEL's own reading of JSON leaves to the caller. */
function lifted(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(lifted);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, lifted(item)]));
}

function planned(source: string): ReturnType<typeof plan> | undefined {
  if (plans.has(source)) return plans.get(source);
  let made: ReturnType<typeof plan> | undefined;
  try {
    made = plan(env, parse(source));
  } catch {
    made = undefined;
  }
  plans.set(source, made);
  return made;
}

/** Whether a condition holds. A name that is absent in `scope` is absent for the engine too. */
export function ask(source: string, scope: Readonly<Record<string, unknown>>): Answer {
  const bindings = Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, lifted(value)]));
  try {
    const found = planned(source)?.(bindings as Parameters<ReturnType<typeof plan>>[0]);
    return isCelError(found) || typeof found !== 'boolean' ? 'error' : found;
  } catch {
    return 'error';
  }
}
