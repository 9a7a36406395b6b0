// Plays an incident in a house of its own: the real gateway, ledger, record and verdict, in a folder that goes afterwards.
// Only the tools are made up: each does to the record what the incident says it did.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { PlayedIncident } from './cli/roots.ts';
import { type Config, loadConfig, renderProblems, words } from './config/index.ts';
import type { UpstreamReply } from './gateway/mcp/index.ts';
import { openHouse } from './house.ts';
import { cast, type Found, filesOf, type Incident, stopping } from './packs/index.ts';

type Step = Incident['steps'][number];

const startAt = Date.UTC(2026, 2, 2, 9);
const dayMs = 86_400_000;

/** With the checkpoints that stop it, or without. */
export async function play(found: Found, isStopped: boolean): Promise<PlayedIncident> {
  const folder = mkdtempSync(join(tmpdir(), 'surety-incident-'));
  try {
    return await playIn(folder, found, isStopped);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playIn(folder: string, found: Found, isStopped: boolean): Promise<PlayedIncident> {
  const { incident } = found;
  for (const [file, text] of Object.entries(filesOf(found, isStopped ? stopping(found) : []))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const record = new DatabaseSync(join(folder, 'record.db'));
  record.exec(incident.record);
  const clock = join(folder, 'clock.json');
  let at = startAt;
  const setClock = () => writeFileSync(clock, JSON.stringify({ at, real: Date.now() }));
  setClock();
  const house = await openHouse(await configIn(folder), {
    ...{ program: 'gateway', env: { SURETY_CLOCK: clock } },
    onNote: () => undefined,
  });
  try {
    const opening = { agent: cast.agent, user: cast.user, words: incident.title };
    const of = await house.openCase(cast.application, opening);
    const steps: { step: Step; answer: Step['answer'] }[] = [];
    for (const step of incident.steps) {
      at += words.durationMs(step.after ?? '1m');
      setClock();
      const reply = await house.gateway.call(
        { agent: cast.agent },
        {
          ...{ tool: step.call, args: step.args, case: of },
          forward: async () => did(record, incident, step, steps.length + 1, at),
        },
      );
      await house.log.flushed();
      steps.push({ step, answer: answerOf(reply) });
    }
    at += 2 * dayMs;
    setClock();
    const { judgement } = await house.verdict(cast.outcome, startAt);
    const reasons = judgement.questions
      .filter(({ verdict }) => verdict === 'violated')
      .flatMap((question) => question.reasons.map(({ code, text }) => ({ code, text })));
    return { steps, verdict: judgement.verdict, reasons };
  } finally {
    await house.close();
    record.close();
  }
}

async function configIn(folder: string): Promise<Config> {
  const loaded = await loadConfig(folder, {});
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
  return loaded.config;
}

const answerOf = (reply: { readonly is: string }): Step['answer'] =>
  reply.is === 'upstream' ? 'done' : reply.is === 'held' ? 'held' : 'refused';

function did(
  record: DatabaseSync,
  { tools }: Incident,
  { call, args }: Step,
  nth: number,
  at: number,
): UpstreamReply {
  const { does = [], returns = {} } = tools[call] ?? {};
  const values: Record<string, unknown> = { ...args, id: `R-${nth}`, now: new Date(at).toISOString() };
  for (const sql of does) {
    const named = [...sql.matchAll(/:([a-z_]+)/g)].map(([, name = '']) => name);
    const bound = Object.fromEntries(named.map((name) => [name, (values[name] ?? null) as SQLInputValue]));
    record.prepare(sql).run(bound);
  }
  const structuredContent = Object.fromEntries(
    Object.entries(returns).map(([name, written]) => [
      name,
      typeof written === 'string' && written.startsWith('$') ? values[written.slice(1)] : written,
    ]),
  );
  const value = { content: [], structuredContent };
  return { is: 'result', text: JSON.stringify(value), value };
}
