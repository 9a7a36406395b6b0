// What the audit says of what this repository gives people to begin with.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { template } from '../config/index.ts';
import { auditDeclarations } from './audit.ts';
import { keyOf, standingWith } from './written.fixture.ts';

test('the story leaves no path open, and nothing else is found', async () => {
  expect(await foundIn('supplier-payments')).toEqual([]);
});

test('the second story guards all that destroys; what only copies, tries, renews and tells is free', async () => {
  const found = await foundIn('production-database');
  const errors = found.filter(({ level }) => level === 'error').map(({ sentence }) => sentence);
  expect(errors).toEqual(
    [
      'announce_backup_deletion (send)',
      'copy_to_vault (write)',
      'keep_backup (write)',
      'rotate_credential (write)',
      'test_restore (write)',
    ].map((tool) => `ops-agent can call cloud.${tool}, and no checkpoint stands before it`),
  );
});

/** What the audit finds in the files of an example. */
async function foundIn(name: string) {
  const example = new URL(`../../../../examples/${name}/`, import.meta.url);
  const read = (file: string) => readFileSync(new URL(file, example), 'utf8');
  const values: Readonly<Record<string, string>> = { port: '1', witnessPort: '2', timeout: '30s', fault: '' };
  const surety = read('surety.template.yaml')
    .replace(/^witnesses:[\s\S]*/m, '')
    .replace(/\{\{(ines|lena|sam|jonas|amira|kenji)\}\}/g, (_, name: string) => keyOf(name))
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? 'x');
  const files = { 'surety.yaml': surety, ...folder('policies'), ...folder('outcomes') };
  return auditDeclarations(await standingWith(files)).findings;

  function folder(part: string): Record<string, string> {
    return Object.fromEntries(
      readdirSync(new URL(part, example)).map((file) => [`${part}/${file}`, read(`${part}/${file}`)]),
    );
  }
}

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
