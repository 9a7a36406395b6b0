// The gateway: folds the log into the state that decides, and puts every call through the pipeline.
// It never imports outcomes, governance, api, cli or connectors: it must be able to run alone at an edge.

import { randomBytes } from 'node:crypto';
import { declaredAs, InForce } from '@surety/proof/changes';
import type { ContainmentScope, Fact, UnknownFact } from '@surety/proof/facts';
import { keyed } from '@surety/proof/records';
import { Catalog } from '../catalog/catalog.ts';
import { subjectIn } from '../catalog/subject.ts';
import { Contracts, type Listed } from '../contracts/index.ts';
import { LedgerError } from '../ledger/errors.ts';
import { sha256 } from '../ledger/hash.ts';
import type { Log, Recorded } from '../ledger/log.ts';
import { Asks } from '../logic/asks.ts';
import { type Find, Logic } from '../logic/logic.ts';
import { settlementOf } from '../logic/settlement.ts';
import { Origins } from '../origin/origins.ts';
import { isSignedFact, People } from '../people/people.ts';
import { Budgets, Containments, Identities, type Identity, Permissions } from '../perimeter/index.ts';
import type { Call, RefusalCode } from './call.ts';
import { Cases } from './cases.ts';
import { type CallerSettlement, type Decision, decisionOf, refused } from './decided.ts';
import type { Caller, Governor, Message, ToolReply, ToolRequest } from './mcp/port.ts';
import type { Asked, Counted, Figures, Observer } from './observer.ts';
import { allowed, govern, type Pipeline, resume, settle, stopsAt } from './pipeline.ts';
import { finder, holdsIn, isPersonId, isToolId, recordable } from './recordable.ts';
import { Recorder } from './recorder.ts';
import { decidingSteps } from './steps.ts';
import { Suspended } from './suspended.ts';
import { Turns } from './turns.ts';

export interface GatewayParts {
  readonly log: Log;
  readonly logSalt: Uint8Array;
  readonly now: () => number;
  readonly onOpen: (call: string) => void;
  readonly onProblem: (problem: string) => void;
  readonly observer?: Observer | undefined;
}

/** What an order would stop. */
export interface Affected {
  readonly agents: readonly string[];
  readonly tools: readonly string[];
  readonly outcomes: readonly { readonly outcome: string; readonly owner: string }[];
  /** Calls that it would come too late for. */
  readonly inFlight: readonly string[];
  /** Calls that wait for people; approved, they would be refused. */
  readonly holds: readonly string[];
}

export class Gateway implements Governor {
  readonly identities = new Identities();
  readonly people = new People(() => this.#inForce.standing);
  readonly logic: Logic;
  readonly containments: Containments;
  readonly contracts: Contracts;
  readonly #parts: GatewayParts;
  readonly #inForce = new InForce(sha256);
  readonly #catalog = new Catalog();
  readonly #permissions = new Permissions();
  readonly #budgets = new Budgets();
  readonly #origins: Origins;
  readonly #cases = new Cases();
  readonly #onPermissions: (() => void)[] = [];
  readonly #onHolds: ((hold: string) => void)[] = [];
  /** Calls made past the gateway whose settlement is being recorded. */
  readonly #settling = new Set<string>();
  readonly asks: Asks;
  readonly #pipeline: Pipeline;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.logic = new Logic(this.people, parts.logSalt);
    this.#origins = new Origins(parts.logSalt);
    this.asks = new Asks(this.people.personOf);
    const standing = () => this.#inForce.standing;
    this.containments = new Containments({ standing, personOf: this.people.personOf });
    this.contracts = new Contracts({ standing, logSalt: parts.logSalt });
    const features = {
      contracts: this.contracts,
      containments: this.containments,
      catalog: this.#catalog,
      permissions: this.#permissions,
      budgets: this.#budgets,
      logic: this.logic,
      origins: this.#origins,
    };
    const recorder = new Recorder({ ...parts, logic: this.logic, asks: this.asks });
    this.#pipeline = {
      steps: decidingSteps(features),
      recorder,
      suspended: new Suspended((suspended, reply) => void settle({ recorder }, suspended, reply)),
      inFlight: new Map(),
      turns: new Turns(),
      reads: (tool) => this.#catalog.label(tool)?.effect === 'read',
      now: parts.now,
    };
  }

  /** Resolves when everything answered so far is durable; rejects while the ledger cannot record. */
  async caughtUp(): Promise<void> {
    await this.#pipeline.recorder.caughtUp();
  }

  /** Says of each call that waits for inputs that nobody knows what came of it. Rejects as `caughtUp` does. */
  async close(): Promise<void> {
    this.#pipeline.suspended.close();
    await this.caughtUp();
  }

  /** Holds nothing any more of what these facts disclosed. */
  forget(positions: readonly number[]): void {
    for (const feature of [this.logic, this.#origins]) feature.forget(new Set(positions));
  }

  /** Folds durable facts, in order, from position 0. */
  apply(recorded: readonly Recorded[]): void {
    for (const { fact, disclosures } of recorded) this.#fold(fact, finder(disclosures));
    if (recorded.some(({ fact: { kind } }) => !ofCalls.test(kind)))
      for (const listener of this.#onPermissions) listener();
    for (const hold of holdsIn(recorded)) for (const listener of this.#onHolds) listener(hold);
  }

  onPermissions(listener: () => void): void {
    this.#onPermissions.push(listener);
  }

  onHold(listener: (hold: string) => void): void {
    this.#onHolds.push(listener);
  }

  waitsMs(hold: string): number {
    return this.logic.waitsMs(hold, this.#parts.now());
  }

  #fold(fact: Fact | UnknownFact, find: Find): void {
    // INVARIANT: a weakening that its owner did not sign changes nothing here, whoever put it into the log.
    if (!this.#inForce.apply(fact, isSignedFact(this.#inForce, fact))) return;
    for (const feature of [this.#catalog, this.people, this.identities, this.#permissions, this.#cases])
      feature.apply(fact);
    for (const feature of [this.containments, this.contracts]) feature.apply(fact);
    for (const feature of [this.#budgets, this.logic, this.#origins]) feature.apply(fact, find);
    this.asks.apply(fact);
  }

  /** True if nobody knows yet what became of some call of one of these tools, and no answer is awaited. */
  anyUnanswered(tools: ReadonlySet<string>): boolean {
    for (const [call, { tool }] of this.logic.open)
      if (tools.has(tool) && !this.onTheWay.has(call)) return true;
    return false;
  }

  get figures(): Figures {
    const at = this.#parts.now();
    return {
      open: this.logic.open.size,
      holds: this.logic.waitingHolds(at),
      asked: this.asks.most(at),
      backlog: this.#pipeline.recorder.backlog,
      budgets: [...this.identities.all()].flatMap((identity) => {
        const share = this.#budgets.share(identity, at);
        return share === undefined ? [] : [[identity.identity, share] as const];
      }),
    };
  }

  counted(tool: string): Counted {
    return this.#catalog.counted(tool);
  }

  /** Calls in this scope whose effect is not known yet: that left or are about to, or may be made past the gateway. */
  inFlight(scope: ContainmentScope): readonly string[] {
    const { containments, logic } = this;
    const { inFlight, suspended } = this.#pipeline;
    const left = [...inFlight.values(), ...suspended.calls].flatMap(({ id, tool, user, identity }) =>
      containments.isIn(scope, { tool, user, agent: identity.identity }) ? [id] : [],
    );
    const open = [...logic.open].flatMap(([call, { tool, agent = '', user }]) =>
      !this.onTheWay.has(call) && containments.isIn(scope, { tool, user, agent }) ? [call] : [],
    );
    return [...new Set([...left, ...open])];
  }

  /** Whom an order on this scope would stop, and what. */
  affected(scope: ContainmentScope): Affected {
    const tools = [...this.#catalog.tools].filter((tool) => this.#reaches(scope, tool));
    const agents = [...this.identities.all()]
      .filter(({ is, identity }) => is === 'agent' && (scope.is !== 'agent' || identity === scope.name))
      .filter(({ identity }) => tools.some((tool) => this.#permissions.mightAllow(identity, tool)))
      .map(({ identity }) => identity);
    const outcomes = declaredAs(this.#inForce.standing, 'outcome.declared').filter(({ outcome }) =>
      [...this.containments.toolsOf(outcome)].some((tool) => this.#reaches(scope, tool)),
    );
    return {
      agents,
      tools,
      outcomes: outcomes.map(({ outcome, owner }) => ({ outcome, owner })),
      inFlight: this.inFlight(scope),
      holds: this.logic.holdsThat(this.#parts.now(), ({ tool, agent, user }) =>
        this.containments.isIn(scope, { tool, agent, user }),
      ),
    };
  }

  /** Whether it could stop some call of this tool: of an agent or a user, of any. */
  #reaches(scope: ContainmentScope, tool: string): boolean {
    if (scope.is === 'user') return true;
    if (scope.is === 'agent') return this.#permissions.mightAllow(scope.name ?? '', tool);
    return this.containments.isIn(scope, { tool, agent: '', user: undefined });
  }

  /** For a drill: whether a call by this name, of nobody, is refused as contained; nothing is recorded of it. */
  refuses(agent: string): boolean {
    const identity: Identity = { identity: agent, is: 'agent', owner: '', timeZone: 'UTC' };
    const { call } = this.#begin(identity, { tool: 'drill.probe', args: {} });
    return stopsAt(this.#pipeline, call) === 'contain';
  }

  /** Why nothing goes by this name, if nothing does: an order on it would stop nobody. */
  unknownIn({ is, name = '' }: ContainmentScope): string | undefined {
    const known = {
      everything: () => name === '',
      agent: () => this.identities.get(name)?.is === 'agent',
      tool: () => isToolId(name) && this.#catalog.label(name) !== undefined,
      server: () => this.#inForce.standing.has(`server/${name}`),
      // Whoever an application names: nobody enrols users.
      user: () => isPersonId(name),
      outcome: () => this.#inForce.standing.has(`outcome/${name}`),
    };
    return known[is]() ? undefined : `there is no ${is} \`${name}\` here`;
  }

  /** Calls whose answer is awaited now. */
  get onTheWay(): ReadonlySet<string> {
    return this.#pipeline.recorder.onTheWay;
  }

  identify(authorization: string | undefined): Caller | undefined {
    const identified = this.identities.identify(authorization, this.#parts.now());
    if (identified.is !== 'known' || identified.identity.is !== 'agent') return undefined;
    return { agent: identified.identity.identity };
  }

  mayUse({ agent }: Caller, tool: string): boolean {
    return this.#catalog.label(tool) !== undefined && this.#permissions.mightAllow(agent, tool);
  }

  pins(server: string): boolean {
    return this.contracts.asks(server);
  }

  mayShow(tool: string, contract: string | undefined): boolean {
    const answer = this.contracts.judge(tool, contract && this.contracts.named(contract));
    return answer === undefined || answer.mode === 'observe' || answer.pin !== undefined;
  }

  /** Records what was never seen before. What cannot be recorded blocks as it is, and is looked at again. */
  async listed(listed: Listed): Promise<void> {
    const facts = this.contracts.newIn(listed);
    if (facts.length === 0) return;
    try {
      await this.#parts.log.append(
        facts.map((fact) => ({ stream: `contract/${fact.body.tool}`, facts: [fact] })),
      );
    } catch (error) {
      this.contracts.forget(facts);
      this.#parts.onProblem(`what ${listed.server} lists was not recorded: ${causeIn(error as Error)}`);
    }
  }

  call({ agent }: Caller, request: ToolRequest): Promise<ToolReply> {
    const { observer } = this.#parts;
    if (observer === undefined) return this.#call(agent, request);
    return observer.call(agent, request, (watched) => this.#call(agent, watched));
  }

  request<T>({ agent }: Caller, message: Message, serve: () => Promise<T>): Promise<T> {
    const { observer } = this.#parts;
    return observer === undefined ? serve() : observer.request(agent, message, serve);
  }

  async #call(agent: string, request: ToolRequest): Promise<ToolReply> {
    const identity = this.identities.get(agent);
    // The server chose this name: one that no fact can hold is called by nobody, not even to read.
    if (!isToolId(request.tool)) return this.#unrecordable('its tool has no name that can be recorded');
    // Between the front's check and here the identity may have been withdrawn.
    if (identity === undefined) return { is: 'refused', message: 'Refused.' };
    try {
      const { call, refusal } = this.#begin(identity, request);
      request.onBegun?.(call.id);
      const { recorder, now } = this.#pipeline;
      if (refusal !== undefined) return await recorder.refused(call, { at: now() }, 'identify', refusal);
      const { continues, forward } = request;
      if (continues === undefined) return await govern(this.#pipeline, call, forward);
      const suspended = this.#pipeline.suspended.take(continues.call, call);
      if (suspended !== undefined) return await resume(this.#pipeline, suspended, continues.inputs, forward);
      const other = deny(
        'not-suspended',
        'no such call waits for inputs: another, or one that went on already',
      );
      return await recorder.refused(call, { at: now() }, 'identify', other);
    } catch (error) {
      // The ledger could not record, so nothing was sent. The cause is for people.
      return this.#unrecordable(causeIn(error as Error));
    }
  }

  /** For a call that never crosses the gateway: may it be made? Its intent is durable when the answer says yes. */
  decide({ agent }: Caller, asked: Asked): Promise<Decision> {
    const { observer } = this.#parts;
    if (observer === undefined) return this.#decide(agent, asked);
    return observer.decide(agent, asked, (watched) => this.#decide(agent, watched));
  }

  async #decide(agent: string, asked: Asked): Promise<Decision> {
    const identity = this.identities.get(agent);
    if (identity === undefined || !isToolId(asked.tool)) return refused('Refused.');
    try {
      const { call, refusal } = this.#begin(identity, asked);
      asked.onBegun?.(call.id);
      const { recorder, now } = this.#pipeline;
      // INVARIANT: a call that crosses is settled by what came back, never by the word of its caller.
      const wrongWay = call.decided
        ? undefined
        : deny('wrong-way', 'this tool is called through the gateway');
      const against = refusal ?? wrongWay;
      if (against !== undefined)
        return decisionOf(await recorder.refused(call, { at: now() }, 'identify', against));
      return await allowed(this.#pipeline, call);
    } catch (error) {
      return decisionOf(this.#unrecordable(causeIn(error as Error)));
    }
  }

  /** What came of a call that `decide` allowed, by its caller's word. */
  async settle({ agent }: Caller, said: CallerSettlement): Promise<'settled' | 'unknown'> {
    const { call, settlement, result } = said;
    const open = this.logic.open.get(call);
    const isTheirs = open?.agent === agent && this.#catalog.isDecided(open.tool);
    // One settlement, also of a read, which has no stream that a second one could find moved on.
    if (open === undefined || !isTheirs || this.#settling.has(call)) return 'unknown';
    this.#settling.add(call);
    try {
      const appends = settlementOf(this.#parts.log, open.intent, { settlement, by: 'caller', result });
      return 'conflict' in (await this.#parts.log.append(appends)) ? 'unknown' : 'settled';
    } finally {
      this.#settling.delete(call);
    }
  }

  #unrecordable(cause: string): ToolReply {
    this.#parts.onProblem(`a call was refused: ${cause}`);
    return { is: 'failed', message: 'Refused: this call cannot be recorded now. Try again later.' };
  }

  #begin(identity: Identity, request: Asked): { readonly call: Call; readonly refusal?: Refusal } {
    const { identity: agent } = identity;
    const at = this.#parts.now();
    const named = this.#cases.resolve(request.case, agent, at);
    const found = named ?? this.#cases.resolve(undefined, agent, at);
    const shape = recordable(request.tool, request.args);
    const about = subjectIn(this.#catalog.label(request.tool), request.args);
    const call = {
      id: `c-${randomBytes(9).toString('base64url')}`,
      tool: request.tool,
      args: request.args,
      identity,
      case: found?.case ?? '',
      user: found?.user,
      action: shape?.action ?? '',
      keyedAction: keyed(this.#parts.logSalt, 'action', shape?.action ?? '', sha256),
      decided: this.#catalog.isDecided(request.tool),
      contract: request.contract && this.contracts.named(request.contract),
      redeems: request.redeems,
      about: about ?? `case/${found?.case ?? ''}`,
      commitments: shape?.commitments ?? { digests: [], disclosures: [] },
    };
    if (named === undefined)
      return { call, refusal: deny('unknown-case', 'the case was not opened for this agent') };
    if (shape === undefined)
      return {
        call,
        refusal: deny('not-recordable', 'the arguments are too large, or have no canonical form'),
      };
    return { call };
  }
}

/** Facts of single calls and of this process: after any other an agent may be allowed to use other tools than before. */
const ofCalls =
  /^(?:(?:call|action|budget|evidence|approval|case|record|verdict|process|containment)\.|contract\.seen$)/;

type Refusal = { readonly answer: 'deny'; readonly code: RefusalCode; readonly text: string };
const deny = (code: RefusalCode, text: string): Refusal => ({ answer: 'deny', code, text });

/** What the ledger says is written for people; what any other error says may hold a value. */
const causeIn = (error: Error): string => (error instanceof LedgerError ? error.message : error.name);
