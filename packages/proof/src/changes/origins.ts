// What of a change of origins narrows: who vouches for fewer fields of a result, and arguments that may come from fewer
// origins. Where a file says nothing, the default stands, and is compared.

import { allowedFor, type ResultLabels } from '../origins/index.ts';
import {
  addable,
  type Compare,
  equal,
  isSame,
  type Members,
  mapOf,
  type Relation,
  stricter,
  subset,
  together,
} from './relation.ts';

const mapIn = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

type Rule = Readonly<Record<string, readonly string[]>>;

/** Of one tool. An argument that is no longer named weakens: it was asked for whatever it was. */
const originRule: Compare = (before, after) => {
  const [old, next] = [mapIn(before) as Rule, mapIn(after) as Rule];
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  return together(
    Array.from(names, (name): Relation => {
      if (!Object.hasOwn(next, name)) return 'weakens';
      const isNew = !Object.hasOwn(old, name);
      if (isNew && next[name]?.includes('text') === true) return 'weakens';
      const path = name.split('.');
      const relation = subset(allowedFor(old, path), allowedFor(next, path));
      return isNew && relation === 'same' ? 'narrows' : relation;
    }),
  );
};

export const originRules = mapOf(originRule);

const trust = stricter('record', 'directory', 'outsider-identity', 'outsider-text');
const unlabelled = { is: 'outsider-text' } as const;
const classOf = addable(equal);

/** A field without a label is an outsider's; unless a path with `*` reaches it, which then speaks for what is gone. */
export const results: Compare = (before, after) => {
  const [old, next] = [mapIn(before) as ResultLabels, mapIn(after) as ResultLabels];
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  const isWide = Object.keys(next).some((name) => name.split('.').includes('*'));
  return together(
    Array.from(names, (name): Relation => {
      const [was, is] = [old, next].map((each) => (Object.hasOwn(each, name) ? each[name] : undefined));
      if (is === undefined && isWide) return 'weakens';
      const relations = [
        trust((was ?? unlabelled).is, (is ?? unlabelled).is),
        classOf(was?.class, is?.class),
      ];
      return isSame(was, is) ? 'same' : together(relations);
    }),
  );
};

/** What nobody says is `deny`. */
const mode = stricter('observe', 'deny');
export const originRuleMode: Compare = (before, after) => mode(before ?? 'deny', after ?? 'deny');
