// Faults that a test can ask of the accounts payable system, for one invoice each. ERP_FAULT is one of
//   lose-answer:<invoice_id>  pays, then ends before answering; once per database
//   die:<invoice_id>          ends before paying; once per database
//   hang:<invoice_id>         neither pays nor answers, as long as it is set
// Without ERP_FAULT none of it exists.

import type { DatabaseSync } from 'node:sqlite';
import { firstTime } from './database.ts';

export interface Faults {
  beforePaying(db: DatabaseSync, invoiceId: string): Promise<void>;
  afterPaying(db: DatabaseSync, invoiceId: string): void;
}

const kinds = ['lose-answer', 'die', 'hang'];

/** Throws on a fault that it does not know: a test must not pass because of a misspelling. */
export function faultsFrom(setting: string | undefined): Faults {
  const [kind = '', wanted = ''] = (setting ?? '').split(':');
  if (setting !== undefined && setting !== '' && !(kinds.includes(kind) && wanted !== ''))
    throw new Error(
      `ERP_FAULT \`${setting}\` is none of ${kinds.map((each) => `${each}:<invoice_id>`).join(', ')}`,
    );
  const strikes = (fault: string, invoiceId: string) => kind === fault && wanted === invoiceId;
  const endOnce = (db: DatabaseSync, fault: string, invoiceId: string) => {
    if (strikes(fault, invoiceId) && firstTime(db, `${fault}:${invoiceId}`)) process.exit(1);
  };
  return {
    beforePaying(db, invoiceId) {
      endOnce(db, 'die', invoiceId);
      return strikes('hang', invoiceId) ? new Promise(() => {}) : Promise.resolve();
    },
    afterPaying: (db, invoiceId) => endOnce(db, 'lose-answer', invoiceId),
  };
}
