// What a checkpoint must agree on: tools that are labelled, approvers who exist, conditions that can be judged.

import { checkDuration } from './agreement.ts';
import { checkOthers, checkRequired } from './agreement-calls.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Path } from './document.ts';
import { checkFunction, checkTool } from './mention.ts';
import { type Findings, labelOf, type Names } from './names.ts';
import { quote } from './problem.ts';

export function checkCheckpoint(found: Findings, path: Path, checkpoint: Checkpoint, names: Names): void {
  const { before, require, approve, once, within, mode } = checkpoint;
  const says = (key: string) => found.document.has([...path, key]);
  if (checkTool(found, [...path, 'before'], before, names) && labelOf(names, before)?.effect === 'read') {
    const problem = `${quote(before)} only reads: a checkpoint before it protects nothing`;
    found.add(
      [...path, 'before'],
      problem,
      'name a tool that does something, or correct its `effect`',
      'value',
      'warning',
    );
  }
  const asks = ['require', 'approve', 'forbid', 'limit', 'apart', 'afterwards'].some(says);
  if (!asks && (once ?? []).length === 0) {
    const problem = `the checkpoint ${quote(checkpoint.id)} asks for nothing, so it always passes`;
    found.add(path, problem, 'add `require`, `approve` or `once`');
  }
  checkRequired(found, path, checkpoint, names);
  checkOthers(found, path, checkpoint, names);
  checkDuration(found, [...path, 'within'], within);
  if (Array.isArray(require) && within !== undefined)
    found.add(
      [...path, 'within'],
      '`within` would be the age of which of them?',
      'write it in each item',
      'key',
    );
  if (within !== undefined && !says('require'))
    found.add(
      [...path, 'within'],
      '`within` is the age of an earlier call, and none is required',
      'add `require`, or remove it',
      'key',
    );
  if (mode === 'hold' && !says('approve'))
    found.add(
      [...path, 'mode'],
      'a held call waits for an approval, and nobody is asked for one',
      'add `approve`, or write `deny`',
    );
  if (mode === 'deny' && says('approve'))
    found.add(
      [...path, 'mode'],
      'a denied call is never held, so nobody could approve it',
      'write `hold`, or remove `approve`',
    );
  if (approve !== undefined) checkApprovers(found, [...path, 'approve'], approve, names);
}

function checkApprovers(
  found: Findings,
  path: Path,
  approve: NonNullable<Checkpoint['approve']>,
  names: Names,
): void {
  const { function: wanted, count = 1, escalate } = approve;
  if (escalate !== undefined) {
    checkFunction(found, [...path, 'escalate', 'function'], escalate.function, names);
    checkDuration(found, [...path, 'escalate', 'after'], escalate.after, 86_399_000);
    if (escalate.function === wanted)
      found.add(
        [...path, 'escalate', 'function'],
        `people of ${quote(wanted)} are asked from the start`,
        'name another function',
      );
  }
  const people = [...names.people.values()].filter((each) => each.functions.includes(wanted));
  if (people.length === 0) {
    checkFunction(found, [...path, 'function'], wanted, names);
    return;
  }
  const have = people.length === 1 ? '1 person has' : `${people.length} people have`;
  if (people.length < count) {
    const problem = `${count} must approve, but ${have} the function ${quote(wanted)}`;
    const at = found.document.has([...path, 'count']) ? 'count' : 'function';
    found.add([...path, at], problem, 'ask fewer, or add people');
    return;
  }
  const keyed = people.filter((each) => each.keyCount > 0).length;
  if (keyed < count) {
    const problem = `${count} must approve, but ${keyed} with the function ${quote(wanted)} can sign`;
    found.warn(path, problem, 'add their public keys in `people`; until then every such call stays held');
  }
}
