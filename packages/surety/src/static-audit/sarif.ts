// Findings as SARIF 2.1.0 (OASIS), for readers of code scanning: what is found, where, how bad, and by which name it is the
// same finding tomorrow.

import { type Finding, kinds, type Level } from './finding.ts';

export interface Placed {
  readonly finding: Finding;
  /** Where it is, the first first: a path relative to where the reader stands, with `/`. */
  readonly places: readonly { readonly path: string; readonly line: number; readonly column: number }[];
  readonly suppressed?:
    | { readonly owner: string; readonly reason: string; readonly expiry: string }
    | undefined;
}

/** SARIF has no level for what cannot be shown: it is a note that says so. */
const levelOf: Readonly<Record<Level, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  unshown: 'note',
  warning: 'warning',
  note: 'note',
};

const names = Object.keys(kinds) as readonly (keyof typeof kinds)[];

/** `path` as a relative reference (RFC 3986): a colon in its first part would make a scheme of it. */
const uriOf = (path: string): string =>
  path
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');

export const sarifOf = (found: readonly Placed[], version: string): object => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'surety audit',
          version,
          rules: names.map((id) => ({
            id,
            shortDescription: { text: kinds[id] },
            fullDescription: { text: kinds[id] },
            help: { text: `${kinds[id]} What it means and what to do: docs/audit.md.` },
          })),
        },
      },
      // Editors count in these, and so do the places that the product prints.
      columnKind: 'utf16CodeUnits',
      results: found.map(resultOf),
    },
  ],
});

function resultOf({ finding, places, suppressed }: Placed): object {
  const { kind, level, sentence, remedy, id, shown } = finding;
  const locations = places.map(({ path, line, column }) => ({
    physicalLocation: {
      artifactLocation: { uri: uriOf(path) },
      region: { startLine: line, startColumn: column },
    },
  }));
  return {
    ruleId: kind,
    ruleIndex: names.indexOf(kind),
    level: levelOf[level],
    message: { text: `${level === 'unshown' ? 'Not shown: ' : ''}${sentence}. To do: ${remedy}.` },
    locations: locations.slice(0, 1),
    ...(locations.length > 1
      ? { relatedLocations: locations.slice(1).map((each, index) => ({ id: index + 1, ...each })) }
      : {}),
    partialFingerprints: { 'suretyFinding/v1': id },
    properties: { level, counterexample: shown },
    ...(suppressed === undefined
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: `${suppressed.reason} (${suppressed.owner}, until ${suppressed.expiry})`,
            },
          ],
        }),
  };
}
