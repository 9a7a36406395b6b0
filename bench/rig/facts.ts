// Facts as a busy gateway writes them: a settled read with its arguments and result behind commitments,
// and the atomic append of a payment's intent. Made before the clock starts; only recording is measured.

import { randomBytes } from 'node:crypto';
import { type Commitment, commit, commitScalar, toBase64url } from '@surety/proof/records';
import type { NewFact } from '../../packages/surety/src/facts/index.ts';
import { salt, sha256 } from '../../packages/surety/src/ledger/hash.ts';
import type { Append } from '../../packages/surety/src/ledger/log.ts';

const digest = (): string => toBase64url(randomBytes(32));

const audit = (tool: string, effect: 'read' | 'spend') =>
  ({
    call: `c-${randomBytes(9).toString('base64url')}`,
    tool,
    effect,
    action: digest(),
    screened: 'none',
    attestation: 'none',
  }) as const;

const who = { agent: 'payables-clerk', user: 'ann@acme.example' } as const;

/** A read of no case yet: one fact, four arguments and two members of its result disclosed beside it. */
export function settledRead(): NewFact {
  const args = commit({ invoice_id: 'INV-4101', vendor: 'V-7', from: '2026-03-02', limit: 20 }, salt, sha256);
  const result = commit({ status: 'matched', amount: '1840.50' }, salt, sha256);
  const body = {
    ...audit('erp.get_invoice', 'read'),
    args: args.digests,
    settlement: 'ok',
    by: 'upstream',
    result: result.digests,
  } as const;
  const disclosures = [...args.disclosures, ...result.disclosures];
  return { kind: 'call.settled', body, ...who, disclosures };
}

/** Cases that are worked on at once, and facts in each before the next takes its place. */
const casesOpen = 64;
const factsInCase = 32;

/** Reads as they come in turn: each one's case, and how many facts that has before it. */
export class Reads {
  readonly #forms = Array.from({ length: 1024 }, settledRead);
  #turn = 0;

  next(): Append {
    const turn = this.#turn++;
    const round = Math.floor(turn / casesOpen);
    const inCase = `k-${Math.floor(round / factsInCase)}-${turn % casesOpen}`;
    const form = this.#forms[turn % this.#forms.length] as NewFact;
    return { stream: `case/${inCase}`, expected: round % factsInCase, facts: [{ ...form, case: inCase }] };
  }
}

/** A payment's part that can be made in advance: everything but its streams. */
interface Payment {
  readonly call: string;
  readonly intended: NewFact;
  readonly rule: string;
  readonly amount: Commitment;
}

const money = { amountMinor: 184_050, currency: 'USD' } as const;
const budget = 'budget/payables-clerk/2026-03-02';

function payment(): Payment {
  const of = audit('erp.pay_invoice', 'spend');
  const asked = {
    invoice_id: 'INV-4101',
    iban: 'DE89370400440532013000',
    amount: '1840.50',
    currency: 'USD',
  };
  const args = commit(asked, salt, sha256);
  const rule = digest();
  const body = {
    ...of,
    args: args.digests,
    policies: [digest()],
    checkpoints: [{ rule, answer: 'passed', evidence: [17], approvals: [] }],
    budgets: [budget],
    origins: 'not-traced',
  } as const;
  const intended = {
    kind: 'call.intended',
    body,
    case: 'k-payments',
    ...who,
    disclosures: args.disclosures,
  } as const;
  return { call: of.call, intended, rule, amount: commitScalar(money, '', salt, sha256) };
}

/** What a payment makes durable before it leaves: its intent, and the three streams that it reserves in. */
export function paymentAppends(): (version: (stream: string) => number) => Append[] {
  const payments = Array.from({ length: 256 }, payment);
  let turn = 0;
  return (version) => {
    const { call, intended, rule, amount } = payments[turn++ % payments.length] as Payment;
    const reserved = { identity: 'payables-clerk', call, amount: [amount.digest] };
    return [
      { stream: 'case/k-payments', facts: [intended] },
      { stream: `action/${digest()}`, expected: 0, facts: [{ kind: 'action.opened', body: { call } }] },
      {
        stream: budget,
        expected: version(budget),
        facts: [{ kind: 'budget.reserved', body: reserved, disclosures: [amount.disclosure] }],
      },
      {
        stream: `once/supplier-payments/matched/${digest()}`,
        expected: 0,
        facts: [{ kind: 'evidence.consumed', body: { rule, call } }],
      },
    ];
  };
}
