// Calls that run as tasks (MCP 2025-11-25, tasks; the extension `io.modelcontextprotocol/tasks` of 2026-07-28): whose
// they are, and until when somebody may learn what came of them. The server names a task as it likes; here a name
// means one task of one agent on one server, and nobody else's. What nobody fetched in time is lost, as an answer is.

import type { Answered, RunningCall, UpstreamReply } from './port.ts';
import type { ClientSession } from './session.ts';
import { isMembers, type Members } from './wire.ts';

export interface Task {
  readonly agent: string;
  readonly server: string;
  /** As the server calls it. */
  readonly native: string;
  /** The tool, as rules know it. */
  readonly tool: string;
  readonly call: RunningCall;
  /** Of a client of the earlier era, which does not end by itself while the task runs. */
  readonly session: ClientSession | undefined;
  /** What the server wants to know, as the client was last told. */
  asked: Members;
  isOver: boolean;
}

const tasksOfAgentMax = 256;
/** What a server that names no end, or a later one, is given. */
const lifeMsMax = 86_400_000;
const lifeMsMin = 60_000;
const idLengthMax = 512;

export interface TasksOptions {
  readonly lifeMsMin?: number;
}

interface Kept {
  readonly task: Task;
  readonly lifeMs: number;
  /** When it ends at the latest. */
  readonly until: number;
  timer: NodeJS.Timeout;
}

export class Tasks {
  readonly #lifeMsMin: number;
  /** By agent, the oldest first. */
  readonly #tasks = new Map<string, Map<string, Kept>>();

  constructor(options: TasksOptions = {}) {
    this.#lifeMsMin = options.lifeMsMin ?? lifeMsMin;
  }

  /** False if the agent has a task of this name there: then neither it nor the new one could be told from the other. */
  add(task: Task, lifeMs: number | undefined): boolean {
    const own = this.#tasks.get(task.agent) ?? new Map<string, Kept>();
    const key = keyOf(task);
    if (own.has(key)) return false;
    this.#tasks.set(task.agent, own);
    const all = [...own.values()].map((each) => each.task);
    const first = all.find(({ isOver }) => isOver) ?? all[0];
    if (own.size >= tasksOfAgentMax && first !== undefined) this.#forget(first);
    const life = Math.min(Math.max(lifeMs ?? lifeMsMax, this.#lifeMsMin), lifeMsMax);
    const until = performance.now() + lifeMsMax;
    own.set(key, { task, lifeMs: life, until, timer: this.#ending(task, life) });
    task.session?.running.add(key);
    return true;
  }

  /** Another agent's is as unknown as one that never was. */
  find(agent: string, server: string, native: string): Task | undefined {
    return this.#tasks.get(agent)?.get(keyOf({ server, native }))?.task;
  }

  /** The server has just said something of it, so it keeps it still. */
  touch(task: Task): void {
    const kept = this.#tasks.get(task.agent)?.get(keyOf(task));
    if (kept === undefined) return;
    clearTimeout(kept.timer);
    kept.timer = this.#ending(task, Math.min(kept.lifeMs, kept.until - performance.now()));
  }

  /** What came of it is known: the first word of the server counts. */
  settle(task: Task, reply: Answered): void {
    if (task.isOver) return;
    task.isOver = true;
    task.session?.running.delete(keyOf(task));
    task.call.settle(reply);
  }

  /** These servers are there no more: nobody will learn what came of what ran there. */
  leave(servers: readonly string[]): void {
    for (const own of [...this.#tasks.values()])
      for (const { task } of [...own.values()]) if (servers.includes(task.server)) this.#forget(task);
  }

  /** What runs stays open in the ledger. */
  close(): void {
    for (const own of this.#tasks.values()) for (const { timer } of own.values()) clearTimeout(timer);
    this.#tasks.clear();
  }

  #ending(task: Task, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#forget(task), ms).unref();
  }

  #forget(task: Task): void {
    const own = this.#tasks.get(task.agent);
    clearTimeout(own?.get(keyOf(task))?.timer);
    own?.delete(keyOf(task));
    if (own?.size === 0) this.#tasks.delete(task.agent);
    this.settle(task, { is: 'lost', cause: 'nobody fetched what came of the task' });
  }
}

const keyOf = ({ server, native }: Pick<Task, 'server' | 'native'>): string => `${server} ${native}`;

const terminal = new Set<unknown>(['completed', 'failed', 'cancelled']);
export const isTerminal = ({ status }: Members): boolean => terminal.has(status);

export interface BegunTask {
  readonly id: string;
  /** For how long the server keeps it; undefined if it does not say. */
  readonly lifeMs: number | undefined;
}

/**
 * The task that an answer to `tools/call` begins, in the shape of either era; `nameless` if it begins one that nobody
 * could ask for; undefined if it is a result like any other.
 */
export function taskIn({ resultType, content, task, ...rest }: Members): BegunTask | 'nameless' | undefined {
  // A result has content. An answer with a task in its place says nothing of what was done, asked for or not.
  const begun = resultType === 'task' ? rest : content === undefined && isMembers(task) ? task : undefined;
  if (begun === undefined) return undefined;
  const { taskId, ttl, ttlMs = ttl } = begun;
  if (typeof taskId !== 'string' || taskId === '' || taskId.length > idLengthMax) return 'nameless';
  return { id: taskId, lifeMs: typeof ttlMs === 'number' && ttlMs >= 0 ? ttlMs : undefined };
}

/** The reply, if it begins a task, as that: or as lost, where its client could not ask what came of it. */
export function withTask(reply: UpstreamReply, follows: boolean): UpstreamReply {
  const begun = reply.is === 'result' ? taskIn(reply.value) : undefined;
  if (reply.is !== 'result' || begun === undefined) return reply;
  if (begun !== 'nameless' && follows) return { ...reply, is: 'task' };
  return { is: 'lost', cause: 'the server began a task that its client cannot ask about' };
}

/** What a client of 2025-11-25 says of a task: times. No rule sees what is there, so nothing else passes. */
export const isTask = (task: unknown): boolean =>
  isMembers(task) &&
  Object.entries(task).every(
    ([name, ms]) =>
      (name === 'ttl' || name === 'pollInterval') && Number.isSafeInteger(ms) && Number(ms) >= 0,
  );

/** What clients call it: on the merged endpoint with its server, as tools are (names.ts). */
export const shownTask = (endpoint: string, server: string, native: string): string =>
  endpoint === '' ? `${server}_${native}` : native;
