// Binding a pack to somebody's tools, in two files that people write and review: the binding, which says what each action
// of the pack is called here, and the outcome that comes of it. Nothing is guessed in silence: what is proposed stands
// beside what else it could be, and what nobody filled in is asked for at its place.

import { stringify } from 'yaml';
import { z } from 'zod';
import { type LabelledTool, type Problem, readConforming, words } from '../config/index.ts';
import { type Checkpoint, type Pack, type Tested, testedIn, type Values } from './pack.ts';
import { type Meaning, renameCheckpoint, renameTest, Unbound } from './rename.ts';
import { testPack } from './testing.ts';

const { amount, currency, duration, identifier, person, text, tool } = words;
/** What nobody has filled in yet. */
const blank = '?';
/** There is no such tool, argument or function here. */
const none = 'none';

const path = z
  .string()
  .regex(
    /^[^\s.]{1,128}(\.[^\s.]{1,128}){0,7}$/,
    'is not a path\nname the member, such as `invoice_id` or `header.id`',
  );
const blankOr = <T extends z.ZodType>(schema: T) => z.union([z.literal(blank), schema]);
const members = z.record(text, path).optional();

/** What each action of a pack is called. */
export const bindingActions = z.record(
  tool,
  z.strictObject({ tool: blankOr(z.union([z.literal(none), tool])), args: members, result: members }),
);

const bindingSchema = z.strictObject({
  pack: identifier,
  version: text,
  outcome: z.strictObject({
    outcome: identifier,
    statement: text,
    owner: blankOr(person),
    'at-stake': z.strictObject({ amount: blankOr(amount), currency }),
  }),
  functions: z.record(identifier, blankOr(identifier)).optional(),
  values: z.record(identifier, z.union([z.int().min(0), duration])).optional(),
  actions: bindingActions,
});
type Binding = z.infer<typeof bindingSchema>;

const wordsOf = (name: string): readonly string[] =>
  name
    .slice(name.indexOf('.') + 1)
    .split(/[^a-zA-Z0-9]+|(?<=[a-z])(?=[A-Z])/)
    .map((each) => each.toLowerCase())
    .filter((each) => each !== '');

/** Tools that do the same kind of thing, the likeliest by name first; how many words they share. */
function candidates(
  action: string,
  effect: LabelledTool['effect'],
  tools: readonly LabelledTool[],
): readonly { readonly tool: string; readonly shared: number }[] {
  const own = wordsOf(action);
  return tools
    .filter((each) => each.effect === effect)
    .map((each) => ({
      tool: each.tool,
      shared: wordsOf(each.tool).filter((word) => own.includes(word)).length,
    }))
    .toSorted((a, b) => b.shared - a.shared || (a.tool < b.tool ? -1 : 1));
}

const shownMax = 6;

/** The binding to be filled in: every choice with what it means, and what it could be. */
export function proposal(pack: Pack, tools: readonly LabelledTool[]): string {
  const lines = [
    `# Binds the pack ${pack.pack} to your tools. Write what each is called here in place of \`${blank}\`, or \`${none}\` where there`,
    '# is nothing like it; then run the same command again.',
    `pack: ${pack.pack}`,
    `version: ${pack.version}`,
    'outcome:',
    `  outcome: ${pack.pack}`,
    `  statement: ${scalar(pack.statement)}`,
    `  owner: "${blank}"                # the one person who answers for it, as name@domain`,
    `  at-stake: { amount: "${blank}", currency: ${pack.currency} }`,
  ];
  const functions = Object.entries(pack.functions ?? {});
  if (functions.length > 0) lines.push('functions:');
  for (const [name, is] of functions) lines.push(...comment(is, 2), `  ${name}: ${name}`);
  const values = Object.entries(pack.values ?? {});
  if (values.length > 0) lines.push('values:');
  for (const [name, { is, default: own }] of values) lines.push(...comment(is, 2), `  ${name}: ${own}`);
  lines.push('actions:');
  for (const [name, { does, effect, args = {}, result = {} }] of Object.entries(pack.actions)) {
    const all = candidates(name, effect, tools);
    const [best] = all;
    const isLikely = best !== undefined && best.shared * 2 >= wordsOf(name).length;
    const others = all.slice(0, shownMax).filter((each) => !isLikely || each !== best);
    const could =
      others.length === 0
        ? `no other tool of yours is labelled \`${effect}\``
        : `${isLikely ? 'or' : 'perhaps'} ${others.map((each) => each.tool).join(', ')}`;
    lines.push(...comment(`${does} (${effect}); ${could}`, 2), `  ${name}:`);
    lines.push(`    tool: ${isLikely ? scalar(best.tool) : `"${blank}"`}`);
    for (const [part, all] of [
      ['args', args],
      ['result', result],
    ] as const)
      if (Object.keys(all).length > 0)
        lines.push(
          `    ${part}:`,
          ...Object.entries(all).flatMap(([each, is]) => [...comment(is, 6), `      ${each}: "${blank}"`]),
        );
  }
  return `${lines.join('\n')}\n`;
}

const scalar = (value: unknown): string => stringify(value, { lineWidth: 0 }).trimEnd();
const comment = (said: string, indent: number): readonly string[] =>
  said.split(/\r\n|[\r\n\u0085\u2028\u2029]/).map((line) => `${' '.repeat(indent)}# ${line}`);

export type LoadedBinding =
  | { readonly binding: Binding; readonly values: Values }
  | { readonly problems: readonly Problem[] };

/** Reads a binding; what it must agree on with its pack is checked here too. */
export function readBinding(file: string, pack: Pack): LoadedBinding {
  const read = readConforming(file, () => bindingSchema);
  if ('problems' in read) return read;
  const { value: binding, document } = read;
  const found: Problem[] = [];
  const at = (place: readonly string[], problem: string, remedy: string) =>
    found.push(document.problem(place, 'value', { problem, remedy }));
  if (binding.pack !== pack.pack)
    at(['pack'], `this binds ${binding.pack}`, `write ${pack.pack}, or bind that pack`);
  if (binding.version !== pack.version)
    at(
      ['version'],
      `this was written for version ${binding.version}, the pack is ${pack.version}`,
      `read \`surety pack show ${pack.pack}\`, then write ${pack.version}`,
    );
  agree(pack, binding, at);
  return found.length > 0 ? { problems: found } : { binding, values: { ...(binding.values ?? {}) } };
}

type At = (place: readonly string[], problem: string, remedy: string) => void;

function agree(pack: Pack, binding: Binding, at: At): void {
  const fillIn = (place: readonly string[], written: unknown, is: string) => {
    if (written === blank) at(place, 'is not filled in yet', is);
  };
  const known = (place: readonly string[], name: string, all: object) => {
    if (!Object.hasOwn(all, name))
      at([...place, name], 'is not in the pack', `there are: ${Object.keys(all).join(', ')}`);
  };
  fillIn(['outcome', 'owner'], binding.outcome.owner, 'write who answers for it, as name@domain');
  fillIn(
    ['outcome', 'at-stake', 'amount'],
    binding.outcome['at-stake'].amount,
    'write how much money is at stake, in major units',
  );
  for (const [name, written] of Object.entries(binding.functions ?? {})) {
    known(['functions'], name, pack.functions ?? {});
    fillIn(['functions', name], written, 'write one of the `functions` of your people');
  }
  for (const name of Object.keys(binding.values ?? {})) known(['values'], name, pack.values ?? {});
  for (const [name, written] of Object.entries(binding.actions)) {
    const action = Object.hasOwn(pack.actions, name) ? pack.actions[name] : undefined;
    if (action === undefined) {
      known(['actions'], name, pack.actions);
      continue;
    }
    fillIn(['actions', name, 'tool'], written.tool, `write the tool that ${action.does}, or \`${none}\``);
    for (const part of ['args', 'result'] as const)
      for (const [member, where] of Object.entries(written[part] ?? {})) {
        known(['actions', name, part], member, action[part] ?? {});
        if (written.tool !== none && written.tool !== blank)
          fillIn(
            ['actions', name, part, member],
            where,
            `write which member it is: ${action[part]?.[member] ?? ''}, or \`${none}\``,
          );
      }
  }
}

function meaningOf({ actions }: Pick<Binding, 'actions'>): Meaning {
  const places = (written: Readonly<Record<string, string>> = {}) =>
    new Map(
      Object.entries(written).flatMap(([name, where]) =>
        where === none ? [] : [[name, where.split('.')] as const],
      ),
    );
  return new Map(
    Object.entries(actions).flatMap(([name, written]) =>
      written.tool === none || written.tool === blank
        ? []
        : [
            [
              name,
              { tool: written.tool, args: places(written.args), result: places(written.result) },
            ] as const,
          ],
    ),
  );
}

export interface BoundControl {
  readonly control: Tested;
  readonly checkpoint: Checkpoint;
}

export interface Bound {
  readonly controls: readonly BoundControl[];
  /** Controls that nothing here can be bound to, each with why. */
  readonly left: readonly { readonly ref: string; readonly title: string; readonly text: string }[];
  /** Tests of bound checkpoints that answer otherwise than their author says: then nothing is written. */
  readonly failed: ReturnType<typeof testPack>;
}

/**
 * The pack's checkpoints in somebody's words. The pack's tests are run on them at the pack's own values, for which they were
 * written; `chosen` is the pack with the binding's values, which go into the file.
 */
export function bindPack(pack: Pack, chosen: Pack, binding: Pick<Binding, 'actions' | 'functions'>): Bound {
  const meaning = meaningOf(binding);
  const functions = binding.functions ?? {};
  const bound = (control: Tested): Checkpoint => {
    const { approve, ...rest } = renameCheckpoint(control.checkpoint, meaning);
    if (approve === undefined) return rest;
    const own = (name: string) => functions[name] ?? name;
    const { escalate } = approve;
    const later = escalate && { escalate: { ...escalate, function: own(escalate.function) } };
    return { ...rest, approve: { ...approve, function: own(approve.function), ...later } };
  };
  const controls: BoundControl[] = [];
  const left: { ref: string; title: string; text: string }[] = [];
  for (const control of testedIn(chosen))
    try {
      controls.push({ control, checkpoint: bound(control) });
    } catch (error) {
      if (!(error instanceof Unbound)) throw error;
      left.push({ ref: control.ref, title: control.title, text: error.message });
    }
  const refs = new Set(controls.map(({ control }) => control.ref));
  const results = testPack(
    pack,
    (control, test) => [
      bound(control),
      withFunctions(renameTest(test, control.checkpoint.before, meaning), functions),
    ],
    testedIn(pack).filter(({ ref }) => refs.has(ref)),
  );
  return { controls, left, failed: results.filter(({ ok }) => !ok) };
}

const withFunctions = (
  test: ReturnType<typeof renameTest>,
  functions: Readonly<Record<string, string>>,
): ReturnType<typeof renameTest> => ({
  ...test,
  ...(test.approvals === undefined
    ? {}
    : {
        approvals: test.approvals.map((each) => ({
          ...each,
          ...(each.function === undefined ? {} : { function: functions[each.function] ?? each.function }),
        })),
      }),
});

/** The outcome file: each checkpoint with where it comes from. */
export function outcomeText(pack: Pack, binding: Binding, { controls, left }: Bound, from: string): string {
  const { outcome } = binding;
  const head = [
    `# Made by \`surety pack bind ${pack.pack}\` (version ${pack.version}) from ${from}. Read it: from here on it is yours.`,
    '# Checks informed by the sources that each names; not legal advice, and no certificate of anything.',
  ];
  const body = controls.flatMap(({ control, checkpoint }) => [
    ...comment(`${control.ref} ${control.title}. ${control.because}`, 2),
    ...comment(`Source: ${control.source.join('; ')}. As of ${control['as-of']}.`, 2),
    ...(control.beyond === undefined ? [] : comment(`Not said here: ${control.beyond}`, 2)),
    ...stringify([checkpoint], { lineWidth: 110, aliasDuplicateObjects: false })
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ]);
  const rest = left.map(({ ref, title, text: why }) => `# left out: ${ref} ${title}: ${why}`);
  return `${[...head, stringify(outcome, { lineWidth: 110, aliasDuplicateObjects: false }).trimEnd(), 'checkpoints:', ...body, ...rest].join('\n')}\n`;
}
