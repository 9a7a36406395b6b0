// The house: one log with its sealer, the gateway state folded from it, and what people can ask of it.
// With `main.ts` the composition root: the only files that know everything.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sink } from '@surety/proof/bundle';
import { declaredAs } from '@surety/proof/changes';
import { type ContainmentScope, parseFact } from '@surety/proof/facts';
import type { KeyRole, RotationReason } from '@surety/proof/records';
import { type CaseOpening, issue, openCase, revoke } from './admitting.ts';
import type { OrderAnswer, PagesDesk } from './api/index.ts';
import { clockFrom } from './clock.ts';
import type { Config, ServerConfig } from './config/index.ts';
import { Custody } from './custody.ts';
import { Equipment } from './equipment.ts';
import { type Affected, Gateway } from './gateway/gateway.ts';
import type { Observer } from './gateway/observer.ts';
import {
  type Activated,
  Changing,
  Containing,
  isContainment,
  isPinning,
  type LegalHold,
  type OfferedOrder,
  type OfferedSignature,
  Passkeys,
  type Pending,
  Pinning,
  type Reacted,
  type Survey,
} from './governance/index.ts';
import { KeyDesk, type Rotated, statementKeyPlace } from './ledger/key-desk.ts';
import { ensureKey } from './ledger/keys.ts';
import type { Log, Recorded } from './ledger/log.ts';
import { logSalt } from './ledger/opening.ts';
import type { Sealer } from './ledger/seal.ts';
import { apart } from './ledger/sealer-place.ts';
import { otherSealer, ownSealer, type SealerSide } from './ledger/sealer-side.ts';
import { openLog } from './ledger/stores/sqlite.ts';
import { answerHold, type Offered, refuseHold } from './logic/approve.ts';
import { Precedents } from './logic/precedents.ts';
import { Notifying } from './notifying.ts';
import {
  type Given,
  giveVerdict,
  prove,
  readBook,
  settleFromRecord,
  type VerdictParts,
} from './outcomes/index.ts';
import { scopeText } from './perimeter/index.ts';
import { type HoldAnswered, Seeding } from './seeding.ts';
import { version } from './version.ts';

export interface HouseOptions {
  readonly program: 'gateway' | 'command';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Problems and notes for people: ids and codes, never values. */
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  /** Watches calls; decides nothing. */
  readonly observer?: Observer | undefined;
  /** Told each time that something took force, with the servers that are now to be reached. */
  readonly onServers?: (servers: readonly ServerConfig[]) => void;
}

/** Everything that a person can ask of a running or an opened house. */
export interface House {
  readonly log: Log;
  readonly gateway: Gateway;
  readonly sealer: Sealer;
  verdict(outcome: string, at?: number): Promise<Given>;
  /** Gives a verdict and writes its proof into `sink`; the size is in bytes. */
  prove(outcome: string, at: number | undefined, sink: Sink): Promise<{ given: Given; sizeBytes: number }>;
  issue(identity: string, lifeMs: number): Promise<{ credential: string; expires: number }>;
  /** Revokes every credential of an identity; gives how many there were. */
  revoke(identity: string): Promise<number>;
  openCase(application: string, opening: CaseOpening): Promise<string>;
  /** The application that presents this credential, if one does. */
  application(authorization: string | undefined): string | undefined;
  answer(offered: Offered): Promise<HoldAnswered>;
  /** Plants a request that ought to be refused. Throws HouseError. */
  plant(name?: string): Promise<{ seed: string }>;
  /** What the pages for people read, and do. */
  readonly pages: PagesDesk;
  /** Hands a key over to a new one. Resolves when a head by the new log key, or over the fact, is published. */
  rotate(role: KeyRole, reason: RotationReason): Promise<Rotated>;
  /** The verifier key that the next rotation will hand over to. */
  nextKey(role: KeyRole): Promise<string>;
  /** Carries out an order about disclosures, or of containment; one of those waits for no other. Throws OrderError. */
  order(offered: OfferedOrder): Promise<OrderAnswer>;
  /** What is kept about a subject, by its name in the store, and what stands against erasing it. */
  survey(subject: string): Promise<Survey>;
  /** Whom a containment of this would stop. */
  affected(scope: ContainmentScope): Affected;
  /** The legal holds in force. */
  legalHolds(): readonly LegalHold[];
  /** Those whose definitions are in force: the files may say something else that waits. */
  servers(): readonly ServerConfig[];
  /** Brings into force what another configuration of the same log asks for, as far as it may be. */
  reload(config: Config): Promise<Activated>;
  /** What the files ask for, and waits for the signature of an owner. */
  changes(): readonly Pending[];
  /** The signature of an owner under one of them. Throws ChangeError. */
  sign(offered: OfferedSignature): Promise<{ readonly pending: boolean }>;
  /** Passkeys that people register themselves. */
  readonly passkeys: Passkeys;
  /** Looks in the records for the effects of calls whose answer was lost. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export { HouseError } from './admitting.ts';

/** How long a verdict waits for the witnesses before it is given without them. */
const witnessMs = 5_000;
/** And how long for a head at all. */
const headMs = 20_000;
const verifierPage = new URL('../../proof/verify.html', import.meta.url);

/** Opens the log, activates what the files say, and starts the sealer. Throws LedgerError. */
export async function openHouse(config: Config, options: HouseOptions): Promise<House> {
  const keys = join(config.store, 'keys');
  const side = sideOf(config, options);
  const statement = statementKeyPlace(keys, config.origin);
  const clock = clockFrom(options.env);
  const log = await openLog({
    folder: config.store,
    origin: config.origin,
    clock: clock.now,
    clockKind: clock.kind,
    program: options.program,
    version,
    logKey: await side.logKey(),
    statementKey: ensureKey(statement).vkey,
  });
  const opened: (() => Promise<unknown>)[] = [() => log.close()];
  try {
    // The record may know what a lost answer would have said: looked up at once, and again by `up`'s own clock.
    let settleSoon = () => {};
    const gateway = new Gateway({
      log,
      logSalt: logSalt(log),
      now: clock.now,
      onOpen: () => settleSoon(),
      onProblem: (problem) => options.onNote('warn', problem),
      observer: options.observer,
    });
    const custody = new Custody({
      ...{ log, gateway, now: clock.now, folder: config.store },
      sealed: (size) => parts.sealed(size),
    });
    const changing = new Changing({ log, people: gateway.people, now: clock.now });
    const notifying = new Notifying({
      ...{ log, gateway, now: clock.now, onNote: options.onNote },
      standing: () => changing.inForce.standing,
    });
    const seeding = new Seeding({
      ...{ log, gateway, keys, now: clock.now, onNote: options.onNote },
      standing: () => changing.inForce.standing,
    });
    const passkeys = new Passkeys({
      ...{ log, people: gateway.people, now: clock.now, inForce: () => changing.inForce },
    });
    const precedents = new Precedents();
    replay(log, [gateway, custody, changing, notifying, precedents, seeding]);
    const answering = {
      ...{ log, logic: gateway.logic, people: gateway.people, logSalt: logSalt(log), now: clock.now },
      ownerOf: (agent: string) => gateway.identities.get(agent)?.owner,
      seed: seeding.factFor,
    };
    const answer = (offered: Offered) => seeding.telling(offered, () => answerHold(answering, offered));
    const containing = new Containing({
      ...{ log, people: gateway.people, containments: gateway.containments, now: clock.now },
      inFlight: (scope) => gateway.inFlight(scope),
      unknownIn: (scope) => gateway.unknownIn(scope),
      refuses: (agent) => gateway.refuses(agent),
    });
    const pinning = new Pinning({
      ...{ log, people: gateway.people, contracts: gateway.contracts, now: clock.now },
      standing: () => changing.inForce.standing,
    });
    const equipment = new Equipment(config.store, options);
    opened.push(() => equipment.close());
    let current = config;
    const took = async <T>(doing: Promise<T>, next = current): Promise<T> => {
      const done = await doing;
      current = next;
      equipment.take(current, changing.inForce.standing);
      options.onServers?.(equipment.servers);
      notifying.take(current);
      seeding.take(current);
      return done;
    };
    // Before the log: what is told is a fact.
    opened.unshift(() => notifying.close());
    tellOf(await took(changing.activate(config.declarations)), options);
    const sealer = await side.start();
    // After the log has said its last word, so that the last head covers it.
    opened.push(() => sealer.stop());
    const published = (size: number) => sealer.sealed(size, { timeoutMs: witnessMs, headMs });
    const parts = {
      log,
      now: clock.now,
      records: equipment.records,
      onTheWay: () => gateway.onTheWay,
      sealed: async (size: number) => (await published(size)).head,
    };
    // Verdicts read and append: one at a time, so that each stands on a log that it alone has extended.
    const inTurn = turns();
    const react = async () => tellOfBreaches(await containing.carryOut(), options);
    const judged = async (outcome: string, at?: number) => {
      const given = await giveVerdict(parts, outcome, at);
      await react();
      return given;
    };
    const verdict = (outcome: string, at?: number) => inTurn(() => judged(outcome, at));
    const desk = new KeyDesk({
      ...{ log, side, statement, now: clock.now, sealed: published },
    });
    opened.push(async () => desk.close());
    const rotateOrdered = rotatesOrdered(desk, options);
    await rotateOrdered();
    await react();
    const settle = () =>
      inTurn(async () => {
        await rotateOrdered();
        await react();
        await seeding.tick();
        // Reading the whole log beside the traffic is worth it only if a record could tell something.
        if (gateway.anyUnanswered(toolsReconciled(changing))) await settleAll(parts, options);
      });
    settleSoon = once(() =>
      settle().catch((error: Error) => options.onNote('warn', `not settled: ${error.message}`)),
    );
    return {
      log,
      gateway,
      sealer,
      verdict,
      prove: async (outcome, at, sink) => {
        // In one turn, so that the key in force at its head is the one that signs; a later rotation does not matter.
        const { given, key } = await inTurn(async () => {
          const given = await judged(outcome, at);
          return { given, key: desk.statementAt(given.judgement.head.size) };
        });
        const verifier = readFileSync(verifierPage, 'utf8');
        const keys = { statementKey: key.vkey, sign: key.sign };
        return { given, sizeBytes: await prove({ log, verifier, ...keys }, given, sink) };
      },
      rotate: (role, reason) => inTurn(() => desk.rotate(role, reason)),
      nextKey: (role) => desk.next(role),
      issue: (identity, lifeMs) => issue(log, gateway, identity, clock.now() + lifeMs),
      revoke: (identity) => revoke(log, gateway, identity),
      openCase: (application, opening) => openCase(log, gateway, application, opening),
      application: (authorization) => {
        const found = gateway.identities.identify(authorization, clock.now());
        return found.is === 'known' && found.identity.is === 'application'
          ? found.identity.identity
          : undefined;
      },
      plant: (name) => inTurn(() => seeding.plant(name)),
      answer,
      pages: {
        ...{ ...answering, precedents, answer },
        ...{ passkeys, inForce: () => changing.inForce },
        refuse: (said) => refuseHold(answering, said),
      },
      order: (offered) => {
        if (isContainment(offered)) return containing.order(offered);
        return inTurn(() => (isPinning(offered) ? pinning.order(offered) : custody.order(offered)));
      },
      affected: (scope) => gateway.affected(scope),
      survey: (subject) => custody.survey(subject),
      legalHolds: () => custody.legalHolds,
      servers: () => equipment.servers,
      reload: (next) => inTurn(() => took(changing.activate(next.declarations), next)),
      changes: () => changing.pending,
      sign: (offered) => inTurn(() => took(changing.sign(offered))),
      passkeys,
      settle,
      close: async () => {
        // Whoever asks for a verdict gets it, or the error that its work ends with.
        await inTurn(async () => undefined);
        await gateway
          .close()
          .catch((error: Error) => options.onNote('warn', `not recorded: ${error.message}`));
        for (const close of opened) await close();
      },
    };
  } catch (error) {
    for (const close of opened) await close();
    throw error;
  }
}

function sideOf(config: Config, { env, onNote }: HouseOptions): SealerSide {
  const options = {
    ...{ store: config.store, origin: config.origin, env },
    witnesses: config.witnesses.map(({ key, url }) => ({ vkey: key, url })),
    ...(config.quorum === undefined ? {} : { quorum: config.quorum.policy }),
    onTrouble: (trouble: string) => onNote('warn', `sealer: ${trouble}`),
  };
  const { sealer, store } = config;
  return sealer === undefined
    ? ownSealer(options)
    : otherSealer(apart(store, sealer.home), sealer.user, options);
}

/** Carries out rotations that were ordered; what is no order is said once, and stops nothing else. */
function rotatesOrdered(desk: KeyDesk, { onNote }: HouseOptions): () => Promise<void> {
  let said = '';
  return async () => {
    try {
      for (const { role, position } of await desk.resume())
        onNote('info', `the ${role} key was rotated, as ordered: fact ${position}`);
    } catch (error) {
      const { message } = error as Error;
      if (message !== said) onNote('warn', `not rotated: ${message}`);
      said = message;
    }
  };
}

/** Replays the log into the folds, and follows it. */
function replay(log: Log, folds: readonly { apply(recorded: readonly Recorded[]): void }[]): void {
  for (let from = 0; from < log.size(); from += 1_000) {
    const recorded = pageOf(log, from, Math.min(log.size(), from + 1_000));
    for (const fold of folds) fold.apply(recorded);
  }
  log.subscribe((recorded) => {
    for (const fold of folds) fold.apply(recorded);
  });
}

function tellOf({ applied, pending }: Activated, { onNote }: HouseOptions): void {
  const { length } = applied;
  if (length > 0) onNote('info', `activated ${length} ${length === 1 ? 'declaration' : 'declarations'}`);
  for (const { change, stream, missing } of pending) {
    const owners = [...new Set(missing.map(({ owner }) => owner))].join(', ');
    onNote('warn', `${stream} is as it was: the change ${change} waits for the signature of ${owners}`);
  }
}

function tellOfBreaches(reacted: readonly Reacted[], { onNote }: HouseOptions): void {
  for (const { order, scope, stops, verdict } of reacted)
    onNote(
      'warn',
      `${scopeText(scope)} is contained${stops === 'everything' ? '' : ', but for reads'}, as verdict ${verdict} found a breach: \`surety lift ${order}\` ends it`,
    );
}

function pageOf(log: Log, from: number, to: number): Recorded[] {
  const disclosures = new Map<number, string[]>();
  for (const [position, disclosure] of log.disclosures(from, to))
    disclosures.set(position, [...(disclosures.get(position) ?? []), disclosure]);
  return log.read(from, to - from).map(({ bytes, position }) => ({
    fact: parseFact(bytes, position),
    disclosures: disclosures.get(position) ?? [],
  }));
}

function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** While the work runs, further calls are dropped: it will see what they would have. */
function once(work: () => Promise<void>): () => void {
  let running = false;
  return () => {
    if (running) return;
    running = true;
    void work().finally(() => {
      running = false;
    });
  };
}

/** The tools whose effects some record shows. */
const toolsReconciled = ({ inForce }: Changing): ReadonlySet<string> =>
  new Set(declaredAs(inForce.standing, 'outcome.declared').flatMap(({ reconcile }) => reconcile?.call ?? []));

async function settleAll(parts: VerdictParts, options: HouseOptions): Promise<void> {
  const { log, records, now } = parts;
  const book = await readBook(log, log.size());
  for (const { body } of book.outcomes.values()) {
    const record = body.reconcile && records.get(body.reconcile.record);
    if (record === undefined) continue;
    const { settled, released } = await settleFromRecord(log, record, body, now(), parts.onTheWay());
    for (const call of settled) options.onNote('info', `${call} was settled from the record`);
    for (const call of released) options.onNote('info', `${call} had no effect, the record shows: released`);
  }
}
