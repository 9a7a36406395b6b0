// Custody: carries out the orders of people about disclosures, and sees that nothing of what was erased stays in
// memory. Part of the composition root: it joins the ledger, the gateway's folds and governance.

import { type OrderStatement, parseFact } from '@surety/proof/facts';
import type { OrderAnswer } from './api/index.ts';
import type { Gateway } from './gateway/gateway.ts';
import {
  checkedOrder,
  eraseSubject,
  isDataDeed,
  type LegalHold,
  liftHold,
  mayOrder,
  type OfferedOrder,
  OrderError,
  Orders,
  placeHold,
  release,
  type Survey,
  surveyOf,
} from './governance/index.ts';
import type { Log, Recorded } from './ledger/log.ts';

export interface CustodyParts {
  readonly log: Log;
  readonly gateway: Gateway;
  readonly now: () => number;
  /** Of the store. */
  readonly folder: string;
  /** The newest signed head of at least this size. */
  readonly sealed: (size: number) => Promise<string>;
}

const pageFacts = 1_000;

export class Custody {
  readonly #parts: CustodyParts;
  readonly #orders = new Orders();

  constructor(parts: CustodyParts) {
    this.#parts = parts;
  }

  apply(recorded: readonly Recorded[]): void {
    for (const { fact } of recorded) this.#orders.apply(fact);
  }

  get legalHolds(): readonly LegalHold[] {
    return this.#orders.holds;
  }

  async survey(subject: string): Promise<Survey> {
    await this.#parts.gateway.caughtUp();
    return surveyOf(this.#surveying, subject);
  }

  /** One at a time. Throws OrderError. */
  async order(offered: OfferedOrder): Promise<OrderAnswer> {
    const { log, gateway, now } = this.#parts;
    const statement = checkedOrder(offered, {
      ...{ people: gateway.people, origin: log.origin, now: now() },
      may: ({ does }) => (isDataDeed(does) ? mayOrder[does] : []),
    });
    // What was answered before the order is covered by it.
    await gateway.caughtUp();
    await log.flushed();
    if (this.#orders.isDone(statement.order))
      throw new OrderError('stale', `\`${statement.order}\` was carried out before`);
    const { about, subject } = statement;
    if (about !== undefined && log.subjectName(about) !== subject)
      throw new OrderError('malformed', 'the order calls its subject by another name than its own');
    return this.#carryOut(statement, offered);
  }

  async #carryOut(statement: OrderStatement, offered: OfferedOrder): Promise<OrderAnswer> {
    const { log, gateway, folder, sealed } = this.#parts;
    const { does, order, subject = '', basis = '', lifts = '' } = statement;
    const holding = { log, orders: this.#orders };
    if (does === 'erase') {
      const erased = await eraseSubject(this.#surveying, { ...statement, subject, basis }, offered);
      gateway.forget(erased.positions);
      return { order, did: does, facts: erased.facts, disclosures: erased.disclosures };
    }
    if (does === 'place-legal-hold')
      return { order, did: does, ...(await placeHold(holding, { ...statement, subject }, offered)) };
    if (does === 'lift-legal-hold')
      return { order, did: does, ...(await liftHold(holding, { ...statement, subject, lifts }, offered)) };
    const released = await release(
      { log, folder, sealed, factsOf: (call) => this.#factsOf(call) },
      statement,
      offered,
    );
    return { order, did: 'disclose', ...released };
  }

  /** The facts that name this call. */
  #factsOf(call: string): readonly number[] {
    const { log } = this.#parts;
    const found: number[] = [];
    for (let from = 0; from < log.size(); from += pageFacts)
      for (const { bytes, position } of log.read(from, pageFacts)) {
        const { body } = parseFact(bytes, position) as { readonly body: { readonly call?: unknown } };
        if (body.call === call) found.push(position);
      }
    return found;
  }

  get #surveying() {
    const { log, gateway } = this.#parts;
    return { log, orders: this.#orders, open: new Set(gateway.logic.open.keys()) };
  }
}
