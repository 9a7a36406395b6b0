// `surety pack`: what packs there are, what one asks for, whether it does what it says, and how it is bound to the tools
// that somebody has. Nothing that is there is written over.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { labelledTools, type Problem, renderProblems } from '../../config/index.ts';
import {
  bindPack,
  findPack,
  isTested,
  outcomeText,
  type Pack,
  packNames,
  proposal,
  readBinding,
  testedIn,
  testPack,
  untried,
} from '../../packs/index.ts';
import type { packActions } from '../table.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Options {
  readonly folder: string;
  readonly json?: boolean;
  readonly binding?: string;
  readonly out?: string;
}

export function pack(
  terminal: Terminal,
  action: (typeof packActions)[number],
  name: string | undefined,
  options: Options,
): Exit {
  if (action === 'list') return list(terminal, options);
  if (action === 'test' && name === undefined) return testAll(terminal, options);
  if (name === undefined)
    throw new CommandError(`which pack? There are: ${packNames().join(', ')}`, undefined, exit.usage);
  if (action === 'bind') return bind(terminal, name, options);
  const found = load(terminal, name, options);
  if (found === undefined) return exit.error;
  return action === 'show' ? show(terminal, found, options) : test(terminal, [found], options);
}

/** Says what is wrong with it, and gives nothing then. */
function load(terminal: Terminal, name: string, { json }: Options): Pack | undefined {
  const loaded = findPack(name, terminal.cwd);
  if ('pack' in loaded) return loaded.pack;
  wrong(terminal, loaded.problems, json);
  return undefined;
}

function wrong(terminal: Terminal, problems: readonly Problem[], json = false): void {
  if (json) terminal.out(JSON.stringify({ ok: false, problems }));
  else terminal.note(renderProblems(problems, terminal.color).trimEnd());
}

const countText = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function list(terminal: Terminal, options: Options): Exit {
  const packs = packNames().flatMap((name) => load(terminal, name, options) ?? []);
  const rows = packs.map((each) => {
    const checkpoints = testedIn(each);
    return {
      ...{ pack: each.pack, version: each.version, title: each.title },
      ...{ controls: each.controls.length, checkpoints: checkpoints.length },
      tests: checkpoints.reduce((sum, { tests }) => sum + tests.length, 0),
    };
  });
  if (options.json === true) terminal.out(JSON.stringify({ packs: rows }));
  else
    for (const { pack: of, version, title, controls, checkpoints, tests } of rows)
      terminal.out(
        `${terminal.paint('bold', of)} ${version}  ${title}: ${countText(controls, 'control')}, ${checkpoints} as checkpoints, ${countText(tests, 'test')}`,
      );
  return packs.length === packNames().length ? exit.ok : exit.error;
}

function show(terminal: Terminal, of: Pack, { json }: Options): Exit {
  if (json === true) {
    terminal.out(JSON.stringify(of));
    return exit.ok;
  }
  const { paint, out } = terminal;
  const say = (line: string) => out(printable(line));
  out(`${paint('bold', of.pack)} ${of.version}  ${printable(of.title)}`);
  say(of.about);
  out('');
  for (const control of of.controls) {
    out(`${paint('bold', control.ref)} ${printable(control.title)}`);
    say(`  ${control.because}`);
    if (isTested(control)) {
      const { checkpoint, tests, beyond } = control;
      say(`  checkpoint ${checkpoint.id}, before ${checkpoint.before}; ${countText(tests.length, 'test')}:`);
      for (const each of tests) say(`    ${each.answer.padEnd(6)} ${each.name}`);
      if (beyond !== undefined) say(`  not said: ${beyond}`);
    } else say(`  no checkpoint: ${control.elsewhere}`);
    say(`  source: ${control.source.join('; ')}, as of ${control['as-of']}`);
    out('');
  }
  out(`Checks informed by these sources; not legal advice. Next: surety pack bind ${printable(of.pack)}`);
  return exit.ok;
}

function testAll(terminal: Terminal, options: Options): Exit {
  const packs = packNames().map((name) => load(terminal, name, options));
  const tried = test(
    terminal,
    packs.flatMap((each) => each ?? []),
    options,
  );
  return packs.includes(undefined) ? exit.error : tried;
}

function test(terminal: Terminal, packs: readonly Pack[], { json }: Options): Exit {
  const all = packs.map((of) => ({
    pack: of.pack,
    version: of.version,
    results: testPack(of),
    untried: testedIn(of).flatMap((control) =>
      untried(control).map((shows) => ({ ref: control.ref, checkpoint: control.checkpoint.id, shows })),
    ),
  }));
  const isOk = all.every(({ results, untried: left }) => left.length === 0 && results.every(({ ok }) => ok));
  if (json === true) {
    terminal.out(JSON.stringify({ ok: isOk, packs: all }));
    return isOk ? exit.ok : exit.error;
  }
  for (const { pack: of, version, results, untried: left } of all) {
    const failed = results.filter(({ ok }) => !ok);
    for (const { ref, checkpoint, name, expected, answer, text } of failed)
      terminal.out(
        `${terminal.paint('red', 'failed')} ${ref} ${checkpoint}: ${printable(name)}: ${expected} was said, and it answers ${answer}: ${printable(text)}`,
      );
    for (const { ref, checkpoint, shows } of left)
      terminal.out(`${terminal.paint('red', 'untried')} ${ref} ${checkpoint}: no test shows \`${shows}\``);
    terminal.out(
      `${of} ${version}: ${results.length - failed.length} of ${countText(results.length, 'test')} answer as they say${left.length === 0 ? '' : `, ${left.length} not tried`}`,
    );
  }
  return isOk ? exit.ok : exit.error;
}

/** First the binding, to be filled in; once it is, the outcome that comes of it. */
function bind(terminal: Terminal, name: string, options: Options): Exit {
  const of = load(terminal, name, options);
  if (of === undefined) return exit.error;
  const folder = resolve(terminal.cwd, options.folder);
  const file = resolve(terminal.cwd, options.binding ?? join(options.folder, `${of.pack}.binding.yaml`));
  if (!existsSync(file)) return propose(terminal, of, folder, file, options);
  const read = readBinding(file, of);
  if ('problems' in read) {
    wrong(terminal, read.problems, options.json);
    return exit.error;
  }
  const again = findPack(name, terminal.cwd, read.values);
  if ('problems' in again) {
    wrong(terminal, again.problems, options.json);
    return exit.error;
  }
  const bound = bindPack(of, again.pack, read.binding);
  for (const { ref, name: what, answer, expected } of bound.failed)
    terminal.note(
      `${ref}: ${printable(what)}: ${expected} was said, and bound to your tools it answers ${answer}`,
    );
  if (bound.failed.length > 0)
    throw new CommandError(
      `${countText(bound.failed.length, 'test')} of the pack fail as it is bound`,
      'two names stand for one place, or a value changes what its tests say; nothing was written',
    );
  if (bound.controls.length === 0)
    throw new CommandError('no checkpoint of the pack can be bound to these tools', bound.left[0]?.text);
  const out = resolve(
    terminal.cwd,
    options.out ?? join(options.folder, 'outcomes', `${read.binding.outcome.outcome}.yaml`),
  );
  write(out, outcomeText(again.pack, read.binding, bound, relative(folder, file)));
  const shown = relative(terminal.cwd, out);
  const { controls, left } = bound;
  if (options.json === true)
    terminal.out(
      JSON.stringify({
        ok: true,
        outcome: shown,
        checkpoints: controls.map(({ checkpoint }) => checkpoint.id),
        left,
      }),
    );
  else {
    terminal.out(shown);
    terminal.note(
      `${countText(controls.length, 'checkpoint')}, and all of their tests answer as they say with your tools`,
    );
    for (const { ref, title, text } of left)
      terminal.note(`left out: ${ref} ${printable(title)}: ${printable(text)}`);
    terminal.note('next: read the file, then surety check');
  }
  return exit.ok;
}

function propose(terminal: Terminal, of: Pack, folder: string, file: string, { json }: Options): Exit {
  const tools = labelledTools(folder);
  write(file, proposal(of, tools));
  const shown = relative(terminal.cwd, file);
  if (json === true) terminal.out(JSON.stringify({ ok: true, binding: shown }));
  else {
    terminal.out(shown);
    if (tools.length === 0) terminal.note('no tool is labelled in surety.yaml, so none is proposed');
    terminal.note('next: fill it in, then run the same command again');
  }
  return exit.ok;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CommandError(
      `already there: ${file}`,
      'nothing was written; move it away, or name another with --out',
    );
  }
}
