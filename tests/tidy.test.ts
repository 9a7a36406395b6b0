// The house rules that a compiler does not know, as tests: who may import whom (ARCHITECTURE.md), how long
// things may grow, which words are ours (docs/GLOSSARY.md) and what no file may hold.
// A failure names the file; the rule is in the table above the test.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const skipped = new Set(['node_modules', '.git', 'dist', 'coverage', '.surety', 'package-lock.json']);

const walk = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (skipped.has(entry.name)) return [];
    return entry.isDirectory() ? walk(path) : [path];
  });

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = walk('');
const sources = files.filter((path) => /\.(?:ts|tsx|mjs)$/.test(path));
/** Tests may reach for real peers anywhere; what ships may not. */
const isTest = (path: string): boolean => /\.(?:test|fixture)\.tsx?$/.test(path);
const shipped = sources.filter((path) => !isTest(path));

const codeOf = (source: string): string =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/^\s*\/\/.*$/gm, ' ')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
    .replace(/\s\/\/ .*$/gm, ' ');

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/g;
const importsOf = (source: string): string[] =>
  [...source.matchAll(importPattern)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');

/** The path from the root for a relative import, the name itself for a package. */
const resolved = (path: string, name: string): string =>
  name.startsWith('.') ? relative(root, join(root, dirname(path), name)) : name;

// --- Directions ---------------------------------------------------------------------------------------------

const proof = 'packages/proof/src/';
const surety = 'packages/surety/src/';
/** For anybody's gateway: it knows nothing of ours. */
const kit = 'packages/intermediary/src/';

/** In this order: each room may import itself and what stands before it. */
const rooms = [
  ...[
    'values',
    'records',
    'declared.ts',
    'orders.ts',
    'notices.ts',
    'seeds.ts',
    'changed.ts',
    'pinned.ts',
    'passkeys.ts',
    'sessions.ts',
    'facts.ts',
    'chain',
    'language',
    'approvals',
    'checkpoints',
    'rules',
    'normalisers',
    'origins',
    'changes',
    'contracts',
    'book',
    'reasons',
    'verdict',
    'report',
    'bundle',
  ],
  'trust.ts',
  'verify.ts',
];
const rankIn = (path: string): number => {
  const rank = rooms.indexOf(path.slice(proof.length).split('/')[0] ?? '');
  return rank === -1 ? rooms.length - 1 : rank;
};

/** What every folder of the product may import. */
const open = [
  'facts',
  'ledger',
  'proof/facts',
  'proof/records',
  'proof/rules',
  'proof/changes',
  'proof/contracts',
  'proof/origins',
];
const wholeProof = ['proof/verdict', 'proof/report', 'proof/bundle', 'proof/verify'];
const features = [
  ...['catalog', 'people', 'contracts', 'perimeter', 'origin', 'screen', 'logic', 'gateway', 'outcomes'],
  ...['static-audit', 'probes', 'governance', 'storm', 'inventory'],
];
const directions: Record<string, readonly string[]> = {
  facts: ['proof/facts'],
  ledger: ['facts', 'proof/facts', 'proof/records'],
  config: ['facts', 'proof/facts', 'proof/records', 'proof/rules', 'proof/origins'],
  // Written for tools that nobody has: it knows what a checkpoint is, and nothing of a log.
  packs: ['config', 'proof/facts', 'proof/records', 'proof/rules'],
  catalog: open,
  people: open,
  inventory: open,
  contracts: [...open, 'catalog'],
  perimeter: [...open, 'catalog', 'people'],
  origin: [...open, 'catalog'],
  screen: [...open, 'catalog'],
  logic: [...open, 'origin', 'perimeter', 'people', 'catalog'],
  // Never outcomes, governance, api, cli or connectors: the gateway must run alone at an edge.
  gateway: [...open, 'contracts', 'perimeter', 'origin', 'screen', 'logic', 'people', 'catalog'],
  // Puts calls to the gate's own steps; nothing that decides imports it.
  'static-audit': [...open, 'catalog', 'people', 'perimeter', 'logic', 'gateway'],
  probes: [...open, 'catalog', 'perimeter'],
  governance: [...open, 'people', 'contracts', 'perimeter', 'proof/bundle'],
  storm: [...open, 'perimeter', 'catalog', 'inventory'],
  // Watches through the port that the gateway declares; nothing that decides imports it.
  telemetry: [...open, 'catalog', 'gateway'],
  // Watches facts and tells people; nothing that decides imports it.
  notify: [...open, 'people'],
  outcomes: [...open, ...wholeProof, 'logic', 'perimeter', 'probes', 'governance', 'people', 'catalog'],
  connectors: [...open, ...features],
  // What an auditor asks beyond the small verifier: on a proof, never on a store.
  audit: ['proof/facts', 'proof/records', 'proof/rules', ...wholeProof, 'ledger', 'outcomes'],
  api: [...open, ...wholeProof, ...features, 'config'],
  cli: [...open, ...wholeProof, ...features, 'config', 'packs', 'api', 'audit', 'telemetry', 'notify'],
};

/** The files that join everything: each imports what it likes, and no folder imports them. */
const compositionRoot = [
  'main.ts',
  'house.ts',
  'admitting.ts',
  'custody.ts',
  'notifying.ts',
  'seeding.ts',
  'incidents.ts',
  'equipment.ts',
  'ending.ts',
  'servers.ts',
  'looking.ts',
  'reloading.ts',
  'up.ts',
  'demo.ts',
];

/** Why this import may not be, or nothing. */
function offence(path: string, name: string): string | undefined {
  const target = resolved(path, name);
  if (path.startsWith(proof)) {
    if (!target.startsWith(proof)) return 'proof imports nothing outside itself';
    return rankIn(target) > rankIn(path) ? `proof goes ${rooms.join(' <- ')}` : undefined;
  }
  // The page is the verifier in a browser: it is built from the same sources.
  if (target.startsWith(proof) && !/^packages\/proof\/(?:page\/|build-page)/.test(path))
    return 'packages are imported by name';
  if (path.startsWith(kit))
    return target.startsWith(kit) || target.startsWith('node:')
      ? undefined
      : 'the kit imports itself and Node';
  if (target.startsWith('@surety/intermediary')) return 'nothing that ships needs the kit';
  if (!path.startsWith(surety)) return undefined;
  const [folder = '', inner] = path.slice(surety.length).split('/');
  if (compositionRoot.includes(folder)) return undefined;
  const [other = ''] = target.startsWith(surety) ? target.slice(surety.length).split('/') : [];
  const wanted = target.startsWith('@surety/proof') ? target.slice('@surety/'.length) : other;
  if (compositionRoot.includes(wanted)) return 'no folder imports the composition root';
  // A file beside it, such as the clock, belongs to nobody: all may import it, it imports no folder.
  if (wanted === '' || wanted === folder || wanted.endsWith('.ts')) return undefined;
  if (inner === undefined) return `${folder} belongs to no folder, so it may not import ${wanted}`;
  const allowed = directions[folder];
  if (allowed === undefined) return `folder ${folder} has no direction: add it to the table`;
  return allowed.includes(wanted) ? undefined : `${folder} may not import ${wanted}`;
}

describe('directions', () => {
  test('imports go one way', () => {
    const offences = shipped.flatMap((path) =>
      importsOf(read(path)).flatMap((name) => {
        const why = offence(path, name);
        return why === undefined ? [] : [`${path} imports ${name}: ${why}`];
      }),
    );
    expect(offences).toEqual([]);
  });

  test('proof needs neither Node nor a page', () => {
    const foreign =
      /\b(?:Buffer|__dirname|process\.(?:env|argv|exit|version)|require\()|(?<![.\w])document\./;
    const found = shipped.filter((path) => path.startsWith(proof) && foreign.test(codeOf(read(path))));
    expect(found).toEqual([]);
  });

  test.each([
    [`${proof}records/tree.ts`, 'node:crypto'],
    [`${proof}records/tree.ts`, '../facts.ts'],
    [`${proof}rules/money.ts`, '../verdict/index.ts'],
    [`${surety}gateway/gateway.ts`, '../outcomes/index.ts'],
    [`${surety}gateway/mcp/endpoint.ts`, '../../api/server.ts'],
    [`${surety}ledger/log.ts`, '@surety/proof/verdict'],
    [`${surety}people/people.ts`, '../../../proof/src/facts.ts'],
    [`${surety}clock.ts`, './ledger/log.ts'],
    [`${surety}gateway/mcp/endpoint.ts`, '@surety/intermediary'],
    [`${kit}client.ts`, 'undici'],
    [`${kit}client.ts`, '../../surety/src/version.ts'],
    [`${surety}cli/verdict.ts`, '../house.ts'],
  ])('%s may not import %s', (path, name) => expect(offence(path, name)).toBeTypeOf('string'));

  test('finds imports of every form', () => {
    const source =
      "import a from 'a';\nimport {\n  b,\n} from 'b';\nexport * from 'c';\nimport 'd';\nawait import('e')";
    expect(importsOf(source)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

// --- Size ---------------------------------------------------------------------------------------------------

const fileLinesMax = 400;
/** Lines of code, so without comments, blank lines and tests: a room is read in a sitting. */
const roomLinesMax: Record<string, number> = Object.fromEntries(
  rooms.filter((room) => !room.endsWith('.ts')).map((room) => [room, 1_100]),
);
/** The files beside the rooms, together. */
const rootLinesMax = 1_500;
const isCodeLine = (line: string): boolean => !/^\s*(?:\/\/|\/?\*|$)/.test(line);

const linesIn = (paths: readonly string[]): number =>
  paths.flatMap((path) => read(path).split('\n').filter(isCodeLine)).length;

describe('size', () => {
  test('files stay readable', () => {
    const long = sources.filter((path) => read(path).trimEnd().split('\n').length > fileLinesMax);
    expect(long).toEqual([]);
  });

  test.each(Object.entries(roomLinesMax))('the room %s has at most %i lines of code', (room, linesMax) => {
    const inRoom = shipped.filter((path) => path.startsWith(`${proof}${room}/`));
    expect(linesIn(inRoom)).toBeLessThanOrEqual(linesMax);
  });

  test(`the files beside the rooms have at most ${rootLinesMax} lines of code`, () => {
    const beside = shipped.filter(
      (path) => path.startsWith(proof) && !path.slice(proof.length).includes('/'),
    );
    expect(linesIn(beside)).toBeLessThanOrEqual(rootLinesMax);
  });

  test('and the pages say so', () => {
    const limits = [...new Set(Object.values(roomLinesMax)), rootLinesMax].map((each) =>
      each.toLocaleString('en-US'),
    );
    for (const page of ['ARCHITECTURE.md', 'docs/proof.md', 'docs/decisions/007-rooms-of-the-verifier.md'])
      for (const limit of limits) expect([page, read(page).includes(limit)]).toEqual([page, true]);
  });
});

// --- Words --------------------------------------------------------------------------------------------------

const bannedInNames = /^(?:utils?|helpers?|common|managers?|services?|handlers?)$/;
/** Synonyms of the glossary's words, as the words of an identifier; each with the word to use. */
const synonyms = new Map([
  ['guardrail', 'control'],
  ['guardrails', 'controls'],
  ['quarantine', 'containment'],
  ['kill switch', 'containment'],
  ['provenance', 'origin'],
  ['invocation', 'call'],
  ['tool call', 'call'],
  ['system of record', 'record system'],
  ['read model', 'view'],
  ['projection', 'view'],
  ['event store', 'log'],
  ['audit log', 'ledger'],
  ['proof bundle', 'proof'],
  ['evidence bundle', 'proof'],
  ['step up', 'hold'],
  ['human in the loop', 'approval'],
  ['risk appetite', 'appetite'],
  ['cents', 'minor units'],
  ['whitelist', 'allowed'],
  ['blacklist', 'denied'],
]);
const wordsOf = (identifier: string): string =>
  ` ${identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase()} `;
const synonymsIn = (code: string): string[] =>
  [...new Set(code.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [])].flatMap((identifier) =>
    [...synonyms]
      .filter(([word]) => wordsOf(identifier).includes(` ${word} `))
      .map(([, ours]) => `${identifier}: say ${ours}`),
  );

describe('words', () => {
  test('files and folders are named by nouns of the design', () => {
    // systemd wants its units to be called so.
    const named = files.map((path) => path.replace(/\.service$/, ''));
    const bad = named.filter((path) => path.split(/[/.-]/).some((word) => bannedInNames.test(word)));
    expect(bad).toEqual([]);
  });

  test('identifiers use the glossary', () => {
    // The screen adapts to what vendors call guardrails, so their word is right there.
    // The fixture of the conformance suite has the official SDK's words.
    const exempt = [`${surety}screen/`, 'tests/conformance/fixture/'];
    const judged = sources.filter((path) => !exempt.some((folder) => path.startsWith(folder)));
    expect(judged.flatMap((path) => synonymsIn(codeOf(read(path))).map((each) => `${path} ${each}`))).toEqual(
      [],
    );
  });

  test('a synonym is found in code and left alone in text', () => {
    const source = "const toolCallId = 'guardrail'; // guardrail\nconst kill_switch = callId;";
    expect(synonymsIn(codeOf(source))).toEqual(['toolCallId: say call', 'kill_switch: say containment']);
  });

  test('a source says first what it is', () => {
    expect(shipped.filter((path) => !/^(?:#!.*\n+)?\/\/ \S/.test(read(path)))).toEqual([]);
  });

  test('nothing is exported without a name', () => {
    const unnamed = sources.filter((path) => /^export default\b/m.test(read(path)));
    expect(unnamed.filter((path) => !path.endsWith('.config.ts'))).toEqual([]);
  });
});

// --- What no file may hold ----------------------------------------------------------------------------------

/** Written so that this file does not hold them itself. */
const forbidden: Record<string, RegExp> = {
  'unfinished work': /\b(?:TO)(?:DO)\b|\bFIX(?:ME)\b|\/\/.*\bX(?:XX)\b/,
  "a registry's host": /registry\.(?:npmjs|yarnpkg)\b|\bnpmmirror\./,
  'a path of somebody’s machine':
    /(?<![\w.])\/(?:home|Users)\/[a-z]|(?<![\w.])\/root\/|[A-Z]:\\Users|\/work\/(?:main|shared)/,
};
const isText = (path: string): boolean =>
  /\.(?:ts|tsx|mjs|js|json|ya?ml|md|cedar|sql|html|sh|txt)$|^\.ci\//.test(path);

describe('contents', () => {
  test.each(Object.entries(forbidden))('no file holds %s', (_, pattern) => {
    expect(files.filter((path) => isText(path) && pattern.test(read(path)))).toEqual([]);
  });

  test('the lockfile names versions, no download addresses', () => {
    const resolvedLines = read('package-lock.json').split('\n');
    expect(resolvedLines.filter((line) => line.includes('"resolved": "http'))).toEqual([]);
  });

  test('every decision keeps the options that lost', () => {
    const notes = files.filter((path) => /^docs\/decisions\/.*\.md$/.test(path));
    expect(notes.length).toBeGreaterThan(0);
    const bare = notes.filter((path) => !/^## Options that lost\n+(?:- \*\*.+\n?)/m.test(read(path)));
    expect(bare).toEqual([]);
    // Each is listed, in their order, and none that is not there.
    const listed = [...read('docs/README.md').matchAll(/^- \[(\d{3}): .*\]\((decisions\/.*)\)$/gm)];
    expect(listed.map(([, , path]) => `docs/${path}`)).toEqual(notes.toSorted());
    expect(notes.filter((path) => !/^docs\/decisions\/\d{3}-[a-z0-9-]+\.md$/.test(path))).toEqual([]);
  });
});
