// What checkpoints, labels and reconciliations read of calls, held against what the tools take and return by their own
// schemas: a name that no call can have, and a value of a type that it never is. Schemas come from servers, so what they
// rule out is said; nothing is believed because of them.

import type { Body } from '@surety/proof/facts';
import { type CompiledRule, childrenOf, type Expression } from '@surety/proof/rules';
import { pathOf } from './conditions.ts';
import { type Declared, nameOf } from './declared.ts';
import type { Suspicion } from './finding.ts';
import { type Reach, reachOf, type SchemasOf, typeOf } from './schemas.ts';
import { listed } from './words.ts';

type Node = Expression['root'];
type Clause = CompiledRule['afterwards'][number];

/** One path, from where it is written. */
interface Read {
  readonly path: readonly string[];
  /** `has` asks whether it is there at all. */
  readonly isTested?: boolean;
  /** What it is compared with. */
  readonly literal?: unknown;
}

/** Whose calls the first names of a path stand for. */
type Scope = Readonly<Record<string, { readonly tool: string; readonly of: 'args' | 'result' | 'call' }>>;

interface Reader {
  /** As it is named in the sentence, and by what its id is made. */
  readonly name: string;
  readonly about: string;
  readonly scope: Scope;
  readonly reads: readonly Read[];
}

export function readsOf(declared: Declared, schemasOf: SchemasOf): readonly Suspicion[] {
  const readers = [
    ...declared.rules.flatMap(inRule),
    ...declared.tools.flatMap(inLabel),
    ...declared.outcomes.flatMap(inOutcome),
  ];
  const found = readers.flatMap((reader) =>
    reader.reads.flatMap((read) => {
      const suspicion = suspicionOf(reader, read, schemasOf);
      return suspicion === undefined ? [] : [suspicion];
    }),
  );
  const keyOf = ({ kind, parties }: Suspicion) => JSON.stringify([kind, parties]);
  return [...new Map(found.map((each) => [keyOf(each), each])).values()];
}

function suspicionOf(
  { name, about, scope }: Reader,
  { path, isTested, literal }: Read,
  schemasOf: SchemasOf,
): Suspicion | undefined {
  const [first = '', ...rest] = path;
  const stands = Object.hasOwn(scope, first) ? scope[first] : undefined;
  if (stands === undefined) return undefined;
  const part = stands.of === 'call' ? rest[0] : stands.of;
  const within = stands.of === 'call' ? rest.slice(1) : rest;
  if (within.length === 0 || (part !== 'args' && part !== 'result')) return undefined;
  const schemas = schemasOf(stands.tool);
  const schema = part === 'args' ? schemas?.input : schemas?.output;
  if (schema === undefined) return undefined;
  const reach = reachOf(schema, within);
  const parties = { by: name, tool: stands.tool, read: path.join('.') };
  const verb = part === 'args' ? 'takes' : 'returns';
  if (reach.is === 'there') return typed(reach, { parties, about, literal, name });
  if (reach.is === 'unknown' || (reach.is === 'open' && isTested === true)) return undefined;
  const where = [part, ...reach.at].join('.');
  const among = reach.among.length === 0 ? '' : `; it ${verb} ${listed(reach.among)}`;
  const isClosed = reach.is === 'closed';
  return {
    ...{ kind: 'never-there', level: isClosed ? 'error' : 'warning', parties, about: [about] },
    sentence: `${name} reads ${path.join('.')}, and ${stands.tool} ${isClosed ? `${verb} no \`${where}\`` : `says nothing of \`${where}\` in its schema`}${among}`,
    remedy: isClosed
      ? 'correct the name: what is absent cannot be evaluated, and what cannot be evaluated does not pass'
      : 'correct the name; if it is right, the server does not say so',
  };
}

function typed(
  { types }: Extract<Reach, { readonly is: 'there' }>,
  {
    parties,
    about,
    literal,
    name,
  }: Pick<Reader, 'about' | 'name'> & Pick<Suspicion, 'parties'> & Pick<Read, 'literal'>,
): Suspicion | undefined {
  if (literal === undefined || types === undefined || types.has(typeOf(literal))) return undefined;
  const { tool, read } = parties;
  const shown = typeof literal === 'bigint' ? String(literal) : JSON.stringify(literal);
  return {
    ...{ kind: 'never-equal', level: 'warning', parties, about: [about] },
    sentence: `${name} compares ${read} with ${shown}, and in ${tool} it is ${listed([...types])}, never ${typeOf(literal)}`,
    remedy: 'compare it with a value of its own type',
  };
}

function inRule(compiled: CompiledRule): readonly Reader[] {
  const { rule, when, requires, forbids, limits, afterwards } = compiled;
  const about = `rule/${rule.outcome}/${rule.rule}`;
  const name = nameOf(compiled);
  const own: Scope = {
    args: { tool: rule.before, of: 'args' },
    result: { tool: rule.before, of: 'result' },
  };
  // A name stands for one call only where there is one that it can be.
  const named: Scope = Object.fromEntries(
    requires.flatMap(({ as, any: [only, ...others] }) =>
      as === undefined || only === undefined || others.length > 0
        ? []
        : [[as, { tool: only.call, of: 'call' as const }]],
    ),
  );
  const reader = (expression: Expression | undefined, scope: Scope): Reader => ({
    ...{ name, about, scope: { ...own, ...named, ...scope } },
    reads: expression === undefined ? [] : readIn(expression.root),
  });
  const ofClause = (clause: Clause, theirs: string): readonly Reader[] => {
    const scope: Scope = { [theirs]: { tool: clause.call, of: 'call' } };
    return [reader(clause.where, scope), reader(clause.sum, scope)];
  };
  const looked = [
    ...requires.flatMap(({ any }) => any),
    ...forbids.flatMap(({ clause, until }) => [clause, ...until]),
    ...limits.map(({ clause }) => clause),
  ];
  return [
    reader(when, {}),
    ...looked.flatMap((clause) => ofClause(clause, 'prior')),
    ...afterwards.flatMap((clause) => ofClause(clause, 'next')),
    { name, about, scope: own, reads: rule.once.map(written) },
  ];
}

function inLabel({ tool, money, subject }: Body<'tool.labelled'>): readonly Reader[] {
  const reads = [money?.amount, money?.currency, subject?.path].flatMap((each) =>
    each === undefined ? [] : [written(each)],
  );
  const scope: Scope = { args: { tool, of: 'args' } };
  return [{ name: `the label of ${tool}`, about: `tool/${tool}`, scope, reads }];
}

function inOutcome({ outcome, reconcile }: Body<'outcome.declared'>): readonly Reader[] {
  if (reconcile === undefined) return [];
  const { call: tool, key, match } = reconcile;
  const scope: Scope = { args: { tool, of: 'args' }, result: { tool, of: 'result' } };
  const reads = [...Object.values(key), ...Object.values(match)].map(written);
  return [{ name: `the reconciliation of ${outcome}`, about: `outcome/${outcome}`, scope, reads }];
}

const written = (path: string): Read => ({ path: path.split('.') });

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Every path that the expression reads, with what it is compared with. */
function readIn(node: Node): readonly Read[] {
  if (node.is === 'select' && node.test) {
    const path = pathOf({ ...node, test: false });
    return path === undefined ? readIn(node.of) : [{ path, isTested: true }];
  }
  const path = pathOf(node);
  if (path !== undefined) return [{ path }];
  if (node.is === 'call' && comparisons.has(node.name)) {
    const [left, right] = node.operands;
    const compared = left && right && literalRead(left, right);
    if (compared !== undefined) return [compared];
  }
  return childrenOf(node).flatMap(readIn);
}

function literalRead(left: Node, right: Node): Read | undefined {
  const [literal, other] = left.is === 'literal' ? [left, right] : [right, left];
  const path = pathOf(other);
  return literal.is === 'literal' && path !== undefined ? { path, literal: literal.value } : undefined;
}
