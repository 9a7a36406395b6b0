// A gate without a log: the declarations are folded as the gateway folds them, calls are put through the gateway's own
// deciding steps, and what they would leave in the log is folded back. So a trace is answered by the code that will
// answer it in earnest. Nothing is forwarded or stored; people sign with keys that exist for the rehearsal only.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { peopleIn, type Standing } from '@surety/proof/changes';
import { Pins } from '@surety/proof/contracts';
import type { ApprovalStatement, Body, Fact } from '@surety/proof/facts';
import { commit, digestOf, keyed, toBase64 } from '@surety/proof/records';
import { approvalText } from '@surety/proof/rules';
import { Catalog } from '../catalog/catalog.ts';
import type { Call, Draft } from '../gateway/call.ts';
import { decidingSteps } from '../gateway/steps.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Append } from '../ledger/log.ts';
import { actionId, Logic } from '../logic/logic.ts';
import { People } from '../people/people.ts';
import { Budgets, Containments, Identities, Permissions } from '../perimeter/index.ts';
import type { Trace, TraceCall } from './trace.ts';

export interface Said {
  readonly answer: Trace['expect']['answer'];
  /** Where it was decided; `checkpoint` names which. */
  readonly step: string;
  readonly text: string;
  /** Checkpoints that applied and were passed, as `outcome/checkpoint`. */
  readonly passed: readonly string[];
}

interface Answered {
  readonly said: Said;
  readonly call: Call;
  readonly draft: Draft;
  /** Of the checkpoint that holds it. */
  readonly held?: string;
}

/** Only differences count: any day will do. */
const startAt = Date.UTC(2026, 0, 5, 12);
const holdMs = 3_600_000;

interface RehearsedKey {
  readonly id: string;
  readonly public: string;
  readonly key: KeyObject;
}
/** People keep their keys from one rehearsal of the same declarations to the next: making them takes time. */
const keysOf = new WeakMap<Standing, Map<string, RehearsedKey>>();

function newKey(): RehearsedKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const text = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
  return { id: digestOf(text, sha256), public: text, key: privateKey };
}

export class Rehearsal {
  readonly #people = new People();
  readonly #logSalt = salt();
  readonly #logic = new Logic(this.#people, this.#logSalt);
  readonly #catalog = new Catalog();
  readonly #permissions = new Permissions();
  readonly #budgets = new Budgets();
  readonly #identities = new Identities();
  readonly #steps = decidingSteps({
    ...{ catalog: this.#catalog, permissions: this.#permissions },
    ...{ budgets: this.#budgets, logic: this.#logic },
    // What a user will say is in no file.
    origins: { trace: () => undefined },
    // What a server will say of itself is in no file.
    contracts: { judge: () => undefined, pins: new Pins() },
    // Files contain nothing: that is ordered.
    containments: new Containments({ standing: () => new Map(), personOf: this.#people.personOf }),
  });
  readonly #keys: Map<string, RehearsedKey>;
  readonly #names = new Map<string, string>();
  readonly #disclosed = new Map<string, string>();
  readonly #versions = new Map<string, number>();
  #position = 0;
  #calls = 0;
  #at = startAt;

  constructor(standing: Standing, without: readonly string[] = []) {
    this.#keys = keysOf.get(standing) ?? new Map();
    keysOf.set(standing, this.#keys);
    const people = new Map(peopleIn(standing).map((each) => [`person/${each.person}`, this.#withKey(each)]));
    for (const [stream, { kind, body }] of standing) {
      if (kind === 'rule.activated') {
        const name = stream.slice('rule/'.length);
        if (without.includes(name)) continue;
        this.#names.set((body as Body<'rule.activated'>).hash, name);
      }
      const own = kind === 'person.enrolled' ? (people.get(stream) ?? body) : body;
      this.#fold(kind, stream, own);
    }
  }

  /** What the gate answers to this call now. Changes nothing. */
  ask(asked: TraceCall): Said {
    return this.#ask(asked).said;
  }

  /** The call as it would be made: people approve where it is held for them, and it settles where it is let through. */
  make(asked: TraceCall): Said {
    this.#at += asked.later ?? 0;
    let answered = this.#ask(asked);
    const approved = new Set<string>();
    for (let { held } = answered; held !== undefined && !approved.has(held); { held } = answered) {
      const wanted = this.#logic.ruleOf(held)?.approve?.function;
      const given = (asked.approvals ?? []).filter((each) => each.function === wanted);
      this.#approve(answered, held, given);
      approved.add(held);
      answered = this.#ask(asked);
    }
    if (answered.said.answer === 'allowed') this.#settle(answered, asked);
    return answered.said;
  }

  #ask({ agent, user, tool, args, case: of = 'k-rehearsed' }: TraceCall): Answered {
    const action = actionId(tool, args);
    const identity = this.#identities.get(agent);
    const refused = (step: string, text: string): Said => ({ answer: 'refused', step, text, passed: [] });
    const call: Call = {
      ...{ id: `c-${this.#calls}`, tool, args, case: of, user, action },
      keyedAction: keyed(this.#logSalt, 'action', action, sha256),
      identity: identity ?? { identity: agent, is: 'agent', owner: '', timeZone: 'UTC' },
      decided: this.#catalog.isDecided(tool),
      contract: undefined,
      about: `case/${of}`,
      commitments: { digests: [], disclosures: [] },
    };
    let draft: Draft = { at: this.#at };
    if (identity?.is !== 'agent')
      return { said: refused('identify', `no agent ${agent} is enrolled`), call, draft };
    try {
      for (const { name, run } of this.#steps) {
        const answer = run(call, draft);
        if (answer.answer === 'allow') {
          draft = { ...draft, ...answer.adds };
          continue;
        }
        if (answer.answer === 'wait') return { said: refused(name, 'the same call is open'), call, draft };
        const { rule, text } = answer;
        const step = rule === undefined ? name : `${name} ${this.#names.get(rule)}`;
        if (answer.answer !== 'hold') return { said: refused(step, text), call, draft };
        return { said: { ...refused(step, text), answer: 'held' }, call, draft, held: answer.rule };
      }
    } catch (error) {
      // As in the pipeline: a step that throws is an error, and an error does not pass.
      return { said: refused('fault', (error as Error).message), call, draft };
    }
    const passed = (draft.checkpoints ?? [])
      .filter(({ answer }) => answer === 'passed')
      .map(({ rule }) => this.#names.get(rule) ?? rule);
    return { said: { answer: 'allowed', step: 'forward', text: '', passed }, call, draft };
  }

  #approve({ call, draft }: Answered, rule: string, given: readonly { person: string; function: string }[]) {
    const hold = `h-${this.#calls}-${this.#position}`;
    const expires = draft.at + holdMs;
    const { approve } = this.#logic.ruleOf(rule) ?? {};
    const stream = `approval/${hold}`;
    const body = { ...this.#audit({ call, draft }), args: [], hold, rule, approve, expires };
    this.#fold('call.held', stream, body, call);
    for (const { person, function: wanted } of given) {
      const key = this.#keys.get(person);
      // Who has no key signs nothing.
      if (key === undefined) continue;
      const statement: ApprovalStatement = {
        ...{ action: call.action, agent: call.identity.identity, case: call.case, rule, hold, expires },
        ...(call.user === undefined ? {} : { user: call.user }),
        ...{ function: wanted, person, decision: 'approve' },
      };
      const signature = toBase64(sign(null, Buffer.from(approvalText(statement)), key.key));
      const digests = this.#commit(statement);
      const said = { hold, function: wanted, person, key: key.id, statement: digests, signature };
      this.#fold('approval.given', stream, said);
    }
  }

  /** What a call that was let through leaves in the log, and the gate looks back on. */
  #settle({ call, draft }: Answered, { result }: TraceCall): void {
    const audit = this.#audit({ call, draft });
    const args = this.#commit(call.args);
    const isRead = draft.effect === 'read';
    for (const { stream, facts } of isRead ? [] : (draft.reserves ?? [])) this.#append(stream, facts);
    const intent = this.#position;
    if (!isRead) {
      const { policies = [], checkpoints = [], budgets = [] } = draft;
      const body = { ...audit, args, policies, checkpoints, budgets, origins: 'not-traced' };
      this.#fold('call.intended', `call/${call.id}`, body, call);
    }
    const own = isRead ? { args } : { intent };
    const settled = {
      ...audit,
      ...own,
      settlement: 'ok',
      by: 'upstream',
      result: this.#commit(result ?? {}),
    };
    this.#fold('call.settled', `call/${call.id}`, settled, call);
    if (!isRead) this.#fold('action.closed', `action/${call.keyedAction}`, { call: call.id });
    this.#calls += 1;
  }

  #append(stream: string, facts: Append['facts']): void {
    for (const { kind, body, disclosures = [] } of facts) {
      for (const each of disclosures) this.#disclosed.set(digestOf(each, sha256), each);
      this.#fold(kind, stream, body);
    }
  }

  #audit({ call, draft }: Pick<Answered, 'call' | 'draft'>) {
    const { id, tool, keyedAction } = call;
    const none = { screened: 'none', attestation: 'none' };
    return { call: id, tool, effect: draft.effect ?? 'read', action: keyedAction, ...none };
  }

  #commit(value: unknown): readonly string[] {
    const { digests, disclosures } = commit(value, salt, sha256);
    for (const each of disclosures) this.#disclosed.set(digestOf(each, sha256), each);
    return digests;
  }

  #fold(kind: string, stream: string, body: object, call?: Call): void {
    const streamVersion = this.#versions.get(stream) ?? 0;
    const by = call && { agent: call.identity.identity, user: call.user, case: call.case };
    const envelope = { kind, stream, streamVersion, position: this.#position, time: this.#at, body, ...by };
    const fact = envelope as unknown as Fact;
    const find = (digest: string) => this.#disclosed.get(digest);
    this.#versions.set(stream, streamVersion + 1);
    this.#position += 1;
    for (const fold of [this.#people, this.#catalog, this.#permissions, this.#identities]) fold.apply(fact);
    this.#logic.apply(fact, find);
    this.#budgets.apply(fact, find);
  }

  /** Who can sign in earnest can sign here. */
  #withKey(person: ReturnType<typeof peopleIn>[number]): object {
    if (person.keys.length === 0) return person;
    const own = this.#keys.get(person.person) ?? newKey();
    this.#keys.set(person.person, own);
    return { ...person, keys: [{ id: own.id, alg: 'ed25519', public: own.public }] };
  }
}

export interface Replayed {
  readonly said: Said;
  /** As the trace says: every call before the last was let through, and the last one answered so. */
  readonly isAsSaid: boolean;
  /** From 0, where a call before the last was not let through. */
  readonly stoppedAt?: number;
}

/** Plays a trace through the gate that these declarations make. `blank` is such a gate in which nothing has happened. */
export function replay(standing: Standing, { without, calls, expect }: Trace, blank?: Rehearsal): Replayed {
  const [only] = calls;
  // Nothing happened before it, and nothing has to happen for it: asking changes nothing.
  const isPlain = calls.length === 1 && without.length === 0 && (only?.approvals ?? []).length === 0;
  const gate = isPlain && blank !== undefined ? blank : new Rehearsal(standing, without);
  let said: Said = { answer: 'refused', step: 'identify', text: 'there is no call', passed: [] };
  for (const [index, call] of calls.entries()) {
    said = isPlain ? gate.ask(call) : gate.make(call);
    if (index < calls.length - 1 && said.answer !== 'allowed')
      return { said, isAsSaid: false, stoppedAt: index };
  }
  const isAsSaid =
    said.answer === expect.answer && said.step === expect.step && said.passed.join() === expect.passed.join();
  return { said, isAsSaid };
}
