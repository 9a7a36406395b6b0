// The administrator's door from the other side: a `Desk` that speaks to a running Surety over its socket.

import { request } from 'node:http';
import type { DeskStatus, VerdictShown } from './port.ts';

/** What the running Surety said no to, in its own words; `fault` if it could not be understood. */
export class RemoteError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'RemoteError';
    this.code = code;
  }
}

/** A verdict reads the record and waits for witnesses; whatever takes longer than this hangs. */
const timeoutMs = 120_000;
const statusTimeoutMs = 5_000;

/** Resolves to undefined if nobody listens on the socket. */
export async function remoteStatus(socket: string): Promise<DeskStatus | undefined> {
  try {
    return (await ask(socket, 'GET', '/status', undefined, statusTimeoutMs)) as DeskStatus;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

export const remoteDesk = (socket: string) => ({
  verdict: async (outcome: string, at?: number) =>
    (await ask(socket, 'POST', '/verdict', { outcome, at })) as VerdictShown,
  prove: async (outcome: string, at?: number) => {
    const { verdict, proof } = (await ask(socket, 'POST', '/prove', { outcome, at })) as {
      verdict: VerdictShown;
      proof: string;
    };
    return { verdict, proof: new Uint8Array(Buffer.from(proof, 'base64')) };
  },
  issue: async (identity: string, lifeMs: number) =>
    (await ask(socket, 'POST', '/credentials', { identity, lifeMs })) as {
      credential: string;
      expires: number;
    },
  revoke: async (identity: string) =>
    ((await ask(socket, 'POST', '/revocations', { identity })) as { revoked: number }).revoked,
  answer: async (offered: object) =>
    (await ask(socket, 'POST', '/approvals', offered)) as { hold: string; decision: string },
  settle: async () => {
    await ask(socket, 'POST', '/settle', {});
  },
});

function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
  waitMs = timeoutMs,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'surety', 'content-type': 'application/json' };
    const asked = request({ socketPath, method, path, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        if ((answer.statusCode ?? 500) < 300) resolve(JSON.parse(text));
        else reject(refusal(text));
      });
    });
    asked.setTimeout(waitMs, () =>
      asked.destroy(new RemoteError('fault', `the running Surety did not answer within ${waitMs} ms`)),
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function refusal(text: string): RemoteError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new RemoteError(error.code, error.message);
  } catch {
    return new RemoteError('fault', 'the running Surety gave no answer that can be read');
  }
}
