// What is handed out to run Surety with: no image can be built where these tests run, so each line that can be wrong
// without building is held here; the unit is judged by systemd's own tools.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const textOf = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const unit = `${root}deploy/surety.service`;

describe('the Containerfile', () => {
  const text = textOf('deploy/Containerfile').replaceAll(/\\\n\s*/g, ' ');
  const steps = text.split('\n').filter((line) => /^[A-Z]+ /.test(line));
  const stepsOf = (word: string) =>
    steps.filter((step) => step.startsWith(`${word} `)).map((step) => step.split(' ').slice(1));

  test('copies what is there, and every workspace that the lockfile names', () => {
    const sources = stepsOf('COPY')
      .filter(([first]) => !first?.startsWith('--'))
      .flatMap((words) => words.slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !existsSync(`${root}${source}`))).toEqual([]);
    const { packages } = JSON.parse(textOf('package-lock.json')) as {
      packages: Record<string, { link?: boolean; resolved?: string }>;
    };
    const workspaces = Object.values(packages).flatMap(({ link, resolved }) =>
      link === true && resolved !== undefined ? [resolved] : [],
    );
    for (const each of workspaces) expect(sources).toContain(`${each}/package.json`);
  });

  test('runs as nobody who owns the program, on the Node that is asked for, and takes nothing from the network unseen', () => {
    expect(stepsOf('USER').at(-1)).toEqual(['10001:10001']);
    for (const [image] of stepsOf('FROM')) expect(image).toMatch(/^docker\.io\/library\/node:24-[a-z-]+$/);
    expect(text).not.toMatch(/^ADD |curl|wget|:latest|--chown=10001/m);
    expect(text).toContain('--ignore-scripts');
    const [entry] = steps.filter((step) => step.startsWith('ENTRYPOINT '));
    const [, program = ''] = /"\/opt\/surety\/([^"]+)"/.exec(entry ?? '') ?? [];
    expect(existsSync(`${root}${program}`)).toBe(true);
  });

  test('keys, stores and tests do not get into it', () => {
    const ignored = textOf('.dockerignore').split('\n');
    for (const each of ['.git', '**/*.key', '**/*.pem', '**/*.test.ts', '**/.surety', 'node_modules'])
      expect(ignored).toContain(each);
  });
});

describe('the unit', () => {
  const has = (() => {
    try {
      return execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).startsWith('systemd');
    } catch {
      return false;
    }
  })();

  test('starts what there is, bounded', () => {
    const text = readFileSync(unit, 'utf8');
    expect(existsSync(`${root}${/ExecStart=.*\/opt\/surety\/(\S+)/.exec(text)?.[1]}`)).toBe(true);
    for (const line of [
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'UMask=0077',
      'LimitCORE=0',
      'User=surety',
    ])
      expect(text.split('\n')).toContain(line);
  });

  test('is well exposed to nothing, says systemd', (context) => {
    if (!has) context.skip('there is no systemd-analyze');
    const said = execFileSync(
      'systemd-analyze',
      ['security', '--offline=yes', '--threshold=20', '--no-pager', unit],
      { encoding: 'utf8' },
    );
    expect(said).toMatch(/Overall exposure level for surety\.service: [01]\.\d OK/);
  });
});
