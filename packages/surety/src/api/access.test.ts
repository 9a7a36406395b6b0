// Every route and every command stands in the tables of who may do what; and whoever shows nothing gets nothing.

import { readFileSync } from 'node:fs';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProgram } from '../cli/program.ts';
import type { Roots } from '../cli/roots.ts';
import { newTerminal } from '../cli/terminal.ts';
import { accessGuide, adminAccess, pagesAccess, publicAccess } from './access.ts';
import { adminApp, publicApp } from './app.ts';
import { origin, TestPages } from './pages/pages.fixture.ts';
import { Provider } from './pages/provider.ts';
import type { Desk } from './port.ts';

let pages: TestPages;
beforeAll(async () => {
  const provider = new Provider({ issuer: 'http://127.0.0.1:9', client: 'c', claim: 'email' }, `${origin}/x`);
  pages = new TestPages((await TestPages.open()).house, { provider });
});
afterAll(() => pages?.close());

/** Nothing that this desk could do is asked of it. */
const idle = new Proxy({} as Desk, {
  get: (_, name) =>
    name === 'application' || name === 'agent'
      ? () => undefined
      : () => {
          throw new Error(`the desk was asked: ${String(name)}`);
        },
});

const routesOf = ({ routes }: Hono): string[] =>
  [
    ...new Set(routes.flatMap(({ method, path }) => (method === 'ALL' ? [] : [`${method} ${path}`]))),
  ].toSorted();
const named = (rows: readonly { readonly what: string }[]): string[] =>
  rows.map(({ what }) => what).toSorted();

describe('every route says who may ask it, and how it is recorded', () => {
  test.each([
    ['agents and applications', () => publicApp(idle, () => undefined), publicAccess],
    ['the operator', () => adminApp(idle, () => undefined), adminAccess],
    ['people', () => pages.app, pagesAccess],
  ] as const)('of %s', (_, app, rows) => expect(routesOf(app())).toEqual(named(rows)));

  test('docs/access.md has these tables; else run access.ts', () => {
    expect(readFileSync(new URL('../../../../docs/access.md', import.meta.url), 'utf8')).toBe(accessGuide());
  });

  test('every command stands there too', () => {
    const terminal = newTerminal({ write: () => true } as never, { write: () => true } as never, {});
    const program = newProgram(terminal, { version: '0' } as Roots, () => undefined);
    const [, commands = ''] = accessGuide().split('## Commands');
    const told = new Set([...commands.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
    expect(program.commands.map((each) => each.name()).filter((name) => !told.has(name))).toEqual([]);
  });
});

describe('whoever shows nothing', () => {
  test.each(publicAccess.filter(({ by }) => by.startsWith('credential')))('$what: 401', async ({ what }) => {
    const [method, path] = what.split(' ') as [string, string];
    const app = publicApp(idle, () => undefined);
    for (const authorization of [undefined, 'Bearer none', 'Basic eDp5'])
      expect(
        (await app.request(path, { method, body: '{}', headers: authorization ? { authorization } : {} }))
          .status,
      ).toBe(401);
  });

  test.each(pagesAccess.filter(({ by }) => by.startsWith('session')))(
    '$what: is asked to sign in, also with the credential of an agent',
    async ({ what }) => {
      const [method, path] = what.replace(/:\w+/, 'h-1').split(' ') as [string, string];
      const { credential } = await pages.house.house.issue('buyer', 60_000);
      const size = pages.house.log.size();
      const cookie = '__Host-surety=A'.padEnd(57, 'A');
      for (const shown of [{}, { authorization: `Bearer ${credential}` }, { cookie }]) {
        const seen = await pages.ask(path, {
          method,
          ...(method === 'POST' ? { body: 'token=x&reason=y' } : {}),
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin, ...shown } as Record<
            string,
            string
          >,
        });
        expect(seen.status).toBe(method === 'POST' ? 403 : 303);
        expect(seen.text).not.toContain('h-1');
      }
      expect(pages.house.log.size()).toBe(size);
    },
  );
});
