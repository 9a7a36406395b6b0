// Other programs in the place of Surety, where they are installed: nginx (Debian: nginx-light) as the plain proxy,
// and two bridges from npm that put HTTP before a server on stdio (`npm ci --prefix bench/peers`).

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, freePort, start } from './processes.ts';

export interface Peer {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly port: number;
  readonly child: Child;
}

const bridges = {
  'mcp-proxy': 'mcp-proxy/dist/bin/mcp-proxy.mjs',
  supergateway: 'supergateway/dist/index.js',
} as const;
const modules = fileURLToPath(new URL('../peers/node_modules', import.meta.url));
const stdioServer = fileURLToPath(new URL('./upstream.ts', import.meta.url));

/** What a reader has to install to see it here. */
export const missing: string[] = [];

function nginxHere(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    missing.push('nginx (Debian: nginx-light)');
    return false;
  }
}

/** One worker that changes nothing: HTTP/1.1 with connections kept, and no buffering, as streams need. */
const nginxConf = (folder: string, port: number, upstreamPort: number): string => `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 256k;
  keepalive_requests 1000000000;
  upstream server { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;

/** Undefined where it is not installed. */
export async function nginx(scratch: string, upstreamPort: number): Promise<Peer | undefined> {
  if (!nginxHere()) return undefined;
  const folder = join(scratch, 'nginx');
  mkdirSync(folder);
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), nginxConf(folder, port, upstreamPort));
  const child = await start(
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    {
      program: 'nginx',
      endsOn: 'SIGTERM',
      port,
      log: join(scratch, 'nginx.log'),
    },
  );
  return { name: 'nginx', title: 'nginx as a plain proxy', path: '/mcp', port, child };
}

/** Each with the same server behind it, over stdio. */
export async function bridgesHere(scratch: string): Promise<Peer[]> {
  const found: Peer[] = [];
  for (const [name, file] of Object.entries(bridges) as [keyof typeof bridges, string][]) {
    if (!existsSync(join(modules, file))) {
      missing.push(`${name} (npm ci --prefix bench/peers)`);
      continue;
    }
    const port = await freePort();
    const child = await start([join(modules, file), ...wordsFor(name, port)], {
      endsOn: 'SIGTERM',
      port,
      log: join(scratch, `${name}.log`),
    });
    found.push({ name, title: `${name}, a bridge that checks nothing`, path: '/mcp', port, child });
  }
  return found;
}

function wordsFor(name: keyof typeof bridges, port: number): string[] {
  if (name === 'mcp-proxy') {
    const words = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'];
    return [...words, '--', process.execPath, stdioServer, 'stdio'];
  }
  const server = `${process.execPath} ${stdioServer} stdio`;
  const words = ['--stdio', server, '--outputTransport', 'streamableHttp', '--stateful'];
  return [...words, '--port', String(port), '--logLevel', 'none'];
}
