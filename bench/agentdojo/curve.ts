// Points of the curve: what the reviewed labels would ask, and let past, if somebody were stricter or laxer. Each is a
// few changes of labels and contracts, written as data (`curve.yaml`), alone and the first two, three, ... together.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Labels, toolLabel } from './profiles.ts';

const pointFile = z.record(
  z.string(),
  z.strictObject({ title: z.string(), tools: z.record(z.string(), toolLabel.partial()) }),
);
type Change = z.infer<typeof pointFile>[string]['tools'];

export interface Point {
  readonly name: string;
  readonly title: string;
  readonly labels: Labels;
}

/** Those that change a tool of these labels. */
export function curveOf(labels: Labels): readonly Point[] {
  const written = pointFile.parse(parse(readFileSync(join(import.meta.dirname, 'curve.yaml'), 'utf8')));
  const meant = Object.entries(written).filter(([, { tools }]) =>
    Object.keys(tools).some((tool) => labels.has(tool)),
  );
  const alone = meant.map(([name, { title, tools }]) => ({ name, title, labels: changed(labels, tools) }));
  const together = meant.slice(1).map((_, index) => {
    const some = meant.slice(0, index + 2);
    return {
      name: some.map(([name]) => name).join('-'),
      title: `${some.length === 2 ? 'both of these' : `the first ${some.length}`} together`,
      labels: some.reduce((all, [, { tools }]) => changed(all, tools), labels),
    };
  });
  return [...alone, ...together];
}

function changed(labels: Labels, tools: Change): Labels {
  const all = new Map(labels);
  for (const [tool, { effect, results, arguments: rules }] of Object.entries(tools)) {
    const own = all.get(tool);
    if (own === undefined) continue;
    all.set(tool, {
      ...own,
      effect: effect ?? own.effect,
      results: { ...own.results, ...results },
      arguments: { ...own.arguments, ...rules },
    });
  }
  return all;
}
