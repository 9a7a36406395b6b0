// The pages for people beside a running Surety: where they are said to be, and that they are a door of their own.

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../browser/people.fixture.ts';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
let port = 0;
let credential = '';
let agents = '';

beforeAll(async () => {
  await here.build();
  port = await freePort();
  here.edit(
    'surety.yaml',
    (text) => `${text}\npages: { url: "http://localhost:${port}", listen: "127.0.0.1:${port}" }\n`,
  );
  const issued = await here.run('credential', 'assistant', '--json');
  ({ credential } = JSON.parse(issued.stdout) as { credential: string });
  agents = (await here.up()).url;
});
afterAll(() => here.remove());

const ask = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path,
      headers: { host: `localhost:${port}`, ...headers },
    });
    asked.on('error', reject).on('response', async (response) => {
      let text = '';
      for await (const part of response) text += String(part);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    asked.end();
  });

describe('the pages', () => {
  test('answer at their own address, under their own name', async () => {
    const seen = await ask('/sign-in');
    expect(seen.status).toBe(200);
    expect(seen.text).toContain('Sign in with a passkey');
    expect(seen.headers['content-security-policy']).toContain("default-src 'none'");
    expect((await ask('/sign-in', { host: `127.0.0.1:${port}` })).status).toBe(421);
    expect((await ask('/sign-in', { host: 'evil.example' })).status).toBe(403);
  });

  test('know no credential of an agent, and are not at the address of agents', async () => {
    const seen = await ask('/', { authorization: `Bearer ${credential}` });
    expect([seen.status, seen.headers['location']]).toEqual([303, '/sign-in']);
    for (const path of ['/', '/sign-in', '/approve/h-123456789012'])
      expect((await fetch(new URL(path, agents), { redirect: 'manual' })).status).toBe(404);
    expect((await ask('/v1/decide', { authorization: `Bearer ${credential}` })).status).toBe(404);
    expect((await ask('/mcp', { authorization: `Bearer ${credential}` })).status).toBe(404);
  });

  test('stand where people look for them', async () => {
    expect((await here.run('status')).stdout).toContain(`pages for people: http://localhost:${port}/`);
    expect(JSON.parse((await here.run('status', '--json')).stdout)).toMatchObject({
      pages: `http://localhost:${port}`,
    });
    expect((await here.run('doctor')).stdout).toContain(`http://localhost:${port}/, on 127.0.0.1:${port}`);
  });
});
