// What the calls of a checkpoint must agree on: tools that are labelled, ages that can be, names that stand for a call.

import { takenNames } from '@surety/proof/rules';
import { checkDuration } from './agreement.ts';
import type { Checkpoint, Requirement } from './checkpoint.ts';
import type { Path } from './document.ts';
import { checkTool } from './mention.ts';
import type { Findings, Names } from './names.ts';
import { quote } from './problem.ts';
import { durationMs } from './words.ts';

type Sought = {
  readonly call?: string | undefined;
  readonly within?: string | undefined;
  readonly after?: string | undefined;
};

/** Each requirement with its place: one alone, or a list. */
export function requirementsIn(
  path: Path,
  { require }: Checkpoint,
): [place: Path, requirement: Requirement][] {
  if (require === undefined) return [];
  if (!Array.isArray(require)) return [[[...path, 'require'], require]];
  const places: [Path, Requirement][] = [];
  require.forEach((each, index) => {
    places.push([[...path, 'require', index], each]);
  });
  return places;
}

/** The calls that one requirement looks for, each with its place. */
export function callsIn(
  place: Path,
  requirement: Requirement,
): [place: Path, sought: Sought & { where?: string | undefined }][] {
  if (requirement.any === undefined) return [[place, requirement]];
  const places: [Path, Sought & { where?: string | undefined }][] = [];
  requirement.any.forEach((each, index) => {
    places.push([[...place, 'any', index], each]);
  });
  return places;
}

function checkSought(found: Findings, place: Path, { call, within, after }: Sought, names: Names): void {
  if (call !== undefined) checkTool(found, [...place, 'call'], call, names);
  checkDuration(found, [...place, 'within'], within);
  checkDuration(found, [...place, 'after'], after);
  if (within !== undefined && after !== undefined && durationMs(after) > durationMs(within))
    found.add(
      [...place, 'after'],
      'nothing is older than `after` and younger than `within`',
      'make `within` longer',
    );
}

export function checkRequired(found: Findings, path: Path, checkpoint: Checkpoint, names: Names): void {
  const known = new Set<string>();
  for (const [place, requirement] of requirementsIn(path, checkpoint)) {
    const { call, any, as, count = 1, follows } = requirement;
    const own = (['call', 'where', 'same', 'within', 'after'] as const).find(
      (key) => requirement[key] !== undefined,
    );
    if (any !== undefined && own !== undefined)
      found.add(
        [...place, own],
        `${quote(own)} and \`any\` exclude each other`,
        'write it in the items of `any`',
        'key',
      );
    if (any === undefined && call === undefined && !found.document.has([...place, 'call']))
      found.add(place, 'no call is named', 'add `call: server.tool`, or `any` with several', 'key');
    for (const [at, sought] of callsIn(place, requirement)) checkSought(found, at, sought, names);
    checkNamed(found, [...place, 'follows'], follows, known);
    if (as === undefined) continue;
    if (count > 1)
      found.add(
        [...place, 'as'],
        `${quote(as)} would stand for ${count} calls`,
        'name one call, or remove `as`',
        'key',
      );
    else if (takenNames.has(as) || known.has(as))
      found.add([...place, 'as'], `${quote(as)} stands for something else already`, 'choose another name');
    known.add(as);
  }
}

export function checkOthers(
  found: Findings,
  path: Path,
  { before, forbid, limit, apart, afterwards, approve, require }: Checkpoint,
  names: Names,
): void {
  const known = new Set((Array.isArray(require) ? require : [require]).flatMap((each) => each?.as ?? []));
  forbid?.forEach((each, index) => {
    const place = [...path, 'forbid', index];
    checkSought(found, place, each, names);
    checkNamed(found, [...place, 'since'], each.since, known);
    each.until?.forEach((end, at) => {
      checkSought(found, [...place, 'until', at], end, names);
    });
  });
  limit?.forEach((each, index) => {
    checkSought(found, [...path, 'limit', index], each, names);
    if (each.most === 0 && (each.call ?? before) === before)
      found.add(
        [...path, 'limit', index, 'most'],
        'the call itself counts, so this would always refuse',
        'write 1 or more',
      );
  });
  afterwards?.forEach((each, index) => {
    checkSought(found, [...path, 'afterwards', index], each, names);
  });
  apart?.forEach((group, index) => {
    group.forEach((role, at) => {
      const [name = ''] = role.split('.');
      const place = [...path, 'apart', index, at];
      if (name !== 'this' && name !== 'approvers') checkNamed(found, place, name, known);
      if (role === 'approvers' && approve === undefined)
        found.add(place, 'nobody is asked to approve', 'add `approve`, or remove the role');
    });
  });
}

/** A required call that other conditions mention must be called so, further up. */
function checkNamed(
  found: Findings,
  place: Path,
  name: string | undefined,
  known: ReadonlySet<string>,
): void {
  if (name === undefined || known.has(name)) return;
  const remedy =
    known.size === 0 ? 'give a required call a name with `as`' : `known here: ${[...known].join(', ')}`;
  found.add(place, `no required call is called ${quote(name)}`, remedy);
}
