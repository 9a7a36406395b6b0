// Which outcomes rely on what is changed, and hence whose owners are asked before it is weakened.

import type { Body, OutcomeDeclared } from '../facts.ts';
import { CedarError, couldPermit } from '../rules/index.ts';
import { relationOf } from './compare.ts';
import { mayConcern } from './cover.ts';
import { opensPath } from './opening.ts';
import { isSame, type Relation, together } from './relation.ts';
import {
  type Change,
  type Content,
  declaredAs,
  registeredKeys,
  rulesOf,
  type Standing,
  serverOf,
  toolsOf,
} from './standing.ts';

/** An outcome for which a change is not shown to narrow, and who answers for it. */
export interface Relying {
  readonly outcome: string;
  readonly owner: string;
}

/** By what is in force now: an outcome that is new relies on nothing that stood before it. */
export function reliesOn(change: Change, standing: Standing): readonly Relying[] {
  // What a person may do is another thing for each outcome.
  const isPerson = change.stream.startsWith('person/');
  if (!isPerson && relationOf(change, standing) !== 'weakens') return [];
  const outcomes = declaredAs(standing, 'outcome.declared');
  const relying = outcomes.filter((outcome) =>
    isPerson
      ? relationOfPerson(outcome, change, standing) === 'weakens'
      : concerns(outcome, change, standing),
  );
  // An effect that no outcome is about is nobody's: then everybody is asked.
  const isOpening = outcomes.length > 0 && relying.length === 0 && opensPath(change, standing);
  return (isOpening ? outcomes : relying).map(({ outcome, owner }) => ({ outcome, owner }));
}

/** Of a kind that is not known here, every outcome. */
function concerns({ outcome, ...rest }: OutcomeDeclared, change: Change, standing: Standing): boolean {
  const { stream, before, after } = change;
  const [word = ''] = stream.split('/', 1);
  const name = stream.slice(word.length + 1);
  if (word === 'outcome') return name === outcome;
  if (word === 'rule') return name.startsWith(`${outcome}/`);
  if (word === 'record') return rest.reconcile?.record === name;
  const tools = nearTools(standing, { outcome, ...rest });
  const servers = new Set([...tools].map(serverOf));
  if (word === 'tool') return servers.has(serverOf(name));
  if (word === 'server') return servers.has(name);
  if (word === 'policy')
    return [before, after].some((each) => each !== undefined && mayConcern(each.body['cedar'], tools));
  if (word === 'identity') return mayAct(name, [before, after], standing, tools);
  return true;
}

/** With every tool that is labelled on the same servers: one of them may do the same to the same record. */
function nearTools(standing: Standing, outcome: OutcomeDeclared): ReadonlySet<string> {
  const own = toolsOf(standing, outcome);
  const servers = new Set([...own].map(serverOf));
  const labelled = declaredAs(standing, 'tool.labelled').map(({ tool }) => tool);
  return new Set([...own, ...labelled.filter((tool) => servers.has(serverOf(tool)) && !tool.endsWith('.*'))]);
}

/** An application opens cases for whichever agent it names; an agent acts where some policy could let it. */
function mayAct(
  identity: string,
  contents: readonly (Content | undefined)[],
  standing: Standing,
  tools: ReadonlySet<string>,
): boolean {
  if (contents.some((each) => each !== undefined && each.body['is'] !== 'agent')) return true;
  const policies = declaredAs(standing, 'policy.activated').map(({ policy, hash, cedar }) => {
    return { id: policy, hash, policy: cedar };
  });
  try {
    return [...tools].some((tool) => couldPermit(policies, identity, tool));
  } catch (error) {
    if (error instanceof CedarError) return true;
    throw error;
  }
}

type Person = Body<'person.enrolled'>;

/**
 * As the one who owns the outcome: what signs for the owner may not be exchanged. As one who may approve: fewer
 * may do less. As the owner of a channel that nobody watches: the outcome names who must be enrolled.
 */
function relationOfPerson(outcome: OutcomeDeclared, change: Change, standing: Standing): Relation {
  const name = change.stream.slice('person/'.length);
  const registered = registeredKeys(standing).get(name) ?? [];
  const [before, after] = [change.before, change.after].map((each): Person | undefined => {
    const declared = each?.body as Person | undefined;
    return declared && { ...declared, keys: [...declared.keys, ...registered] };
  });
  // Until the owner has a key, nobody could sign: the first one is the operator's word, as every enrolment is.
  if (outcome.owner === name && (before?.keys ?? []).length === 0) return 'same';
  return together([
    outcome.owner === name ? relationOfOwner(before, after) : 'same',
    relationOfApprover(before, after, functionsOf(outcome, standing), (person) =>
      stoodForBy(person, standing),
    ),
    before === undefined && outcome.reconcile?.elsewhere.some(({ owner }) => owner === name) === true
      ? 'weakens'
      : 'same',
  ]);
}

function relationOfOwner(before: Person | undefined, after: Person | undefined): Relation {
  const [old, next] = [before?.keys ?? [], after?.keys ?? []];
  // INVARIANT: an owner with a key has one until they sign for having none, so nobody can enrol another instead.
  const isRobbed = old.length > 0 && next.length === 0;
  const isOther = !next.every((key) => old.some((each) => isSame(each, key)));
  const isReal = before?.simulated === true && after?.simulated === false;
  return isRobbed || isOther || isReal ? 'weakens' : 'same';
}

function relationOfApprover(
  before: Person | undefined,
  after: Person | undefined,
  functions: ReadonlySet<string>,
  stoodFor: (person: Person) => readonly string[],
): Relation {
  const mayIn = (person: Person | undefined) =>
    person === undefined
      ? []
      : [...person.functions, ...stoodFor(person)].filter((each) => functions.has(each));
  if (mayIn(after).length === 0) return 'same';
  const isStoodFor = !(after?.deputies ?? []).every((each) =>
    before?.deputies?.some((other) => isSame(each, other)),
  );
  const isNew = !mayIn(after).every((each) => mayIn(before).includes(each));
  const isOther = !(after?.keys ?? []).every((key) => before?.keys.some((each) => isSame(each, key)));
  const isReal = before?.simulated === true && after?.simulated === false;
  return isNew || isOther || isReal || isStoodFor ? 'weakens' : 'same';
}

/** In which functions of others this person acts as their deputy, at whatever time. */
function stoodForBy({ person, accounts = [] }: Person, standing: Standing): readonly string[] {
  const names = [person, ...accounts];
  return declaredAs(standing, 'person.enrolled').flatMap(({ deputies = [], functions }) =>
    deputies.some((deputy) => names.includes(deputy.person)) ? functions : [],
  );
}

/** Whose people approve and sign for this outcome. */
const functionsOf = (outcome: OutcomeDeclared, standing: Standing): ReadonlySet<string> =>
  new Set([
    ...outcome.evaluatedBy,
    ...rulesOf(standing, outcome.outcome).flatMap(({ approve }) =>
      approve === undefined
        ? []
        : [approve.function, ...(approve.escalate === undefined ? [] : [approve.escalate.function])],
    ),
  ]);
