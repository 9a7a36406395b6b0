// A DCR graph (dynamic condition response) as checkpoints: what can be said as such is, and everything else is named.
// Nothing is approximated. A graph is about one case, and an event is a call that settled without error.
// Semantics: Hildebrandt and Mukkamala, Declarative event-based workflow as distributed dynamic condition response graphs.

import { z } from 'zod';
import type { Checkpoint } from './checkpoint.ts';
import { readConforming } from './conforming.ts';
import type { Problem } from './problem.ts';
import { duration, text, tool } from './words.ts';

const flag = z.boolean({ error: 'is neither true nor false\nwrite true or false' }).optional();
export const dcrGraph = z.strictObject({
  events: z.array(
    z.strictObject({ id: text, tool: tool.optional(), included: flag, pending: flag, executed: flag }),
  ),
  relations: z.array(
    z.strictObject({
      type: z.enum(['condition', 'response', 'include', 'exclude', 'milestone']),
      source: text,
      target: text,
      deadline: duration.optional(),
      delay: duration.optional(),
    }),
  ),
});
export type DcrGraph = z.infer<typeof dcrGraph>;
type Relation = DcrGraph['relations'][number];

export interface Imported {
  readonly checkpoints: readonly Checkpoint[];
  /** What no checkpoint says, each in a sentence, with the event that it would have guarded. */
  readonly left: readonly { readonly event: string; readonly text: string }[];
}

type Require = Exclude<Checkpoint['require'], undefined>;
type Items = Extract<Require, readonly unknown[]>;
type Forbid = NonNullable<Checkpoint['forbid']>;

const same = ['case' as const];
const sayOf = ({ type, source, target }: Relation): string => `${type} ${source} -> ${target}`;

/** Reads a graph (JSON, or the same as YAML), with the place of each mistake. */
export function loadDcr(
  file: string,
): { readonly graph: DcrGraph } | { readonly problems: readonly Problem[] } {
  const read = readConforming(file, () => dcrGraph);
  return 'problems' in read ? read : { graph: read.value };
}

/** `server` is that of events whose tool is not said. */
export function importDcr({ events, relations }: DcrGraph, server: string): Imported {
  return new Import(events, relations, server).made;
}

class Import {
  readonly #events: ReadonlyMap<string, DcrGraph['events'][number]>;
  readonly #relations: readonly Relation[];
  readonly #server: string;
  readonly #left: { event: string; text: string }[] = [];

  constructor(events: DcrGraph['events'], relations: readonly Relation[], server: string) {
    this.#events = new Map(events.map((each) => [each.id, each]));
    this.#server = server;
    this.#relations = relations.filter((each) => this.#isKnown(each));
    for (const { id } of events)
      if (!tool.safeParse(this.#toolOf(id)).success) this.#leave(id, `\`${this.#toolOf(id)}\` is no tool`);
  }

  get made(): Imported {
    const checkpoints = [...this.#events.keys()].flatMap((event) => this.#guard(event));
    return { checkpoints, left: this.#left };
  }

  #isKnown(relation: Relation): boolean {
    const unknown = [relation.source, relation.target].find((each) => !this.#events.has(each));
    if (unknown !== undefined)
      this.#leave(relation.target, `${sayOf(relation)}: there is no event \`${unknown}\``);
    return unknown === undefined;
  }

  #leave(event: string, why: string): void {
    this.#left.push({ event, text: why });
  }

  #toolOf(id: string): string {
    return this.#events.get(id)?.tool ?? `${this.#server}.${id}`;
  }

  #into(type: Relation['type'], target: string): readonly Relation[] {
    return this.#relations.filter((each) => each.type === type && each.target === target);
  }

  #calls(sources: readonly string[]) {
    return [...new Set(sources)].map((each) => ({ call: this.#toolOf(each), same }));
  }

  /** Those that exclude it; an event that does both to another includes it. */
  #exclude(event: string): readonly string[] {
    const includers = this.#into('include', event).map(({ source }) => source);
    const sources = this.#into('exclude', event).map(({ source }) => source);
    return [...new Set(sources)].filter((each) => !includers.includes(each));
  }

  /** Excluded at the start or later: then what waits for it waits no longer, which no checkpoint can say. */
  #isAlwaysIn(event: string): boolean {
    return this.#events.get(event)?.included !== false && this.#exclude(event).length === 0;
  }

  #guard(event: string): readonly Checkpoint[] {
    const require: Items = [];
    const forbid: Forbid = [];
    this.#inclusion(event, require, forbid);
    for (const each of this.#into('condition', event)) this.#condition(each, require);
    for (const each of this.#into('milestone', event)) this.#milestone(each, require, forbid);
    const afterwards = this.#responses(event);
    if (require.length + forbid.length + afterwards.length === 0) return [];
    const id = `dcr-${event.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}`.slice(0, 64);
    return [
      {
        ...{ id, before: this.#toolOf(event) },
        ...(require.length === 0 ? {} : { require }),
        ...(forbid.length === 0 ? {} : { forbid }),
        ...(afterwards.length === 0 ? {} : { afterwards }),
      },
    ];
  }

  #inclusion(event: string, require: Items, forbid: Forbid): void {
    const includers = this.#calls(this.#into('include', event).map(({ source }) => source));
    const excluders = this.#calls(this.#exclude(event));
    if (this.#events.get(event)?.included !== false) {
      const until = includers.length === 0 ? {} : { until: includers };
      forbid.push(...excluders.map((each) => ({ ...each, ...until })));
    } else if (includers.length === 0)
      this.#leave(event, `nothing includes \`${event}\`: take its tool from the agents`);
    else {
      require.push({ as: 'included', any: includers });
      forbid.push(...excluders.map((each) => ({ ...each, since: 'included' })));
    }
  }

  #condition(relation: Relation, require: Items): void {
    const { source, target, delay } = relation;
    if (!this.#isAlwaysIn(source))
      return this.#leave(
        target,
        `${sayOf(relation)}: \`${source}\` can be excluded, and would then not be waited for`,
      );
    // With a delay it would count from the start, which has no time.
    if (this.#events.get(source)?.executed === true) {
      if (delay !== undefined) this.#leave(target, `${sayOf(relation)}: nobody knows when it happened`);
      return;
    }
    require.push({ call: this.#toolOf(source), same, ...(delay === undefined ? {} : { after: delay }) });
  }

  #milestone(relation: Relation, require: Items, forbid: Forbid): void {
    const { source, target } = relation;
    if (!this.#isAlwaysIn(source))
      return this.#leave(
        target,
        `${sayOf(relation)}: \`${source}\` can be excluded, and would then not be waited for`,
      );
    const [call] = this.#calls([source]);
    if (call === undefined) return;
    if (this.#events.get(source)?.pending === true) require.push(call);
    for (const each of this.#calls(this.#into('response', source).map((response) => response.source)))
      forbid.push({ ...each, until: [call] });
  }

  #responses(event: string): NonNullable<Checkpoint['afterwards']> {
    return this.#relations.flatMap((relation) => {
      const { type, source, target, deadline } = relation;
      if (type !== 'response' || source !== event) return [];
      const why =
        deadline === undefined
          ? 'without a deadline it is never too late'
          : this.#isAlwaysIn(target)
            ? undefined
            : `\`${target}\` can be excluded, and would then not be due`;
      if (why === undefined) return [{ call: this.#toolOf(target), same, within: deadline ?? '' }];
      this.#left.push({ event: '', text: `${sayOf(relation)}: ${why}` });
      return [];
    });
  }
}
