// Separation of duties over natural persons. Behind a call stand the person whom its agent acts for and the one who
// answers for the agent: what an agent does, both have done. A second account of a person is that person.

import type { PersonOf } from '../approvals/index.ts';
import type { CompiledRule } from './clauses.ts';
import type { SettledCall } from './history.ts';
import type { PendingCall } from './pending.ts';

/** The calls and people that the roles of a rule stand for. */
export interface Cast {
  readonly call: PendingCall;
  readonly named: ReadonlyMap<string, SettledCall>;
  readonly personOf: PersonOf;
}

type Persons = ReadonlySet<string> | 'unknown';

function personsIn(role: string, { call, named, personOf }: Cast): Persons {
  const [name = '', part] = role.split('.');
  const of = named.get(name);
  if (part === 'approvers') return new Set((of?.approvers ?? []).map(personOf));
  const { user, owner } = name === 'this' ? { user: call.user, owner: call.agentOwner } : (of ?? {});
  const wanted = part === 'user' ? [user] : part === 'owner' ? [owner] : [user, owner];
  const known = wanted.filter((each) => each !== undefined);
  // Nobody is said to stand there: it might be anybody.
  return known.length < wanted.length ? 'unknown' : new Set(known.map(personOf));
}

const isApprovers = (role: string): boolean => role === 'approvers' || role === 'this.approvers';

/** Why the people behind these calls are not apart, as far as it does not hang on who approves now. */
export function togetherIn({ rule }: CompiledRule, cast: Cast): string | undefined {
  for (const group of rule.apart ?? []) {
    const seen = new Map<string, string>();
    for (const role of group) {
      if (isApprovers(role)) continue;
      const persons = personsIn(role, cast);
      if (persons === 'unknown') return `nobody is known to stand behind ${role}`;
      for (const person of persons) {
        const other = seen.get(person);
        if (other !== undefined) return `${person} stands behind ${other} and ${role}`;
      }
      for (const person of persons) seen.set(person, role);
    }
  }
  return undefined;
}

/** The people who cannot approve, because somebody else than the approvers must stand behind these calls. */
export function excludedBy({ rule }: CompiledRule, cast: Cast): ReadonlySet<string> {
  const groups = (rule.apart ?? []).filter((group) => group.some(isApprovers));
  const others = groups.flat().filter((role) => !isApprovers(role));
  return new Set(
    others.flatMap((role) => {
      const persons = personsIn(role, cast);
      return persons === 'unknown' ? [] : [...persons];
    }),
  );
}

/** Whether who may approve hangs on which calls are the evidence. */
export const approversHang = ({ rule }: CompiledRule): boolean =>
  (rule.apart ?? []).some((group) => group.some(isApprovers));
