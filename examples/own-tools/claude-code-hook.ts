// A Claude Code hook for PreToolUse, PostToolUse and PostToolUseFailure: every built-in tool asks Surety before it
// runs. Fails closed: whatever goes wrong here ends with exit code 2, which blocks the tool.
//
// In .claude/settings.json, for each of the three events:
//   { "matcher": "*", "hooks": [{ "type": "command", "command": "node <path>/claude-code-hook.ts" }] }
//
// The tool `Bash` is `claude-code.Bash` in surety.yaml, under `servers: { claude-code: { decided: true } }`.
// SURETY_URL and SURETY_CREDENTIAL say where Surety is and who asks. Tools of MCP servers (`mcp__...`) are not
// asked about here: they cross the gateway.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Below Claude Code's own limit for a hook (60 s), after which it would go on without an answer. */
const timeoutMs = 20_000;
const inputBytesMax = 4 * 1024 * 1024;

interface Input {
  readonly hook_event_name: string;
  readonly session_id: string;
  readonly tool_use_id: string;
  readonly tool_name: string;
  readonly tool_input: Record<string, unknown>;
  readonly tool_response?: unknown;
}

/** Which call a tool's run is, kept between the two hooks of it. */
function noteOf({ session_id, tool_use_id }: Input): string {
  const folder = process.env.SURETY_HOOK_FOLDER ?? join(homedir(), '.cache', 'surety-hook');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(
    folder,
    createHash('sha256')
      .update(JSON.stringify([session_id, tool_use_id]))
      .digest('hex'),
  );
}

async function ask(path: string, body: object): Promise<Record<string, unknown>> {
  const { SURETY_URL = 'http://127.0.0.1:7300', SURETY_CREDENTIAL = '' } = process.env;
  const answer = await fetch(new URL(path, SURETY_URL), {
    method: 'POST',
    headers: { authorization: `Bearer ${SURETY_CREDENTIAL}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (!answer.ok) throw new Error(`Surety answered ${answer.status}`);
  return (await answer.json()) as Record<string, unknown>;
}

async function before(input: Input): Promise<object> {
  const tool = `claude-code.${input.tool_name}`;
  const answer = await ask('/v1/decide', { tool, arguments: input.tool_input });
  const isAllowed = answer.decision === 'allow' && typeof answer.call === 'string';
  if (isAllowed) writeFileSync(noteOf(input), String(answer.call), { mode: 0o600 });
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: isAllowed ? 'allow' : 'deny',
      ...(isAllowed ? {} : { permissionDecisionReason: String(answer.message ?? 'Surety did not allow it') }),
    },
  };
}

async function after(input: Input, settlement: 'ok' | 'error'): Promise<object> {
  const note = noteOf(input);
  const call = readFileSync(note, 'utf8');
  await ask('/v1/settle', { call, settlement, result: input.tool_response ?? null });
  rmSync(note);
  return {};
}

async function readInput(): Promise<Input> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > inputBytesMax) throw new Error('the hook was given more than 4 MiB');
    parts.push(part);
  }
  const input = JSON.parse(Buffer.concat(parts).toString('utf8')) as Input;
  for (const name of ['hook_event_name', 'session_id', 'tool_use_id', 'tool_name'] as const)
    if (typeof input[name] !== 'string') throw new Error(`the hook was given no \`${name}\``);
  return input;
}

async function answer(input: Input): Promise<object> {
  if (input.tool_name.startsWith('mcp__')) return {};
  if (input.hook_event_name === 'PreToolUse') return before(input);
  return after(input, input.hook_event_name === 'PostToolUse' ? 'ok' : 'error');
}

try {
  process.stdout.write(`${JSON.stringify(await answer(await readInput()))}\n`);
} catch (error) {
  process.stderr.write(`Surety: ${(error as Error).message}; the tool is blocked\n`);
  process.exitCode = 2;
}
