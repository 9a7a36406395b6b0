// A small business as its files describe it, and its life as facts: one payables clerk, tools with labels,
// policies in Cedar, outcomes with checkpoints. Compiled by the product's own configuration code.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Fact } from '@surety/proof/facts';
import { type Config, loadConfig, renderProblems } from '../../packages/surety/src/config/index.ts';

export interface BusinessOptions {
  readonly agents: number;
  /** Besides those that concern `erp.pay_invoice`. */
  readonly otherRules: number;
  readonly otherPolicies: number;
  readonly checkpoints: string;
  readonly servers: string;
  readonly witnesses?: string;
  /** Further servers whose tools are `match_invoice`, `get_invoice` and `pay_invoice`, as those of `erp`. */
  readonly likeErp?: readonly string[];
  /** Further keys of `surety.yaml`, and of the outcome. */
  readonly installation?: string;
  readonly outcome?: string;
  /** With which the owner signs. */
  readonly ownerKey?: string;
}

export const agentName = (number: number): string => `clerk-${number}`;

/** Writes the files into a folder and reads them as `surety check` does. */
export async function writeBusiness(folder: string, options: BusinessOptions): Promise<Config> {
  const files = {
    'surety.yaml': suretyYaml(options),
    'outcomes/payments.yaml': `${outcomeYaml('payments')}${options.checkpoints}${options.outcome ?? ''}`,
    ...otherOutcomes(options.otherRules),
    'policies/clerks.cedar': cedar(options),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const loaded = await loadConfig(folder, process.env);
  if (loaded.ok) return loaded.config;
  throw new Error(renderProblems(loaded.problems, false));
}

const list = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, number) => make(number));

const paying = '{ effect: spend, money: { amount: args.amount, unit: major, currency: args.currency } }';

function suretyYaml(options: BusinessOptions): string {
  const { agents, servers, likeErp = [], witnesses = '[]', installation = '' } = options;
  const budget = '{ amount: 1000000000, currency: USD, per: day }';
  const clerks = list(agents, (n) => `  ${agentName(n)}: { owner: owner@bench.example, budget: ${budget} }`);
  return `origin: bench.example/surety
listen: 127.0.0.1:7399
store: store
time-zone: UTC
servers:
${servers}
tools:
${['erp', ...likeErp].map((id) => `  ${id}.*: { effect: read }\n  ${id}.pay_invoice: ${paying}`).join('\n')}
${list(20, (n) => `  erp.tool_${n}: { effect: write }`).join('\n')}
people:
  - { id: owner@bench.example, name: Olga Owner, functions: [it, finance], simulated: true${options.ownerKey === undefined ? '' : `, keys: ["${options.ownerKey}"]`} }
agents:
${clerks.join('\n')}
witnesses: ${witnesses}
${installation}`;
}

const outcomeYaml = (id: string): string => `outcome: ${id}
statement: What ${id} stands for stays true.
owner: owner@bench.example
appetite: { amount: 1000000000, currency: USD, per: day }
needs: { rung: C0, window: 1d }
checkpoints:
`;

/** Ten checkpoints an outcome, each before a tool that the measured call is not. */
function otherOutcomes(rules: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let first = 0; first < rules; first += 10) {
    const own = list(Math.min(10, rules - first), (n) => {
      const tool = `erp.tool_${(first + n) % 20}`;
      const where = 'prior.args.key == args.key && prior.result.status == "done"';
      return `  - { id: rule-${n}, before: ${tool}, require: { call: erp.get_file, where: '${where}' }, within: 30d }\n`;
    });
    const id = `other-${first / 10}`;
    files[`outcomes/${id}.yaml`] = `${outcomeYaml(id)}${own.join('')}`;
  }
  return files;
}

function cedar({ otherPolicies, likeErp = [] }: BusinessOptions): string {
  const others = list(otherPolicies, (n) =>
    n % 2 === 0
      ? `@id("other-${n}")\npermit (principal == Agent::"${agentName(0)}", action == Action::"erp.tool_${n % 20}", resource)\nwhen { context has user && context.user like "*@bench.example" };`
      : `@id("other-${n}")\nforbid (principal, action, resource == Tool::"erp.tool_${n % 20}")\nunless { context has money && context.money.amountMinor < ${n}00 };`,
  );
  const own = ['erp', ...likeErp].map(
    (server) => `@id("clerks-work-${server}")
permit (principal, action, resource in Server::"${server}")
unless { context has money && context.money.currency != "USD" };`,
  );
  return [...own, ...others].join('\n\n');
}

/** What the log would hand back for these declarations. Names of people stay out: no decision reads them. */
export const declaredFacts = ({ declarations }: Config, at: number): Fact[] =>
  declarations.map(({ stream, kind, body }, position) =>
    factOf(position, { stream, kind, body: kind === 'person.enrolled' ? { ...body, name: [] } : body, at }),
  );

export function factOf(
  position: number,
  {
    at,
    ...rest
  }: { readonly stream: string; readonly kind: string; readonly body: object; readonly at: number },
): Fact {
  const envelope = { v: 1, log: 'bench.example/surety', streamVersion: 0, basis: [] };
  return {
    ...envelope,
    emitter: 'bench',
    emitterSeq: position,
    time: at,
    position,
    ...rest,
  } as unknown as Fact;
}
