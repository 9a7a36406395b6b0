// Every path by which an agent could reach a consequential effect without its checkpoint: a tool with none before it, a
// call that all of them leave out, a tool that nobody labelled, one that executes, one whose calls never cross.

import type { CompiledRule } from '@surety/proof/rules';
import { arrange } from './arrange.ts';
import { candidatesOf } from './candidates.ts';
import { type Agent, type Declared, type Label, nameOf, stops } from './declared.ts';
import type { Suspicion } from './finding.ts';
import { type Looking, traceOf } from './looking.ts';
import type { Trace } from './trace.ts';
import { listed, toolsNamed } from './words.ts';

export function effectsReached(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const consequential = declared.tools.filter(({ effect }) => effect !== 'read');
  const crossing = consequential.filter(({ tool }) => !isDecided(looking, tool));
  return [
    ...consequential.flatMap((label) =>
      declared.callersOf(label.tool).flatMap((agent) => path(looking, label, agent) ?? []),
    ),
    ...crossing.filter(({ effect }) => effect === 'execute').flatMap((label) => unbounded(looking, label)),
    ...assumedReads(looking),
    ...outOfPath(looking, consequential),
    ...unlabelled(looking),
  ];
}

const isDecided = ({ declared: { servers } }: Looking, tool: string): boolean =>
  servers.some(({ server, transport }) => transport === 'decided' && tool.startsWith(`${server}.`));

function path(looking: Looking, { tool, effect }: Label, agent: Agent): Suspicion | undefined {
  const before = looking.declared.rulesBefore(tool);
  const rules = before.filter(stops);
  if (rules.some(({ when }) => when === undefined)) return undefined;
  const { trace, complete } = openCall(looking, tool, agent, rules);
  if (trace === undefined && complete) return undefined;
  const parties = { agent: agent.identity, tool };
  const about = [
    `tool/${tool}`,
    ...before.map((each) => `rule/${nameOf(each)}`),
    `identity/${agent.identity}`,
  ];
  const names = listed(rules.map(nameOf));
  if (trace === undefined)
    return {
      ...{ kind: 'cover-unshown', level: 'unshown', parties, about },
      sentence: `it cannot be shown that every call of ${tool} (${effect}) by ${agent.identity} meets a checkpoint: ${rules.length === 0 ? 'its policies compare what this audit cannot reason about' : `${names} apply under conditions that this audit cannot reason about`}`,
      remedy: `add a checkpoint before ${tool} that has no \`when\`, or compare single values with literals`,
    };
  if (rules.length > 0)
    return {
      ...{ kind: 'gap', level: 'warning', parties, about, trace },
      sentence: `${agent.identity} can call ${tool} (${effect}) past every checkpoint: ${names} ${rules.length === 1 ? 'leaves' : 'leave'} out ${said(trace)}`,
      remedy: `add a checkpoint before ${tool} that has no \`when\`, or widen the condition`,
    };
  const idle = before.map(nameOf);
  const why =
    idle.length === 0
      ? 'no checkpoint stands before it'
      : `${listed(idle)} before it ${idle.length === 1 ? 'stops' : 'stop'} no call (\`mode: observe\`, or only \`afterwards\`)`;
  return {
    ...{ kind: 'unguarded', level: 'error', parties, about, trace },
    sentence: `${agent.identity} can call ${tool} (${effect}), and ${why}`,
    remedy: `write a checkpoint \`before: ${tool}\` in an outcome, or forbid it to ${agent.identity} with a policy`,
  };
}

/** A call that the gate lets through although nothing that stops calls applies to it. */
function openCall(
  looking: Looking,
  tool: string,
  agent: Agent,
  rules: readonly CompiledRule[],
): { readonly trace?: Trace; readonly complete: boolean } {
  const conditions = rules.flatMap(({ when }) => when ?? []);
  const { calls, complete } = candidatesOf(looking.declared, { agent, tool, rules, conditions });
  const stopping = new Set(rules.map(nameOf));
  for (const call of calls) {
    if (looking.isSpent) return { complete: false };
    const answer = looking.ask(call);
    if (answer.answer === 'allowed' && !answer.passed.some((name) => stopping.has(name)))
      return { trace: traceOf([call], answer), complete };
  }
  return { complete };
}

/** What the last call of a trace says, short enough for a sentence. */
function said({ calls }: Trace): string {
  const { args, user } = calls.at(-1) ?? { args: {} };
  const text = JSON.stringify(args);
  const shown = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return `a call with ${shown}${user === undefined ? ', of a case without a user' : ''}`;
}

/** Nothing here runs a sandbox or could see one: what executes is unbounded, whoever approves it. */
function unbounded(looking: Looking, { tool }: Label): readonly Suspicion[] {
  return looking.declared.callersOf(tool).map((agent) => ({
    ...{ kind: 'unbounded', level: 'error', parties: { agent: agent.identity, tool } },
    sentence: `${agent.identity} can have ${tool} execute what it likes: no sandbox is declared for it, so nothing bounds what that can do`,
    remedy:
      'run its server in a sandbox that you answer for, and say so in a suppression with an owner and an expiry; or take the permission away',
    about: [`tool/${tool}`, `server/${tool.slice(0, tool.indexOf('.'))}`],
    trace: looking.first(
      arrange(looking.declared, { agent, tool }),
      ({ expect }) => expect.answer === 'allowed',
    ),
  }));
}

/** `server.*` says that every tool without a label of its own only reads: also one that comes tomorrow. */
function assumedReads(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const defaults = [...declared.labels.values()].filter(({ tool }) => tool.endsWith('.*'));
  return defaults.flatMap(({ tool: pattern }) => {
    const server = pattern.slice(0, -2);
    const tools = [`${server}.a-tool-that-nobody-labelled`, ...unlabelledActions(declared, server)];
    return declared.agents.flatMap((agent): Suspicion[] => {
      const asked = tools
        .filter((tool) => declared.callersOf(tool).includes(agent))
        .map((tool) => openCall(looking, tool, agent, declared.rulesBefore(tool).filter(stops)));
      const trace = asked.find((each) => each.trace !== undefined)?.trace;
      const about = [`tool/${pattern}`, `identity/${agent.identity}`];
      if (trace === undefined && asked.every(({ complete }) => complete)) return [];
      if (trace === undefined)
        return [
          {
            ...{ kind: 'cover-unshown', level: 'unshown', about },
            parties: { agent: agent.identity, tool: pattern },
            sentence: `it cannot be shown that ${agent.identity} can call no tool of ${server} that nobody labelled: \`${pattern}\` takes them for reads, and policies compare what this audit cannot reason about`,
            remedy: `label each tool of ${server} that is needed, and remove \`${pattern}\``,
          },
        ];
      return [
        {
          ...{ kind: 'assumed-read', level: 'warning', parties: { agent: agent.identity, server } },
          sentence: `${agent.identity} can call every tool of ${server} that has no label of its own, whatever it does: \`${pattern}\` takes them for reads, which no checkpoint stops`,
          remedy: `label each tool of ${server} that is needed, and remove \`${pattern}\`; or name the tools in the policy`,
          ...{ about, trace },
        },
      ];
    });
  });
}

/** Tools of the server that policies name, and that have no label of their own: so it can stand in a log, not in files. */
function unlabelledActions(declared: Declared, server: string): readonly string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, id } = value as { readonly type?: unknown; readonly id?: unknown };
    if (type === 'Action' && typeof id === 'string' && id.startsWith(`${server}.`)) names.add(id);
    for (const each of Object.values(value)) visit(each);
  };
  for (const { policy } of declared.policies) visit(policy);
  return [...names].filter((tool) => !declared.labels.has(tool)).toSorted();
}

function outOfPath({ declared }: Looking, consequential: readonly Label[]): readonly Suspicion[] {
  const decided = declared.servers.filter(({ transport }) => transport === 'decided');
  return decided.flatMap(({ server }): Suspicion[] => {
    const tools = consequential.filter(({ tool }) => tool.startsWith(`${server}.`)).map(({ tool }) => tool);
    if (tools.length === 0) return [];
    return [
      {
        ...{ kind: 'out-of-path', level: 'warning', parties: { server } },
        sentence: `calls of ${listed(tools)} never cross the gateway: whoever makes them asks first, or does not, and no checkpoint stops who does not ask`,
        remedy: `put a server in the path for them, or let the record system of the outcome show what took effect`,
        about: [`server/${server}`],
      },
    ];
  });
}

/** Tools that a checkpoint or a reconciliation names, and servers, without any label: nobody can call them. */
function unlabelled(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const [agent] = declared.agents;
  const named = new Map<string, string>();
  for (const compiled of declared.rules)
    for (const tool of toolsNamed(compiled)) named.set(tool, `rule/${nameOf(compiled)}`);
  for (const { outcome, reconcile } of declared.outcomes)
    if (reconcile !== undefined) named.set(reconcile.call, `outcome/${outcome}`);
  const bare = [...named].filter(([tool]) => declared.labelOf(tool) === undefined).toSorted();
  const isOf = (server: string) => [...declared.labels.keys()].some((tool) => tool.startsWith(`${server}.`));
  const trace = (tool: string) => {
    if (agent === undefined) return undefined;
    const call = { agent: agent.identity, tool, args: {} };
    return traceOf([call], looking.ask(call));
  };
  return [
    ...bare.map(
      ([tool, stream]): Suspicion => ({
        ...{ kind: 'unlabelled', level: 'error', parties: { tool } },
        sentence: `${tool} has no label, so every call of it is refused: what ${stream.replace('/', ' ')} says about it comes to nothing`,
        remedy: `say in \`tools\` what ${tool} does`,
        about: [stream],
        trace: trace(tool),
      }),
    ),
    ...declared.servers
      .filter(({ server }) => !isOf(server))
      .map(
        ({ server }): Suspicion => ({
          ...{ kind: 'unlabelled', level: 'warning', parties: { server } },
          sentence: `no tool of ${server} has a label, so nobody can call any`,
          remedy: `say in \`tools\` what the tools of ${server} do, or remove the server`,
          about: [`server/${server}`],
          trace: trace(`${server}.any`),
        }),
      ),
  ];
}
