// `surety audit`: from the files alone, every path by which an agent could reach an effect without its checkpoint, and what
// is wrong with the checkpoints themselves. Each finding comes with calls that show it, replayed through the gate's own code.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { contentOf, type Standing } from '@surety/proof/changes';
import { clockFrom } from '../../clock.ts';
import {
  type Config,
  isOver,
  type LoadedSuppressions,
  loadSuppressions,
  type Place,
  renderProblems,
  type Suppression,
} from '../../config/index.ts';
import {
  type Audited,
  auditDeclarations,
  type Finding,
  findingId,
  inOrder,
  type Level,
  type Placed,
  parseTrace,
  replay as played,
  sarifOf,
  traceFile,
} from '../../static-audit/index.ts';
import { schemasIn } from '../schemas.ts';
import { configWithoutSecrets } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly tests?: string;
  readonly replay?: string;
}

/** A finding with where it is, and what somebody said about it. */
interface Told {
  readonly finding: Finding;
  readonly places: readonly Place[];
  readonly suppressed?: Suppression;
  /** It was suppressed until that day. */
  readonly over?: Suppression;
}

export interface Looked {
  readonly told: readonly Told[];
  readonly looked: Audited['looked'];
  readonly counts: Readonly<Record<Level | 'suppressed', number>>;
}

export const standingOf = ({ declarations }: Config): Standing =>
  new Map(declarations.map(({ stream, kind, body }) => [stream, contentOf(kind, body)]));

/** What `audit.yaml` says, and what is wrong with it. */
export function suppressionsOf(terminal: Terminal, { folder, declarations }: Config): LoadedSuppressions {
  const people = declarations.flatMap((each) => (each.kind === 'person.enrolled' ? [each.body.person] : []));
  return loadSuppressions(folder, people, clockFrom(terminal.env).now());
}

/** Audits what the files say. */
export function look(terminal: Terminal, config: Config, suppressions: readonly Suppression[]): Looked {
  const now = clockFrom(terminal.env).now();
  const standing = standingOf(config);
  const { findings, looked } = auditDeclarations(standing, schemasIn(config));
  const told = findings.map((finding): Told => {
    const places = finding.about.flatMap((stream) => config.places.get(stream) ?? []);
    const by = suppressions.find((each) => each.finding === finding.id);
    if (by === undefined) return { finding, places };
    return isOver(by, now) ? { finding, places, over: by } : { finding, places, suppressed: by };
  });
  const idle = suppressions
    .filter((each) => !findings.some(({ id }) => id === each.finding))
    .map((each): Told => ({ finding: idleOf(each), places: [each.place] }));
  const order = inOrder([...told, ...idle].map(({ finding }) => finding)).map(({ id }) => id);
  const all = [...told, ...idle].toSorted(
    (a, b) => order.indexOf(a.finding.id) - order.indexOf(b.finding.id),
  );
  const count = (level: Level) =>
    all.filter(({ finding, suppressed }) => suppressed === undefined && finding.level === level).length;
  return {
    told: all,
    looked,
    counts: {
      ...{ error: count('error'), unshown: count('unshown'), warning: count('warning'), note: count('note') },
      suppressed: all.filter(({ suppressed }) => suppressed !== undefined).length,
    },
  };
}

function idleOf({ finding, owner }: Suppression): Finding {
  const parties = { finding };
  return {
    ...{ kind: 'suppression-idle', level: 'warning', parties, about: [], shown: 'none' },
    id: findingId('suppression-idle', parties),
    sentence: `${owner} suppresses ${finding}, which is not found, or not any more`,
    remedy: 'remove it from audit.yaml: it would hide the same finding if it came back',
  };
}

export async function audit(terminal: Terminal, version: string, asked: Asked): Promise<Exit> {
  if (asked.json === true && asked.sarif === true)
    throw new CommandError('which of the two?', 'pass --json or --sarif', exit.usage);
  if (asked.replay !== undefined && (asked.sarif === true || asked.tests !== undefined))
    throw new CommandError('--replay plays what is kept', 'pass it alone, or with --json', exit.usage);
  const config = await configWithoutSecrets(terminal, asked.folder);
  if (asked.replay !== undefined) return replayAll(terminal, config, asked.replay, asked.json === true);
  const { suppressions, problems } = suppressionsOf(terminal, config);
  if (problems.length > 0) {
    terminal.note(renderProblems(problems, terminal.color));
    throw new CommandError('`audit.yaml` has errors', 'nothing is suppressed until they are gone');
  }
  const found = look(terminal, config, suppressions);
  if (asked.tests !== undefined) keep(terminal, found, asked.tests);
  if (asked.sarif === true)
    terminal.out(JSON.stringify(sarif(terminal, config, found, version), undefined, 2));
  else if (asked.json === true) terminal.out(JSON.stringify(documentOf(found)));
  else for (const line of linesOf(terminal, found)) terminal.out(line);
  return isGood(found) ? exit.ok : exit.error;
}

/** What cannot be shown counts as what is wrong: nobody should rest on it. */
const isGood = ({ counts }: Looked): boolean => counts.error + counts.unshown === 0;

function documentOf(found: Looked): object {
  const { told, looked, counts } = found;
  return {
    ok: isGood(found),
    findings: told.map(({ finding, places, suppressed, over }) => {
      const { id, kind, level, sentence, remedy, parties, shown, trace } = finding;
      return {
        ...{ id, kind, level, sentence, remedy, parties, places, shown },
        ...(trace === undefined ? {} : { counterexample: traceFile(finding, trace) }),
        ...(suppressed === undefined ? {} : { suppressed: saidBy(suppressed) }),
        ...(over === undefined ? {} : { suppressionOver: saidBy(over) }),
      };
    }),
    counts,
    looked,
  };
}

const saidBy = ({ owner, reason, expiry }: Suppression) => ({ owner, reason, expiry });

function sarif(terminal: Terminal, { folder }: Config, { told }: Looked, version: string): object {
  const from = relative(terminal.cwd, folder).split(sep).join('/');
  const pathOf = (file: string) => (from === '' ? file : `${from}/${file}`);
  const placed = told.map(({ finding, places, suppressed }): Placed => {
    // A reader shows nothing that is nowhere.
    const known = places.length > 0 ? places : [{ file: 'surety.yaml', line: 1, column: 1 }];
    return {
      finding,
      places: known.map(({ file, line, column }) => ({ path: pathOf(file), line, column })),
      suppressed,
    };
  });
  return sarifOf(placed, version);
}

const tones = { error: 'red', unshown: 'yellow', warning: 'yellow', note: 'cyan' } as const;
const headings: Readonly<Record<Level, string>> = {
  error: 'wrong',
  unshown: 'cannot be shown',
  warning: 'less than it seems',
  note: 'perhaps',
};

function linesOf(terminal: Terminal, found: Looked): readonly string[] {
  const { told, looked } = found;
  const lines: string[] = [];
  for (const level of ['error', 'unshown', 'warning', 'note'] as const) {
    const some = told.filter(
      ({ finding, suppressed }) => suppressed === undefined && finding.level === level,
    );
    if (some.length > 0) lines.push(terminal.paint('bold', `${headings[level]} (${some.length})`), '');
    for (const each of some) lines.push(...findingLines(terminal, each), '');
  }
  const suppressed = told.filter((each) => each.suppressed !== undefined);
  if (suppressed.length > 0) lines.push(terminal.paint('bold', `suppressed (${suppressed.length})`), '');
  for (const { finding, suppressed: by } of suppressed)
    if (by !== undefined)
      lines.push(
        `${finding.id}  ${printable(finding.sentence)}`,
        `  ${by.owner} until ${by.expiry}: ${printable(by.reason)}`,
        '',
      );
  const { agents, tools, paths, checkpoints } = looked;
  const what = `${plural(agents, 'agent')}, ${plural(tools, 'tool')}, ${plural(paths, 'path')} to an effect, ${plural(checkpoints, 'checkpoint')}`;
  if (told.length === 0)
    return [
      `${terminal.paint('green', 'nothing found')}: looked at ${what}`,
      'every call that an agent may make for an effect meets a checkpoint; each checkpoint can fire and can be satisfied',
    ];
  return [...lines, `${summaryOf(found)}; looked at ${what}`];
}

export function summaryOf({ counts }: Pick<Looked, 'counts'>): string {
  const { error, unshown, warning, note, suppressed } = counts;
  const parts = [
    ...(error > 0 ? [plural(error, 'error')] : []),
    ...(unshown > 0 ? [`${unshown} not shown`] : []),
    ...(warning > 0 ? [plural(warning, 'warning')] : []),
    ...(note > 0 ? [plural(note, 'note')] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
  ];
  return parts.length === 0 ? 'nothing found' : parts.join(', ');
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function findingLines(terminal: Terminal, { finding, places, over }: Told): readonly string[] {
  const { id, kind, level, sentence, remedy, shown, trace } = finding;
  const [place] = places;
  const at = place === undefined ? '' : `  ${printable(place.file)}:${place.line}:${place.column}`;
  const lines = [
    `${terminal.paint(tones[level], kind)}  ${id}${at}`,
    `  ${printable(sentence)}`,
    ...(over === undefined
      ? []
      : [`  it was suppressed until ${over.expiry} by ${over.owner}: ${printable(over.reason)}`]),
  ];
  if (shown === 'not-replayed')
    lines.push('  no call was found that shows it: the declarations say so, the gate was not seen to');
  if (trace !== undefined) {
    const { answer, step } = trace.expect;
    const left = trace.without.length === 0 ? '' : `, without ${printable(trace.without.join(', '))}`;
    lines.push(`  counterexample (replayed${left}):`);
    for (const [index, call] of trace.calls.entries()) {
      const isLast = index === trace.calls.length - 1;
      const user = call.user === undefined ? '' : ` for ${printable(call.user)}`;
      const args = shortened(JSON.stringify(call.args));
      const people = (call.approvals ?? []).map((each) => `${each.person} (${each.function})`);
      const approved = people.length === 0 ? '' : `, approved by ${printable(people.join(', '))}`;
      const result =
        isLast || call.result === undefined ? '' : ` -> ${shortened(JSON.stringify(call.result))}`;
      const said = isLast ? ` -> ${answer}${answer === 'allowed' ? '' : ` at ${printable(step)}`}` : result;
      lines.push(`    ${call.agent}${user}: ${printable(call.tool)} ${args}${approved}${said}`);
    }
  }
  return [...lines, `  ${terminal.paint('cyan', 'help:')} ${printable(remedy)}`];
}

const shortened = (text: string): string => printable(text.length > 200 ? `${text.slice(0, 197)}...` : text);

// --- Counterexamples as files -------------------------------------------------------------------------------

const filesMax = 10_000;
const fileBytesMax = 1_048_576;

/** One file for each finding that a call shows, by its id: the same finding writes the same file. */
function keep(terminal: Terminal, { told }: Looked, where: string): void {
  const folder = resolve(terminal.cwd, where);
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const { finding } of told) {
    if (finding.trace === undefined) continue;
    writeFileSync(
      join(folder, `${finding.id}.json`),
      `${JSON.stringify(traceFile(finding, finding.trace), undefined, 2)}\n`,
    );
    count += 1;
  }
  terminal.note(
    `${plural(count, 'counterexample')} in ${where}: \`surety audit --replay ${where}\` plays them`,
  );
}

interface Played {
  readonly file: string;
  readonly finding: string;
  readonly says: string;
  /** `open`: the gate still answers as the counterexample says. */
  readonly is: 'open' | 'closed';
  readonly answer: string;
  readonly step: string;
}

function replayAll(terminal: Terminal, config: Config, where: string, json: boolean): Exit {
  const folder = resolve(terminal.cwd, where);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted();
  if (files.length === 0)
    throw new CommandError(`no counterexample lies in ${where}`, '`surety audit --tests FOLDER` writes them');
  if (files.length > filesMax) throw new CommandError(`more than ${filesMax} files lie in ${where}`);
  const standing = standingOf(config);
  const all = files.map((file): Played => {
    const kept = readKept(join(folder, file), file);
    const { said, isAsSaid } = played(standing, kept);
    const is = isAsSaid ? 'open' : 'closed';
    return { file, finding: kept.finding, says: kept.says, is, answer: said.answer, step: said.step };
  });
  const open = all.filter(({ is }) => is === 'open');
  if (json) terminal.out(JSON.stringify({ ok: open.length === 0, played: all }));
  else {
    for (const { file, says, is, answer, step } of all)
      terminal.out(
        `${terminal.paint(is === 'open' ? 'red' : 'green', is)}  ${printable(file)}: ${printable(says)} (now ${answer}${answer === 'allowed' ? '' : ` at ${printable(step)}`})`,
      );
    terminal.out(`${plural(all.length, 'counterexample')} played, ${open.length} still open`);
  }
  return open.length === 0 ? exit.ok : exit.error;
}

function readKept(path: string, file: string): ReturnType<typeof parseTrace> {
  try {
    if (!statSync(path).isFile()) throw new Error('it is no file');
    const bytes = readFileSync(path);
    if (bytes.length > fileBytesMax) throw new Error(`it is larger than ${fileBytesMax} bytes`);
    return parseTrace(bytes);
  } catch (error) {
    throw new CommandError(
      `${printable(file)} cannot be played: ${(error as Error).message}`,
      'correct it, or take it away; nothing was played',
    );
  }
}
