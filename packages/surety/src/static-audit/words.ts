// Small words that several checks say.

import { type CompiledRule, toolsOfRule } from '@surety/proof/rules';

export function listed(names: readonly string[], most = 6): string {
  const shown = names.slice(0, most);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Every tool that a checkpoint names, the guarded one first. */
export const toolsNamed = ({ rule }: CompiledRule): readonly string[] => [rule.before, ...toolsOfRule(rule)];
