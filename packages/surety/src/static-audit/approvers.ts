// Who may approve what an agent does, as natural persons: a second account of a person is that person.

import type { CompiledRule } from '@surety/proof/rules';
import type { Agent, Declared } from './declared.ts';

/** Natural persons who can approve for this agent, and those who could if the agent were not theirs. */
export function approversFor(
  declared: Declared,
  compiled: CompiledRule,
  agent: Agent,
): { readonly able: readonly string[]; readonly barred: readonly string[] } {
  const { approve } = compiled.rule;
  const named = declared.personsIn(approve?.function ?? '').map(({ person }) => declared.personOf(person));
  const all = [...new Set(named)];
  const owner = declared.personOf(agent.owner);
  const isBarred = (person: string) => person === owner && excludes(compiled, 'owner');
  return { able: all.filter((each) => !isBarred(each)), barred: all.filter(isBarred) };
}

/** Whether who asked, or who answers for the agent, may not approve. */
export function excludes({ rule }: CompiledRule, part: 'user' | 'owner'): boolean {
  const word = part === 'user' ? 'requester' : 'agent-owner';
  const groups = (rule.apart ?? []).filter((group) =>
    group.some((role) => role === 'approvers' || role === 'this.approvers'),
  );
  return (
    rule.approve?.not.includes(word) === true ||
    groups.flat().some((role) => role === 'this' || role === `this.${part}`)
  );
}
