// Go's own transparency log as a peer: finds Go and `golang.org/x/mod` on this machine (nothing is downloaded), builds
// the programs of this folder and runs them.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian's `golang-golang-x-mod-dev` puts its sources, unless a path of one's own has them. */
const places = [process.env['GOPATH'], '/usr/share/gocode'];

/** The reason to skip, said to whoever reads the report. */
export const noGo = 'no go with golang.org/x/mod here (Debian: golang-go, golang-golang-x-mod-dev)';

interface Answer {
  readonly code: number | null;
  readonly stderr: string;
  readonly answer: unknown;
}

export interface Peer {
  run(verb: 'check' | 'make', asked: object): Promise<Answer>;
}

/** Undefined where there is no Go, or no `sumdb`. Throws if it is there and our programs do not build. */
export function goPeer(): Peer | undefined {
  const found = places.find(
    (place) => place !== undefined && existsSync(join(place, 'src/golang.org/x/mod/sumdb/tlog')),
  );
  if (found === undefined || spawnSync('go', ['version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'surety-go-'));
  const program = join(folder, 'tlog');
  const sources = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.go'));
  const built = spawnSync('go', ['build', '-o', program, ...sources], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: {
      GOCACHE: join(folder, 'cache'),
      ...process.env,
      ...{
        GO111MODULE: 'off',
        GOPATH: found,
        GOFLAGS: '',
        GOPROXY: 'off',
        GOTOOLCHAIN: 'local',
        CGO_ENABLED: '0',
      },
    },
  });
  if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
  return { run: (verb, asked) => run(program, verb, asked) };
}

function run(program: string, verb: string, asked: object): Promise<Answer> {
  const child = spawn(program, [verb], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      said[stream] += part;
    });
  // It may end before it has read everything; what it says then is what counts.
  child.stdin.on('error', () => undefined).end(JSON.stringify(asked));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) =>
      resolve({
        code,
        stderr: said.stderr,
        answer: said.stdout === '' ? undefined : JSON.parse(said.stdout),
      }),
    );
  });
}
