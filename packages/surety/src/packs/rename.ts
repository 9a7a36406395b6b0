// A checkpoint and its tests said again with somebody's own tools and arguments. Only names change: what the rule asks
// stays as its author tested it, and the author's tests are run once more on what comes out.

import { type Token, tokens } from '@surety/proof/rules';
import type { Checkpoint, Given, Test } from './pack.ts';

/** Where the values of one of the pack's actions are in a real tool: for each of its names, a path. */
export interface Meant {
  readonly tool: string;
  readonly args: ReadonlyMap<string, readonly string[]>;
  readonly result: ReadonlyMap<string, readonly string[]>;
}

/** By the pack's own name of the action. */
export type Meaning = ReadonlyMap<string, Meant>;

/** Something that the checkpoint needs has no counterpart, or is written in a way that cannot be renamed. */
export class Unbound extends Error {}

type Part = 'args' | 'result';

function meantBy(meaning: Meaning, action: string): Meant {
  const meant = meaning.get(action);
  if (meant === undefined) throw new Unbound(`there is no tool for \`${action}\``);
  return meant;
}

function placeOf(meant: Meant, action: string, part: Part, name: string): readonly string[] {
  const path = meant[part].get(name);
  if (path === undefined) throw new Unbound(`\`${action}\` has nothing for \`${part}.${name}\``);
  return path;
}

/** What the names at the beginning of a path stand for: `prior` and the like for a call, `args` for a part of one. */
interface Roots {
  readonly calls: ReadonlyMap<string, string>;
  readonly own: string;
  readonly hasResult: boolean;
}

/** Throws `Unbound` where a path cannot be renamed; `RuleError` for text that is no rule. */
function renameRule(source: string, { calls, own, hasResult }: Roots, meaning: Meaning): string {
  const all = tokens(source);
  let text = '';
  let copied = 0;
  for (let at = 0; at < all.length; at += 1) {
    const { is, text: root } = all[at] as Token;
    if (is !== 'word' || isSign(all[at - 1], '.')) continue;
    const isOwn = root === 'args' || (root === 'result' && hasResult);
    const action = isOwn ? own : calls.get(root);
    if (action === undefined) continue;
    const partAt = isOwn ? at : at + 2;
    const part = all[partAt]?.text;
    // What a call was worth is called so everywhere.
    if (!isOwn && part === 'money' && isSign(all[at + 1], '.')) continue;
    const [dot, name] = [all[partAt + 1], all[partAt + 2]];
    const isPath = isOwn || isSign(all[at + 1], '.');
    if (!isPath || (part !== 'args' && part !== 'result') || !isSign(dot, '.') || name?.is !== 'word')
      throw new Unbound(
        `\`${source}\` names \`${root}\` otherwise than as \`${isOwn ? '' : `${root}.`}args.name\``,
      );
    const path = placeOf(meantBy(meaning, action), action, part, name.text);
    text += source.slice(copied, (dot as Token).offset) + path.map(memberOf).join('');
    copied = name.offset + name.text.length;
    at = partAt + 2;
  }
  return text + source.slice(copied);
}

const isSign = (token: Token | undefined, sign: string): boolean =>
  token?.is === 'sign' && token.text === sign;

/** Words that the language keeps for itself cannot stand after a point. */
const kept = new Set(['in', 'true', 'false', 'null']);
const memberOf = (name: string): string =>
  /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !kept.has(name) ? `.${name}` : `[${JSON.stringify(name)}]`;

type Sought = { readonly call?: string | undefined; readonly where?: string | undefined };

/** Throws `Unbound` if something that it needs has no counterpart. */
export function renameCheckpoint(checkpoint: Checkpoint, meaning: Meaning): Checkpoint {
  const { before, when, require, forbid, limit, afterwards, once } = checkpoint;
  const named = new Map<string, string>();
  const rule = (source: string, calls: ReadonlyMap<string, string>, hasResult = false): string =>
    renameRule(source, { calls, own: before, hasResult }, meaning);
  const sought = <S extends Sought>(each: S, root: 'prior' | 'next' = 'prior', otherwise = ''): S => {
    const action = each.call ?? otherwise;
    const calls = new Map([...named, [root, action] as const]);
    return {
      ...each,
      ...(each.call === undefined ? {} : { call: meantBy(meaning, each.call).tool }),
      ...(each.where === undefined ? {} : { where: rule(each.where, calls, root === 'next') }),
    };
  };
  const item = (each: Exclude<NonNullable<typeof require>, readonly unknown[]>): typeof each => {
    const any = each.any?.map((one) => sought(one));
    const renamed = { ...sought(each), ...(any === undefined ? {} : { any }) };
    const actions = new Set(
      [each.call, ...(each.any ?? []).map(({ call }) => call)].filter((call) => call !== undefined),
    );
    const [first = ''] = actions;
    // Of several tools under one name nobody could say where its arguments are.
    if (each.as !== undefined && actions.size > 1)
      throw new Unbound(`\`${each.as}\` stands for several tools`);
    if (each.as !== undefined) named.set(each.as, first);
    return renamed;
  };
  return {
    ...checkpoint,
    before: meantBy(meaning, before).tool,
    ...(when === undefined ? {} : { when: rule(when, named) }),
    ...(require === undefined ? {} : { require: Array.isArray(require) ? require.map(item) : item(require) }),
    ...(forbid === undefined
      ? {}
      : {
          forbid: forbid.map((each) => ({
            ...sought(each),
            ...(each.until === undefined ? {} : { until: each.until.map((end) => sought(end)) }),
          })),
        }),
    ...(limit === undefined
      ? {}
      : {
          limit: limit.map((each) => ({
            ...sought(each, 'prior', before),
            ...(each.sum === undefined
              ? {}
              : { sum: rule(each.sum, new Map([['prior', each.call ?? before]])) }),
          })),
        }),
    ...(afterwards === undefined ? {} : { afterwards: afterwards.map((each) => sought(each, 'next')) }),
    ...(once === undefined ? {} : { once: once.map((path) => renamePath(path, before, meaning)) }),
  };
}

function renamePath(path: string, action: string, meaning: Meaning): string {
  const [, name = '', ...below] = path.split('.');
  return ['args', ...placeOf(meantBy(meaning, action), action, 'args', name), ...below].join('.');
}

/** The test with its values where the real tools have them. Calls of tools that there are none of did not happen. */
export function renameTest(test: Test, before: string, meaning: Meaning): Test {
  const call = <G extends Pick<Given, 'call' | 'args' | 'result'>>(given: G): G[] => {
    const meant = meaning.get(given.call);
    if (meant === undefined) return [];
    const { args, result } = given;
    return [
      {
        ...given,
        call: meant.tool,
        ...(args === undefined ? {} : { args: placed(args, meant.args) }),
        ...(result === undefined ? {} : { result: placed(result, meant.result) }),
      },
    ];
  };
  const own = meantBy(meaning, before);
  return {
    ...test,
    ...(test.given === undefined ? {} : { given: test.given.flatMap(call) }),
    ...(test.followed === undefined ? {} : { followed: test.followed.flatMap(call) }),
    ...(test.result === undefined ? {} : { result: placed(test.result, own.result) }),
    call: { ...test.call, args: placed(test.call.args, own.args) },
  };
}

/** Values that the pack gives no name stay where they are. */
function placed(
  values: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, readonly string[]>,
): Record<string, unknown> {
  const all: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(values)) put(all, places.get(name) ?? [name], value);
  return all;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...below] = path;
  if (below.length === 0) into[name] = value;
  else {
    const next = (into[name] as Record<string, unknown> | undefined) ?? Object.create(null);
    into[name] = next;
    put(next, below, value);
  }
}
