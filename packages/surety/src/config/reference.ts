// The JSON Schemas of all files, for editors, and the tables of keys in docs/configuration.md and docs/audit.md: both made
// from the schemas that the product itself uses. `node packages/surety/src/config/reference.ts` writes them
// again; a test fails while they are stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { installation } from './installation.ts';
import { outcome } from './outcome.ts';
import { suppressions } from './suppressions.ts';
import { witness } from './witness.ts';

const guides = ['configuration.md', 'audit.md'].map(
  (page) => new URL(`../../../../docs/${page}`, import.meta.url),
);
const schemas = new URL('../../schemas/', import.meta.url);

/** The text of each generated file, by its address. */
export function references(): ReadonlyMap<string, string> {
  const parts = { surety: installation, outcome, witness, audit: suppressions } as const;
  const files = Object.entries(parts).map(([name, schema]): [string, string] => {
    const json = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2);
    return [new URL(`${name}.schema.json`, schemas).href, `${json}\n`];
  });
  const pages = guides.map((guide): [string, string] => {
    let text = readFileSync(guide, 'utf8');
    for (const [name, schema] of Object.entries(parts)) {
      const marks = new RegExp(`(<!-- keys of ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
      text = text.replace(marks, (_, open: string, close: string) => `${open}${table(schema)}${close}`);
    }
    return [guide.href, text];
  });
  return new Map([...files, ...pages]);
}

const table = (schema: z.ZodType): string =>
  `\n| Key | Meaning |\n|---|---|\n${rows(schema, '')
    .map(([key, meaning]) => `| \`${key}\` | ${meaning} |\n`)
    .join('')}\n`;

function rows(schema: z.ZodType, prefix: string): [key: string, meaning: string][] {
  if (schema instanceof z.ZodOptional) return rows(schema.unwrap() as z.ZodType, prefix);
  // A list of such may stand in its place.
  if (schema instanceof z.ZodUnion) return rows(schema.options[0] as z.ZodType, prefix);
  if (schema instanceof z.ZodArray) return rows(schema.element as z.ZodType, `${prefix}[]`);
  if (schema instanceof z.ZodRecord) return rows(schema.valueType as z.ZodType, `${prefix}.<name>`);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, value]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const required = value instanceof z.ZodOptional ? '' : ' (required)';
    return [[key, `${meaningOf(value)}${required}`], ...rows(value, key)] as [string, string][];
  });
}

const meaningOf = (schema: z.ZodType): string =>
  schema.description ?? (schema instanceof z.ZodOptional ? meaningOf(schema.unwrap() as z.ZodType) : '');

if (import.meta.main) for (const [file, text] of references()) writeFileSync(new URL(file), text);
