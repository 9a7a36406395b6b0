// `npm run conformance [-- --json --leg server --revision 2026-07-28 --write]`: the official suite directly and through
// the gateway. A table on stderr; with `--json` one object on stdout. Exit code 0 if the only differences are the known
// ones, all of them; `--write` takes what was found as known.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { entriesOf, judge, type Known, placeOf, type Score } from './comparison.ts';
import { type Compared, compareLeg } from './legs.ts';
import { legs, revisions, suiteVersion } from './suite.ts';

const knownFile = join(import.meta.dirname, 'known-differences.json');

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    leg: { type: 'string' },
    revision: { type: 'string' },
  },
});
const chosenLegs = legs.filter((leg) => values.leg === undefined || values.leg === leg);
const chosenRevisions = revisions.filter((each) => values.revision === undefined || values.revision === each);
const say = (line: string): boolean => process.stderr.write(`${line}\n`);
if (chosenLegs.length === 0 || chosenRevisions.length === 0) {
  say(`a leg is one of ${legs.join(', ')}; a revision is one of ${revisions.join(', ')}`);
  process.exit(64);
}

const known = (JSON.parse(readFileSync(knownFile, 'utf8')) as Known[]).filter(
  ({ leg, revision }) => chosenLegs.includes(leg) && chosenRevisions.includes(revision),
);
const shown = ({ passed, failed, warnings }: Score): string =>
  `${passed} passed, ${failed} failed, ${warnings} warnings`.padEnd(36);

say(`@modelcontextprotocol/conformance ${suiteVersion}\n`);
say(`${'leg'.padEnd(8)}${'revision'.padEnd(12)}${'directly'.padEnd(38)}through the gateway`);
const runs: Compared[] = [];
for (const leg of chosenLegs)
  for (const revision of chosenRevisions) {
    const run = await compareLeg(leg, revision, known);
    runs.push(run);
    say(`${leg.padEnd(8)}${revision.padEnd(12)}${shown(run.direct)}  ${shown(run.through)}`);
    const { length } = run.notApplicable;
    if (length > 0)
      say(`${''.padEnd(20)}${length} more scenarios do not apply to a gateway (docs/conformance.md)`);
  }

const differences = runs.flatMap((run) => run.differences);
const { unknown, stale } = judge(differences, known);
say(differences.length === 0 ? '\nno differences' : `\n${differences.length} differences`);
for (const each of differences) {
  const mark = unknown.includes(each) ? '' : '  (known)';
  say(`  ${placeOf(each)}: ${each.direct} directly, ${each.through} through the gateway${mark}`);
  if (each.message !== '') say(`    ${each.message.replace(/\s+/g, ' ').slice(0, 200)}`);
}
for (const place of stale)
  say(`  ${place} is known and no longer there: take it out of known-differences.json`);

if (values.json)
  process.stdout.write(`${JSON.stringify({ conformance: suiteVersion, runs, unknown, stale })}\n`);
if (values.write) {
  const whole = JSON.parse(readFileSync(knownFile, 'utf8')) as Known[];
  const others = whole.filter(
    ({ leg, revision }) => !runs.some((run) => run.leg === leg && run.revision === revision),
  );
  writeFileSync(knownFile, `${JSON.stringify([...entriesOf(differences, known), ...others], null, 2)}\n`);
} else process.exitCode = unknown.length + stale.length === 0 ? 0 : 1;
