// SQLite as a system of record: each extract runs in a worker of its own, read-only and bounded in time,
// so that neither a locked record nor a slow query can stop the gateway.

import { Worker } from 'node:worker_threads';
import { type Extract, RecordError, type RecordSystem } from '../outcomes/record-system.ts';

export interface SqliteRecordOptions {
  readonly id: string;
  readonly path: string;
  /** The column that holds money, where one is declared: REAL values in it are refused. */
  readonly moneyColumn?: string;
  readonly subject?: RecordSystem['subject'];
  readonly timeoutMs?: number;
  readonly rowsMax?: number;
}

type Answer = { ok: true; extract: Extract } | { ok: false; code?: string; message: string };

export function sqliteRecord({
  id,
  path,
  moneyColumn,
  subject,
  timeoutMs = 60_000,
  rowsMax = 2_000_000,
}: SqliteRecordOptions): RecordSystem {
  const running = new Set<Worker>();
  return {
    id,
    ...(subject === undefined ? {} : { subject }),
    extract(query, parameters) {
      const workerData = { path, query, parameters: { ...parameters }, rowsMax, moneyColumn };
      const worker = new Worker(new URL('./sqlite-reader.ts', import.meta.url), { workerData });
      running.add(worker);
      return answerOf(worker, timeoutMs).finally(() => {
        running.delete(worker);
        void worker.terminate();
      });
    },
    async close() {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

function answerOf(worker: Worker, timeoutMs: number): Promise<Extract> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new RecordError('away', `the query did not end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const fail = (code: RecordError['code'], message: string) => {
      clearTimeout(late);
      reject(new RecordError(code, message));
    };
    worker.once('message', (answer: Answer) => {
      if (!answer.ok) return fail(codeOf(answer), answer.message);
      clearTimeout(late);
      resolve(answer.extract);
    });
    worker.once('error', (error: Error) => fail('away', error.message));
    worker.once('exit', () => fail('away', 'the reader ended without an answer'));
  });
}

function codeOf({ code, message }: { code?: string; message: string }): RecordError['code'] {
  if (code === 'money' || code === 'too-large' || code === 'query') return code;
  return /syntax error|no such (table|column)|not authorized|prohibited/.test(message) ? 'query' : 'away';
}
