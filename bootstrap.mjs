// Makes a fresh clone run: installs what package-lock.json names when it is not there, finds a Node new enough,
// and hands over to it. Runs on Node 20 and later and depends on nothing. What it says goes to stderr, so that
// stdout is the program's own; only `test` and `check` close with a line `N passed, N failed` on stdout.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const modules = join(root, 'node_modules');
const nodeMin = [24, 15];
const exitUsage = 64;
const installWaitMsMax = 15 * 60 * 1000;

const usage = `usage: node bootstrap.mjs <verb> [arguments]
  demo [arguments]     run a story: --story supplier-payments (default) or --story production-database
  surety [arguments]   run the command line from its source
  test [arguments]     types, lint, dead code, then every test; arguments go to vitest
  check                types, lint and dead code only
  format               put style and order of imports right
  bench [name]         run a benchmark, or list them
  conformance          the official MCP suite, directly and through the gateway
`;

/** What a person can act on; printed without a stack. */
class Refusal extends Error {
  /** @param {string} message @param {number} [exitCode] */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);

// --- The installed tree -------------------------------------------------------------------------------------

const lockfile = join(root, 'package-lock.json');
const stampFile = join(modules, '.surety-lockfile-sha256');
const treeRecord = join(modules, '.package-lock.json');
const lockFolder = join(root, '.install-lock');
const pinnedNode = `node_modules/node-${process.platform}-${process.arch}`;

const lockfileHash = () => createHash('sha256').update(readFileSync(lockfile)).digest('hex');
const isStamped = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === lockfileHash();

/** Installs exactly what the lockfile names, unless that is what is there. */
async function ensureInstalled() {
  if (!existsSync(lockfile)) throw new Refusal('there is no package-lock.json: this is not a whole clone');
  if (isStamped()) return;
  const release = await takeLock();
  try {
    // Whoever held the lock before may have installed it meanwhile.
    if (isStamped()) return;
    if (differences() !== undefined) await install();
    const left = differences();
    if (left !== undefined)
      throw new Refusal(`what npm installed is not what package-lock.json names: ${left}`);
    writeFileSync(stampFile, `${lockfileHash()}\n`);
  } finally {
    release();
  }
}

/**
 * How the installed tree differs from the lockfile, or nothing. Read from npm's own record of the tree, which it
 * writes last: an interrupted installation has none.
 */
function differences() {
  if (!existsSync(treeRecord)) return 'there is no record of it';
  const wanted = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  const there = JSON.parse(readFileSync(treeRecord, 'utf8')).packages;
  const identity = ({ version, integrity, link, resolved }) =>
    JSON.stringify([version, integrity, link, link && resolved]);
  const differing = Object.keys(there).filter((path) =>
    // A platform's part of a tool may be absent from the lockfile where the registry did not offer it.
    wanted[path] === undefined ? !there[path].optional : identity(wanted[path]) !== identity(there[path]),
  );
  const isNeeded = (path, entry) =>
    // What is optional is absent where the platform is another; the Node for this one is not optional to us.
    path === pinnedNode || (path.includes('node_modules/') && !entry.optional && !entry.devOptional);
  // npm writes its record also where it installs nothing (`--package-lock-only`): a folder is there, or it is not.
  const isThere = (path) => there[path] !== undefined && existsSync(join(root, path, 'package.json'));
  const missing = Object.keys(wanted).filter((path) => !isThere(path) && isNeeded(path, wanted[path]));
  const all = [...differing, ...missing];
  return all.length === 0 ? undefined : all.slice(0, 5).join(', ');
}

/**
 * `npm install --no-save`, then compared with the lockfile above. `npm ci` would refuse a lockfile that lacks a
 * tool's part for some other platform, and registries do not offer all of those at every moment.
 */
async function install() {
  say('installing what package-lock.json names ...');
  // From nothing, so that every package is checked against its hash again.
  rmSync(modules, { recursive: true, force: true });
  // Under `npm run` npm says where it lies itself; otherwise the one in PATH is asked.
  const npm = process.env['npm_execpath'];
  const byScript = npm !== undefined && /\.[cm]?js$/.test(npm) && existsSync(npm);
  const [command, ...first] = byScript ? [process.execPath, npm] : ['npm'];
  const options = [
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  const code = await run(command, [...first, 'install', ...options, '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
    // If this process is killed, npm may go on: the lock is then npm's.
    started: (pid) => appendFileSync(join(lockFolder, 'pids'), `${pid}\n`),
  });
  if (code === 0) return;
  throw new Refusal(
    `npm install failed (exit code ${code}): it needs the package registry once; ` +
      'see the lines above, then run the same command again',
  );
}

/**
 * One installation at a time: a folder can be made once only. Holders that died leave their folder behind; it is
 * moved to a name made of their process ids, which two waiters cannot both do.
 */
async function takeLock() {
  const deadline = Date.now() + installWaitMsMax;
  for (let waiting = false; ; waiting = true) {
    try {
      mkdirSync(lockFolder);
      appendFileSync(join(lockFolder, 'pids'), `${process.pid}\n`);
      return () => rmSync(lockFolder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Refusal(`cannot write to \`${root}\`: ${error.message}`);
    }
    const holders = lockHolders();
    if (holders !== undefined && !holders.some(isAlive)) moveAside(`${lockFolder}-of-${holders.join('-')}`);
    if (Date.now() > deadline)
      throw new Refusal(`another installation does not end: if there is none, remove \`${lockFolder}\``);
    if (!waiting) say('waiting for another installation to end ...');
    await sleep(200);
  }
}

/** The processes that hold the lock; undefined while nobody can say, for up to ten seconds. */
function lockHolders() {
  try {
    const text = readFileSync(join(lockFolder, 'pids'), 'utf8');
    if (text.endsWith('\n')) return text.trim().split('\n').map(Number);
  } catch {
    // Just made, just removed, or made by a process that died at once.
  }
  const made = statSync(lockFolder, { throwIfNoEntry: false });
  return made !== undefined && Date.now() - made.mtimeMs > 10_000 ? [] : undefined;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** @param {string} aside */
function moveAside(aside) {
  try {
    renameSync(lockFolder, aside);
    // Long enough that a waiter who read the same dead holders cannot move a new holder's folder there.
    setTimeout(() => rmSync(aside, { recursive: true, force: true }), 1000);
  } catch {
    // Another waiter was first; the next round sees who.
  }
}

// --- Node ---------------------------------------------------------------------------------------------------

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1]);
}

/** This process's Node if it is new enough, else the one that the lockfile pins for this platform. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const pinned = join(root, pinnedNode, 'bin', 'node');
  const answer = existsSync(pinned) ? spawnSync(pinned, ['--version'], { encoding: 'utf8' }) : undefined;
  if (answer?.status === 0 && isNewEnough(answer.stdout.trim())) return pinned;
  throw new Refusal(
    `this is Node ${process.versions.node}, and Node ${nodeMin.join('.')} or later is needed: ` +
      (answer === undefined
        ? `there is none for ${process.platform} on ${process.arch} in node_modules, so install one`
        : `the pinned one does not run here (${answer.error?.message ?? answer.stderr.trim()}), so install one`),
  );
}

// --- Running ------------------------------------------------------------------------------------------------

/**
 * What children see: the Node that was found and the installed tools come first, and what Node compiled once is kept beside
 * them. @param {string} node
 */
const environment = (node) => ({
  NODE_COMPILE_CACHE: join(modules, '.cache', 'compiled'),
  ...process.env,
  PATH: [dirname(node), join(modules, '.bin'), process.env['PATH']].filter(Boolean).join(delimiter),
});

/**
 * Runs a program with this process's own streams and answers its exit code. Signals travel on, but an interrupt
 * typed at a terminal reaches the whole group by itself.
 * @param {string} command @param {string[]} words
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions, started?: (pid: number) => void }} [options]
 * @returns {Promise<number>}
 */
function run(command, words, { cwd = root, env = process.env, stdio = 'inherit', started } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env, stdio });
    if (child.pid !== undefined) started?.(child.pid);
    const isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !isTerminal) child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.on('error', (error) =>
      reject(new Refusal(`\`${command}\` could not be started: ${error.message}`)),
    );
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Runs one of the repository's own programs. @param {string} file @param {string[]} words @param {string} [cwd] */
function runSource(file, words, cwd = root) {
  const path = join(root, file);
  if (!existsSync(path)) throw new Refusal(`there is no \`${file}\` in this clone`);
  const node = findNode();
  return run(node, [path, ...words], { cwd, env: environment(node) });
}

/** The script behind an installed command. @param {string} name @param {string} command */
function tool(name, command) {
  const { bin } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
  return join(modules, name, typeof bin === 'string' ? bin : bin[command]);
}

/** npm moves to the root; a path that a person typed is meant from where they stood. */
const typedFrom = () => (process.cwd() === root && process.env['INIT_CWD']) || process.cwd();

// --- Checks, tests, benchmarks ------------------------------------------------------------------------------

/** Types, lint and dead code, each whatever the others say. @param {string} node */
async function runChecks(node) {
  const steps = [
    ['types (tsc)', [tool('typescript', 'tsc'), '--noEmit', '-p', '.']],
    ['lint and format (biome)', [tool('@biomejs/biome', 'biome'), 'check', '--error-on-warnings']],
    ['dead code (knip)', [tool('knip', 'knip'), '--no-progress']],
  ];
  const failed = [];
  for (const [what, words] of steps) {
    const code = await run(node, words, { env: environment(node) });
    say(code === 0 ? `ok      ${what}` : `failed  ${what}`);
    if (code !== 0) failed.push(what);
  }
  return { passed: steps.length - failed.length, failed: failed.length };
}

/** @param {string} node @param {string[]} words */
async function runTests(node, words) {
  const folder = mkdtempSync(join(tmpdir(), 'surety-tests-'));
  const file = join(folder, 'tally.json');
  try {
    const vitest = [tool('vitest', 'vitest'), 'run', ...words];
    const code = await run(node, vitest, { env: { ...environment(node), SURETY_TEST_TALLY: file } });
    const tally = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : { passed: 0, failed: 0, notRun: [] };
    // The runner's own word counts too: it also fails when no file matched, or when a worker died.
    if (code !== 0 && tally.failed === 0) tally.failed = 1;
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says what was not run. Where nobody looks (CI), that counts as failed. @param {string[]} notRun @param {string[]} words */
function notRunFailures(notRun, words) {
  const chosen = words.some((word) => word === '-t' || word.startsWith('--testNamePattern'));
  if (notRun.length === 0 || chosen) return 0;
  for (const line of notRun) say(`not run ${line}`);
  const isCi = process.env['CI'] === 'true' || process.env['CI'] === '1';
  say(`${notRun.length} not run${isCi ? ', counted as failed because CI is set' : ''}`);
  return isCi ? notRun.length : 0;
}

/** @param {{ passed: number, failed: number }[]} parts */
function close(parts) {
  const passed = parts.reduce((sum, part) => sum + part.passed, 0);
  const failed = parts.reduce((sum, part) => sum + part.failed, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function benchmarks() {
  const folder = join(root, 'bench');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => /^[a-z0-9-]+\.ts$/.test(file)).map((file) => file.slice(0, -3));
}

/** The stories are the folders of `examples` that hold one. @param {string[]} words @returns {[string, string[]]} */
function chosenStory(words) {
  const at = words.findIndex((word) => word === '--story' || word.startsWith('--story='));
  if (at === -1) return ['supplier-payments', words];
  const joined = words[at].startsWith('--story=');
  const name = joined ? words[at].slice('--story='.length) : words[at + 1];
  const stories = readdirSync(join(root, 'examples')).filter((each) =>
    existsSync(join(root, 'examples', each, 'story.ts')),
  );
  if (name === undefined || !stories.includes(name))
    throw new Refusal(`no story \`${name ?? ''}\`; there are: ${stories.join(', ')}`, exitUsage);
  return [name, words.toSpliced(at, joined ? 1 : 2)];
}

/** @type {Record<string, (words: string[]) => Promise<number>>} */
const verbs = {
  demo: async (words) => {
    const [story, rest] = chosenStory(words);
    return runSource(`examples/${story}/story.ts`, rest);
  },
  surety: async (words) => runSource('packages/surety/src/main.ts', words, typedFrom()),
  check: async () => close([await runChecks(findNode())]),
  format: async (words) => {
    const node = findNode();
    const biome = [tool('@biomejs/biome', 'biome'), 'check', '--write', ...words];
    return run(node, biome, { env: environment(node) });
  },
  test: async (words) => {
    const node = findNode();
    const checks = await runChecks(node);
    const tests = await runTests(node, words);
    return close([checks, tests, { passed: 0, failed: notRunFailures(tests.notRun, words) }]);
  },
  conformance: async (words) => runSource('tests/conformance/run.ts', words),
  bench: async ([name, ...words]) => {
    const names = benchmarks();
    if (name !== undefined && names.includes(name)) return runSource(`bench/${name}.ts`, words);
    const list = names.length === 0 ? 'there are none in this clone' : `there are: ${names.join(', ')}`;
    if (name !== undefined) throw new Refusal(`no benchmark \`${name}\`; ${list}`, exitUsage);
    process.stdout.write(`${names.join('\n')}\n`);
    return 0;
  },
};

async function main([verb = '', ...words]) {
  if (!Object.hasOwn(verbs, verb)) {
    process.stderr.write(usage);
    return exitUsage;
  }
  await ensureInstalled();
  return verbs[verb](words);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  say(`surety: ${error.message}`);
  process.exitCode = error.exitCode;
}
