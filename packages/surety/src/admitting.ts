// Who is let in: credentials are issued and revoked, cases are opened. Part of the composition root.

import { randomBytes } from 'node:crypto';
import { commit } from '@surety/proof/records';
import type { Gateway } from './gateway/gateway.ts';
import { salt, sha256 } from './ledger/hash.ts';
import type { Log } from './ledger/log.ts';
import { credentialHash, newCredential } from './perimeter/index.ts';

export interface CaseOpening {
  readonly agent: string;
  readonly user: string;
  /** What the user asked for, in the user's own words. */
  readonly words: string;
}

/** `unknown` names something that does not exist here. */
export class HouseError extends Error {
  readonly code: 'unknown';
  constructor(message: string) {
    super(message);
    this.name = 'HouseError';
    this.code = 'unknown';
  }
}

export async function issue(log: Log, gateway: Gateway, identity: string, expires: number) {
  if (gateway.identities.get(identity) === undefined)
    throw new HouseError(`no identity \`${identity}\` is enrolled`);
  const credential = newCredential();
  const body = { identity, hash: credentialHash(credential), expires };
  await log.append([{ stream: `credentials/${identity}`, facts: [{ kind: 'credential.issued', body }] }]);
  return { credential, expires };
}

export async function revoke(log: Log, gateway: Gateway, identity: string): Promise<number> {
  if (gateway.identities.get(identity) === undefined)
    throw new HouseError(`no identity \`${identity}\` is enrolled`);
  const facts = gateway.identities
    .credentialsOf(identity)
    .map((hash) => ({ kind: 'credential.revoked', body: { identity, hash } }) as const);
  if (facts.length > 0) await log.append([{ stream: `credentials/${identity}`, facts }]);
  return facts.length;
}

export async function openCase(
  log: Log,
  gateway: Gateway,
  application: string,
  { agent, user, words }: CaseOpening,
) {
  if (gateway.identities.get(agent)?.is !== 'agent')
    throw new HouseError(`no agent \`${agent}\` is enrolled`);
  const made = commit(words, salt, sha256);
  const id = `k-${randomBytes(9).toString('base64url')}`;
  const body = { application, words: made.digests };
  const fact = { kind: 'case.opened', body, case: id, agent, user, disclosures: made.disclosures } as const;
  await log.append([{ stream: `case/${id}`, expected: 0, facts: [fact] }]);
  return id;
}
