// Approving contracts: a person reads what a tool says of itself and signs exactly that. What arrives here is hostile until
// its person, function, time and signature have been checked, and until each contract is one that was seen here.

import type { Standing } from '@surety/proof/changes';
import { contractText, whyNotApprover } from '@surety/proof/contracts';
import { type ContractStatement, contractStatement, ShapeError } from '@surety/proof/facts';
import { signatureIn } from '@surety/proof/rules';
import type { Contracts } from '../contracts/index.ts';
import type { Log } from '../ledger/log.ts';
import type { People } from '../people/people.ts';
import { type OfferedOrder, OrderError } from './order.ts';

export interface PinningParts {
  readonly log: Log;
  readonly people: People;
  readonly contracts: Contracts;
  readonly standing: () => Standing;
  readonly now: () => number;
}

export interface PinAnswer {
  /** Position of the fact. */
  readonly order: string;
  readonly did: ContractStatement['does'];
  readonly contracts: ContractStatement['contracts'];
  readonly person: string;
}

const stream = 'contracts/approvals';
/** A fact has room for more; a person reads no more at a time. */
export const contractsMax = 100;
/** One that lies about longer might be somebody else's to use. */
const ageMsMax = 15 * 60_000;
const deeds: readonly string[] = ['approve-contracts', 'revoke-contracts'];

/** True of what `Pinning` carries out; what it holds is still to be checked. */
export const isPinning = ({ statement }: OfferedOrder): boolean =>
  deeds.includes(String((statement as { readonly does?: unknown } | null)?.does));

export class Pinning {
  readonly #parts: PinningParts;

  constructor(parts: PinningParts) {
    this.#parts = parts;
  }

  /** Throws OrderError. */
  async order(offered: OfferedOrder): Promise<PinAnswer> {
    const statement = this.#checked(offered);
    const { does, contracts, function: as, person, at } = statement;
    const kind = does === 'approve-contracts' ? 'contract.approved' : 'contract.revoked';
    const body = { contracts, function: as, person, at, ...signatureIn(offered) };
    const appended = await this.#parts.log.append([{ stream, facts: [{ kind, body }] }]);
    const order = 'conflict' in appended ? '' : String(appended.positions[0]);
    return { order, did: does, contracts, person };
  }

  #checked(offered: OfferedOrder): ContractStatement {
    const { people, log, now, standing, contracts: known } = this.#parts;
    const statement = parsed(offered.statement);
    const { does, contracts, person, at } = statement;
    const tools = new Set(contracts.map(({ tool }) => tool));
    if (contracts.length === 0 || contracts.length > contractsMax || tools.size < contracts.length)
      throw new OrderError('malformed', `1 to ${contractsMax} contracts, each of another tool`);
    if (statement.log !== log.origin)
      throw new OrderError('malformed', `it is about the log \`${statement.log}\``);
    if (Math.abs(now() - at) > ageMsMax || known.pins.isSpent(statement))
      throw new OrderError('stale', 'it was signed too long ago, or used before: sign it again');
    const whyNot = whyNotApprover(standing(), statement);
    if (whyNot !== undefined) throw new OrderError('not-yours', whyNot);
    if (!people.signedBy(person, contractText(statement), offered))
      throw new OrderError('bad-signature', `\`${person}\` did not sign this`);
    for (const { tool, contract } of contracts) this.#mustBeKnown(does, tool, contract);
    return statement;
  }

  /** Nobody approves what nobody could read, nor ends what is not in force. */
  #mustBeKnown(does: ContractStatement['does'], tool: string, contract: string): void {
    const { contracts } = this.#parts;
    if (does === 'revoke-contracts' && contracts.pins.of(tool)?.contract !== contract)
      throw new OrderError('not-in-force', `${tool} is not pinned to this contract`);
    if (does === 'approve-contracts' && !contracts.isReadable(tool, contract))
      throw new OrderError(
        'unknown',
        `${tool} was never seen here under this contract, or it is too large to be read`,
      );
  }
}

function parsed(statement: unknown): ContractStatement {
  try {
    return contractStatement(statement, '');
  } catch (error) {
    if (error instanceof ShapeError) throw new OrderError('malformed', error.message);
    throw error;
  }
}
