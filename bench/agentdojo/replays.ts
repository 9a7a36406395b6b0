// Recorded tasks and attacks, read from a folder in the layout of our export of AgentDojo: for each suite its tools, the
// ground-truth calls of every task, and the calls that a fully obedient model would make. No model is asked: whatever is
// decided about a call, its result is the recorded one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Step {
  /** `<suite>.<tool>`. */
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  readonly hasFailed: boolean;
  /** The attacker's, not the task's. */
  readonly isInjected: boolean;
  /** Without it the attack fails. */
  readonly isCritical: boolean;
}

export interface Replay {
  readonly id: string;
  readonly suite: string;
  readonly words: string;
  readonly steps: readonly Step[];
  /** Of an attack: its goal, of which many attacks are variations, and what was planted. */
  readonly goal?: string;
  readonly planted?: string;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
}

export interface Suite {
  readonly name: string;
  readonly tools: readonly Tool[];
  readonly benign: readonly Replay[];
  readonly attacks: readonly Replay[];
  /** Attacks that no call carries out: the agent only says something. No gateway sees them. */
  readonly outputOnly: number;
}

/** Runs of real models: the good ones, those that did what was injected, those that did not. */
export interface Recorded {
  readonly good: readonly Replay[];
  readonly obeyed: readonly Replay[];
  readonly resisted: readonly Replay[];
}

export interface Replays {
  readonly suites: readonly Suite[];
  readonly recorded: Recorded;
}

interface LineStep {
  readonly by?: 'benign' | 'injected';
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly out: string;
  readonly error: string | null;
  readonly critical?: boolean;
}

interface Line {
  readonly id: string;
  readonly suite: string;
  readonly prompt: string;
  readonly steps: readonly LineStep[];
  readonly injection_task?: string;
  readonly payload?: string;
  readonly injections?: Readonly<Record<string, string>>;
  readonly attack_kind?: string;
  readonly utility?: boolean;
}

type Outputs = Readonly<Record<string, unknown>>;

const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const lines = (path: string): readonly Line[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line)
    : [];

const suiteEnding = '.suite.json';
const nothing = { result: null };

/** The suites of a folder; none if it is not there. */
export function suitesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(suiteEnding));
  return files.map((file) => file.slice(0, -suiteEnding.length)).toSorted();
}

export function readReplays(folder: string): Replays {
  const suites = suitesIn(folder).map((name) => readSuite(folder, name));
  const outputs = existsSync(join(folder, 'recorded.outputs.json'))
    ? readOutputs(join(folder, 'recorded.outputs.json'))
    : {};
  const recorded = (file: string, isMeant: (line: Line) => boolean) =>
    lines(join(folder, file)).flatMap((line) => (isMeant(line) ? [replayOf(line, outputs)] : []));
  return {
    suites,
    recorded: {
      good: recorded('recorded.benign.jsonl', ({ utility }) => utility === true),
      obeyed: recorded('recorded.attacks.jsonl', ({ steps }) => steps.some(({ critical }) => critical)),
      resisted: recorded('recorded.resisted.jsonl', () => true),
    },
  };
}

function readSuite(folder: string, name: string): Suite {
  const { tools } = json<{ tools: { name: string; description: string; input_schema: object }[] }>(
    join(folder, `${name}${suiteEnding}`),
  );
  const outputs = readOutputs(join(folder, `${name}.outputs.json`));
  const attacks = lines(join(folder, `${name}.attacks.jsonl`));
  const of = (kind: string) => attacks.filter(({ attack_kind }) => attack_kind === kind);
  return {
    name,
    tools: tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      inputSchema: tool.input_schema,
    })),
    benign: lines(join(folder, `${name}.benign.jsonl`)).map((line) => replayOf(line, outputs)),
    attacks: of('tool').map((line) => replayOf(line, outputs)),
    outputOnly: of('output-only').length,
  };
}

function replayOf(line: Line, outputs: Outputs): Replay {
  const { id, suite, prompt, steps, injection_task: goal, payload, injections } = line;
  const planted = payload ?? Object.values(injections ?? {})[0];
  return {
    id,
    suite,
    words: prompt,
    steps: steps.map(
      (step): Step => ({
        tool: `${suite}.${step.tool}`,
        args: step.args,
        result: outputs[step.out] ?? nothing,
        hasFailed: step.error !== null,
        isInjected: step.by === 'injected',
        isCritical: step.critical === true,
      }),
    ),
    ...(goal === undefined ? {} : { goal: `${suite}/${goal}` }),
    ...(planted === undefined || planted === '' ? {} : { planted }),
  };
}

/** Structured content of MCP is an object: as the SDKs do it, anything else is its member `result`. */
const asStructured = (output: unknown): unknown =>
  typeof output === 'object' && output !== null && !Array.isArray(output)
    ? output
    : { result: output ?? null };

/** Read once, so that what stands in many replays is one object. */
const readOutputs = (path: string): Outputs =>
  Object.fromEntries(
    Object.entries(json<Record<string, unknown>>(path)).map(([name, each]) => [name, asStructured(each)]),
  );
