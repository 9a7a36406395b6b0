// What is known of the tools: nothing, what can be read from the names of their fields, or what somebody wrote after
// looking at them (`labels/<suite>.yaml`). No rule here knows a suite; labels and contracts are data.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultLabels } from '@surety/proof/origins';
import { parse } from 'yaml';
import { z } from 'zod';

const trust = z.enum(['record', 'directory', 'outsider-identity', 'outsider-text']);
export const toolLabel = z.strictObject({
  effect: z.enum(['read', 'write', 'send', 'spend', 'delete', 'grant', 'execute']),
  results: z.record(z.string(), trust).optional(),
  /** Which origins its arguments may have, where that is not the default. */
  arguments: z
    .record(z.string(), z.array(z.enum(['user', 'record', 'computed', 'untrusted', 'none', 'text'])))
    .optional(),
  /** Fields of its results that an outsider can set, whatever the labels say: what an attacker plants in. */
  outsiders: z.array(z.string()).optional(),
});
const labelFile = z.record(z.string(), toolLabel);

type ToolLabel = z.infer<typeof toolLabel>;
/** By `<suite>.<tool>`. */
export type Labels = ReadonlyMap<string, ToolLabel>;
export type ArgumentRule = Readonly<Record<string, readonly string[]>>;

const folder = join(import.meta.dirname, 'labels');

/** Throws if a suite has no labels, or its file is not one. */
export function readLabels(suites: readonly string[]): Labels {
  const labels = new Map<string, ToolLabel>();
  for (const suite of suites) {
    const path = join(folder, `${suite}.yaml`);
    if (!existsSync(path)) throw new Error(`suite \`${suite}\` has no labels\nwrite ${path}`);
    const read = labelFile.parse(parse(readFileSync(path, 'utf8')));
    for (const [tool, label] of Object.entries(read)) labels.set(`${suite}.${tool}`, label);
  }
  return labels;
}

export interface Profile {
  readonly name: string;
  readonly title: string;
  /** The application opens a case with the user's words. */
  readonly hasCase: boolean;
  results(tool: string): ResultLabels;
  arguments(tool: string): ArgumentRule;
}

/** The profiles that can be measured, in the order in which more is known. `fields` are those each tool's results have. */
export function profilesOf(
  labels: Labels,
  fields: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Profile[] {
  const none = () => ({});
  const inferred = new Map([...fields].map(([tool, paths]) => [tool, inferredLabels(paths)] as const));
  return [
    { name: 'monday', title: 'no case, no labels', hasCase: false, results: none, arguments: none },
    { name: 'unlabelled', title: 'no labels', hasCase: true, results: none, arguments: none },
    {
      name: 'inferred',
      title: 'labels by the names of fields',
      hasCase: true,
      results: (tool) => inferred.get(tool) ?? {},
      arguments: none,
    },
    reviewed(labels),
  ];
}

/** What somebody wrote who looked at them. */
export function reviewed(labels: Labels): Profile {
  const results = new Map(
    [...labels].map(([tool, { results: written = {} }]) => [
      tool,
      Object.fromEntries(Object.entries(written).map(([path, is]) => [path, { is }])) as ResultLabels,
    ]),
  );
  return {
    name: 'reviewed',
    title: 'reviewed labels and contracts',
    hasCase: true,
    results: (tool) => results.get(tool) ?? {},
    arguments: (tool) => labels.get(tool)?.arguments ?? {},
  };
}

/** By the last name of a path, as it is written in schemas everywhere. */
const byName: readonly (readonly [RegExp, ResultLabels[string]['is']])[] = [
  [
    /^(?:sender|from|author|owner|organi[sz]er|participants?|attendees?|recipients?|to|cc|bcc|shared_with)$/,
    'outsider-identity',
  ],
  [/(?:^|_)(?:id|uuid|number|iban|account|email|phone)_?$/, 'record'],
  [/(?:^|_)(?:amount|price|total|balance|quantity|count|size|currency)$/, 'record'],
  [/(?:^|_)(?:date|time|day|timestamp|modified|created|updated|at)$/, 'record'],
  [/^(?:(?:first_|last_|full_|file_?)?name|title|street|city|country|channel|status|supplier)$/, 'directory'],
];

function inferredLabels(paths: ReadonlySet<string>): ResultLabels {
  const labels: Record<string, ResultLabels[string]> = {};
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
    const is = byName.find(([pattern]) => pattern.test(name))?.[1];
    if (is !== undefined) labels[path] = { is };
  }
  return labels;
}
