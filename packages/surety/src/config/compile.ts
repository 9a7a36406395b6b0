// Turns files without errors into declarations. Pure: everything that could be wrong was found before.
// What a person wrote is kept as a digest; what runs is in the body, in milliseconds and minor units.

import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { containmentDefault, contractDefault } from '@surety/proof/facts';
import { amountMinorOf, type Environment, isLoopback, witnessName } from './agreement.ts';
import { type Checkpoint, laterMembers, requiredBy } from './checkpoint.ts';
import { type Declaration, digestOf } from './declaration.ts';
import type { Installation } from './installation.ts';
import { keyOfLine } from './key-line.ts';
import { channelsOf } from './notify.ts';
import { labelsOf } from './origin-words.ts';
import type { Outcome } from './outcome.ts';
import type { QuorumConfig } from './quorum.ts';
import { fillIn } from './secret.ts';
import { durationMs } from './words.ts';

/** What a person wrote, and its digest: by that a declaration in the ledger names it. */
export interface Defined {
  readonly definition: string;
  readonly written: unknown;
}

export interface ServerConfig extends Defined {
  readonly id: string;
  readonly transport: 'stdio' | 'http';
  readonly command?: string;
  readonly args?: readonly string[];
  /** Absolute. */
  readonly cwd?: string;
  /** With the secrets filled in: never to be written anywhere. */
  readonly env?: Readonly<Record<string, string>>;
  readonly url?: string;
  /** With the secrets filled in: never to be written anywhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Its address may be link-local. */
  readonly linkLocal?: boolean;
  readonly timeoutMs: number;
}

export interface RecordConfig extends Defined {
  readonly id: string;
  /** Absolute path of the database. */
  readonly sqlite: string;
  readonly money?: { readonly amount: string; readonly unit: 'major' | 'minor'; readonly currency: string };
  /** Whom a row is about. */
  readonly subject?: { readonly kind: string; readonly column: string };
}

export interface WitnessConfig {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** It answers from this host: nobody independent saw the head. */
  readonly simulated: boolean;
  /** The function that runs it. */
  readonly seat?: string;
}

const timeoutMsDefault = 30_000;
const dayMs = 86_400_000;
type Money = NonNullable<RecordConfig['money']>;

export function serverConfigs(
  { servers = {} }: Installation,
  folder: string,
  env: Environment,
): ServerConfig[] {
  // What never crosses has no address here.
  const crossing = Object.entries(servers).filter(([, { decided }]) => decided !== true);
  return crossing.map(([id, written]) => serverConfig(id, written, folder, env));
}

type WrittenDeputy = NonNullable<NonNullable<Installation['people']>[number]['deputies']>[number];
type WrittenServer = NonNullable<Installation['servers']>[string];

/** What runs: how its contracts bind is a member of the declaration, so that to ask for more is known to narrow. */
const writtenOf = ({ pins: _, ...written }: WrittenServer): WrittenServer => written;
type WrittenRecord = NonNullable<Installation['records']>[string];

export function serverConfig(
  id: string,
  server: WrittenServer,
  folder: string,
  env: Environment,
): ServerConfig {
  const { stdio, http, cwd, env: variables = {}, headers = {}, timeout, ...rest } = server;
  const written = writtenOf(server);
  const defined = { id, definition: digestOf(written), written };
  const timeoutMs = timeout === undefined ? timeoutMsDefault : durationMs(timeout);
  const filled = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, text]) => [name, fillIn(text, env).value]));
  if (http !== undefined) {
    const linkLocal = rest['link-local'] === undefined ? {} : { linkLocal: true };
    return { ...defined, transport: 'http', url: http, headers: filled(headers), ...linkLocal, timeoutMs };
  }
  const [command = '', ...args] = stdio ?? [];
  const run = { command, args, cwd: resolve(folder, cwd ?? '.'), env: filled(variables) };
  return { ...defined, transport: 'stdio', ...run, timeoutMs };
}

export const recordConfigs = ({ records = {} }: Installation, folder: string): RecordConfig[] =>
  Object.entries(records).map(([id, written]) => recordConfig(id, written, folder));

export const recordConfig = (id: string, record: WrittenRecord, folder: string): RecordConfig => ({
  ...{ id, definition: digestOf(record), written: record, sqlite: resolve(folder, record.sqlite) },
  ...(record.money === undefined ? {} : { money: record.money }),
  ...Object.entries(record.subject ?? {}).reduce((_, [kind, column]) => ({ subject: { kind, column } }), {}),
});

/** A witness on the operator's own host sees what the operator shows it, whatever name it is called by. */
function isThisHost(name: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  return (
    isLoopback(name) || name === hostname().toLowerCase() || own.includes(name.replace(/^\[(.*)\]$/, '$1'))
  );
}

export const witnessConfigs = ({ witnesses = [] }: Installation): WitnessConfig[] =>
  witnesses.map(({ url, key, seat }) => ({
    name: witnessName(key) ?? '',
    url,
    key,
    simulated: isThisHost(new URL(url).hostname),
    ...(seat === undefined ? {} : { seat }),
  }));

export function installationDeclarations(installation: Installation, quorum?: QuorumConfig): Declaration[] {
  const { servers = {}, tools = {}, records = {} } = installation;
  return [
    ...Object.entries(servers).map(([server, written]): Declaration => {
      const crossing = written.http === undefined ? 'stdio' : 'http';
      const transport = written.decided === true ? 'decided' : crossing;
      // As written: a secret stands there as `${NAME}`, so its digest gives nothing to guess.
      const pins = transport === 'decided' ? {} : { pins: written.pins ?? 'required' };
      const body = { server, transport, definition: digestOf(writtenOf(written)), ...pins } as const;
      return { stream: `server/${server}`, kind: 'server.declared', body };
    }),
    ...Object.entries(tools).map(([tool, { effect, money, subject, results }]): Declaration => {
      const body = {
        tool,
        effect,
        ...(money === undefined ? {} : { money: money as Money }),
        ...Object.entries(subject ?? {}).reduce((_, [kind, path]) => ({ subject: { kind, path } }), {}),
        ...(results === undefined ? {} : { results: labelsOf(results) }),
      };
      return { stream: `tool/${tool}`, kind: 'tool.labelled', body };
    }),
    ...Object.entries(records).map(([record, written]): Declaration => {
      const body = { record, kind: 'sqlite', definition: digestOf(written) } as const;
      return { stream: `record/${record}`, kind: 'record.declared', body };
    }),
    ...peopleDeclarations(installation),
    ...identityDeclarations(installation),
    ...witnessConfigs(installation).map(({ name, url: _, ...rest }): Declaration => {
      return { stream: `witness/${name}`, kind: 'witness.declared', body: { witness: name, ...rest } };
    }),
    ...(installation.passkeys === undefined
      ? []
      : [
          {
            stream: 'passkeys/functions',
            kind: 'passkeys.declared',
            body: installation.passkeys,
          } satisfies Declaration,
        ]),
    ...(installation.containment === undefined
      ? []
      : [
          {
            stream: 'containment/functions',
            kind: 'containment.declared',
            body: {
              order: installation.containment.order ?? containmentDefault.order,
              lift: installation.containment.lift ?? containmentDefault.lift,
            },
          } satisfies Declaration,
        ]),
    ...(installation.contracts === undefined
      ? []
      : [
          {
            stream: 'contracts/functions',
            kind: 'contracts.declared',
            body: { approve: installation.contracts.approve ?? contractDefault.approve },
          } satisfies Declaration,
        ]),
    ...(installation.notify === undefined
      ? []
      : [
          {
            stream: 'notices/channels',
            kind: 'notices.declared',
            body: channelsOf(installation.notify),
          } satisfies Declaration,
        ]),
    ...(quorum === undefined
      ? []
      : [
          {
            stream: 'quorum/heads',
            kind: 'quorum.declared',
            body: { policy: quorum.text },
          } satisfies Declaration,
        ]),
  ];
}

function peopleDeclarations({ people = [] }: Installation): Declaration[] {
  return people.map(
    ({ id, name, functions = [], keys = [], accounts = [], deputies = [], simulated = false }) => ({
      stream: `person/${id}`,
      kind: 'person.enrolled',
      body: {
        ...{ person: id, functions, keys: keys.map(keyOfLine), simulated },
        ...(accounts.length === 0 ? {} : { accounts }),
        ...(deputies.length === 0 ? {} : { deputies: deputies.map(deputyOf) }),
      },
      committed: name === undefined ? {} : { name },
    }),
  );
}

/** From the beginning of its first day to the end of its last, in UTC. */
function deputyOf({ person, from, until }: WrittenDeputy) {
  const begins = from === undefined ? {} : { from: Date.parse(from) };
  return { person, ...begins, until: Date.parse(until) + dayMs };
}

function identityDeclarations(installation: Installation): Declaration[] {
  const { agents = {}, applications = {} } = installation;
  const timeZone = installation['time-zone'] ?? 'UTC';
  const declare = (
    identity: string,
    is: 'agent' | 'application',
    owner: string,
    budget?: Outcome['appetite'],
  ): Declaration => {
    const limit = budget === undefined ? {} : { budget: budgetOf(budget) };
    return {
      stream: `identity/${identity}`,
      kind: 'identity.enrolled',
      body: { identity, is, owner, ...limit, timeZone },
    };
  };
  return [
    ...Object.entries(agents).map(([id, { owner, budget }]) => declare(id, 'agent', owner, budget)),
    ...Object.entries(applications).map(([id, { owner }]) => declare(id, 'application', owner)),
  ];
}

const moneyOf = (money: { amount: number | string; currency: string }) => ({
  amountMinor: amountMinorOf(money),
  currency: money.currency,
});
const budgetOf = (budget: NonNullable<Outcome['appetite']>) => ({ ...moneyOf(budget), per: budget.per });

/** The outcome and its rules, one declaration each. `written` is the whole file as data. */
export function outcomeDeclarations(
  outcome: Outcome,
  written: unknown,
  installation: Installation,
): Declaration[] {
  const { 'at-stake': atStake, appetite, reconcile } = outcome;
  const { rung = 'C5', window } = outcome.needs ?? {};
  const body = {
    outcome: outcome.outcome,
    statement: outcome.statement,
    owner: outcome.owner,
    hash: digestOf(written),
    ...(atStake === undefined ? {} : { atStake: moneyOf(atStake) }),
    ...(appetite === undefined ? {} : { appetite: budgetOf(appetite) }),
    evaluatedBy: outcome['evaluated-by'] ?? [],
    arguments: outcome.arguments ?? {},
    ...(outcome['arguments-mode'] === undefined ? {} : { argumentsMode: outcome['arguments-mode'] }),
    egress: outcome.egress ?? {},
    ...(reconcile === undefined ? {} : { reconcile: reconcileOf(reconcile, installation) }),
    invariants: outcome.invariants ?? [],
    onBreach: outcome['on-breach'] ?? 'alert',
    needs: { rung, windowMs: window === undefined ? dayMs : durationMs(window) },
    timeZone: outcome['time-zone'] ?? installation['time-zone'] ?? 'UTC',
  } as const;
  return [
    { stream: `outcome/${outcome.outcome}`, kind: 'outcome.declared', body },
    ...(outcome.checkpoints ?? []).map((each) => ruleDeclaration(outcome.outcome, each)),
  ];
}

function reconcileOf(reconcile: NonNullable<Outcome['reconcile']>, { records = {} }: Installation) {
  const { record, population, effects, elsewhere = [], within } = reconcile;
  const money = records[record]?.money;
  return {
    record,
    population: typeof population === 'string' ? population : population.sql,
    ...effects,
    ...(money === undefined ? {} : { money }),
    elsewhere,
    withinMs: within === undefined ? 0 : durationMs(within),
  };
}

function approveOf({ function: of, count = 1, not = [], escalate }: NonNullable<Checkpoint['approve']>) {
  const later = escalate && { afterMs: durationMs(escalate.after), function: escalate.function };
  return { function: of, count, not, ...(later === undefined ? {} : { escalate: later }) };
}

/** What runs of a checkpoint, with the hash that people approve under. */
export function ruleDeclaration(
  outcome: string,
  checkpoint: Checkpoint,
): Extract<Declaration, { readonly kind: 'rule.activated' }> {
  const { id, before, when, once = [], approve, mode } = checkpoint;
  const rule = {
    outcome,
    rule: id,
    before,
    ...(when === undefined ? {} : { when }),
    ...requiredBy(checkpoint),
    ...laterMembers(checkpoint),
    once,
    ...(approve === undefined ? {} : { approve: approveOf(approve) }),
    mode: mode ?? (approve === undefined ? 'deny' : 'hold'),
  } as const;
  // Of the normal form, so that anyone who holds the fact can compute it again.
  return { stream: `rule/${outcome}/${id}`, kind: 'rule.activated', body: { ...rule, hash: digestOf(rule) } };
}
