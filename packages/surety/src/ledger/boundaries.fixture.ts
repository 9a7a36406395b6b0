// Loaded with `--import` before a process that tests kill: counts every point at which it is about to change what is on
// disk, and ends the process there with SIGKILL, or copies what is there. It sees `node:fs` and `node:sqlite` as the
// product calls them; what SQLite does below them is simulated in `torn.test.ts`. Told by the environment:
//   BOUNDARY_THREAD  `main` or `worker`: whose writes count     BOUNDARY_LIST  file that gets the name of each, a line each
//   BOUNDARY_KILL    the one to die at, from 1; 0 for none
//   BOUNDARY_COPIES  `<folder> <copies>`: at boundary N the folder is copied to `<copies>/N-<loss>`, less what a loss of
//     power takes: `none`; `names`, every name given since its folder was synced; `bytes`, half of each unsynced file;
//     the last two only where there is something to take

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { isMainThread } from 'node:worker_threads';

const { BOUNDARY_THREAD, BOUNDARY_KILL = '0', BOUNDARY_LIST, BOUNDARY_COPIES } = process.env;
const real = { ...fs };
const list = BOUNDARY_LIST === undefined ? undefined : real.openSync(BOUNDARY_LIST, 'a');
let count = 0;

/** What a path held before a name was given, moved or taken that its folder does not durably know yet. */
interface Unsynced {
  readonly folder: string;
  readonly path: string;
  /** Nothing if nothing was there. */
  readonly before: Held | undefined;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** The oldest first. */
let unsynced: Unsynced[] = [];
/** Files with bytes that are not durable yet. */
const dirty = new Set<string>();
const pathOf = new Map<number, string>();
/** While a watched function runs, what it calls of its neighbours is not looked at. */
let quiet = false;

function boundary(what: string, half: () => void = () => undefined): void {
  const before = quiet;
  quiet = true;
  count += 1;
  if (list !== undefined) real.writeSync(list, `${what}\n`);
  if (BOUNDARY_COPIES !== undefined) copyAll(...(BOUNDARY_COPIES.split(' ') as [string, string]));
  if (count === Number(BOUNDARY_KILL)) {
    half();
    process.kill(process.pid, 'SIGKILL');
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  quiet = before;
}

function copyAll(folder: string, copies: string): void {
  const losses = [...(unsynced.length > 0 ? ['names'] : []), ...(dirty.size > 0 ? ['bytes'] : [])];
  for (const loss of ['none', ...losses]) {
    const copy = join(copies, `${count}-${loss}`);
    const inCopy = (path: string): string => join(copy, path.slice(folder.length));
    real.cpSync(folder, copy, { recursive: true });
    if (loss === 'bytes')
      for (const path of dirty)
        if (real.existsSync(path)) real.truncateSync(inCopy(path), real.statSync(path).size >> 1);
    if (loss === 'names') for (const each of unsynced.toReversed()) undo(inCopy(each.path), each.before);
  }
}

function undo(path: string, before: Held | undefined): void {
  if (before === undefined) return real.rmSync(path, { recursive: true, force: true });
  real.mkdirSync(dirname(path), { recursive: true });
  real.writeFileSync(path, before.bytes);
  real.chmodSync(path, before.mode);
}

function named(path: string): void {
  const before = real.existsSync(path)
    ? { bytes: real.readFileSync(path), mode: real.statSync(path).mode & 0o777 }
    : undefined;
  unsynced.push({ folder: dirname(path), path, before });
}

const short = (path: unknown): string =>
  String(path)
    .split('/')
    .slice(-3)
    .join('/')
    .replace(/\d{3,}/g, 'N');

function watch<K extends keyof typeof watched>(name: K): void {
  const original = real[name] as (...args: unknown[]) => unknown;
  const instead = watched[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (quiet) return original(...args);
      quiet = true;
      try {
        return instead(...args);
      } finally {
        quiet = false;
      }
    },
  });
}

const watched = {
  openSync: (path: string, flags = 'r', mode?: number) => {
    const writes = flags !== 'r';
    if (writes) boundary(`open ${short(path)}`);
    if (writes && !real.existsSync(path)) named(path);
    const file = real.openSync(path, flags, mode);
    pathOf.set(file, path);
    return file;
  },
  writeSync: (
    file: number,
    bytes: Uint8Array,
    at = 0,
    length = bytes.length - at,
    place: number | null = null,
  ) => {
    const path = pathOf.get(file);
    if (path === undefined) return real.writeSync(file, bytes, at, length, place);
    boundary(`write ${short(path)}`, () => real.writeSync(file, bytes, at, length >> 1, place));
    dirty.add(path);
    return real.writeSync(file, bytes, at, length, place);
  },
  closeSync: (file: number) => {
    pathOf.delete(file);
    real.closeSync(file);
  },
  fsyncSync: (file: number) => {
    const path = pathOf.get(file) ?? '';
    boundary(`sync ${short(path)}`);
    real.fsyncSync(file);
    dirty.delete(path);
    unsynced = unsynced.filter(({ folder }) => folder !== path);
  },
  renameSync: (from: string, to: string) => {
    boundary(`rename ${short(to)}`);
    // One change of one folder: with the new name goes that the old one is gone.
    named(to);
    named(from);
    real.renameSync(from, to);
    if (dirty.delete(from)) dirty.add(to);
  },
  mkdirSync: (path: string, options: fs.MakeDirectoryOptions) => {
    boundary(`mkdir ${short(path)}`);
    const first = real.mkdirSync(path, options);
    for (let at = path; first !== undefined && at.length >= first.length; at = dirname(at))
      unsynced.push({ folder: dirname(at), path: at, before: undefined });
    return first;
  },
  linkSync: (from: string, to: string) => {
    boundary(`link ${short(to)}`);
    if (!real.existsSync(to)) named(to);
    real.linkSync(from, to);
  },
  unlinkSync: (path: string) => {
    boundary(`unlink ${short(path)}`);
    if (real.existsSync(path)) named(path);
    real.unlinkSync(path);
  },
  rmSync: (path: string, options: fs.RmOptions) => {
    boundary(`remove ${short(path)}`);
    if (real.existsSync(path)) named(path);
    real.rmSync(path, options);
  },
  writeFileSync: (path: string, data: string, options: fs.WriteFileOptions) => {
    boundary(`write ${short(path)}`);
    named(path);
    dirty.add(path);
    real.writeFileSync(path, data, options);
  },
};

/** Within a transaction nothing is durable: its first write stands for all. */
function watchStore(): void {
  let wrote = false;
  const { run } = StatementSync.prototype;
  StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<typeof run>) {
    const [verb = ''] = this.sourceSQL.split(' ');
    if (verb !== 'INSERT' || !wrote) boundary(`store ${verb}`);
    wrote = verb === 'INSERT';
    const done = run.apply(this, values);
    if (verb === 'COMMIT') boundary('store after COMMIT');
    return done;
  } as typeof run;
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql: string) {
    boundary(`store ${sql.trim().split(/\s+/).slice(0, 2).join(' ')}`);
    exec.call(this, sql);
    if (sql.includes('COMMIT')) boundary('store after COMMIT');
  };
  const { close } = DatabaseSync.prototype;
  DatabaseSync.prototype.close = function () {
    boundary('store close');
    close.call(this);
  };
}

if (isMainThread === (BOUNDARY_THREAD === 'main')) {
  for (const name of Object.keys(watched)) watch(name as keyof typeof watched);
  syncBuiltinESMExports();
  watchStore();
}
