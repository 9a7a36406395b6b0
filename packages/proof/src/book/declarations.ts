// Declarations: what is in force at each position of the log, and every change of it.

import { InForce } from '../changes/index.ts';
import { type Body, type Fact, isKind, type OutcomeDeclared, type Rule } from '../facts.ts';
import {
  type ActivePolicy,
  type CompiledRule,
  compileRule,
  passageClauses,
  personsByAccount,
} from '../rules/index.ts';
import type { Sha256 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';

/** A declaration that was made, changed or withdrawn; `first` if its stream was empty before. */
export interface Change {
  readonly stream: string;
  readonly position: number;
  readonly time: number;
  readonly first: boolean;
}

type Declared<T> = Map<string, { readonly body: T; readonly position: number }>;

interface Lists {
  readonly compiled: readonly CompiledRule[];
  readonly rules: readonly Rule[];
  readonly policies: readonly ActivePolicy[];
  readonly countedTools: ReadonlySet<string>;
  readonly persons: ReadonlyMap<string, string>;
}

export class Declarations {
  readonly outcomes: Declared<OutcomeDeclared> = new Map();
  readonly people: Declared<Body<'person.enrolled'>> = new Map();
  readonly identities: Declared<Body<'identity.enrolled'>> = new Map();
  readonly labels: Declared<Body<'tool.labelled'>> = new Map();
  readonly witnesses: Declared<Body<'witness.declared'>> = new Map();
  readonly servers: Declared<Body<'server.declared'>> = new Map();
  readonly changes: Change[] = [];
  readonly inForce: InForce;
  readonly #quorums: Declared<Body<'quorum.declared'>> = new Map();
  readonly #rules: Declared<Rule> = new Map();
  readonly #compiled = new Map<string, CompiledRule>();
  readonly #policies: Declared<Body<'policy.activated'>> = new Map();
  readonly #streams = new Set<string>();

  constructor(sha256: Sha256) {
    this.inForce = new InForce(sha256);
  }

  /** What is in force, as lists; made anew after a change, since every call asks for them. */
  #lists: Lists | undefined;

  get #ready(): Lists {
    this.#lists ??= {
      compiled: [...this.#compiled.values()],
      rules: [...this.#rules.values()].map(({ body }) => body),
      policies: [...this.#policies.values()].map(({ body }) => ({
        id: body.policy,
        hash: body.hash,
        policy: body.cedar,
      })),
      countedTools: new Set([...this.#compiled.values()].flatMap(passageClauses).map(({ call }) => call)),
      persons: personsByAccount([...this.people.values()].map(({ body }) => body)),
    };
    return this.#lists;
  }

  protected get compiled(): readonly CompiledRule[] {
    return this.#ready.compiled;
  }

  get rules(): readonly Rule[] {
    return this.#ready.rules;
  }

  get policies(): readonly ActivePolicy[] {
    return this.#ready.policies;
  }

  /** Tools whose calls some limit or prohibition counts. */
  protected get countedTools(): ReadonlySet<string> {
    return this.#ready.countedTools;
  }

  /** The one name of a person, whichever of their accounts is given. */
  readonly personOf = (account: string): string => this.#ready.persons.get(account) ?? account;

  /** One for all heads of the log; none means that any declared witness is enough. */
  get quorum(): { readonly body: Body<'quorum.declared'>; readonly position: number } | undefined {
    return this.#quorums.get('heads');
  }

  /** `signed` says of the signature under a change whether it is good. */
  protected activate(fact: Fact, signed: boolean): void {
    if (!this.inForce.apply(fact, signed)) return;
    if (isKind(fact, 'outcome.declared')) this.#put('outcome', fact.body.outcome, this.outcomes, fact);
    else if (isKind(fact, 'person.enrolled')) this.#put('person', fact.body.person, this.people, fact);
    else if (isKind(fact, 'identity.enrolled'))
      this.#put('identity', fact.body.identity, this.identities, fact);
    else if (isKind(fact, 'tool.labelled')) this.#put('tool', fact.body.tool, this.labels, fact);
    else if (isKind(fact, 'witness.declared')) this.#put('witness', fact.body.witness, this.witnesses, fact);
    else if (isKind(fact, 'server.declared')) this.#put('server', fact.body.server, this.servers, fact);
    else if (isKind(fact, 'quorum.declared')) this.#put('quorum', 'heads', this.#quorums, fact);
    else if (isKind(fact, 'policy.activated')) this.#put('policy', fact.body.policy, this.#policies, fact);
    else if (isKind(fact, 'rule.activated')) this.#activate(fact);
    else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact);
  }

  #put<T>(
    kind: string,
    name: string,
    into: Declared<T>,
    { position, time, body }: { readonly position: number; readonly time: number; readonly body: T },
  ): void {
    this.#lists = undefined;
    const before = into.get(name)?.body;
    into.set(name, { position, body });
    if (before === undefined || said(before) !== said(body)) this.#change(`${kind}/${name}`, position, time);
  }

  #change(stream: string, position: number, time: number): void {
    this.changes.push({ stream, position, time, first: !this.#streams.has(stream) });
    this.#streams.add(stream);
  }

  #activate(fact: Fact<'rule.activated'>): void {
    const name = `${fact.body.outcome}/${fact.body.rule}`;
    this.#put('rule', name, this.#rules, fact);
    this.#compiled.set(name, compileRule(fact.body));
  }

  #withdraw({ body: { stream }, position, time }: Fact<'declaration.withdrawn'>): void {
    this.#lists = undefined;
    const name = stream.slice(stream.indexOf('/') + 1);
    const kinds: Record<string, Map<string, unknown> | undefined> = {
      outcome: this.outcomes,
      person: this.people,
      identity: this.identities,
      tool: this.labels,
      witness: this.witnesses,
      server: this.servers,
      quorum: this.#quorums,
      policy: this.#policies,
      rule: this.#rules,
    };
    if (kinds[stream.slice(0, stream.indexOf('/'))]?.delete(name) === true)
      this.#change(stream, position, time);
    if (stream.startsWith('rule/')) this.#compiled.delete(name);
  }
}

/** Hashes follow from what stands beside them; that of a file covers what has declarations of its own. */
const said = (body: unknown): string => canonicalJson({ ...(body as object), hash: '' });

/**
 * Declarations among those named that changed since the window began, or were first made after one of its calls:
 * the judgement is by what is declared now, so some of the window ran under something else.
 */
export function changesIn(
  { book, window }: { readonly book: Declarations; readonly window: { readonly from: number } },
  calls: readonly { readonly intent: number }[],
  concerns: (stream: string) => boolean,
): readonly Change[] {
  const firstCall = calls.reduce((least, { intent }) => Math.min(least, intent), Number.POSITIVE_INFINITY);
  return book.changes.filter(
    ({ stream, position, time, first }) =>
      concerns(stream) && (position > firstCall || (!first && time >= window.from)),
  );
}
