// What is in force, by the stream of each declaration, and what one change would make of it.

import type { Body, Fact, Kind, OutcomeDeclared, PersonKey, Rule, UnknownFact } from '../facts.ts';
import { toolsOfRule } from '../rules/index.ts';
import type { Sha256 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { digestOf } from '../values/commitment.ts';

/** What a declaration says, without its place in the log. */
export interface Content {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** `undefined` is what is not declared: before, it is new; after, it is withdrawn. */
export interface Change {
  readonly stream: string;
  readonly before: Content | undefined;
  readonly after: Content | undefined;
}

export type Standing = ReadonlyMap<string, Content>;

/** The member of each kind that its stream is called after. */
const names: Readonly<Record<string, readonly [word: string, ...members: string[]]>> = {
  'server.declared': ['server', 'server'],
  'tool.labelled': ['tool', 'tool'],
  'person.enrolled': ['person', 'person'],
  'identity.enrolled': ['identity', 'identity'],
  'policy.activated': ['policy', 'policy'],
  'record.declared': ['record', 'record'],
  'witness.declared': ['witness', 'witness'],
  'outcome.declared': ['outcome', 'outcome'],
  'rule.activated': ['rule', 'outcome', 'rule'],
};

/**
 * The stream that a declaration belongs to, by what it says: whoever writes a fact chooses the stream that it lies in.
 * Undefined of what is no declaration. A kind that has no line above is one all the same.
 */
export function streamOf({ kind, stream, body }: Pick<Fact | UnknownFact, 'kind' | 'stream' | 'body'>) {
  if (kind === 'quorum.declared') return 'quorum/heads';
  if (kind === 'containment.declared') return 'containment/functions';
  if (kind === 'contracts.declared') return 'contracts/functions';
  if (kind === 'notices.declared') return 'notices/channels';
  if (kind === 'passkeys.declared') return 'passkeys/functions';
  const [word, ...of] = Object.hasOwn(names, kind) ? (names[kind] ?? []) : [];
  if (word !== undefined) return `${word}/${of.map((name) => (body as Content['body'])[name]).join('/')}`;
  return /\.(declared|labelled|enrolled|activated)$/.test(kind) ? stream : undefined;
}

/** A person's name is a commitment, which has another salt each time, and nothing rests on it. */
export function contentOf(kind: string, body: object): Content {
  if (kind !== 'person.enrolled') return { kind, body: { ...body } };
  const { name: _, ...rest } = body as Body<'person.enrolled'>;
  return { kind, body: rest };
}

/** SHA-256 of the canonical content, in base64url: what an owner signs. Undefined for what is not declared. */
export const digestOfContent = (content: Content | undefined, sha256: Sha256): string | undefined =>
  content && digestOf(canonicalJson(content), sha256);

/** Everything of one kind that is in force. */
export const declaredAs = <K extends Kind>(standing: Standing, kind: K): readonly Body<K>[] =>
  [...standing.values()].flatMap((each) => (each.kind === kind ? [each.body as Body<K>] : []));

/** A passkey that its person registered and somebody else confirmed stands as this, beside what is declared. */
export const registered = (person: string, key: PersonKey): Content => ({
  kind: 'passkey',
  body: { person, key },
});

/** The keys that sign for people beside those that are declared. */
export function registeredKeys(standing: Standing): ReadonlyMap<string, readonly PersonKey[]> {
  const keys = new Map<string, PersonKey[]>();
  for (const { kind, body } of standing.values()) {
    if (kind !== 'passkey') continue;
    const { person, key } = body as { readonly person: string; readonly key: PersonKey };
    keys.set(person, [...(keys.get(person) ?? []), key]);
  }
  return keys;
}

/** People with all keys that sign for them. */
export function peopleIn(standing: Standing): readonly Omit<Body<'person.enrolled'>, 'name'>[] {
  const keys = registeredKeys(standing);
  return declaredAs(standing, 'person.enrolled').map((each) => {
    const own = keys.get(each.person);
    return own === undefined ? each : { ...each, keys: [...each.keys, ...own] };
  });
}

export const rulesOf = (standing: Standing, outcome: string): readonly Rule[] =>
  declaredAs(standing, 'rule.activated').filter((rule) => rule.outcome === outcome);

export const serverOf = (tool: string): string => tool.slice(0, Math.max(0, tool.indexOf('.')));

/** The tools that an outcome is about, with those that are its evidence. */
export function toolsOf(standing: Standing, outcome: OutcomeDeclared): ReadonlySet<string> {
  const named = rulesOf(standing, outcome.outcome).flatMap((rule) => [rule.before, ...toolsOfRule(rule)]);
  return new Set([...named, ...(outcome.reconcile === undefined ? [] : [outcome.reconcile.call])]);
}
