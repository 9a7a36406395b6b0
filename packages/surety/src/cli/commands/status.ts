// `surety status`: each outcome with its latest verdict, what waits for approval, and how far the log is sealed.

import { type Cosigned, isReached } from '@surety/proof/records';
import { remoteStatus } from '../../api/index.ts';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { successionAt } from '../../ledger/opening.ts';
import { socketOf } from '../desk.ts';
import { waitingHolds } from '../references.ts';
import { verdictWord } from '../show-verdict.ts';
import { configOf, headOf, latestVerdict, openStore, type Store } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

/** `surety status --json`: documented in docs/cli.md; members are only ever added. */
interface Status {
  readonly running: boolean;
  readonly origin: string;
  readonly ledgerSize: number;
  /** Facts under the newest signed head, and who cosigned it. */
  readonly sealedSize: number;
  readonly cosigned: readonly string[];
  /** Null if none is declared. */
  readonly quorum: { readonly name: string; readonly reached: boolean } | null;
  /** Null if the log has always had its name; `lost` null if it lost nothing that anybody saw. */
  readonly succession: {
    readonly predecessor: string;
    readonly position: number;
    readonly lost: { readonly from: number; readonly to: number } | null;
  } | null;
  readonly outcomes: readonly OutcomeStatus[];
  readonly holds: readonly { hold: string; expires: string; needed: number; given: number }[];
}

interface OutcomeStatus {
  readonly outcome: string;
  readonly owner: string;
  readonly statement: string;
  readonly verdict: string | null;
  readonly window: { readonly from: string; readonly to: string } | null;
}

const instant = (at: number): string => new Date(at).toISOString();

export async function status(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const running = (await remoteStatus(socketOf(config))) !== undefined;
  const store = openStore(config);
  try {
    const state = await statusOf(terminal, config, store, running);
    if (json === true) terminal.out(JSON.stringify(state));
    else for (const line of statusLines(state, terminal)) terminal.out(line);
    return exit.ok;
  } finally {
    store.close();
  }
}

async function statusOf(terminal: Terminal, config: Config, store: Store, running: boolean): Promise<Status> {
  const keys = config.witnesses.map(({ key }) => key);
  const head = await headOf(config.store, store.reader, keys);
  const declared = config.declarations.flatMap((each) =>
    each.kind === 'outcome.declared' ? [each.body] : [],
  );
  const now = clockFrom(terminal.env).now();
  return {
    running,
    origin: store.reader.origin,
    ledgerSize: store.reader.size(),
    sealedSize: head?.size ?? 0,
    cosigned: head?.cosigned.map(({ witness }) => witness) ?? [],
    quorum: quorumOf(config, head?.cosigned ?? []),
    succession: successionOf(store),
    outcomes: declared.map(({ outcome, owner, statement }) => {
      const given = latestVerdict(store, outcome)?.body;
      const window = given === undefined ? null : { from: instant(given.from), to: instant(given.to) };
      return { outcome, owner, statement, verdict: given?.verdict ?? null, window };
    }),
    holds: waitingHolds(store.views.database, now).map(({ hold, expires, needed, given }) => {
      return { hold, expires: instant(expires), needed, given };
    }),
  };
}

function successionOf({ reader }: Store): Status['succession'] {
  const { succeededAt: position } = reader;
  if (position === undefined) return null;
  const { predecessor, lost = null } = successionAt(reader, position);
  return { predecessor, position, lost };
}

function quorumOf({ quorum }: Config, cosigned: readonly Cosigned[]): Status['quorum'] {
  if (quorum === undefined) return null;
  const keys = cosigned.map(({ key }) => key);
  return { name: quorum.policy.quorum, reached: isReached(quorum.policy, keys) };
}

function statusLines(state: Status, { paint }: Terminal): string[] {
  const { running, origin, ledgerSize, sealedSize, cosigned, quorum } = state;
  const lacks = quorum === null || quorum.reached ? '' : `: the quorum ${quorum.name} is not reached`;
  const witnesses = cosigned.length === 0 ? 'cosigned by nobody' : `cosigned by ${cosigned.join(', ')}`;
  const lines = [
    `${running ? paint('green', 'running') : paint('yellow', 'not running')}  ${origin}, ${ledgerSize} facts, ${sealedSize} under the newest head, ${witnesses}${lacks}`,
  ];
  if (state.succession !== null) {
    const { predecessor, position, lost } = state.succession;
    const gap = lost === null ? '' : `; its facts ${lost.from} to ${lost.to - 1} are lost`;
    lines.push(paint('yellow', `since fact ${position} it succeeds ${predecessor}${gap}`));
  }
  for (const { outcome, owner, verdict, window } of state.outcomes) {
    const said =
      verdict === null
        ? paint('dim', 'no verdict yet')
        : `${verdictWord(verdict, paint)} for ${spanOf(window)}`;
    lines.push(`${paint('bold', outcome)}  ${said}  ${paint('dim', owner)}`);
  }
  if (state.outcomes.length === 0) lines.push('no outcome is declared: there is nothing to prove');
  for (const { hold, needed, given, expires } of state.holds) {
    const left = needed === 1 ? '' : ` (${given} of ${needed})`;
    lines.push(
      `waits for approval${left} until ${expires}: ${hold}  ${paint('dim', `surety approve ${hold}`)}`,
    );
  }
  return lines;
}

/** A window of whole days by its first day, any other by its ends. */
function spanOf(window: OutcomeStatus['window']): string {
  if (window === null) return '';
  const day = Date.parse(window.to) - Date.parse(window.from) === 86_400_000;
  return day && window.from.endsWith('T00:00:00.000Z')
    ? window.from.slice(0, 10)
    : `${window.from} to ${window.to}`;
}
