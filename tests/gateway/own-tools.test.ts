// Tools that never cross the gateway, as the two examples put them under Surety: a hook of Claude Code as the
// process that it starts, and a function in one's own program. The peer is a real Surety.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { governed, NotAllowed } from '../../examples/own-tools/governed.ts';
import { Program } from './program.fixture.ts';

const hookFile = fileURLToPath(new URL('../../examples/own-tools/claude-code-hook.ts', import.meta.url));
const away = 'http://127.0.0.1:9';

let here: Program;
let env: Record<string, string>;
beforeAll(async () => {
  here = new Program();
  here.edit('surety.yaml', (text) =>
    text
      .replace('servers: { erp:', 'servers: { claude-code: { decided: true }, erp:')
      .replace(
        '  erp.note:',
        '  claude-code.Bash: { effect: execute }\n  claude-code.*: { effect: read }\n  claude-code.WebFetch: { effect: send }\n  erp.note:',
      ),
  );
  here.edit(
    'policies/agents.cedar',
    (text) => `${text}
@id("code")
permit (principal == Agent::"buyer", action, resource in Server::"claude-code");
@id("no-fetch")
forbid (principal, action == Action::"claude-code.WebFetch", resource);
`,
  );
  const { url } = await here.up();
  const { stdout } = await here.run('credential', 'buyer', '--json');
  const { credential } = JSON.parse(stdout) as { credential: string };
  env = { SURETY_URL: url, SURETY_CREDENTIAL: credential, SURETY_HOOK_FOLDER: join(here.folder, 'hook') };
});
afterAll(() => here?.remove());

let uses = 0;
const use = (event: string, tool_name: string, more: object = {}) => ({
  session_id: 's-1',
  hook_event_name: event,
  tool_name,
  tool_input: { command: `echo ${uses}` },
  tool_use_id: `toolu_${uses}`,
  ...more,
});

async function hook(input: unknown, changed: Record<string, string> = {}) {
  const child = spawn(process.execPath, [hookFile], { env: { ...process.env, ...env, ...changed } });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => {
    said.stdout += part;
  });
  child.stderr.on('data', (part: Buffer) => {
    said.stderr += part;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(typeof input === 'string' ? input : JSON.stringify(input));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
const permission = (stdout: string) =>
  (
    JSON.parse(stdout) as {
      hookSpecificOutput: { permissionDecision: string; permissionDecisionReason?: string };
    }
  ).hookSpecificOutput;

describe('the hook of Claude Code', () => {
  test('lets a permitted tool run, and says afterwards what came of it', async () => {
    uses += 1;
    const before = await hook(use('PreToolUse', 'Bash'));
    expect(before).toMatchObject({ code: 0 });
    expect(permission(before.stdout)).toMatchObject({ permissionDecision: 'allow' });
    const after = await hook(use('PostToolUse', 'Bash', { tool_response: { stdout: 'ok' } }));
    expect(after).toEqual({ code: 0, stdout: '{}\n', stderr: '' });
    const { stdout } = await here.run('tail', '-n', '20');
    expect(stdout).toMatch(/let through: claude-code\.Bash/);
    expect(stdout).toMatch(/settled ok by the caller/);
    // Settled: the same again is not held as an open one would be.
    uses += 1;
    const again = await hook(use('PreToolUse', 'Bash', { tool_input: { command: 'echo 1' } }));
    expect(permission(again.stdout).permissionDecision).toBe('allow');
    await hook(use('PostToolUseFailure', 'Bash'));
    expect((await here.run('tail', '-n', '20')).stdout).toMatch(/settled error by the caller/);
  });

  test('stops a tool that no policy permits, and one that nobody labelled', async () => {
    uses += 1;
    const { code, stdout } = await hook(use('PreToolUse', 'WebFetch'));
    expect(code).toBe(0);
    expect(permission(stdout)).toMatchObject({ permissionDecision: 'deny' });
    expect(permission(stdout).permissionDecisionReason).toMatch(/^Refused\. Reference c-/);
  });

  test('leaves the tools of MCP servers to the gateway', async () => {
    expect(await hook(use('PreToolUse', 'mcp__erp__pay'), { SURETY_URL: away })).toMatchObject({
      code: 0,
      stdout: '{}\n',
    });
  });

  test.each([
    ['Surety is away', use('PreToolUse', 'Bash'), { SURETY_URL: away }],
    ['the credential is wrong', use('PreToolUse', 'Bash'), { SURETY_CREDENTIAL: 'nothing' }],
    ['the input is no JSON', '{', {}],
    ['the input names no tool', { hook_event_name: 'PreToolUse' }, {}],
    ['the address is none', use('PreToolUse', 'Bash'), { SURETY_URL: 'surety' }],
  ])('blocks with exit code 2 when %s', async (_, input, changed) => {
    const { code, stdout, stderr } = await hook(input, changed);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/; the tool is blocked\n$/);
    expect(stderr).not.toContain(env.SURETY_CREDENTIAL);
  });
});

describe('a function under Surety', () => {
  const command = (run: () => Promise<unknown>) => governed('claude-code.Bash', run);
  beforeAll(() => Object.assign(process.env, env));
  afterAll(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });

  test('runs once it was allowed, and gives its result', async () => {
    expect(await command(async () => ({ exit: 0 }))({ command: 'date' })).toEqual({ exit: 0 });
  });

  test('does not run when it is refused, or when nobody answers', async () => {
    let ran = 0;
    const forbidden = governed('claude-code.WebFetch', async () => {
      ran += 1;
    });
    await expect(forbidden({ url: 'https://example.com' })).rejects.toBeInstanceOf(NotAllowed);
    process.env['SURETY_URL'] = away;
    await expect(forbidden({ url: 'https://example.com' })).rejects.toThrow();
    process.env['SURETY_URL'] = env.SURETY_URL;
    expect(ran).toBe(0);
  });

  test('that fails is settled as an error, and may be tried again', async () => {
    const failing = command(() => Promise.reject(new Error('disk full')));
    await expect(failing({ command: 'save' })).rejects.toThrow('disk full');
    expect(await command(async () => 'saved')({ command: 'save' })).toBe('saved');
  });
});
