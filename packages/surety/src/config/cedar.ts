// Permissions: `policies/*.cedar`, checked by the Cedar engine against a schema made from the agents,
// servers and tools (strict validation), then kept in Cedar's JSON form, which `@surety/proof/rules`
// evaluates. An operator that the evaluator does not have is refused here, not at the first call.
// The engine is loaded on first use: an installation without policies never pays for it.

import type { DetailedError, PolicyJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import { checkCedar } from '@surety/proof/rules';
import { type Declaration, digestOf } from './declaration.ts';
import { type Place, type Problem, problemAt, problemWith, quote, type Severity } from './problem.ts';
import type { Source } from './source.ts';

type Engine = typeof import('@cedar-policy/cedar-wasm/nodejs');

const policiesMax = 4_096;

/** One policy of a file, and where it starts there. */
interface PolicyText {
  readonly source: Source;
  readonly text: string;
  readonly offset: number;
  readonly number: number;
}

/**
 * How a call is put to Cedar: `Agent::"a"` asks for `Action::"server.tool"` on `Tool::"server.tool"`, which
 * is in `Server::"server"`. Arguments are not typed in this version, money and the user are.
 */
function cedarSchema(tools: readonly string[]): SchemaJson<string> {
  const money = {
    type: 'Record',
    required: false,
    attributes: { amountMinor: { type: 'Long' }, currency: { type: 'String' } },
  } as const;
  const context = {
    type: 'Record',
    attributes: { money, user: { type: 'String', required: false } },
  } as const;
  const action = { appliesTo: { principalTypes: ['Agent'], resourceTypes: ['Tool'], context } };
  return {
    '': {
      entityTypes: { Agent: {}, Server: {}, Tool: { memberOfTypes: ['Server'] } },
      actions: Object.fromEntries(tools.map((tool) => [tool, action])),
    },
  };
}

/** Splits a file at the semicolons that end policies; those in strings and comments end nothing. */
export function splitPolicies(source: Source): PolicyText[] {
  const found: PolicyText[] = [];
  const tokens = /"(?:\\[\s\S]|[^"\\])*"?|\/\/[^\n]*|;|[^\s"/;]+|\//g;
  let start: number | undefined;
  const take = (end: number) => {
    if (start === undefined) return;
    found.push({ source, text: source.text.slice(start, end), offset: start, number: found.length + 1 });
    start = undefined;
  };
  for (const { 0: token, index } of source.text.matchAll(tokens)) {
    if (token.startsWith('//')) continue;
    start ??= index;
    if (token === ';') take(index + 1);
  }
  // What no semicolon ends is a policy too: the engine says what it lacks.
  take(source.text.trimEnd().length);
  return found;
}

/** What `surety.yaml` declares; a tool may be `server.*`. */
interface Mentions {
  readonly tools: readonly string[];
  readonly agents: readonly string[];
  readonly servers: readonly string[];
}

/** Without mentions only the syntax is checked: nothing is known that a policy could agree with. */
export async function compilePolicies(
  sources: readonly Source[],
  mentions: Mentions | undefined,
): Promise<Compiled> {
  const policies = sources.flatMap(splitPolicies);
  if (policies.length === 0) return { declarations: [], problems: [], places: [] };
  if (policies.length > policiesMax) {
    const problem = problemWith(
      sources[0]?.file ?? '',
      `more than ${policiesMax} policies`,
      'merge some of them',
    );
    return { declarations: [], problems: [problem], places: [] };
  }
  const engine = await import('@cedar-policy/cedar-wasm/nodejs');
  const tools = mentions?.tools.filter((tool) => !tool.endsWith('.*')) ?? [];
  const context: Context = { engine, mentions, schema: cedarSchema(tools), ids: new Set() };
  const each = policies.map((policy) => compilePolicy(context, policy));
  return {
    declarations: each.flatMap((one) => one.declarations),
    problems: each.flatMap((one) => one.problems),
    places: each.flatMap((one) => one.places ?? []),
  };
}

interface Context {
  readonly engine: Engine;
  readonly mentions: Mentions | undefined;
  readonly schema: SchemaJson<string>;
  readonly ids: Set<string>;
}

interface Compiled {
  readonly declarations: Declaration[];
  readonly problems: Problem[];
  /** Where each declaration is written. */
  readonly places?: readonly (readonly [stream: string, place: Place])[];
}

function compilePolicy({ engine, mentions, schema, ids }: Context, policy: PolicyText): Compiled {
  const refuse = (problem: string, remedy: string): Compiled => ({
    declarations: [],
    problems: [problemAt(policy.source, policy.offset, { problem, remedy })],
  });
  const parsed = engine.policyToJson(policy.text);
  if (parsed.type === 'failure') return { declarations: [], problems: said(policy, parsed.errors, 'error') };
  const id = parsed.json.annotations?.['id'] ?? `${policy.source.file}#${policy.number}`;
  if (!/^\S{1,256}$/.test(id))
    return refuse(`${quote(id)} cannot name a policy`, 'write an `@id` without spaces');
  if (ids.has(id)) return refuse(`two policies are named ${quote(id)}`, 'give each its own `@id`');
  ids.add(id);
  if (mentions === undefined) return { declarations: [], problems: [] };
  if (hasInexactNumber(parsed.json))
    return refuse('a number is too large to be exact', 'stay below 9007199254740992');
  const problems = [...validate(engine, policy, schema), ...strangers(policy, parsed.json, mentions)];
  if (problems.some((each) => each.severity === 'error')) return { declarations: [], problems };
  try {
    checkCedar(parsed.json);
    const body = { policy: id, hash: digestOf(parsed.json), cedar: parsed.json };
    const stream = `policy/${id}`;
    const { file, line, column } = problemAt(policy.source, policy.offset, { problem: '', remedy: '' });
    return {
      declarations: [{ stream, kind: 'policy.activated', body }],
      problems,
      places: [[stream, { file, line, column }]],
    };
  } catch (error) {
    // Anything else is a defect of ours, not of the policy.
    if (!(error instanceof Error) || !/^(Cedar|Json)Error$/.test(error.name)) throw error;
    return refuse(
      `the policy uses what is not evaluated here: ${error.message}`,
      'write the condition another way, or as a checkpoint',
    );
  }
}

function validate(engine: Engine, policy: PolicyText, schema: SchemaJson<string>): Problem[] {
  const answer = engine.validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: { policy: policy.text } },
  });
  if (answer.type === 'failure') return said(policy, answer.errors, 'error');
  const errors = said(
    policy,
    answer.validationErrors.map((each) => each.error),
    'error',
  );
  // A policy in error is also impossible: once is enough.
  if (errors.length > 0) return errors;
  return said(
    policy,
    answer.validationWarnings.map((each) => each.error),
    'warning',
  );
}

/** The engine counts bytes of the policy's text; editors count characters of the file. */
function said(policy: PolicyText, errors: readonly DetailedError[], severity: Severity): Problem[] {
  const bytes = Buffer.from(policy.text);
  return errors.map(({ message, help, sourceLocations }) => {
    const [location] = sourceLocations ?? [];
    const offset = policy.offset + bytes.subarray(0, location?.start ?? 0).toString().length;
    const problem = message.replace(
      /^for policy `policy`, |^failed to parse policy( with id `policy`)? from string: /,
      '',
    );
    const remedy = help ?? location?.label ?? 'see https://docs.cedarpolicy.com';
    return problemAt(policy.source, offset, { problem, remedy, severity });
  });
}

/** The engine counts to 2^63, JSON only to 2^53: beyond that the policy that runs would be another one. */
function hasInexactNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  if (typeof value === 'bigint') return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInexactNumber);
}

/**
 * Entities that a policy names and nobody declares: it does not mean what its author thinks. A permission for
 * nobody is only useless; a prohibition with a misspelled name would let through what it was written for.
 */
function strangers(policy: PolicyText, json: PolicyJson, { agents, servers, tools }: Mentions): Problem[] {
  const known: Readonly<Record<string, readonly string[]>> = { Agent: agents, Server: servers, Tool: tools };
  const problems: Problem[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, id } = value as { type?: unknown; id?: unknown };
    const isKnown = (names: readonly string[]) =>
      names.includes(String(id)) || (type === 'Tool' && names.includes(`${String(id).split('.')[0]}.*`));
    if (typeof type === 'string' && typeof id === 'string' && known[type] && !isKnown(known[type])) {
      const at = Math.max(policy.text.indexOf(`"${id}"`), 0);
      const severity = json.effect === 'forbid' ? 'error' : 'warning';
      const problem = `${type.toLowerCase()} ${quote(id)} is not declared`;
      problems.push(
        problemAt(policy.source, policy.offset + at, {
          problem,
          remedy: 'declare it in surety.yaml, or correct the name',
          severity,
        }),
      );
    }
    for (const each of Object.values(value)) look(each);
  };
  look(json);
  return problems;
}
