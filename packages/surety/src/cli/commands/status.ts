// `surety status`: each outcome in force with its latest verdict, what waits for approval or for an owner's signature, and
// how far the log is sealed.

import { declaredAs, type InForce } from '@surety/proof/changes';
import type { Kind } from '@surety/proof/facts';
import { type Cosigned, isReached } from '@surety/proof/records';
import { remoteStatus } from '../../api/index.ts';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { shownPasskey } from '../../governance/index.ts';
import { successionAt } from '../../ledger/opening.ts';
import { type AskedPerson, askedIn } from '../asked.ts';
import { type Contained, containedIn } from '../contained.ts';
import { socketOf } from '../desk.ts';
import { inForceIn } from '../in-force.ts';
import { pendingIn } from '../pending.ts';
import { waitingHolds } from '../references.ts';
import { verdictWord } from '../show-verdict.ts';
import { configOf, headOf, latestVerdict, openStore, type Store } from '../store.ts';
import { type Exit, exit, printable, type Terminal } from '../terminal.ts';
import { containedLine } from './contain.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

/** `surety status --json`: documented in docs/cli.md; members are only ever added. */
interface Status {
  readonly running: boolean;
  /** Where people open the pages; null if there are none. */
  readonly pages: string | null;
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
  /** How many of each are in force, whatever the files say now. */
  readonly inForce: { readonly [kind in keyof typeof kinds]: number };
  /** What the files ask for and waits for an owner. */
  readonly changes: readonly { change: string; stream: string; since: string; owners: readonly string[] }[];
  /** Passkeys that were registered and wait for somebody to confirm them. */
  readonly passkeys: readonly { invitation: string; person: string; fingerprint: string }[];
  /** What is contained. */
  readonly contained: readonly Contained[];
  /** How often each person was asked in the last 24 hours, and what could not be told. */
  readonly asks: readonly AskedPerson[];
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
  const inForce = inForceIn(store);
  const declared = declaredAs(inForce.standing, 'outcome.declared');
  const now = clockFrom(terminal.env).now();
  return {
    running,
    pages: config.pages?.url ?? null,
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
    inForce: countsOf(inForce),
    changes: pendingIn(inForce).map(({ change, stream, since, missing }) => {
      return { change, stream, since, owners: [...new Set(missing.map(({ owner }) => owner))] };
    }),
    passkeys: inForce.passkeys.all.flatMap((each) => {
      const { invitation, person, state, fingerprint = '' } = shownPasskey(each, now);
      return state === 'registered' ? [{ invitation, person, fingerprint }] : [];
    }),
    contained: containedIn(store),
    asks: askedIn(store, now).people,
    holds: waitingHolds(store.views.database, now).map(({ hold, expires, needed, given }) => {
      return { hold, expires: instant(expires), needed, given };
    }),
  };
}

const kinds = {
  servers: 'server.declared',
  labels: 'tool.labelled',
  policies: 'policy.activated',
  identities: 'identity.enrolled',
  people: 'person.enrolled',
  outcomes: 'outcome.declared',
  checkpoints: 'rule.activated',
} as const satisfies Record<string, Kind>;

const countsOf = ({ standing }: InForce): Status['inForce'] =>
  Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, declaredAs(standing, kind).length]),
  ) as Status['inForce'];

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
  for (const each of state.contained) lines.push(paint('red', containedLine(each)));
  for (const { outcome, owner, verdict, window } of state.outcomes) {
    const said =
      verdict === null
        ? paint('dim', 'no verdict yet')
        : `${verdictWord(verdict, paint)} for ${spanOf(window)}`;
    lines.push(`${paint('bold', outcome)}  ${said}  ${paint('dim', owner)}`);
  }
  if (state.outcomes.length === 0) lines.push('no outcome is declared: there is nothing to prove');
  const counts = Object.entries(state.inForce).map(([name, count]) => `${count} ${name}`);
  lines.push(paint('dim', `in force: ${counts.join(', ')}`));
  if (state.pages !== null) lines.push(paint('dim', `pages for people: ${state.pages}/`));
  for (const { change, stream, owners } of state.changes)
    lines.push(
      `waits for the signature of ${owners.join(', ')}: ${printable(stream)}  ${paint('dim', `surety changes, surety sign ${change}`)}`,
    );
  for (const { invitation, person, fingerprint } of state.passkeys)
    lines.push(
      `waits to be confirmed: the passkey ${fingerprint} of ${printable(person)}  ${paint('dim', `surety passkey confirm ${invitation}`)}`,
    );
  for (const { person, asked, failed } of state.asks) {
    const lost = failed === 0 ? '' : paint('yellow', `; ${failed} messages were given up`);
    lines.push(paint('dim', `asked ${asked} times in 24 hours: ${person}`) + lost);
  }
  for (const { hold, needed, given, expires } of state.holds) {
    const left = needed === 1 ? '' : ` (${given} of ${needed})`;
    const page = state.pages === null ? '' : `, or ${state.pages}/approve/${hold}`;
    lines.push(
      `waits for approval${left} until ${expires}: ${hold}  ${paint('dim', `surety approve ${hold}${page}`)}`,
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
