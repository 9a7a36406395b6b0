// Reads a configuration folder: `surety.yaml`, the outcome files and the Cedar policies. Either all of it is
// without errors, or nothing of it is used and every problem is reported at once. Never throws for bad input.

import { join, resolve } from 'node:path';
import { checkInstallation, type Environment } from './agreement.ts';
import { checkOutcome } from './agreement-outcome.ts';
import { compilePolicies } from './cedar.ts';
import {
  installationDeclarations,
  outcomeDeclarations,
  type RecordConfig,
  recordConfigs,
  type ServerConfig,
  serverConfigs,
  type WitnessConfig,
  witnessConfigs,
} from './compile.ts';
import { conform } from './conform.ts';
import { type Declaration, isTooLarge } from './declaration.ts';
import { Document } from './document.ts';
import { type Installation, installation as installationSchema } from './installation.ts';
import { type Limits, limitsOf } from './limits.ts';
import { Findings, type Names, namesIn } from './names.ts';
import { type NotifyConfig, notifyIn } from './notify.ts';
import { type Outcome, outcome as outcomeSchema } from './outcome.ts';
import { type PagesConfig, pagesIn } from './pages.ts';
import { placesOfInstallation, placesOfOutcome } from './places.ts';
import { type Place, type Problem, problemWith, quote } from './problem.ts';
import { type QuorumConfig, readQuorum } from './quorum.ts';
import { findFiles, readSource, type Source } from './source.ts';
import { type TelemetryConfig, telemetryIn } from './telemetry.ts';
import { durationMs } from './words.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TlsConfig {
  /** Absolute paths; read when Surety starts, and again when they change. */
  readonly certificate: string;
  readonly key: string;
  readonly clients?: string;
}

export interface SealerConfig {
  readonly user: string;
  readonly home: string;
  readonly gatewayUser: string | undefined;
}

export interface Config {
  /** Absolute. */
  readonly folder: string;
  /** `surety.yaml`, absolute. */
  readonly file: string;
  readonly listen: Address;
  /** Names that it is reached by, beside the host of `listen`. */
  readonly names: readonly string[];
  readonly tls?: TlsConfig;
  readonly limits: Limits;
  /** Undefined: nobody watches. */
  readonly telemetry?: TelemetryConfig;
  /** Undefined: none are planted. */
  readonly seeds?: { readonly everyMs?: number };
  /** Undefined: nobody is told. */
  readonly notify?: NotifyConfig;
  /** The pages for people; undefined: there are none. */
  readonly pages?: PagesConfig;
  /** Where sealed facts can be read by anyone who reaches it; undefined: nowhere. */
  readonly serve: Address | undefined;
  /** Absolute. */
  readonly store: string;
  /** The account of its own that the sealer has, its folder (absolute), and the gateway's account. */
  readonly sealer?: SealerConfig;
  readonly origin: string;
  readonly timeZone: string;
  readonly servers: readonly ServerConfig[];
  readonly records: readonly RecordConfig[];
  readonly witnesses: readonly WitnessConfig[];
  /** Which of them must have cosigned a head. */
  readonly quorum?: QuorumConfig;
  readonly declarations: readonly Declaration[];
  /** Where each of them is written, by its stream. */
  readonly places: ReadonlyMap<string, Place>;
  readonly warnings: readonly Problem[];
}

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const fileName = 'surety.yaml';

export async function loadConfig(folder: string, env: Environment): Promise<Loaded> {
  const read = readSource(folder, fileName);
  if ('problem' in read) return { ok: false, problems: [read] };
  const found = new Findings(new Document(read));
  const names = namesIn(found.document);
  const installation = readInstallation(found, names, env);
  const quorum = readQuorum(folder, found, installation);
  const outcomes = readOutcomes(folder, found, installation, names);
  const policies = await readPolicies(folder, found, installation, names);
  checkCurrencies(found, installation, outcomes);
  const declarations = policies.declarations;
  const problems = [
    ...found.problems,
    ...outcomes.flatMap((each) => each.found.problems),
    ...policies.problems,
  ];
  const failed = (): Loaded => ({ ok: false, problems: problems.toSorted(byPlace) });
  if (problems.some(isError) || installation === undefined) return failed();
  declarations.unshift(...installationDeclarations(installation, quorum));
  for (const { outcome, found: at } of outcomes)
    if (outcome !== undefined)
      declarations.push(...outcomeDeclarations(outcome, at.document.value, installation));
  problems.push(...declarations.filter(isTooLarge).map(tooLarge));
  if (problems.some(isError)) return failed();
  const places = new Map([
    ...placesOfInstallation(found.document),
    ...(policies.places ?? []),
    ...outcomes.flatMap((each) => placesOfOutcome(each.found.document)),
  ]);
  const warnings = problems.toSorted(byPlace);
  const config = configOf(folder, installation, env, { declarations, places, warnings });
  return { ok: true, config: { ...config, ...(quorum === undefined ? {} : { quorum }) } };
}

const isError = ({ severity }: Problem): boolean => severity === 'error';

/** `surety.yaml` first, then by file, line and column: the order in which a person would work. */
const byPlace = (a: Problem, b: Problem): number =>
  Number(b.file === fileName) - Number(a.file === fileName) ||
  (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column);

const tooLarge = ({ stream }: Declaration): Problem =>
  problemWith(fileName, `${quote(stream)} is larger than a fact may be`, 'split it');

function readInstallation(found: Findings, names: Names, env: Environment): Installation | undefined {
  if (found.document.isBroken) return undefined;
  const { value, problems } = conform(found.document, installationSchema);
  found.problems.push(...problems);
  if (value !== undefined) checkInstallation(found, value, names, env);
  return value;
}

/** The files that a key's patterns match, with a problem for a pattern that matches none. */
function matches(
  folder: string,
  found: Findings,
  key: 'policies' | 'outcomes',
  written: readonly string[] | undefined,
): string[] {
  const patterns = written ?? [key === 'policies' ? 'policies/*.cedar' : 'outcomes/*.yaml'];
  const files = new Set<string>();
  patterns.forEach((pattern, index) => {
    const { files: some, problems } = findFiles(folder, pattern);
    for (const file of some) files.add(file);
    for (const { problem, remedy } of problems) found.add([key, index], problem, remedy);
    if (some.length > 0 || problems.length > 0) return;
    if (written !== undefined)
      found.add([key, index], `no file matches ${quote(pattern)}`, 'create one, or correct the pattern');
    else if (key === 'policies')
      found.warn([], 'there is no policy, so every call will be refused', 'write `policies/*.cedar`');
    else found.warn([], 'there is no outcome, so there is nothing to prove', 'write `outcomes/*.yaml`');
  });
  return [...files];
}

interface ReadOutcome {
  readonly found: Findings;
  readonly outcome: Outcome | undefined;
}

function readOutcomes(
  folder: string,
  found: Findings,
  installation: Installation | undefined,
  names: Names,
): ReadOutcome[] {
  const taken = new Map<string, string>();
  return matches(folder, found, 'outcomes', installation?.outcomes).flatMap((file) => {
    const source = readSource(folder, file);
    if ('problem' in source) {
      found.problems.push(source);
      return [];
    }
    const own = new Findings(new Document(source), found.document.isBroken);
    // A file that is not YAML lacks every key: saying so once is enough.
    if (own.document.isBroken) return [{ found: own, outcome: undefined }];
    const { value: outcome, problems } = conform(own.document, outcomeSchema);
    own.problems.push(...problems);
    if (outcome !== undefined) checkOutcome(own, outcome, names);
    const id = own.document.value['outcome'];
    const other = typeof id === 'string' ? taken.get(id) : undefined;
    if (other !== undefined)
      own.add(['outcome'], `the outcome ${quote(id)} is already in ${other}`, 'choose another name');
    if (typeof id === 'string') taken.set(id, file);
    return [{ found: own, outcome }];
  });
}

async function readPolicies(
  folder: string,
  found: Findings,
  installation: Installation | undefined,
  names: Names,
) {
  const sources = matches(folder, found, 'policies', installation?.policies).flatMap((file): Source[] => {
    const source = readSource(folder, file);
    if (!('problem' in source)) return [source];
    found.problems.push(source);
    return [];
  });
  if (found.document.isBroken) return compilePolicies(sources, undefined);
  return compilePolicies(sources, {
    tools: [...names.tools.keys()],
    servers: [...names.servers],
    agents: Object.keys(found.document.value['agents'] ?? {}),
  });
}

/** A budget in a currency that no outcome counts could never be compared with what is at stake. */
function checkCurrencies(
  found: Findings,
  installation: Installation | undefined,
  outcomes: readonly ReadOutcome[],
): void {
  const used = outcomes.flatMap(
    ({ outcome }) => (outcome?.['at-stake'] ?? outcome?.appetite)?.currency ?? [],
  );
  if (used.length === 0) return;
  for (const [id, { budget }] of Object.entries(installation?.agents ?? {})) {
    if (budget === undefined || used.includes(budget.currency)) continue;
    const problem = `the budget is in ${budget.currency}, the outcomes in ${[...new Set(used)].join(', ')}`;
    found.add(['agents', id, 'budget', 'currency'], problem, 'use the currency of the outcome');
  }
}

function addressIn(hostPort: string): Address {
  const colon = hostPort.lastIndexOf(':');
  const host = hostPort.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(hostPort.slice(colon + 1)) };
}

function tlsIn(folder: string, tls: Installation['tls']): Pick<Config, 'tls'> {
  if (tls === undefined) return {};
  const { certificate, key, clients } = tls;
  const authorities = clients === undefined ? {} : { clients: resolve(folder, clients) };
  return { tls: { certificate: resolve(folder, certificate), key: resolve(folder, key), ...authorities } };
}

function sealerIn(folder: string, store: string, ledger: Installation['ledger']): Pick<Config, 'sealer'> {
  const { 'sealer-user': user, 'sealer-folder': home, 'gateway-user': gatewayUser } = ledger ?? {};
  if (user === undefined) return {};
  return {
    sealer: { user, home: home === undefined ? join(store, 'sealer') : resolve(folder, home), gatewayUser },
  };
}

function seedsIn(written: Installation['seeds']): Pick<Config, 'seeds'> {
  if (written === undefined) return {};
  return { seeds: written.every === undefined ? {} : { everyMs: durationMs(written.every) } };
}

function configOf(
  folder: string,
  installation: Installation,
  env: Environment,
  { declarations, places, warnings }: Pick<Config, 'declarations' | 'places' | 'warnings'>,
): Config {
  const telemetry = telemetryIn(installation.telemetry, env);
  const notify = notifyIn(installation.notify, installation.people ?? [], env);
  const { listen = '127.0.0.1:7300', store: written = '.surety', origin, ledger } = installation;
  const store = resolve(folder, written);
  return {
    folder: resolve(folder),
    file: resolve(folder, fileName),
    listen: addressIn(listen),
    names: installation.names ?? [],
    ...tlsIn(folder, installation.tls),
    limits: limitsOf(installation.limits),
    ...(telemetry === undefined ? {} : { telemetry }),
    ...(notify === undefined ? {} : { notify }),
    ...(installation.pages === undefined ? {} : { pages: pagesIn(installation.pages, folder, env) }),
    ...seedsIn(installation.seeds),
    serve: ledger?.serve === undefined ? undefined : addressIn(ledger.serve),
    ...sealerIn(folder, store, ledger),
    store,
    origin,
    timeZone: installation['time-zone'] ?? 'UTC',
    servers: serverConfigs(installation, folder, env),
    records: recordConfigs(installation, folder),
    witnesses: witnessConfigs(installation),
    declarations,
    places,
    warnings,
  };
}
