// Which origins an argument may have. What an outcome says of it counts; what it says nothing of must come from the user,
// a record, or what can be computed from them. Free text may be anything, but for the addresses, links and account
// numbers in it. Yes, no and nothing have no origin, and need none unless the outcome names their argument.

import type { OutcomeDeclared } from '../facts.ts';
import { entitiesIn, isLeaf } from '../normalisers/index.ts';
import { pointerToken } from '../values/json.ts';
import { type Certificate, type Origin, origins } from './certificate.ts';

/** Origins, and `text` for what is free. */
export type Allowed = readonly string[];

const ordinary: Allowed = ['computed', 'record', 'user'];
/** Prose by its name. What tools run (`command`, `code`, `query`) is none, nor is `content`, which may be a file. */
const prose = new Set(
  'subject title description body message note notes comment comments summary'.split(' '),
);

/** What an argument may be where the outcome names its tool and not the argument. */
export const allowedByDefault = (name: string): Allowed =>
  prose.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ? [...ordinary, 'text'] : ordinary;

type OriginRule = OutcomeDeclared['arguments'][string];

/** The closest name on the way to it that the outcome says something of; lists are gone through. */
export function allowedFor(rule: OriginRule, names: readonly string[]): Allowed {
  for (let length = names.length; length > 0; length -= 1) {
    const name = names.slice(0, length).join('.');
    if (Object.hasOwn(rule, name)) return rule[name] as Allowed;
  }
  return allowedByDefault(names.join('.'));
}

/** What of a call must have an origin. */
export interface Wanted {
  readonly argument: string;
  readonly part?: readonly [number, number];
  readonly allowed: readonly string[];
}

/** More arguments than this have no origin, and so pass no rule. */
export const wantedMax = 256;

/** Everything in these arguments that has to have an origin, in their order. */
export function wantedIn(rule: OriginRule, args: unknown): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const walk = (at: unknown, argument: string, names: readonly string[]): void => {
    if (wanted.length > wantedMax) return;
    const allowed = allowedFor(rule, names);
    if (typeof at === 'object' && at !== null) {
      const isList = Array.isArray(at);
      for (const [name, member] of Object.entries(at))
        walk(member, `${argument}/${pointerToken(name)}`, isList ? names : [...names, name]);
    } else if (!isLeaf(at)) {
      if (isNamed(rule, names)) wanted.push({ argument, allowed });
    } else if (!allowed.includes('text') || typeof at !== 'string') wanted.push({ argument, allowed });
    else for (const part of entitiesIn(at)) wanted.push({ argument, part, allowed });
  };
  walk(args, '', []);
  return wanted;
}

const isNamed = (rule: OriginRule, names: readonly string[]): boolean =>
  names.some((_, at) => Object.hasOwn(rule, names.slice(0, at + 1).join('.')));

/** Names a certificate within its call. */
export const nameOf = ({ argument, part }: Pick<Certificate, 'argument' | 'part'>): string =>
  part === undefined ? argument : `${argument}@${part[0]}-${part[1]}`;

export const isAllowed = ({ allowed }: Wanted, origin: Origin): boolean => allowed.includes(origin);

/** True of a list that lets everything pass: nothing has to be looked for. */
export const letsAll = (allowed: Allowed): boolean => origins.every((each) => allowed.includes(each));
