// Permissions again, by the Cedar engine itself: each governed call is put to the policies that were in force where it
// stands in the log, as docs/formats.md says a call is put; and once more each agent and tool, with every condition
// taken as met, which is what the worst case rests on.

import type {
  AuthorizationAnswer,
  CedarValueJson,
  Context,
  PolicyJson,
  PolicySet,
} from '@cedar-policy/cedar-wasm/nodejs';
import { isKind } from '@surety/proof/facts';
import { couldPermit } from '@surety/proof/rules';
import type { GovernedCall } from '@surety/proof/verdict';
import { type OpenedProof, type Redone, Tally } from './opened.ts';

type Engine = typeof import('@cedar-policy/cedar-wasm/nodejs');
type Policies = ReadonlyMap<string, PolicyJson>;

export async function redoPermissions({ facts, book, judgement }: OpenedProof): Promise<Redone> {
  const engine = await import('@cedar-policy/cedar-wasm/nodejs');
  const tally = new Tally('cedar', `@cedar-policy/cedar-wasm, Cedar ${engine.getCedarVersion()}`);
  const calls = new Map([...book.calls.values()].map((call) => [call.intent, call]));
  const policies = new Map<string, PolicyJson>();
  let set: string | undefined;
  for (const fact of facts) {
    if (isKind(fact, 'policy.activated')) {
      policies.set(fact.body.policy, fact.body.cedar as PolicyJson);
      set = undefined;
    } else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('policy/')) {
      policies.delete(fact.body.stream.slice('policy/'.length));
      set = undefined;
    }
    const call = calls.get(fact.position);
    if (call === undefined) continue;
    set ??= prepared(engine, policies, fact.position);
    redoCall(engine, set, call, tally);
  }
  const { reconcile } = judgement.declared;
  const tools = new Set(judgement.rules.map(({ before }) => before));
  if (reconcile !== undefined) tools.add(reconcile.call);
  for (const tool of tools) redoWorstCase(engine, policies, book, tool, tally);
  return tally.redone;
}

/** Policies as the engine keeps them, by their text as Cedar itself writes it: the JSON is not what it evaluates. */
function prepared(engine: Engine, policies: Policies, position: number): string {
  const staticPolicies: Record<string, string> = {};
  for (const [id, json] of policies) {
    const answer = engine.policyToText(json);
    if (answer.type === 'failure')
      throw new Error(`policy \`${id}\` is none to Cedar: ${said(answer.errors)}`);
    staticPolicies[id] = answer.text;
  }
  const name = `at-${position}`;
  const answer = engine.preparsePolicySet(name, { staticPolicies } as PolicySet);
  if (answer.type === 'failure') throw new Error(`the policies are none to Cedar: ${said(answer.errors)}`);
  return name;
}

const said = (errors: readonly { readonly message: string }[]): string =>
  errors.map(({ message }) => message).join('; ');

function redoCall(engine: Engine, set: string, call: GovernedCall, tally: Tally): void {
  // A policy may look at the amount.
  if (call.withheld) return tally.leave();
  const { agent, tool, money, user } = call;
  const context = {
    ...(money === undefined ? {} : { money: { ...money } }),
    ...(user === undefined ? {} : { user }),
  };
  const decided = decide(
    engine.statefulIsAuthorized({ ...question(agent, tool, context), preparsedPolicySetId: set }),
  );
  const ours = call.permitted ? 'allow' : 'deny';
  tally.compare(
    decided === ours,
    () => `call ${call.call}: Cedar says ${decided}, the verifier says ${ours}`,
    [call.intent],
  );
}

function question(agent: string, tool: string, context: Context) {
  const server = tool.slice(0, tool.indexOf('.'));
  const [principal, resource, parent] = [
    { type: 'Agent', id: agent },
    { type: 'Tool', id: tool },
    { type: 'Server', id: server },
  ];
  const attrs: Record<string, CedarValueJson> = {};
  return {
    ...{ principal, resource, context, action: { type: 'Action', id: tool } },
    entities: [
      { uid: principal, attrs, parents: [] },
      { uid: resource, attrs, parents: [parent] },
      { uid: parent, attrs, parents: [] },
    ],
  };
}

function decide(answer: AuthorizationAnswer): 'allow' | 'deny' {
  if (answer.type === 'failure') throw new Error(`Cedar cannot decide: ${said(answer.errors)}`);
  return answer.response.decision === 'allow' ? 'allow' : 'deny';
}

/** Could some call of this tool by this agent be permitted, whatever it says? */
function redoWorstCase(
  engine: Engine,
  policies: Policies,
  book: OpenedProof['book'],
  tool: string,
  tally: Tally,
): void {
  const widest = [...policies].flatMap(([id, policy]): [string, PolicyJson][] => {
    if (policy.effect === 'permit') return [[id, { ...policy, conditions: [] }]];
    return policy.conditions.length === 0 ? [[id, policy]] : [];
  });
  const staticPolicies = Object.fromEntries(widest);
  for (const { body, position } of book.identities.values()) {
    if (body.is !== 'agent') continue;
    const asked = { ...question(body.identity, tool, {}), policies: { staticPolicies } };
    const decided = decide(engine.isAuthorized(asked));
    const ours = couldPermit(book.policies, body.identity, tool) ? 'allow' : 'deny';
    tally.compare(
      decided === ours,
      () => `${body.identity} and ${tool} at worst: Cedar says ${decided}, the verifier says ${ours}`,
      [position],
    );
  }
}
