// One file that stands alone: read, and held against its schema.

import { basename, dirname } from 'node:path';
import type { z } from 'zod';
import { conform } from './conform.ts';
import { Document } from './document.ts';
import type { Problem } from './problem.ts';
import { readSource } from './source.ts';

export type Conforming<T> =
  | { readonly value: T; readonly document: Document }
  | { readonly problems: readonly Problem[] };

/** As its schema says, without a single problem; else each at its place. The schema may hang on what is written. */
export function readConforming<T extends z.ZodType>(
  file: string,
  schemaFor: (written: Readonly<Record<string, unknown>>) => T,
): Conforming<z.infer<T>> {
  const source = readSource(dirname(file), basename(file));
  if ('problem' in source) return { problems: [source] };
  const document = new Document(source);
  if (document.isBroken) return { problems: document.problems };
  const { value, problems } = conform(document, schemaFor(document.value));
  const all = [...document.problems, ...problems];
  return value === undefined || all.length > 0 ? { problems: all } : { value, document };
}
