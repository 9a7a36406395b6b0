// The stage: real processes on one injected clock. Surety and its witness run as children of the story and
// are started again if they die; what the story has done is kept in a file, so that it goes on where it was.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StoryError } from './patience.ts';
import { freePort } from './port.ts';

const product = fileURLToPath(new URL('../../packages/surety/src', import.meta.url));

/** How one story sets its stage, in an empty folder. */
export interface Setting {
  /** Simulated milliseconds since the epoch. */
  readonly startAt: number;
  /** Whose keys are made, each as `<name>.key`; their public halves fill `{{name}}` in the template. */
  readonly keys: readonly string[];
  /** `surety.yaml`, with `{{name}}` for what is made anew on every machine. */
  readonly template: string;
  /** More values for the template. */
  readonly values: Readonly<Record<string, string>>;
  /** Puts everything else there; run with the clock set and before any process starts. */
  prepare(folder: string): void;
}

/** What the story remembers between its processes. */
export interface Progress {
  done: string[];
  port: number;
  witnessPort: number;
  tokens: { agent?: string; desk?: string };
  cases: Record<string, string>;
  /** Simulated milliseconds since the epoch, when this was written. */
  at: number;
  days: Record<string, { day: string; title: string; verdict: string; proof: string }>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const failuresMax = 5;
/** A busy machine takes its time; nobody waits for ever. */
const upMsMax = 300_000;

export class Stage {
  readonly folder: string;
  readonly #children = new Map<string, ChildProcess>();
  #leaving = false;
  /** Ends of its own, without an answer in between: more than a few are no accident. */
  #failures = 0;
  #deaths = 0;
  #kills = 0;
  /** This gateway said itself that it listens: whatever answers on its port is not somebody else. */
  #isUp = false;
  readonly progress: Progress;
  readonly resumed: boolean;
  readonly #say: (line: string) => void;

  private constructor(folder: string, progress: Progress, resumed: boolean, say: (line: string) => void) {
    this.folder = folder;
    this.progress = progress;
    this.resumed = resumed;
    this.#say = say;
  }

  /** Opens the stage of an interrupted story, or sets a new one. */
  static async open(
    folder: string,
    setting: Setting,
    wantedPort: number,
    say: (line: string) => void,
  ): Promise<Stage> {
    await refuseOthers(folder);
    const state = join(folder, 'story.json');
    const old = existsSync(state) ? (JSON.parse(readFileSync(state, 'utf8')) as Progress) : undefined;
    if (old !== undefined && !old.done.includes('the end')) {
      const stage = new Stage(folder, old, true, say);
      stage.setClock(Math.max(old.at, stage.#clockAt(), stage.#newestFact() + 1_000));
      return stage;
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [port, witnessPort] = [await freePort(wantedPort), await freePort(wantedPort && wantedPort + 10)];
    const progress = { done: [], port, witnessPort, tokens: {}, cases: {}, at: setting.startAt, days: {} };
    const stage = new Stage(folder, progress, false, say);
    stage.setClock(setting.startAt);
    await stage.#build(setting);
    stage.save();
    return stage;
  }

  get env(): Record<string, string | undefined> {
    return {
      ...process.env,
      SURETY_CLOCK: join(this.folder, 'clock.json'),
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.progress.port}`;
  }

  /** The simulated time: what the clock file says, plus what has passed since. */
  now(): number {
    const { at, real } = JSON.parse(readFileSync(join(this.folder, 'clock.json'), 'utf8')) as {
      at: number;
      real: number;
    };
    return at + (Date.now() - real);
  }

  /** Where the clock was set last, without what has passed since. */
  #clockAt(): number {
    return (JSON.parse(readFileSync(join(this.folder, 'clock.json'), 'utf8')) as { at: number }).at;
  }

  setClock(at: number): void {
    const file = join(this.folder, 'clock.json');
    writeFileSync(`${file}.new`, JSON.stringify({ at, real: Date.now() }));
    renameSync(`${file}.new`, file);
  }

  /** Never backwards: a step that is told again after an interruption must not turn time back. */
  advanceTo(at: number): void {
    if (this.now() < at) this.setClock(at);
  }

  save(): void {
    this.progress.at = this.now();
    const file = join(this.folder, 'story.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.progress, null, 1), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  /** Runs a step once, however often the story is started. */
  async once(step: string, run: () => Promise<void>): Promise<void> {
    if (this.progress.done.includes(step)) return;
    await run();
    this.progress.done.push(step);
    this.save();
  }

  async raise(): Promise<void> {
    this.#keep('witness', [
      join(product, 'main.ts'),
      ...['witness', '--folder', 'witness', '--name', witnessName, '--with-parent'],
      ...['--listen', `127.0.0.1:${this.progress.witnessPort}`, '--log', this.#vkey('store/keys/log.vkey')],
    ]);
    this.#keep('surety', [join(product, 'main.ts'), 'up', '--with-parent']);
    await this.ready();
  }

  get kills(): number {
    return this.#kills;
  }

  /** Resolves when the gateway answers. Throws `StoryError` if it ends by itself, or comes to nothing, with nobody killed. */
  async ready(): Promise<void> {
    let since = { kills: this.#kills, at: performance.now() };
    for (;;) {
      if (this.#isUp && (await fetch(`${this.url}/healthz`).catch(() => undefined))?.ok === true) {
        this.#failures = 0;
        return;
      }
      if (since.kills !== this.#kills) since = { kills: this.#kills, at: performance.now() };
      if (this.#failures > failuresMax || performance.now() - since.at > upMsMax) break;
      await pause(100);
    }
    const log = readFileSync(join(this.folder, 'surety.log'), 'utf8').slice(-1_500);
    throw new StoryError(`Surety does not answer at ${this.url}. Its last words:\n${log}`);
  }

  /** As `ready`, after a pause: whoever was just killed may still be answering, or be held up by its own end. */
  async readyAgain(): Promise<void> {
    await pause(500);
    await this.ready();
  }

  /** How many processes have died since this was last asked. */
  takeDeaths(): number {
    const deaths = this.#deaths;
    this.#deaths = 0;
    return deaths;
  }

  /** One command of Surety, as a person would type it; stdin is never a terminal. */
  surety(...args: string[]): Promise<Ran> {
    return this.run([join(product, 'main.ts'), ...args]);
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: this.folder,
        env: { ...this.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (part: Buffer) => stdout.push(part));
      child.stderr.on('data', (part: Buffer) => stderr.push(part));
      child.on('error', reject);
      child.on('close', (code) =>
        resolve({
          code: code ?? 1,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      );
    });
  }

  /** What the auditor got from Acme on paper, before any of this: keys never come out of a proof. */
  writeTrust(): void {
    const key = (file: string) => readFileSync(join(this.folder, file), 'utf8').trim();
    const witness = /key: "(acme\.example\/witness\+[^"]+)"/.exec(key('surety.yaml'))?.[1] ?? '';
    const lines = [
      `log ${key('store/keys/log.vkey')}`,
      `#!surety statement ${key('store/keys/statement.vkey')}`,
      `witness acme ${witness}`,
      'quorum acme',
    ];
    writeFileSync(join(this.folder, 'trust.txt'), `${lines.join('\n')}\n`);
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    // The witness last, so that it cosigns the head over the last fact of Surety.
    for (const child of [...this.#children.values()].reverse()) {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once('exit', resolve));
    }
  }

  /** Starts a process and keeps it: whoever kills it finds it back a moment later. */
  #keep(name: string, args: string[]): void {
    const log = join(this.folder, `${name}.log`);
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: this.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => {
        said = `${said}${part}`.slice(-4_096);
        if (name === 'surety' && said.includes('Surety is up: ')) this.#isUp = true;
        writeFileSync(log, part, { flag: 'a' });
      });
    child.stdin?.on('error', () => undefined);
    this.#children.set(name, child);
    child.on('exit', async (code, signal) => {
      if (name === 'surety') this.#isUp = false;
      if (this.#leaving) return;
      this.#deaths += 1;
      // Who was killed did not fail; nor did who finds that its predecessor has not quite gone.
      if (signal !== null) this.#kills += 1;
      else if (name === 'surety' && !/` is in use: /.test(said)) this.#failures += 1;
      this.#say(`(${name} ended with ${signal ?? code}: started again)`);
      await pause(300);
      if (!this.#leaving) this.#keep(name, args);
    });
  }

  #vkey(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8').trim();
  }

  /** The time of the newest facts, so that an interrupted story does not go on before them. */
  #newestFact(): number {
    const store = join(this.folder, 'store/log.sqlite');
    if (!existsSync(store)) return 0;
    const database = new DatabaseSync(store, { readOnly: true, timeout: 5_000 });
    try {
      const newest = database.prepare('SELECT bytes FROM facts ORDER BY position DESC LIMIT 256').all();
      const times = newest.map(
        ({ bytes }) => JSON.parse(Buffer.from(bytes as Uint8Array).toString()) as { time: number },
      );
      return Math.max(0, ...times.map(({ time }) => time));
    } finally {
      database.close();
    }
  }

  async #build({ keys, values, template, prepare }: Setting): Promise<void> {
    prepare(this.folder);
    const people: Record<string, string> = {};
    for (const name of keys) people[name] = await this.#personKey(name);
    const witness = await this.#make([
      'main.ts',
      ...['witness', '--make-key', '--folder', 'witness', '--name', witnessName],
    ]);
    await this.#make([
      'ledger/sealer.ts',
      ...['--make-key', '--keys', 'store/keys', '--origin', 'acme.example/surety'],
    ]);
    const { port, witnessPort } = this.progress;
    const all: Record<string, string | number> = {
      ...{ node: process.execPath, port, witnessPort, witness },
      ...people,
      ...values,
    };
    const filled = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      if (!Object.hasOwn(all, name)) throw new Error(`nothing fills \`${name}\` in the template`);
      return String(all[name]);
    });
    writeFileSync(join(this.folder, 'surety.yaml'), filled);
  }

  async #personKey(name: string): Promise<string> {
    const { stdout } = await this.surety('key', `${name}.key`);
    return stdout.trim();
  }

  async #make(args: string[]): Promise<string> {
    const [program = '', ...rest] = args;
    const { code, stdout, stderr } = await this.run([join(product, program), ...rest]);
    if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
    return stdout.trim();
  }
}

const witnessName = 'acme.example/witness';

/** The official filesystem server, as a program. */
export const filesystem = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
);

/** Throws `StoryError` for what whoever started the story can put right. */
export const openStage = Stage.open;

/** A folder that holds anything but a story is somebody's own; one whose story is still up is in use. */
async function refuseOthers(folder: string): Promise<void> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  if (names.length > 0 && !names.includes('story.json') && !names.includes('clock.json'))
    throw new StoryError(`\`${folder}\` is not empty and holds no story: name another folder`);
  // What a killed story left behind ends by itself, a moment after its parent.
  for (let tries = 0; tries < 50; tries += 1) {
    if (!(await answers(join(folder, 'store/admin.sock')))) return;
    await pause(200);
  }
  throw new StoryError(`a story is still up in \`${folder}\`: end it first (Ctrl-C)`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
