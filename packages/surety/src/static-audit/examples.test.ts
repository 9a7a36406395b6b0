// What the audit says of what this repository gives people to begin with.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { template } from '../config/index.ts';
import { auditDeclarations } from './audit.ts';
import { keyOf, standingWith } from './written.fixture.ts';

const example = new URL('../../../../examples/supplier-payments/', import.meta.url);

test('the story leaves no path open, and nothing else is found', async () => {
  const read = (file: string) => readFileSync(new URL(file, example), 'utf8');
  const values: Readonly<Record<string, string>> = { port: '1', witnessPort: '2', timeout: '30s', fault: '' };
  const surety = read('surety.template.yaml')
    .replace(/^witnesses:[\s\S]*/m, '')
    .replace(/\{\{(ines|sam)\}\}/g, (_, name: string) => keyOf(name))
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? 'x');
  const files = { 'surety.yaml': surety, ...folder('policies'), ...folder('outcomes') };
  expect(auditDeclarations(await standingWith(files)).findings.map(({ sentence }) => sentence)).toEqual([]);

  function folder(name: string): Record<string, string> {
    return Object.fromEntries(
      readdirSync(new URL(name, example)).map((file) => [`${name}/${file}`, read(`${name}/${file}`)]),
    );
  }
});

test('what init writes: nobody can approve yet; with a key, the one person approves alone', async () => {
  const files = template('acme');
  const kindsOf = async (surety = files['surety.yaml'] ?? '') =>
    auditDeclarations(await standingWith({ ...files, 'surety.yaml': surety })).findings.map(
      ({ kind }) => kind,
    );
  expect(await kindsOf()).toEqual(['never-passes']);
  const signed = files['surety.yaml']?.replace('keys: []', `keys: ["${keyOf('you')}"]`);
  expect(await kindsOf(signed)).toEqual(['owner-approves', 'requester-approves']);
});
