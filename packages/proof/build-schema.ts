// Publishes the shape of the predicate: a JSON Schema per version in schemas/, the digest of each shape in
// schemas/published.json, and the table of members in docs/predicate.md. A published shape never changes.
//   node packages/proof/build-schema.ts

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '@surety/proof/records';
import { predicate, predicateType, predicateVersion } from '@surety/proof/report';
import { meanings } from './schemas/meanings.ts';
import type { Schema } from './schemas/wider.ts';

const folder = join(import.meta.dirname, 'schemas');
const page = join(import.meta.dirname, '../../docs/predicate.md');
const publishedFile = join(folder, 'published.json');
export const current = `${predicateVersion.major}.${predicateVersion.minor}`;
export const schemaFile = (version: string): string => join(folder, `outcome-verdict-${version}.schema.json`);

export const readSchema = (version: string): Schema =>
  JSON.parse(readFileSync(schemaFile(version), 'utf8')) as Schema;
/** SHA-256 of each published shape, by its version. Lines are added; none is ever changed. */
export const published = (): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(publishedFile, 'utf8')) as Record<string, string>;

/** Words about a member may get better; what it may hold may not change. */
function shapeOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(shapeOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  const words = ['$schema', '$id', '$comment', 'title', 'description'];
  return Object.fromEntries(
    Object.entries(schema).flatMap(([name, each]) =>
      typeof each === 'string' && words.includes(name) ? [] : [[name, shapeOf(each)]],
    ),
  );
}

export const shapeDigest = (schema: Schema): string =>
  createHash('sha256')
    .update(canonicalJson(shapeOf(schema)))
    .digest('hex');

const described = (schema: Schema): Schema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: predicateType,
  $comment: `version ${current}`,
  title: 'The verdict of Surety on one outcome over one window (predicate of an in-toto statement)',
  ...withWords(schema, ''),
});

/** Every member with its path: `judgement.rules[].once`. */
export function membersOf(schema: Schema, prefix = ''): readonly [path: string, schema: Schema][] {
  const { properties, items, additionalProperties } = schema as Record<string, Schema | undefined>;
  const inner = (each: Schema | undefined, mark: string) =>
    typeof each === 'object' ? membersOf(each, `${prefix}${mark}`) : [];
  const own = Object.entries((properties ?? {}) as Record<string, Schema>).flatMap(([name, each]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [[path, each], ...membersOf(each, path)] as [string, Schema][];
  });
  return [...own, ...inner(items, '[]'), ...inner(additionalProperties, '.*')];
}

function withWords(schema: Schema, path: string): Schema {
  const { properties, items, additionalProperties, ...rest } = schema as Record<string, unknown>;
  const words = meanings[path];
  const inner = (each: unknown, mark: string): unknown =>
    typeof each === 'object' ? withWords(each as Schema, `${path}${mark}`) : each;
  return {
    ...(words === undefined ? {} : { description: words }),
    ...rest,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Record<string, Schema>).map(([name, each]) => [
              name,
              withWords(each, path === '' ? name : `${path}.${name}`),
            ]),
          ),
        }),
    ...(items === undefined ? {} : { items: inner(items, '[]') }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: inner(additionalProperties, '.*') }),
  };
}

const table = (schema: Schema): string =>
  membersOf(schema)
    .map(([path]) => `| \`${path}\` | ${meanings[path] ?? ''} |\n`)
    .join('');

/** The text of each generated file, by its path. */
export function references(): ReadonlyMap<string, string> {
  const schema = described(predicate.schema);
  const marks = /(<!-- members -->\n)[\s\S]*?(<!-- end -->)/;
  const text = readFileSync(page, 'utf8').replace(
    marks,
    (_, open: string, close: string) =>
      `${open}\n| Member | Meaning |\n|---|---|\n${table(schema)}\n${close}`,
  );
  return new Map([
    [schemaFile(current), `${JSON.stringify(schema, undefined, 2)}\n`],
    [page, text],
  ]);
}

if (import.meta.main) {
  const [all, digest] = [published(), shapeDigest(predicate.schema)];
  if ((all[current] ?? digest) !== digest)
    throw new Error(
      `version ${current} is published with another shape: raise \`predicateVersion\` in predicate.ts`,
    );
  for (const [file, text] of references()) writeFileSync(file, text);
  writeFileSync(publishedFile, `${JSON.stringify({ ...all, [current]: digest }, undefined, 2)}\n`);
}
