// The tools that somebody has labelled, whatever else is wrong with their files yet.

import { conform } from './conform.ts';
import { Document } from './document.ts';
import { type Installation, installation } from './installation.ts';
import { readSource } from './source.ts';

export interface LabelledTool {
  readonly tool: string;
  readonly effect: NonNullable<Installation['tools']>[string]['effect'];
}

/** Defaults (`server.*`) are left out: they name no tool. Nothing where `surety.yaml` cannot be read. */
export function labelledTools(folder: string): readonly LabelledTool[] {
  const source = readSource(folder, 'surety.yaml');
  if ('problem' in source) return [];
  const { value } = conform(new Document(source), installation);
  return Object.entries(value?.tools ?? {}).flatMap(([tool, label]) =>
    label === undefined || tool.endsWith('.*') ? [] : [{ tool, effect: label.effect }],
  );
}
