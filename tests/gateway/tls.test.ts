// The gateway's address over TLS, as a client on the network meets it: a started Surety, certificates of a real
// authority, handshakes of every kind.

import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Authority, hasOpenssl } from './authority.fixture.ts';
import { Program } from './program.fixture.ts';

let here: Program;
let authority: Authority;
beforeEach((context) => {
  if (!hasOpenssl()) context.skip('there is no openssl');
  here = new Program();
  authority = new Authority(here.path('tls'));
  const { certificate, key } = authority.issue('first');
  copyFileSync(certificate, here.path('cert.pem'));
  copyFileSync(key, here.path('key.pem'));
  here.edit('surety.yaml', (text) => `${text}tls: { certificate: cert.pem, key: key.pem }\n`);
});
afterEach(() => here?.remove());

const trusted = () => readFileSync(authority.certificate);

/** What came of a handshake: the connection, which the test ends, or why there is none. */
function shaken(port: number, options: ConnectionOptions = {}): Promise<TLSSocket | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca: trusted(), ...options });
    const failed = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed).on('error', () => undefined);
      resolve(socket);
    });
  });
}

function asked(port: number, path: string, options: RequestOptions = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(
      { host: '127.0.0.1', port, path, ca: trusted(), agent: false, ...options },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}

const shownBy = async (port: number): Promise<string> => {
  const socket = await shaken(port);
  if (typeof socket === 'string') throw new Error(socket);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
};

describe('over TLS', () => {
  test('the API and MCP answer, also to a client that speaks stdio', async () => {
    const { url, port } = await here.up();
    expect(url).toMatch(/^https:/);
    expect(await asked(port, '/healthz')).toBe(200);
    expect(await asked(port, '/mcp', { method: 'POST' })).toBe(401);
    const credential = await here.credential('buyer');
    const main = fileURLToPath(new URL('../../packages/surety/src/main.ts', import.meta.url));
    const bridge = spawn(process.execPath, [main, 'connect', '--url', url], {
      env: { ...process.env, SURETY_CREDENTIAL: credential, NODE_EXTRA_CA_CERTS: authority.certificate },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    const line = await new Promise<string>((resolve) => {
      let said = '';
      bridge.stdout.on('data', (part: Buffer) => {
        said += part;
        if (said.includes('\n')) resolve(said);
      });
    });
    bridge.kill('SIGKILL');
    expect(JSON.parse(line)).toMatchObject({ id: 1, result: { serverInfo: { name: 'surety' } } });
  });

  test('only TLS 1.2 and 1.3, with forward secrecy and authenticated encryption, and HTTP/1.1 inside', async () => {
    const { port } = await here.up();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await shaken(port, old)).toMatch(/PROTOCOL|VERSION|ECONNRESET/);
    const weak = ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA', 'NULL', 'AES128-GCM-SHA256'];
    for (const ciphers of weak)
      expect(
        await shaken(port, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }),
        ciphers,
      ).toMatch(/HANDSHAKE|CIPHER|ECONNRESET/);
    expect(await shaken(port, { ALPNProtocols: ['h2'] })).toMatch(/ALPN|NO_APPLICATION|ECONNRESET/);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shaken(port, { minVersion: version, maxVersion: version });
      expect(typeof socket, String(socket)).toBe('object');
      expect((socket as TLSSocket).getCipher().name).toMatch(/GCM|CHACHA20/);
      (socket as TLSSocket).destroy();
    }
    expect(await shaken(port, { ca: [] })).toMatch(/SELF_SIGNED|UNABLE/);
  });

  test('a renegotiation is not begun', async () => {
    const { port } = await here.up();
    const socket = (await shaken(port, { maxVersion: 'TLSv1.2' })) as TLSSocket;
    const refused = await new Promise((resolve) => {
      socket.once('close', () => resolve('closed'));
      if (!socket.renegotiate({}, (error) => resolve(error?.message ?? 'done'))) resolve('not started');
    });
    expect(refused).not.toBe('done');
    socket.destroy();
    expect(await asked(port, '/healthz')).toBe(200);
  });

  test('whoever speaks plain HTTP, or nonsense, is cut off, and others are answered', async () => {
    const { port, child } = await here.up();
    for (const said of [
      'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      '\x16\x03\x01\xff\xff',
      '\0'.repeat(500),
    ]) {
      const answer = await new Promise<string>((resolve) => {
        let heard = '';
        const socket = connectPlain(port, '127.0.0.1', () => socket.end(Buffer.from(said, 'latin1')));
        socket.on('data', (part) => {
          heard += part.toString('latin1');
        });
        socket.on('error', () => undefined).on('close', () => resolve(heard));
      });
      expect(answer).not.toContain('HTTP/');
    }
    expect(await asked(port, '/healthz')).toBe(200);
    expect(child.exitCode).toBeNull();
  });

  test('a renewed certificate is shown without a restart, and a broken renewal leaves the last one', async () => {
    const { port, child } = await here.up();
    expect(await shownBy(port)).toBe('first');
    const kept = (await shaken(port)) as TLSSocket;
    const logged = (words: string) =>
      new Promise<void>((resolve) => {
        child.stderr?.on('data', (part: string) => {
          if (part.includes(words)) resolve();
        });
      });
    const second = authority.issue('second');
    const failed = logged('the certificate was not renewed');
    // A certificate without its key, as between the two steps of a careless renewal.
    copyFileSync(second.certificate, here.path('cert.pem'));
    await failed;
    expect(await shownBy(port)).toBe('first');
    const renewed = logged('the certificate was read again');
    copyFileSync(second.key, here.path('key.pem'));
    await renewed;
    expect(await shownBy(port)).toBe('second');
    const answered = new Promise<string>((resolve) => kept.once('data', (part) => resolve(part.toString())));
    kept.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(await answered).toContain('200 OK');
    kept.destroy();
  });

  test('clients can be asked for a certificate of an authority', async () => {
    const partners = new Authority(here.path('partners'), 'partners');
    copyFileSync(partners.certificate, here.path('clients.pem'));
    here.edit('surety.yaml', (text) =>
      text.replace('key: key.pem }', 'key: key.pem, clients: clients.pem }'),
    );
    const { port } = await here.up();
    const refused = /ALERT|CERTIFICATE|ECONNRESET|EPIPE|hang up/i;
    expect(await asked(port, '/healthz')).toMatch(refused);
    const pair = ({ certificate, key }: { certificate: string; key: string }) => ({
      cert: readFileSync(certificate),
      key: readFileSync(key),
    });
    // Of the authority that is ours, which is not theirs.
    expect(await asked(port, '/healthz', pair(authority.issue('insider')))).toMatch(refused);
    expect(await asked(port, '/healthz', pair(partners.issue('partner')))).toBe(200);
  });
});

describe('files that do not fit', () => {
  test.each([
    ['no certificate', () => rmSync(here.path('cert.pem')), '`.*cert.pem` cannot be read: ENOENT'],
    [
      'another key',
      () => copyFileSync(authority.issue('x').key, here.path('key.pem')),
      'is not the private key',
    ],
    ['no key', () => writeFileSync(here.path('key.pem'), 'secret-canary'), 'is not the private key'],
    [
      'no authority',
      () => {
        writeFileSync(here.path('clients.pem'), '\n');
        here.edit('surety.yaml', (text) =>
          text.replace('key: key.pem }', 'key: key.pem, clients: clients.pem }'),
        );
      },
      'holds no certificate of an authority',
    ],
  ])('%s: said, with what to do, and nothing listens', async (_, spoil, words) => {
    spoil();
    const { code, stderr } = await here.run('up', '--port', '0');
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(words));
    expect(stderr).toContain('help: ');
    expect(stderr).not.toContain('secret-canary');
    expect(stderr).not.toContain('    at ');
  });

  test('doctor looks at whose the key is, whether it fits, and how long the certificate is good', async () => {
    chmodSync(here.path('key.pem'), 0o600);
    const rows = async () => {
      const { stdout } = await here.run('doctor', '--json');
      const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; found: string }[] };
      return Object.fromEntries(
        checks.filter(({ check }) => check.startsWith('tls')).map(({ check, state }) => [check, state]),
      );
    };
    expect(await rows()).toEqual({ 'tls key': 'ok', 'tls certificate': 'ok' });
    chmodSync(here.path('key.pem'), 0o640);
    expect(await rows()).toMatchObject({ 'tls key': 'fail' });
    copyFileSync(authority.issue('soon', 3).certificate, here.path('cert.pem'));
    expect(await rows()).toMatchObject({ 'tls certificate': 'warn' });
    rmSync(here.path('key.pem'));
    expect(await rows()).toEqual({ tls: 'fail' });
  });
});
