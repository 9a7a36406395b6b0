// What is in force, by the stream of each declaration, and what one change would make of it.

import type { Body, Fact, Kind, OutcomeDeclared, Rule, UnknownFact } from '../facts.ts';
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

/** People with the keys that sign for them. */
export const peopleIn = (standing: Standing): readonly Omit<Body<'person.enrolled'>, 'name'>[] =>
  declaredAs(standing, 'person.enrolled');

export const rulesOf = (standing: Standing, outcome: string): readonly Rule[] =>
  declaredAs(standing, 'rule.activated').filter((rule) => rule.outcome === outcome);

export const serverOf = (tool: string): string => tool.slice(0, Math.max(0, tool.indexOf('.')));

/** The tools that an outcome is about, with those that are its evidence. */
export function toolsOf(standing: Standing, outcome: OutcomeDeclared): ReadonlySet<string> {
  const named = rulesOf(standing, outcome.outcome).flatMap((rule) => [rule.before, ...toolsOfRule(rule)]);
  return new Set([...named, ...(outcome.reconcile === undefined ? [] : [outcome.reconcile.call])]);
}
