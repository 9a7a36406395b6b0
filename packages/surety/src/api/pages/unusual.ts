// What is unusual about a call that waits, from the ledger alone: the same facts give the same sentences. It informs a
// person; no decision rests on it. Only the newest precedents are read, and others are served meanwhile.

import { setImmediate } from 'node:timers/promises';
import { isKind, type Money } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { majorText, moneyIn } from '@surety/proof/rules';
import { html } from 'hono/html';
import { factAt, type HoldShown, labelIn } from './holds.ts';
import { hidden, type Markup, mixesScripts } from './marks.ts';
import type { PagesDesk } from './port.ts';

export interface Unusual {
  /** Plain text; what comes from the call is escaped where it is shown. */
  readonly text: string;
}

/** With fewer, nothing can be said to be unusual. */
const precedentsMin = 5;
const leavesMax = 200;
const newAgentMs = 7 * 86_400_000;
const asksMin = 3;
/** Precedents read before others get their turn. */
const sliceMax = 20;

interface Precedent {
  readonly args: unknown;
  readonly action: string;
  readonly at: number;
  readonly call: string;
  readonly money: Money | undefined;
}

export async function unusualAbout(desk: PagesDesk, hold: HoldShown): Promise<readonly Unusual[]> {
  const precedents = await precedentsOf(desk, hold);
  return [
    ...sameAction(hold, precedents),
    ...amount(hold, precedents),
    ...values(desk, hold, precedents),
    ...writing(hold),
    ...agentOf(desk, hold),
    ...behind(desk, hold),
    ...few(hold, precedents),
  ].map((text) => ({ text }));
}

async function precedentsOf(desk: PagesDesk, { tool, position }: HoldShown): Promise<Precedent[]> {
  const found: Precedent[] = [];
  for (const [index, at] of desk.precedents.before(tool, position).entries()) {
    if (index % sliceMax === sliceMax - 1) await setImmediate();
    const { fact, find } = factAt(desk, at) ?? {};
    if (fact === undefined || find === undefined || !isKind(fact, 'call.intended')) continue;
    const { value: args, withheld } = openCommitments(fact.body.args, find);
    if (withheld > 0) continue;
    const { action, call } = fact.body;
    found.push({ args, action, call, at: fact.time, money: moneyOf(desk, tool, args) });
  }
  return found;
}

function moneyOf(desk: PagesDesk, tool: string, args: unknown): Money | undefined {
  const label = labelIn(desk, tool);
  try {
    return label && moneyIn(label, args);
  } catch {
    return undefined;
  }
}

function sameAction({ action }: HoldShown, precedents: readonly Precedent[]): string[] {
  const same = precedents.findLast((each) => each.action === action);
  if (same === undefined) return [];
  return [
    `The very same call, with the same arguments, was let through before: ${same.call}, ${instant(same.at)}.`,
  ];
}

function amount({ money, tool }: HoldShown, precedents: readonly Precedent[]): string[] {
  if (money === undefined || precedents.length < precedentsMin) return [];
  const others = precedents.flatMap((each) =>
    each.money?.currency === money.currency ? [each.money.amountMinor] : [],
  );
  if (others.length === 0) return [`No earlier call of ${tool} was in ${money.currency}.`];
  const largest = Math.max(...others);
  if (money.amountMinor <= largest) return [];
  return [
    `The amount is above every one of the last ${counted(others.length, 'call')} of ${tool} in ${money.currency} that were let through; the largest was ${amountText({ ...money, amountMinor: largest })}.`,
  ];
}

/** A value that none had, of an argument whose values usually come again. */
function values(
  desk: PagesDesk,
  { args, tool, subject }: HoldShown,
  precedents: readonly Precedent[],
): string[] {
  if (args === undefined || precedents.length < precedentsMin) return [];
  const { money, subject: labelled } = labelIn(desk, tool) ?? {};
  const amountPath = money?.amount.replace(/^args\./, '');
  const subjectPath = subject === undefined ? undefined : labelled?.path.replace(/^args\./, '');
  const earlier = Map.groupBy(
    precedents.flatMap(({ args: own }) => leaves(own)),
    ([path]) => path,
  );
  return leaves(args).flatMap(([path, value]) => {
    if (path === amountPath) return [];
    const had = (earlier.get(path) ?? []).map(([, own]) => own);
    if (had.includes(value)) return [];
    const distinct = new Set(had).size;
    const isSubject = path === subjectPath;
    if (!isSubject && (had.length < precedentsMin || distinct > had.length / 2)) return [];
    const rest = `: none of the last ${counted(precedents.length, 'call')} of ${tool} had it`;
    return [
      isSubject
        ? `It is the first time for this ${labelled?.kind}${rest}.`
        : `The argument ${path} has a new value${rest}; they had ${distinct} different ones.`,
    ];
  });
}

function leaves(value: unknown, path = ''): [path: string, value: string][] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  const found: [string, string][] = [];
  for (const [name, each] of Object.entries(value)) {
    if (found.length >= leavesMax) break;
    // Where in a list a value stands is no matter.
    found.push(...leaves(each, Array.isArray(value) ? `${path}[]` : path === '' ? name : `${path}.${name}`));
  }
  return found.slice(0, leavesMax);
}

function writing({ args }: HoldShown): string[] {
  const texts = leaves(args ?? {});
  const of = (isOdd: (text: string) => boolean) =>
    texts.flatMap(([path, text]) => (isOdd(JSON.parse(text)) ? [path] : []));
  const unseen = of((text) => typeof text === 'string' && hidden(text));
  const mixed = of((text) => typeof text === 'string' && mixesScripts(text));
  return [
    ...unseen.map(
      (path) =>
        `The argument ${path} holds characters that cannot be seen, or that reorder others; they are marked below.`,
    ),
    ...mixed.map(
      (path) => `The argument ${path} has a word with letters of different scripts, which can look alike.`,
    ),
  ];
}

function agentOf(desk: PagesDesk, { agent, at }: HoldShown): string[] {
  const first = desk.precedents.firstHeardOf(agent);
  const { today, most, days } = desk.precedents.asks(agent, at);
  return [
    ...(first !== undefined && at - first < newAgentMs
      ? [`The agent is new here: its first call was ${instant(first)}.`]
      : []),
    ...(today >= asksMin && days > 0 && today > most
      ? [
          `It is one of ${today} calls of this agent on that day that waited for people; on any of the 30 days before there were at most ${most}.`,
        ]
      : []),
  ];
}

function behind(desk: PagesDesk, { user, agentOwner }: HoldShown): string[] {
  const { personOf } = desk.people;
  if (user === undefined) return ['Nobody is named for whom the agent acts.'];
  return agentOwner !== undefined && personOf(user) === personOf(agentOwner)
    ? ['Whoever it acts for also answers for the agent: one person stands behind both.']
    : [];
}

function few({ tool }: HoldShown, { length }: readonly Precedent[]): string[] {
  if (length >= precedentsMin) return [];
  return [
    length === 0
      ? `No call of ${tool} was let through before: there is nothing to compare this one with.`
      : `Only ${counted(length, 'call')} of ${tool} ${length === 1 ? 'was' : 'were'} let through before: there is little to compare this one with.`,
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `12,400.00 USD`; a currency that this version does not know is said in minor units. */
export function amountText({ amountMinor, currency }: Money): string {
  try {
    const [whole = '', fraction] = majorText(amountMinor, currency).split('.');
    const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
    return `${grouped}${fraction === undefined ? '' : `.${fraction}`} ${currency}`;
  } catch {
    return `${amountMinor} minor units of ${currency}`;
  }
}

/** `2026-11-30 09:12 UTC`. */
/** For a text; `when` is for a page. */
export const instant = (at: number): string =>
  at <= 8.64e15 ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC` : String(at);

/** Not broken at the end of a line. */
export const when = (at: number): Markup => html`<time>${instant(at)}</time>`;
