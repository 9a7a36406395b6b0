// The names that `surety.yaml` declares, read from whatever conforms or not: a mistake in one entry must
// not make every mention of it elsewhere look like a second mistake.

import type { Document, Path } from './document.ts';
import type { Finding, Problem, Severity } from './problem.ts';
import { closest, quote } from './problem.ts';

interface ToolName {
  readonly effect: string | undefined;
  readonly hasMoney: boolean;
}

interface PersonName {
  readonly functions: readonly string[];
  readonly keyCount: number;
}

export interface Names {
  readonly servers: ReadonlySet<string>;
  readonly tools: ReadonlyMap<string, ToolName>;
  readonly people: ReadonlyMap<string, PersonName>;
  /** Record systems, and whether their money columns are labelled. */
  readonly records: ReadonlyMap<string, boolean>;
  /** Whom something tells of a breach: everybody, by mail, or those whose webhook it is. */
  readonly told: ReadonlySet<string> | 'everybody';
  /** Somebody vouches for some field of some result. */
  readonly isVouched: boolean;
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function namesIn({ value }: Document): Names {
  const tools = Object.entries(membersOf(value['tools'])).map(([name, label]) => {
    const { effect, money } = membersOf(label);
    // A `spend` tool without money is one mistake, and reported where it stands.
    const hasMoney = money !== undefined || effect === 'spend';
    return [name, { effect: typeof effect === 'string' ? effect : undefined, hasMoney }] as const;
  });
  const people = itemsOf(value['people']).map((each) => {
    const { id, functions, keys } = membersOf(each);
    return [
      String(id),
      { functions: itemsOf(functions).map(String), keyCount: itemsOf(keys).length },
    ] as const;
  });
  const records = Object.entries(membersOf(value['records'])).map(
    ([name, each]) => [name, membersOf(each)['money'] !== undefined] as const,
  );
  return {
    servers: new Set(Object.keys(membersOf(value['servers']))),
    tools: new Map(tools),
    people: new Map(people),
    records: new Map(records),
    told: toldIn(membersOf(value['notify'])),
    isVouched: Object.values(membersOf(value['tools'])).some((label) =>
      Object.values(membersOf(membersOf(label)['results'])).some((each) =>
        ['record', 'directory'].includes(String(typeof each === 'string' ? each : membersOf(each)['is'])),
      ),
    ),
  };
}

function toldIn({ mail, webhooks }: Readonly<Record<string, unknown>>): Names['told'] {
  if (mail !== undefined) return 'everybody';
  const own = Object.values(membersOf(webhooks)).map(membersOf);
  const ofBreaches = own.filter(({ of }) => of === undefined || itemsOf(of).includes('breach'));
  return new Set(ofBreaches.map(({ person }) => String(person)));
}

/** The label of a tool: its own, else its server's default. */
export const labelOf = (names: Names, tool: string): ToolName | undefined =>
  names.tools.get(tool) ?? names.tools.get(`${tool.slice(0, tool.indexOf('.'))}.*`);

/** Collects what is wrong with one document. */
export class Findings {
  readonly document: Document;
  readonly problems: Problem[];
  /** No names are known, because `surety.yaml` could not be read: any name may be declared there. */
  readonly #isLenient: boolean;

  constructor(document: Document, isLenient = false) {
    this.document = document;
    this.problems = [...document.problems];
    this.#isLenient = isLenient;
  }

  add(
    path: Path,
    problem: string,
    remedy: string,
    at: 'key' | 'value' = 'value',
    severity: Severity = 'error',
  ): void {
    const finding: Finding = { problem, remedy, severity };
    this.problems.push(this.document.problem(path, at, finding));
  }

  warn(path: Path, problem: string, remedy: string): void {
    this.add(path, problem, remedy, 'key', 'warning');
  }

  /** True if the name is one of those declared; else says so, with the one that was probably meant. */
  declared(
    path: Path,
    what: string,
    name: string,
    known: Iterable<string>,
    place: string,
    at: 'key' | 'value' = 'value',
  ): boolean {
    const names = [...known];
    if (this.#isLenient || names.includes(name)) return true;
    const meant = closest(name, names);
    const remedy = meant === undefined ? `declare it under ${place}` : `did you mean \`${meant}\`?`;
    this.add(path, `${what} ${quote(name)} is not declared`, remedy, at);
    return false;
  }
}
