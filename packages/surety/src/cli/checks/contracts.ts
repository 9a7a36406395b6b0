// Contracts: whether anybody could approve one, which servers nobody is asked about, and how many tools wait.

import { declaredAs, serverOf } from '@surety/proof/changes';
import { mayApproveContracts, pinModeOf } from '@surety/proof/contracts';
import type { Config } from '../../config/index.ts';
import { foldOf } from '../pinned.ts';
import { openStore } from '../store.ts';
import { ok, type Row, warn } from './row.ts';

export function contracts(config: Config): readonly Row[] {
  const store = openStore(config);
  try {
    const { contracts: known, standing } = foldOf(store);
    const servers = declaredAs(standing, 'server.declared').filter(
      ({ transport }) => transport !== 'decided',
    );
    if (servers.length === 0) return [];
    const may = mayApproveContracts(standing);
    const isAsked = declaredAs(standing, 'person.enrolled').some(
      ({ keys, functions }) => keys.length > 0 && functions.some((each) => may.includes(each)),
    );
    const blind = servers.filter(({ pins }) => pins !== 'required').map(({ server }) => server);
    const waiting = [...known.seen].filter(([tool, seen]) => {
      const isRequired = pinModeOf(standing, serverOf(tool)) === 'required';
      return isRequired && known.pins.of(tool)?.contract !== [...seen.keys()].at(-1);
    });
    const rows = [
      ...(isAsked
        ? []
        : [
            warn(
              'contracts',
              'nobody with a key could approve what a tool says of itself',
              `give a person one of the functions ${may.join(', ')}, and a key`,
            ),
          ]),
      ...(blind.length === 0
        ? []
        : [
            warn(
              'contracts',
              `agents are shown whatever these servers say of their tools: ${blind.join(', ')}`,
              'leave `pins` out in surety.yaml, and approve what they say: `surety pins`',
            ),
          ]),
      ...(waiting.length === 0
        ? []
        : [
            warn(
              'contracts',
              `${waiting.length} tools were last seen as nobody approved them`,
              'surety pins',
            ),
          ]),
    ];
    return rows.length > 0
      ? rows
      : [ok('contracts', 'agents are shown what somebody approved, and nothing else')];
  } finally {
    store.close();
  }
}
