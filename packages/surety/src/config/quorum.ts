// The operator's quorum: which witnesses must have cosigned a head, as a C2SP tlog-policy. The file itself enters
// the ledger, so that whoever verifies a verdict evaluates the same lines.

import {
  isQuorum,
  type Policy,
  PolicyError,
  parsePolicy,
  parseVerifier,
  seatsOf,
  toHex,
  utf8,
} from '@surety/proof/records';
import { witnessName } from './agreement.ts';
import type { Installation } from './installation.ts';
import type { Findings } from './names.ts';
import { problemAt, quote } from './problem.ts';
import { readSource, type Source } from './source.ts';

export interface QuorumConfig {
  /** As it stands in the file. */
  readonly text: string;
  readonly policy: Policy;
}

/** Reads the file that `quorum` names, and says what is wrong with it; undefined if there is none or it is wrong. */
export function readQuorum(
  folder: string,
  found: Findings,
  installation: Installation | undefined,
): QuorumConfig | undefined {
  if (installation?.quorum === undefined) return undefined;
  const source = readSource(folder, installation.quorum);
  if ('problem' in source) {
    found.problems.push(source);
    return undefined;
  }
  const policy = policyIn(source, found);
  if (policy === undefined) return undefined;
  checkSeats(found, policy, installation);
  return { text: source.text, policy };
}

function policyIn(source: Source, found: Findings): Policy | undefined {
  try {
    return parsePolicy(utf8(source.text));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const before = source.text.split('\n').slice(0, error.line - 1);
    const offset = before.reduce((sum, line) => sum + line.length + 1, 0);
    const remedy = error.help ?? 'write it as the C2SP tlog-policy says: docs/proof.md#the-trust-file';
    found.problems.push(problemAt(source, offset, { problem: error.message, remedy }));
    return undefined;
  }
}

/** A seat that nobody asks would keep every head without its quorum; a quorum of nobody keeps nothing. */
function checkSeats(found: Findings, policy: Policy, { witnesses = [] }: Installation): void {
  // A key that is none is one mistake, and is said where it stands.
  if (witnesses.some(({ key }) => witnessName(key) === undefined)) return;
  const asked = new Set(witnesses.map(({ key }) => toHex(parseVerifier(key).publicKey)));
  for (const { name, key } of seatsOf(policy))
    if (!asked.has(toHex(key.publicKey)))
      found.add(
        ['quorum'],
        `its witness ${quote(name)} is not among \`witnesses\``,
        'add it there with its `url` and the same key',
      );
  if (isQuorum(policy, () => false))
    found.warn(['quorum'], 'the quorum asks for nobody', 'name the witnesses that must have cosigned');
}
