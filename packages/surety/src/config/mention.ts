// What an outcome file mentions of `surety.yaml`, and the rules it holds: shared by the checks of its parts.

import { parseRule, RuleError } from '@surety/proof/rules';
import type { Path } from './document.ts';
import { type Findings, labelOf, type Names } from './names.ts';
import type { Outcome } from './outcome.ts';
import { quote } from './problem.ts';

/** The currency that `money` counts in the rules of this outcome. */
export const currencyOf = (outcome: Outcome): string | undefined =>
  (outcome['at-stake'] ?? outcome.appetite)?.currency;

export function unique(found: Findings, path: Path, id: string, ids: Set<string>): void {
  if (ids.has(id)) found.add(path, `${quote(id)} stands here twice`, 'choose another name');
  ids.add(id);
}

export function checkFunction(found: Findings, path: Path, name: string, names: Names): void {
  const functions = new Set([...names.people.values()].flatMap((each) => each.functions));
  found.declared(path, 'function', name, functions, 'the `functions` of a person in `people`');
}

/** A tool that a rule names must be labelled; returns false if it is not. */
export function checkTool(
  found: Findings,
  path: Path,
  tool: string,
  names: Names,
  at: 'key' | 'value' = 'value',
): boolean {
  const server = tool.slice(0, tool.indexOf('.'));
  if (!found.declared(path, 'server', server, names.servers, '`servers`', at)) return false;
  if (labelOf(names, tool) !== undefined) return true;
  const ofServer = [...names.tools.keys()].filter((each) => each.startsWith(`${server}.`));
  return found.declared(path, 'tool', tool, ofServer, '`tools`, with its effect', at);
}

export function checkRule(found: Findings, path: Path, source: string, names: readonly string[]): boolean {
  try {
    parseRule(source, names);
    return true;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const remedy = `write a rule over ${names.join(', ')}, such as \`${names[0]}.amount > 0\``;
    found.problems.push(found.document.within(path, error.offset, `not a rule: ${error.message}`, remedy));
    return false;
  }
}
