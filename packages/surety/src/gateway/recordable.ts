// What of a call can be recorded, how a fact's disclosures are found again, and what facts are about.

import { personId, toolId } from '@surety/proof/facts';
import { CommitmentError, commit, digestOf, JsonError } from '@surety/proof/records';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Recorded } from '../ledger/log.ts';
import { actionId, type Find } from '../logic/logic.ts';

/** What of the arguments can be recorded; undefined if they cannot, and then the call is refused. */
export function recordable(tool: string, args: Readonly<Record<string, unknown>>) {
  try {
    return { action: actionId(tool, args), commitments: commit(args, salt, sha256) };
  } catch (error) {
    if (error instanceof CommitmentError || error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Finds the disclosures of one fact by their digests; hashed only if somebody asks. */
export function finder(disclosures: readonly string[]): Find {
  let byDigest: Map<string, string> | undefined;
  return (digest) => {
    byDigest ??= new Map(disclosures.map((each) => [digestOf(each, sha256), each]));
    return byDigest.get(digest);
  };
}

const holdStreams = 'approval/';

/** The holds that these facts say something of. */
export const holdsIn = (recorded: readonly Pick<Recorded, 'fact'>[]): readonly string[] =>
  recorded.flatMap(({ fact: { stream } }) =>
    stream.startsWith(holdStreams) ? [stream.slice(holdStreams.length)] : [],
  );

export const isToolId = (tool: string): boolean => isOf(toolId, tool);
export const isPersonId = (person: string): boolean => isOf(personId, person);

function isOf(shape: (value: unknown, path: string) => string, value: string): boolean {
  try {
    return shape(value, '') === value;
  } catch {
    return false;
  }
}
