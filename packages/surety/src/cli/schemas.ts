// What the tools of an installation take and return, as far as Surety has seen them: the contract that a person approved,
// else the newest that was listed.

import type { Config } from '../config/index.ts';
import { LedgerError } from '../ledger/errors.ts';
import type { SchemasOf } from '../static-audit/index.ts';
import { contractsIn } from './pinned.ts';
import { openStore } from './store.ts';

/** Undefined where nothing has run here yet. */
export function schemasIn(config: Config): SchemasOf | undefined {
  try {
    const store = openStore(config);
    try {
      const known = contractsIn(store);
      return (tool) => {
        const { inputSchema: input, outputSchema: output } = known.get(tool)?.listed ?? {};
        return { input, output };
      };
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'missing') return undefined;
    throw error;
  }
}
