import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { counters, gauges, histograms, totals } from './instruments.ts';

test('docs/telemetry.md has every metric, with its kind, unit and meaning', () => {
  const page = readFileSync(new URL('../../../../docs/telemetry.md', import.meta.url), 'utf8');
  const kinds = [
    ['counter', { ...counters, ...totals }],
    ['histogram', histograms],
    ['gauge', gauges],
  ] as const;
  const rows = kinds.flatMap(([kind, all]) =>
    Object.entries(all).map(
      ([name, { unit, description }]) =>
        `| \`${name}\` | ${kind} | ${unit === '' ? '' : `\`${unit}\` `}| ${description} |`,
    ),
  );
  const found = page.split('\n').filter((line) => /^\| `[\w.]+` \| (counter|gauge|histogram) \|/.test(line));
  expect([...found].sort()).toEqual([...rows].sort());
});
