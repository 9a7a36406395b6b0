// A contract: all that a model reads of a tool, and what stands behind it: the tool as its server lists it, with every
// member, what the server says of itself, and how it is reached. Two listings are one contract if their canonical JSON
// (RFC 8785) is the same, so that neither the order of members nor how a character is escaped makes a difference.

import { canonicalJson, digestOf, JsonError, parseJson } from '@surety/proof/records';
import { sha256 } from '../ledger/hash.ts';

export type Members = Readonly<Record<string, unknown>>;

export interface ContractParts {
  /** `<server>.<native name>`. */
  readonly tool: string;
  /** How the server is reached: its command and folder, or its address, and a hash of what else it is given. */
  readonly launch: Members;
  /** What the server says of itself: its initialize or discover result. */
  readonly described: Members;
  /** The tool as listed. */
  readonly listed: Members;
}

export interface Contract {
  readonly tool: string;
  /** Its canonical JSON: what a person is shown, and what is hashed. */
  readonly text: string;
  /** SHA-256 of that, in base64url. */
  readonly hash: string;
}

/** A contract as it can be read again from its text. */
export interface ContractRead {
  readonly tool: string;
  readonly launch: Members;
  readonly server: { readonly name?: unknown; readonly title?: unknown; readonly instructions?: unknown };
  readonly listed: Members;
}

/** Undefined where the server says something that has no canonical form: nobody can approve that. */
export function contractOf({ tool, launch, described, listed }: ContractParts): Contract | undefined {
  try {
    const text = canonicalJson({ tool, launch, server: saidOf(described), listed });
    return { tool, text, hash: hashOf(text) };
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

export const hashOf = (text: string): string => digestOf(text, sha256);

/** Its version is left out: a server says what it likes there, and no model reads it. */
function saidOf({ serverInfo, instructions }: Members): Members {
  const { name, title, description } = isMembers(serverInfo) ? serverInfo : ({} as Members);
  return Object.fromEntries(
    Object.entries({ name, title, description, instructions }).filter(([, value]) => value !== undefined),
  );
}

/** Throws JsonError for a text that is no JSON; what this program wrote is a contract. */
export const readContract = (text: string): ContractRead => parseJson(text) as ContractRead;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
