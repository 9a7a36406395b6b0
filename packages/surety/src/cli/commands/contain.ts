// `surety contain`, `surety lift`, `surety drill`: stop at once what an agent, a tool, a server, a user, an outcome or
// everything does; let it go on again; and measure how long stopping takes. Each is signed by a person with a reason.

import { type ContainmentScope, containmentDefault } from '@surety/proof/facts';
import type { Config } from '../../config/index.ts';
import type { Affected } from '../../gateway/gateway.ts';
import type { ContainAnswer } from '../../governance/index.ts';
import { scopeText } from '../../perimeter/index.ts';
import { type Contained, containedIn, foldOf } from '../contained.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { functionsOf, type OrderAsked, signedOrder } from '../ordering.ts';
import { configOf, openStore } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface ContainAsked extends OrderAsked {
  readonly list?: boolean;
  readonly dryRun?: boolean;
}

export async function contain(
  terminal: Terminal,
  open: OpenDesk,
  is: ContainmentScope['is'] | undefined,
  name: string | undefined,
  asked: ContainAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  if (is === undefined) return list(terminal, config, asked);
  if (asked.list === true)
    throw new CommandError('list, or contain?', '`surety contain` alone lists what is contained', exit.usage);
  const scope = scopeOf(is, name);
  if (asked.dryRun === true) {
    const affected = await withDesk(config, terminal, open, async (desk) => desk.affected(scope));
    if (asked.json === true) terminal.out(JSON.stringify({ scope: scopeText(scope), ...affected }));
    else for (const line of affectedLines(scope, affected)) terminal.out(line);
    return exit.ok;
  }
  const wanted = { does: 'contain', scope } as const;
  const { offered, statement } = signedOrder(terminal, config, asked, wanted, functionsIn(config).order);
  const answer = await withDesk(config, terminal, open, (desk) => desk.order(offered));
  if (answer.did !== 'contain') throw otherOrder();
  if (asked.json === true) {
    const { order, inFlight, inFlightCount } = answer;
    const { person } = statement;
    terminal.out(JSON.stringify({ order, scope: scopeText(scope), person, inFlight, inFlightCount }));
  } else for (const line of containedLines(answer)) terminal.out(line);
  return exit.ok;
}

const otherOrder = () => new CommandError('another order was carried out than this');

function scopeOf(is: ContainmentScope['is'], name: string | undefined): ContainmentScope {
  if (is === 'everything') {
    if (name === undefined) return { is };
    throw new CommandError('everything has no name', 'surety contain everything', exit.usage);
  }
  if (name !== undefined) return { is, name };
  throw new CommandError(`which ${is}?`, `surety contain ${is} NAME`, exit.usage);
}

/** As the files say; what is in force decides. */
function functionsIn({ declarations }: Config): { order: readonly string[]; lift: readonly string[] } {
  for (const each of declarations) if (each.kind === 'containment.declared') return each.body;
  return containmentDefault;
}

function containedLines({ order, scope, inFlight, inFlightCount }: ContainAnswer): string[] {
  const more = inFlightCount > inFlight.length ? ` and ${inFlightCount - inFlight.length} more` : '';
  return [
    `${printable(scopeText(scope))} is contained: \`surety lift ${order}\` ends it`,
    inFlightCount === 0
      ? 'nothing was in flight'
      : `in flight when it took effect, and not called back: ${inFlight.join(', ')}${more}`,
  ];
}

function affectedLines(scope: ContainmentScope, affected: Affected): string[] {
  const { agents, tools, outcomes, inFlight, holds } = affected;
  const listed = (what: string, names: readonly string[]) =>
    `  ${what}: ${names.length === 0 ? 'none' : printable(names.join(', '))}`;
  return [
    `nothing was done; containing ${printable(scopeText(scope))} would stop`,
    listed('agents', agents),
    listed('tools', tools),
    listed(
      'outcomes',
      outcomes.map(({ outcome, owner }) => `${outcome} (${owner})`),
    ),
    listed('waiting for approval, then refused', holds),
    listed('in flight, not called back', inFlight),
  ];
}

function list(terminal: Terminal, config: Config, { json, key, reason, dryRun }: ContainAsked): Exit {
  if (key !== undefined || reason !== undefined || dryRun === true)
    throw new CommandError(
      'contain what?',
      'an agent, a tool, a server, a user, an outcome, or everything: surety contain agent NAME',
      exit.usage,
    );
  const store = openStore(config);
  try {
    const all = containedIn(store);
    if (json === true) terminal.out(JSON.stringify(all));
    else if (all.length === 0) terminal.out('nothing is contained');
    else for (const each of all) terminal.out(containedLine(each));
    return exit.ok;
  } finally {
    store.close();
  }
}

/** One that is in force, for people. */
export function containedLine({ order, scope, stops, person, verdict, since, reason }: Contained): string {
  const who = person === null ? `Surety itself, on verdict ${verdict}` : printable(person);
  const what = stops === 'everything' ? '' : ', but for reads';
  const why = reason === null ? '' : `: ${printable(reason)}`;
  return `${order ?? 'no order yet'}  ${printable(scope)} is contained${what}, by ${who} since ${since}${why}`;
}

export async function lift(
  terminal: Terminal,
  open: OpenDesk,
  order: string,
  asked: OrderAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const wanted = { does: 'lift-containment', lifts: order } as const;
  const { offered, statement } = signedOrder(terminal, config, asked, wanted, mayLift(config, order));
  const answer = await withDesk(config, terminal, open, (desk) => desk.order(offered));
  if (answer.did !== 'lift-containment') throw otherOrder();
  const scope = scopeText(answer.scope);
  if (asked.json === true)
    terminal.out(JSON.stringify({ order: answer.order, lifts: order, scope, person: statement.person }));
  else terminal.out(`${printable(order)} is lifted: ${printable(scope)} is no longer contained by it`);
  return exit.ok;
}

/** The functions whose people may lift it; of an outcome, those of its owner too. */
function mayLift(config: Config, order: string): readonly string[] {
  const store = openStore(config);
  try {
    const containments = foldOf(store);
    const found = containments.get(order);
    const owner = found && containments.ownerOf(found);
    return [...functionsIn(config).lift, ...(owner === undefined ? [] : functionsOf(config, owner))];
  } finally {
    store.close();
  }
}

export async function drill(terminal: Terminal, open: OpenDesk, asked: OrderAsked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const why = { ...asked, reason: asked.reason ?? 'A drill.' };
  const wanted = { does: 'drill-containment' } as const;
  const { offered } = signedOrder(terminal, config, why, wanted, functionsIn(config).order);
  const answer = await withDesk(config, terminal, open, (desk) => desk.order(offered));
  if (answer.did !== 'drill-containment') throw otherOrder();
  const { order, refusedUs, durableUs } = answer;
  const enforced = answer.answer === 'enforced';
  const said = enforced
    ? `contained ${msOf(refusedUs)} ms after the order, durable after ${msOf(durableUs)} ms; recorded as ${order}`
    : `not contained ${msOf(refusedUs)} ms after the order; recorded as ${order}`;
  if (asked.json === true)
    terminal.out(JSON.stringify({ order, answer: answer.answer, refusedUs, durableUs }));
  else terminal.out(said);
  return enforced ? exit.ok : exit.error;
}

const msOf = (us: number): string => (us / 1_000).toFixed(1);
