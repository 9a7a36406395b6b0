// INVARIANT: no line of the verifier that finds something wrong can be taken away unseen. Each such place in the source
// is found by how it is written, taken out, and the rest bundled: then some mutant must live that the whole kills. A new
// contradiction, reason or objection without a mutant fails here.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutants } from './mutants.fixture.ts';
import type { DayCase } from './verdict/cases.fixture.ts';
import { changedDays } from './verdict/changed.fixture.ts';
import { guardedDays } from './verdict/guarded.fixture.ts';
import type { Judgement } from './verdict/index.ts';
import { otherDays } from './verdict/other.fixture.ts';
import { reconciledDays } from './verdict/reconciled.fixture.ts';
import { sha256 } from './verify.fixture.ts';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'surety-removed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A place in the source that finds something wrong. */
interface Site {
  readonly file: string;
  readonly line: number;
  readonly from: number;
  readonly to: number;
  /** The words from there on, on one line. */
  readonly text: string;
}

/** Places that match, in shipped files of a room. `removed` is put in place of what the first group holds. */
function sitesIn(room: string, pattern: RegExp): readonly Site[] {
  const files = readdirSync(join(here, room)).filter((name) => /(?<!\.test|\.fixture)\.ts$/.test(name));
  return files.flatMap((name) => {
    const source = readFileSync(join(here, room, name), 'utf8');
    return [...source.matchAll(pattern)].map((match): Site => {
      const from = match.index + match[0].length - (match[1] ?? '').length;
      return {
        ...{ file: `${room}/${name}`, from, to: from + (match[1] ?? '').length },
        line: source.slice(0, from).split('\n').length,
        text: source.slice(from, from + 160).replace(/\s+/g, ' '),
      };
    });
  });
}

/** The entry, bundled without this place. */
async function without<T>(entry: string, { file, from, to }: Site, instead: string): Promise<T> {
  const path = join(here, file);
  const source = readFileSync(path, 'utf8');
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: here, loader: 'ts' },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node', logLevel: 'silent' },
    plugins: [
      {
        name: 'without',
        setup: (made) =>
          made.onLoad({ filter: /\.ts$/ }, ({ path: asked }) =>
            asked === path
              ? { contents: source.slice(0, from) + instead + source.slice(to), loader: 'ts' }
              : undefined,
          ),
      },
    ],
  });
  const target = join(folder, `${file.replaceAll('/', '-')}-${from}.mjs`);
  writeFileSync(target, outputFiles[0]?.text ?? '');
  return (await import(pathToFileURL(target).href)) as T;
}

/** Takes the arguments and says nothing. */
const nothing = '((..._: unknown[]) => undefined)';

const title = ({ file, line, text }: Site): string => `${file}:${line} ${text.slice(0, 90)}`;

/** Names of mutants of these checks that get through without this place. */
async function livingWithout(
  site: Site,
  instead: string,
  ...checks: readonly string[]
): Promise<readonly string[]> {
  const { verify } = await without<typeof import('./verify.ts')>(
    "export * from './verify.ts'",
    site,
    instead,
  );
  const lives: string[] = [];
  for (const mutant of mutants.filter(({ check }) => checks.includes(check))) {
    const { proof, options, day } = await mutant.make();
    const { verdict } = await verify(proof, { sha256, trust: day.trust, ...options });
    if (verdict !== 'unsound') lives.push(mutant.name);
  }
  return lives;
}

describe('a mutant lives without', () => {
  // `this.#contradict(position, ...)` becomes a call of what does nothing.
  const contradictions = ['book', 'chain'].flatMap((room) =>
    sitesIn(room, /[^\w.](this\.#contradict)(?=\()/g),
  );
  it('contradictions, which are found in the source', () => expect(contradictions.length).toBeGreaterThan(9));
  it.each(contradictions.map((site) => [title(site), site] as const))('%s', async (_, site) => {
    expect(await livingWithout(site, nothing, 'sequence')).not.toEqual([]);
  });

  // What no rotation is; and what the auditor's trust does not reach.
  const rotations = [
    ...sitesIn(
      'records',
      /\n {2,4}(return)(?= [`'](?:ends|names a key|is not signed by the \$|was not accepted))/g,
    ),
    ...sitesIn('records', /\bif \(used[^\n]*\) (return)(?= ')/g),
    ...sitesIn('.', /\n {6}(return)(?= `the rotation in fact \$\{rotation.position\} does not)/g),
  ].map((site) => [title(site), site, 'rotations'] as const);
  const reaches = sitesIn(
    '.',
    /\n {2,4}(?:if \([^\n]*\) )?(return)(?= [`k](?:\$\{shown\} is one that you revoked|eys;\n {2}for))/g,
  ).map((site) => [title(site), site, 'head-signature'] as const);
  it('what is no rotation, which is found in the source', () =>
    expect([rotations.length, reaches.length]).toEqual([6, 2]));
  it.each([...rotations, ...reaches])('%s', async (_, site, check) => {
    expect(await livingWithout(site, 'void', check)).not.toEqual([]);
  });

  // `this.#stray ??= \`...\`` becomes `void \`...\``; what is found at the other end of a condition becomes nothing.
  const sound = [
    ...sitesIn('.', /\n {2,8}(this\.#(?:foreign|stray) \?\?=)(?= )/g).map(
      (site) => [title(site), site, 'void'] as const,
    ),
    ...sitesIn('.', /\n {6}: (`the facts are of[^\n]*`)(?=;)/g).map(
      (site) => [title(site), site, 'undefined'] as const,
    ),
  ];
  it('what is unsound of facts and disclosures, which is found in the source', () =>
    expect(sound).toHaveLength(4));
  it.each(sound)('%s', async (_, site, instead) => {
    expect(await livingWithout(site, instead, 'origin', 'disclosures')).not.toEqual([]);
  });

  // The checks themselves, each a function of verify.ts that is named as its check is.
  const source = readFileSync(join(here, 'verify.ts'), 'utf8');
  const checkOf = ({ from }: Site): string => {
    const name = [...source.slice(0, from).matchAll(/\nfunction (\w+)|\nasync function (\w+)/g)].at(-1);
    const words =
      name
        ?.slice(1)
        .join('')
        .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) ?? '';
    return words === 'beyond' ? 'earlier-head' : words;
  };
  const ofVerify = (pattern: RegExp, instead: string) =>
    sitesIn('.', pattern)
      .filter(({ file }) => file === './verify.ts')
      .map((site) => [title(site), site, instead] as const);
  const checked = [
    ...ofVerify(/\n {4,6}(?:if \([^\n]*\) )?(return)(?= [`'][^\n]*;)/g, 'void'),
    ...ofVerify(/\n {4}: ([`'][^\n]*[`'])(?=;)/g, 'undefined'),
    ...ofVerify(/\n {4}\? ('[^\n]*')(?=\n)/g, 'undefined'),
  ];
  it('what the checks say, which is found in the source', () => expect(checked.length).toBeGreaterThan(9));
  it.each(checked)('%s', async (_, site, instead) => {
    expect(await livingWithout(site, instead, checkOf(site))).not.toEqual([]);
  });

  // `if (...) return \`the rows of fact ...\`;` becomes `if (...) void ...`. Totals that are withheld are no totals: they
  // are found false too.
  const extracts = sitesIn(
    '.',
    /\n {4,6}(?:if \([^\n]*\) )?(return)(?= `(?:the rows|fact \$\{position\} counts|the control))/g,
  );
  it('what is false of an extract, which is found in the source', () => expect(extracts).toHaveLength(4));
  it.each(extracts.map((site) => [title(site), site] as const))('%s', async (_, site) => {
    expect(await livingWithout(site, 'void', 'extracts')).not.toEqual([]);
  });
});

const days: readonly DayCase[] = [...reconciledDays, ...guardedDays, ...changedDays, ...otherDays];
/** What a judgement says, without what differs from one making of a day to the next. */
const saidIn = ({ questions, rung }: Judgement): string =>
  JSON.stringify([
    rung,
    questions.map(({ question, reasons }) => [question, reasons.map(({ code, text }) => [code, text])]),
  ]);

const entry = `
  export { changedDays } from './verdict/changed.fixture.ts';
  export { guardedDays } from './verdict/guarded.fixture.ts';
  export { otherDays } from './verdict/other.fixture.ts';
  export { reconciledDays } from './verdict/reconciled.fixture.ts';
`;
interface Days {
  readonly reconciledDays: readonly DayCase[];
  readonly guardedDays: readonly DayCase[];
  readonly changedDays: readonly DayCase[];
  readonly otherDays: readonly DayCase[];
}

describe('a day is judged otherwise without', () => {
  const wholes = new Map<string, string>();
  beforeAll(async () => {
    for (const { name, day } of days) wholes.set(name, saidIn(await day().judged()));
  });

  /** Days that are about this come first. */
  async function differing(site: Site, instead: string): Promise<string | undefined> {
    const weak = await without<Days>(entry, site, instead);
    const code = /'([a-z-]+)'/.exec(site.text)?.[1];
    const all = [...weak.reconciledDays, ...weak.guardedDays, ...weak.changedDays, ...weak.otherDays];
    const ordered = [
      ...all.filter((each) => each.code === code),
      ...all.filter((each) => each.code !== code),
    ];
    for (const { name, day } of ordered) {
      try {
        if (saidIn(await day().judged()) !== wholes.get(name)) return name;
      } catch {
        return name;
      }
    }
    return undefined;
  }

  // `reasons.say('orphan', ...)` becomes a call of what does nothing.
  const reasons = sitesIn('verdict', /[^\w.](reasons\.say)(?=\()/g);
  it('reasons, which are found in the source', () => expect(reasons.length).toBeGreaterThan(40));
  it.each(reasons.map((site) => [title(site), site] as const))('%s', async (_, site) => {
    expect(await differing(site, nothing)).toBeDefined();
  });

  // What something else finds too, so that no day can show it; each with what that is.
  const doubled: Readonly<Record<string, string>> = {
    'the rule asks for no approval': 'an approval names the hash of the rule that it was given under',
    'it approves another action': 'approvals are looked up by their action',
    'its signer is not known': 'nobody unknown has a key to sign with',
  };
  const isNeeded = ({ text }: Site) =>
    Object.keys(doubled).every((words) => !text.startsWith(`return '${words}'`));

  // `if (...) return 'it has expired';` becomes `if (...) void 'it has expired';`.
  const objections = ['approvals', 'changes', 'checkpoints'].flatMap((room) =>
    sitesIn(room, /\bif \([^\n]*\)\s*(return)(?= ['`](?:it |its |the |nobody ))/g),
  );
  it('objections to an approval, which are found in the source', () =>
    expect(objections.length).toBeGreaterThan(8));
  it.each(objections.filter(isNeeded).map((site) => [title(site), site] as const))('%s', async (_, site) => {
    expect(await differing(site, 'void')).toBeDefined();
  });

  // What keeps a passkey that somebody registered from signing.
  const unregistered = sitesIn('changes', /\n {4}if \([^\n]*\) (return undefined)(?=;)/g).filter(({ file }) =>
    file.endsWith('passkeys.ts'),
  );
  it('what makes no passkey, which is found in the source', () =>
    expect(unregistered.length).toBeGreaterThan(5));
  it.each(unregistered.map((site) => [title(site), site] as const))('%s', async (_, site) => {
    expect(await differing(site, 'void 0')).toBeDefined();
  });

  // A signature that nobody checks, and a key that two people have.
  const signatures = ['approvals', 'book', 'changes', 'contracts'].flatMap((room) => [
    ...sitesIn(room, /\.length > 1\) (return undefined)(?=;)/g).map(
      (site) => [title(site), site, 'void 0'] as const,
    ),
    ...sitesIn(room, /\n {2}return (verifySignature)(?=\()/g).map(
      (site) => [title(site), site, '((..._: unknown[]) => true)'] as const,
    ),
  ]);
  it('signatures, which are found in the source', () => expect(signatures).toHaveLength(3));
  it.each(signatures)('%s', async (_, site, instead) => {
    expect(await differing(site, instead)).toBeDefined();
  });
});
