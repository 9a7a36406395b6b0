// The administrator's door from the other side: a `Desk` that speaks to a running Surety over its socket.

import { type IncomingMessage, request } from 'node:http';
import type { Sink } from '@surety/proof/bundle';
import type { ContainmentScope } from '@surety/proof/facts';
import type { KeyRole, RotationReason } from '@surety/proof/records';
import type { Affected } from '../gateway/gateway.ts';
import type { PasskeyShown } from '../governance/index.ts';
import type { Rotated } from '../ledger/key-desk.ts';
import { unframed } from './frames.ts';
import type {
  Desk,
  DeskStatus,
  LegalHoldShown,
  LookAnswer,
  OrderAnswer,
  Proved,
  ReloadAnswer,
  Survey,
  VerdictShown,
} from './port.ts';

/** What the running Surety said no to, in its own words; `fault` if it could not be understood. */
export class RemoteError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'RemoteError';
    this.code = code;
  }
}

type Answered = Awaited<ReturnType<Desk['answer']>>;

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
  prove: (outcome: string, at: number | undefined, sink: Sink) =>
    exchange(socket, 'POST', '/prove', { outcome, at }, timeoutMs, (answer) =>
      unframed(answer, sink),
    ) as Promise<Proved>,
  issue: async (identity: string, lifeMs: number) =>
    (await ask(socket, 'POST', '/credentials', { identity, lifeMs })) as {
      credential: string;
      expires: number;
    },
  revoke: async (identity: string) =>
    ((await ask(socket, 'POST', '/revocations', { identity })) as { revoked: number }).revoked,
  answer: async (offered: object) => (await ask(socket, 'POST', '/approvals', offered)) as Answered,
  plant: async (name?: string) =>
    (await ask(socket, 'POST', '/seeds', name === undefined ? {} : { name })) as { seed: string },
  rotate: async (role: KeyRole, reason: RotationReason) =>
    (await ask(socket, 'POST', '/rotations', { role, reason })) as Rotated,
  nextKey: async (role: KeyRole) =>
    ((await ask(socket, 'POST', '/next-keys', { role })) as { key: string }).key,
  order: async (offered: object) => (await ask(socket, 'POST', '/orders', offered)) as OrderAnswer,
  survey: async (subject: string) => (await ask(socket, 'POST', '/survey', { subject })) as Survey,
  affected: async (scope: ContainmentScope) =>
    (await ask(socket, 'POST', '/affected', { scope })) as Affected,
  legalHolds: async () => (await ask(socket, 'GET', '/legal-holds')) as LegalHoldShown[],
  look: async () => (await ask(socket, 'POST', '/look', {})) as LookAnswer,
  reload: async () => (await ask(socket, 'POST', '/reload', {})) as ReloadAnswer,
  sign: async (offered: object) =>
    (await ask(socket, 'POST', '/signatures', offered)) as { pending: boolean },
  passkey: async (offered: object) => (await ask(socket, 'POST', '/passkeys', offered)) as PasskeyShown,
  settle: async () => {
    await ask(socket, 'POST', '/settle', {});
  },
});

const ask = (socketPath: string, method: string, path: string, body?: object, waitMs = timeoutMs) =>
  exchange(socketPath, method, path, body, waitMs, async (answer) => JSON.parse(await textOf(answer)));

/** `waitMs` is the longest silence. `read` is asked only of an answer that is no refusal. */
function exchange(
  socketPath: string,
  method: string,
  path: string,
  body: object | undefined,
  waitMs: number,
  read: (answer: IncomingMessage) => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'surety', 'content-type': 'application/json' };
    const asked = request({ socketPath, method, path, headers }, (answer) => {
      const isDone = (answer.statusCode ?? 500) < 300;
      const given = isDone ? read(answer) : textOf(answer).then((text) => Promise.reject(refusal(text)));
      given.then(resolve, reject);
    });
    asked.setTimeout(waitMs, () =>
      asked.destroy(new RemoteError('fault', `the running Surety did not answer within ${waitMs} ms`)),
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function refusal(text: string): RemoteError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new RemoteError(error.code, error.message);
  } catch {
    return new RemoteError('fault', 'the running Surety gave no answer that can be read');
  }
}
