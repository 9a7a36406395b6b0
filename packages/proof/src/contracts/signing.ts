// What a person signs to approve contracts of tools: these tools, under exactly these contracts, in this log.

import { declaredAs, peopleIn, type Standing } from '../changes/index.ts';
import { type ContractStatement, contractDefault, type Fact } from '../facts.ts';
import { isSignedBy } from '../rules/index.ts';
import { canonicalJson } from '../values/canonical.ts';

/** The bytes that a person signs, under a prefix that nothing else signs. */
export const contractText = (statement: ContractStatement): string =>
  `surety-contracts/v1\n${canonicalJson(statement)}`;

/** The functions whose people may approve contracts. */
export const mayApproveContracts = (standing: Standing): readonly string[] =>
  (declaredAs(standing, 'contracts.declared')[0] ?? contractDefault).approve;

/** Why this person may not approve contracts in this function, as things stand; undefined if they may. */
export function whyNotApprover(
  standing: Standing,
  { person, function: as }: Pick<ContractStatement, 'person' | 'function'>,
): string | undefined {
  const may = mayApproveContracts(standing);
  if (!may.includes(as)) return `\`${as}\` may not approve contracts: ${may.join(' or ') || 'nobody'} may`;
  const enrolled = declaredAs(standing, 'person.enrolled').find((each) => each.person === person);
  return enrolled?.functions.includes(as) === true ? undefined : `\`${person}\` does not act for \`${as}\``;
}

/**
 * True if a key of this person, in force at this position and nobody else's, signed the approval. Call with everything
 * folded up to, not including, this fact.
 */
export async function contractSigned(
  standing: Standing,
  { body, log }: Fact<'contract.approved'>,
): Promise<boolean> {
  const { contracts, function: as, person, at } = body;
  const statement = { does: 'approve-contracts', log, contracts, function: as, person, at } as const;
  return isSignedBy(peopleIn(standing), person, contractText(statement), body);
}
