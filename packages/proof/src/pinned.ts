// Contracts of tools: what a server says that a tool is, as it was seen, and the persons who approved exactly that.

import { commitments, digest, identifier, milliseconds, personId, signed, toolId } from './declared.ts';
import { exactly, type Infer, list, oneOf, optional, record, text } from './values/shape.ts';

/** How a server's contracts bind: a call on one that nobody approved is refused, or only said. */
export const pinning = oneOf('observe', 'required');

/** The functions whose people may approve a contract. */
export const contractFunctions = record({ approve: list(identifier) });
/** Where nobody declared any. */
export const contractDefault: Infer<typeof contractFunctions> = { approve: ['operations', 'security'] };

/** One contract: the tool, and the contract's hash keyed with the log's salt (docs/formats.md, Contracts). */
const contract = record({ tool: toolId, contract: digest });

/** What a person signs: RFC 8785 of this, after `surety-contracts/v1` and a line feed. */
export const contractStatement = record({
  does: oneOf('approve-contracts', 'revoke-contracts'),
  log: text,
  contracts: list(contract),
  function: identifier,
  person: personId,
  at: milliseconds,
});
export type ContractStatement = Infer<typeof contractStatement>;

const answered = {
  contracts: list(contract),
  function: identifier,
  person: personId,
  /** By the signer's clock. */
  at: milliseconds,
  ...signed,
};

export const contractBodies = {
  'contracts.declared': contractFunctions,
  /** A server lists a tool under a contract that it was never seen with before. */
  'contract.seen': record({
    tool: toolId,
    contract: digest,
    /** The whole contract. */
    whole: commitments,
    /** What others were shown at the same time, if that was something else. */
    beside: optional(digest),
    /** It is so large that only its hash is kept: nobody can read it, so nobody can approve it. */
    tooLarge: optional(exactly(true)),
  }),
  /** Pins each of these tools to this contract, in place of any other. */
  'contract.approved': record(answered),
  /** Ends that; it can only keep out, so no verdict asks for its signature. */
  'contract.revoked': record(answered),
} as const;
