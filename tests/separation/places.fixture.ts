// For tests across real separation: two network namespaces joined by one cable, and an account for each. Needs root
// and iproute2; whoever lacks them is told, and the test does not run.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finished, type Ran } from '../cli/installation.fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Where the clone is mounted in each place: its own folders may be closed to other accounts. */
const clone = '/mnt';
const inside = (path: string): string =>
  path.startsWith(`${root}/`) ? clone + path.slice(root.length) : path;

const ip = (...words: string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** An account in a network of its own. */
export class Place {
  readonly account: number;
  readonly address: string;
  readonly folder: string;
  readonly #space: string;
  readonly #children = new Set<ChildProcess>();

  constructor(account: number, address: string, folder: string, space: string) {
    this.account = account;
    this.address = address;
    this.folder = folder;
    this.#space = space;
  }

  /** Node with these words, as this account, in this network. */
  start(...words: string[]): ChildProcess {
    const account = String(this.account);
    const dropped = `setpriv --reuid ${account} --regid ${account} --clear-groups --no-new-privs`;
    const script = `mount --bind "$1" ${clone} && shift && exec ${dropped} "$@"`;
    const node = [inside(process.execPath), ...words.map(inside)];
    const child = spawn('ip', ['netns', 'exec', this.#space, 'sh', '-c', script, 'sh', root, ...node], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1', HOME: this.folder },
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  run(...words: string[]): Promise<Ran> {
    return finished(this.start(...words));
  }

  surety(...words: string[]): Promise<Ran> {
    return this.run(join(root, 'packages/surety/src/main.ts'), ...words);
  }

  startSurety(...words: string[]): ChildProcess {
    return this.start(join(root, 'packages/surety/src/main.ts'), ...words);
  }

  /** What a script of one line says, or the code of its error. */
  async says(script: string): Promise<string> {
    const told = `try { console.log(await (async () => { ${script} })()) } catch (error) { console.log(error.code ?? error.cause?.code) }`;
    const { stdout, stderr } = await this.run(
      '--input-type=module',
      '-e',
      `import fs from 'node:fs'; ${told}`,
    );
    if (stderr !== '') throw new Error(stderr);
    return stdout.trim();
  }

  /** Makes everything in its folder its own, after somebody else wrote there. */
  own(path = this.folder): void {
    chownSync(path, this.account, this.account);
    if (statSync(path).isDirectory()) for (const name of readdirSync(path)) this.own(join(path, name));
  }

  async leave(): Promise<void> {
    await Promise.all(
      [...this.#children].map((child) => {
        const done = finished(child);
        child.kill('SIGKILL');
        return done;
      }),
    );
  }
}

export interface Apart {
  readonly gateway: Place;
  readonly witness: Place;
  readonly leave: () => Promise<void>;
}

/** Why there is no separation here, or the two places. */
export function newPlaces(): Apart | string {
  if (process.getuid?.() !== 0) return 'only root can make other accounts and networks';
  const spaces = ['a', 'b'].map((side) => `surety-${side}-${process.pid}`);
  const cables = ['a', 'b'].map((side) => `s${side}${process.pid}`);
  const addresses = ['10.213.7.1', '10.213.7.2'];
  const forget = (): void => {
    // Its end of the cable goes with a network, and the other end with that.
    for (const space of spaces)
      try {
        ip('netns', 'del', space);
      } catch {
        // It was never made.
      }
  };
  try {
    for (const space of spaces) ip('netns', 'add', space);
    const [near = '', far = ''] = cables;
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    for (const [at, cable] of cables.entries()) {
      const space = spaces[at] as string;
      ip('link', 'set', cable, 'netns', space);
      ip('-n', space, 'addr', 'add', `${addresses[at]}/30`, 'dev', cable);
      for (const device of [cable, 'lo']) ip('-n', space, 'link', 'set', device, 'up');
    }
  } catch (cause) {
    forget();
    const said = String((cause as { stderr?: Buffer }).stderr ?? '').trim() || (cause as Error).message;
    return `networks cannot be made here: ${said}`;
  }
  const base = mkdtempSync(join(tmpdir(), 'surety-apart-'));
  chmodSync(base, 0o755);
  const [gateway, witness] = ['gateway', 'witness'].map((name, at) => {
    const folder = join(base, name);
    mkdirSync(folder, { mode: 0o700 });
    const place = new Place(61_001 + at, addresses[at] as string, folder, spaces[at] as string);
    place.own();
    return place;
  }) as [Place, Place];
  return {
    gateway,
    witness,
    leave: async () => {
      await Promise.all([gateway.leave(), witness.leave()]);
      forget();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
