// How the tests run: the test file beside its source, real processes as peers, two workers at most.
// With `SURETY_TEST_TALLY` naming a file, the run leaves its counts there for `bootstrap.mjs`.

import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
  /** Tests that were not run, each with its reason where the test gives one. */
  notRun: string[];
}

/** Counts tests, and each file that failed outside its tests (an import, a `beforeAll`) as one more failed. */
function tallyOf(modules: readonly TestModule[], errorCount: number): Tally {
  const tally: Tally = { passed: 0, failed: errorCount, notRun: [] };
  for (const module of modules) {
    let failedInside = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') tally.passed += 1;
      else if (result.state === 'failed') failedInside += 1;
      else {
        const note = result.state === 'skipped' ? result.note : undefined;
        const name = `${relative(import.meta.dirname, module.moduleId)} > ${test.fullName}`;
        tally.notRun.push(`${name}: ${note ?? 'no reason given'}`);
      }
    }
    tally.failed += module.state() === 'failed' ? Math.max(1, failedInside) : failedInside;
  }
  return tally;
}

const tallyFile = process.env['SURETY_TEST_TALLY'];
const tally = (path: string): Reporter => ({
  onTestRunEnd: (modules, errors) => writeFileSync(path, JSON.stringify(tallyOf(modules, errors.length))),
});

// Tests start our programs thousands of times: Node compiles their sources once.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'tests/**/*.test.ts',
      'examples/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    // Generous on purpose: a slow machine is no defect. A test that hangs still ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globals: false,
    reporters: tallyFile === undefined ? ['default'] : ['default', tally(tallyFile)],
  },
});
