// The pages are true: relative links lead somewhere, and a sample whose fence says `test` after its language is
// executed (`sh`, `console`, `ts`) or parsed (`yaml`, `json`). A page without such samples passes.
// Samples run from the root of the clone, each in an empty home folder, on this process's own Node.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';

const root = join(import.meta.dirname, '..');
const skipped = new Set(['node_modules', '.git', 'dist', 'coverage', '.surety']);

const walk = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (skipped.has(entry.name)) return [];
    return entry.isDirectory() ? walk(path) : path.endsWith('.md') ? [path] : [];
  });
const pages = walk('').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

interface Sample {
  readonly language: string;
  /** The words after the language. */
  readonly info: readonly string[];
  readonly text: string;
  readonly line: number;
}

/** Every fenced block of a page. */
function samplesOf(page: string): Sample[] {
  const fence = /^(?<ticks>`{3,})(?<language>[a-z]*)(?<info>[^\n`]*)\n(?<text>[\s\S]*?)^\k<ticks>[ \t]*$/gm;
  return [...page.matchAll(fence)].map((match) => ({
    language: match.groups?.['language'] ?? '',
    info: (match.groups?.['info'] ?? '').trim().split(/\s+/),
    text: match.groups?.['text'] ?? '',
    line: page.slice(0, match.index).split('\n').length,
  }));
}

/** Link targets outside fences: what stands in `](...)` and in `[name]: ...`. */
function linksOf(page: string): string[] {
  const prose = page.replace(/^(`{3,})[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const found = prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm);
  return [...found].map(([, inline, reference]) => inline ?? reference ?? '');
}

/** The anchor that a heading gets: lower case, punctuation dropped, spaces to hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const anchorsOf = (page: string): string[] =>
  [...page.matchAll(/^#{1,6}\s+(.*)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));

/** Why a link of this page leads nowhere, or nothing. Addresses on the network are not asked. */
function deadLink(path: string, page: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : join(dirname(path), decodeURIComponent(file));
  if (file !== '' && !existsSync(join(root, target))) return `${path}: ${link} leads nowhere`;
  if (anchor === undefined) return undefined;
  const text = file === '' ? page : readFileSync(join(root, target), 'utf8');
  return anchorsOf(text).includes(anchor) ? undefined : `${path}: ${link} names no heading`;
}

// --- Running samples ----------------------------------------------------------------------------------------

/** Lines after `$ ` are typed, with `> ` for lines that go on; the lines below each are what must be printed. */
function transcript(text: string): { command: string; output: string }[] {
  const steps: { command: string; output: string }[] = [];
  for (const line of text.split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' });
    else if (last === undefined) continue;
    else if (line.startsWith('> ') && last.output === '') last.command += `\n${line.slice(2)}`;
    else last.output += `${line}\n`;
  }
  return steps.map(({ command, output }) => ({ command, output: output.trimEnd() }));
}

function shell(script: string, home: string): { status: number | null; output: string } {
  const done = spawnSync('bash', ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: {
      HOME: home,
      TMPDIR: home,
      NO_COLOR: '1',
      PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    },
  });
  return { status: done.status, output: `${done.stdout}${done.stderr}`.trimEnd() };
}

/** Expected output may hold a line `...`: it stands for any lines. */
function matchesOutput(actual: string, expected: string): boolean {
  const escaped = expected.split('\n').map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = escaped.map((line) => (line === '\\.\\.\\.' ? '(?:.*\\n)*?.*' : line)).join('\\n');
  return new RegExp(`^${pattern}$`).test(actual);
}

function runSample(sample: Sample, home: string): void {
  if (sample.language === 'sh') {
    const { status, output } = shell(sample.text, home);
    expect(status, output).toBe(0);
  } else if (sample.language === 'console') {
    const steps = transcript(sample.text);
    expect(steps.length, 'a console sample has a line after `$ `').toBeGreaterThan(0);
    for (const { command, output } of steps) {
      const actual = shell(command, home).output;
      expect(matchesOutput(actual, output), `$ ${command}\n${actual}`).toBe(true);
    }
  } else if (sample.language === 'ts') {
    // Beside the tests, so that packages resolve as they do for a reader.
    const file = join(root, 'tests', `.sample-${process.pid}-${sample.line}.ts`);
    writeFileSync(file, sample.text);
    try {
      const { status, output } = shell(`node '${file}'`, home);
      expect(status, output).toBe(0);
    } finally {
      rmSync(file);
    }
  } else if (sample.language === 'yaml') {
    expect(parseDocument(sample.text, { uniqueKeys: true, strict: true }).errors).toEqual([]);
  } else if (sample.language === 'json') {
    expect(() => JSON.parse(sample.text)).not.toThrow();
  } else expect.fail(`a sample in \`${sample.language}\` cannot be tested`);
}

function runInOwnHome(sample: Sample): void {
  const home = mkdtempSync(join(tmpdir(), 'surety-sample-'));
  try {
    runSample(sample, home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

describe('pages', () => {
  test('every relative link leads somewhere', () => {
    const dead = pages.flatMap(({ path, text }) => linksOf(text).map((link) => deadLink(path, text, link)));
    expect(dead.filter((each) => each !== undefined)).toEqual([]);
  });

  const tested = pages
    .filter(({ path }) => /^README\.md$|^docs\/|^examples\//.test(path))
    .flatMap(({ path, text }) => samplesOf(text).map((sample) => ({ path, sample })))
    .filter(({ sample }) => sample.info.includes('test'));
  for (const { path, sample } of tested)
    test(`${path}:${sample.line} ${sample.language}`, () => runInOwnHome(sample), 300_000);
});

describe('the test of the pages', () => {
  const page =
    '# A page\n\n[a](b.md) `[no](no.md)` [c](#a-page)\n\n```sh test\necho 1\n```\n\n```ts\n[x](y.md)\n```\n';

  test('finds samples and links', () => {
    expect(linksOf(page)).toEqual(['b.md', '#a-page']);
    expect(samplesOf(page).map(({ language, info, line }) => [language, info, line])).toEqual([
      ['sh', ['test'], 5],
      ['ts', [''], 9],
    ]);
    expect(deadLink('A.md', page, '#a-page')).toBeUndefined();
    expect(deadLink('A.md', page, '#another')).toBeTypeOf('string');
    expect(deadLink('A.md', page, 'no-such-page.md')).toBeTypeOf('string');
  });

  const sample = (language: string, text: string): Sample => ({ language, info: ['test'], text, line: 1 });
  test.each([
    sample('sh', 'echo 1 | grep -q 1'),
    sample('console', '$ echo one\none\n$ printf "a\\nb\\nc\\n"\na\n...\nc\n'),
    sample(
      'ts',
      "import { canonicalJson } from '@surety/proof/records';\nif (canonicalJson([]) !== '[]') throw 1;",
    ),
    sample('yaml', 'a: 1\n'),
  ])('passes what is true: $language', (each) => runInOwnHome(each));

  test.each([
    sample('sh', 'false | cat\necho on'),
    sample('console', '$ echo one\ntwo\n'),
    sample('ts', 'throw new Error();'),
    sample('yaml', 'a: 1\na: 2\n'),
    sample('python', 'pass'),
  ])('fails what is not: $language', (each) => expect(() => runInOwnHome(each)).toThrow());
});
