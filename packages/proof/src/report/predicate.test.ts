// The published shape of the predicate: real statements against it, by a strict validator that is not ours, and the
// rule for its versions.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  current,
  membersOf,
  published,
  readSchema,
  references,
  schemaFile,
  shapeDigest,
} from '../../build-schema.ts';
import { meanings } from '../../schemas/meanings.ts';
import { isWider, type Schema } from '../../schemas/wider.ts';
import { bytesSource, ProofReader } from '../bundle/index.ts';
import { guardedDays } from '../verdict/guarded.fixture.ts';
import { reasonCodes } from '../verdict/index.ts';
import { otherDays } from '../verdict/other.fixture.ts';
import { reconciledDays } from '../verdict/reconciled.fixture.ts';
import { type Day, honestDay, sha256 } from '../verify.fixture.ts';
import { type Predicate, predicate, predicateType } from './predicate.ts';

type Valid = ((value: unknown) => boolean) & { readonly errors?: unknown };
interface Validator {
  compile(schema: object): Valid;
}
// The validator of JSON Schema that the official kit of the protocol brings, as the kit finds it.
const kit = createRequire(createRequire(import.meta.url).resolve('@modelcontextprotocol/sdk/validation/ajv'));
const { Ajv2020 } = kit('ajv/dist/2020.js') as { Ajv2020: new (options: object) => Validator };
const validator = () => new Ajv2020({ strict: true, strictTypes: true, strictTuples: true, allErrors: true });

const schema = readSchema(current);
const isPredicate = validator().compile(schema);

async function statementOf(day: Day): Promise<{ predicateType: string; predicate: Predicate }> {
  const { statementText } = await ProofReader.open(bytesSource(await day.proof()), { sha256 });
  return JSON.parse(statementText);
}

describe('the schema', () => {
  const days = [
    { name: 'an honest day', day: () => honestDay().close() },
    { name: 'an open day', day: () => honestDay() },
    ...[...reconciledDays, ...guardedDays, ...otherDays],
  ];
  it.each(days)('accepts the statement of $name, and so does the shape', async ({ day }) => {
    const stated = await statementOf(day());
    expect(stated.predicateType).toBe(schema['$id']);
    expect(isPredicate(stated.predicate), JSON.stringify(isPredicate.errors)).toBe(true);
    expect(predicate(stated.predicate, '')).toEqual(stated.predicate);
  });

  it('is named by the type that statements carry', () => {
    expect(schema['$id']).toBe(predicateType);
  });

  it('refuses what the shape refuses, member by member', async () => {
    const { predicate: stated } = await statementOf(reconciledDays[0]?.day() ?? honestDay().close());
    for (const wrong of wrongs(stated)) {
      expect(() => predicate(wrong.value, ''), wrong.name).toThrow();
      expect(isPredicate(wrong.value), wrong.name).toBe(false);
    }
  });
});

/** The value with each of its members, at any depth, made a thing that no shape accepts; and one member too many. */
function wrongs(value: unknown): { readonly name: string; readonly value: unknown }[] {
  const made: { name: string; value: unknown }[] = [];
  const walk = (at: unknown, name: string, put: (other: unknown) => unknown) => {
    made.push({ name: `${name} is a number that no double holds`, value: put(-1.5) });
    if (typeof at !== 'object' || at === null) return;
    // Maps take any member: those of columns and of tools.
    const isMap = /\.(key|match|arguments|egress)$/.test(name);
    if (!Array.isArray(at) && !isMap)
      made.push({ name: `${name} has a member too many`, value: put({ ...at, more: 1 }) });
    for (const key of Object.keys(at)) {
      const changed = (other: unknown) => {
        const copy = (Array.isArray(at) ? [...at] : { ...at }) as Record<string, unknown>;
        copy[key] = other;
        return put(copy);
      };
      walk((at as Record<string, unknown>)[key], `${name}.${key}`, changed);
    }
  };
  walk(value, '', (other) => other);
  return made;
}

describe('the version', () => {
  it('is raised with the shape: run build-schema.ts', () => {
    const [digest, known] = [shapeDigest(predicate.schema), published()[current]];
    expect(digest, `not the shape of version ${current}: raise predicateVersion, then build-schema.ts`).toBe(
      known,
    );
  });

  it('has its file and its page, none of them stale', () => {
    for (const [file, text] of references()) expect(readFileSync(file, 'utf8'), file).toBe(text);
  });

  const versions = Object.keys(published());
  it('that was published keeps its shape', () => {
    for (const version of versions)
      expect(shapeDigest(readSchema(version)), schemaFile(version)).toBe(published()[version]);
    expect(versions.at(-1)).toBe(current);
  });

  it('that is minor is wider than the one before; one that is not is major', () => {
    for (const [index, version] of versions.entries()) {
      const [major, minor] = version.split('.').map(Number);
      const [before = '', last] = [versions[index - 1], versions[index - 1]?.split('.').map(Number)];
      if (last === undefined) expect(version).toBe('1.0');
      else if (major === last[0]) {
        expect(minor).toBe((last[1] ?? 0) + 1);
        expect(isWider(plain(readSchema(before)), plain(readSchema(version))), version).toBe(true);
      } else expect([major, minor]).toEqual([(last[0] ?? 0) + 1, 0]);
    }
  });

  it('says every word of the closed list', () => {
    const text = JSON.stringify(schema);
    expect(Object.keys(reasonCodes).filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  });

  it('gives every member its meaning, and nothing else', () => {
    const members = membersOf(predicate.schema).map(([path]) => path);
    expect(Object.keys(meanings).sort()).toEqual([...members].sort());
  });
});

/** Without words about it. */
const plain = (value: unknown): Schema =>
  JSON.parse(JSON.stringify(value), (key, each) =>
    typeof each === 'string' && /^(\$schema|\$id|\$comment|title|description)$/.test(key) ? undefined : each,
  ) as Schema;

describe('a shape is wider', () => {
  const object = (properties: object, required: readonly string[] = [], more: unknown = false): Schema => ({
    ...{ type: 'object', properties, required, additionalProperties: more },
  });
  const text = { type: 'string' };
  const words = (...all: string[]) => ({ type: 'string', enum: all });
  it.each<[string, Schema, Schema]>([
    ['the same', object({ a: text }, ['a']), object({ a: text }, ['a'])],
    ['a member more', object({ a: text }, ['a']), object({ a: text, b: text }, ['a'])],
    ['a member that need not be there any more', object({ a: text }, ['a']), object({ a: text })],
    ['a word more', words('a'), words('a', 'b')],
    ['any word', words('a'), text],
    ['null too', text, { anyOf: [text, { type: 'null' }] }],
    ['a wider range', { type: 'integer', minimum: 0 }, { type: 'integer', minimum: -1 }],
    ['anything', object({ a: text }), {}],
  ])('with %s', (_, before, now) => expect(isWider(before, now)).toBe(true));

  it.each<[string, Schema, Schema]>([
    ['a member gone', object({ a: text, b: text }), object({ a: text })],
    ['a member that must be there', object({ a: text }), object({ a: text, b: text }, ['b'])],
    ['another type', text, { type: 'integer' }],
    ['a word fewer', words('a', 'b'), words('a')],
    ['words where any text was', text, words('a')],
    ['a pattern', text, { type: 'string', pattern: '^a$' }],
    ['null no more', { anyOf: [text, { type: 'null' }] }, text],
    ['a narrower range', { type: 'integer', minimum: 0 }, { type: 'integer', minimum: 1 }],
    ['no other members', object({}, [], text), object({})],
    ['a keyword that nobody here knows', text, { type: 'string', maxLength: 3 }],
    ['a change within', object({ a: object({ b: text }) }), object({ a: object({ b: words('x') }) })],
    ['items of another type', { type: 'array', items: text }, { type: 'array', items: { type: 'null' } }],
  ])('never with %s', (_, before, now) => expect(isWider(before, now)).toBe(false));
});
