import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { references } from './reference.ts';

test('the JSON Schemas and the tables of the guide are those of the schemas; else run reference.ts', () => {
  for (const [file, text] of references()) expect(readFileSync(new URL(file), 'utf8')).toBe(text);
});
