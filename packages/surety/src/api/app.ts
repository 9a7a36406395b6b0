// The HTTP API. Two doors: the public one, where a credential or a signature says who asks, and the
// administrator's, a socket in the store's folder that only the operator's own account can open.

import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Desk } from './port.ts';

const bodyBytesMax = 256 * 1024;
const person = z
  .string()
  .max(255)
  .regex(/^[^\s@/]{1,64}@[^\s@/]{1,190}$/);
const identifier = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

const caseOpening = z.strictObject({ agent: identifier, user: person, words: z.string().max(100_000) });
const offered = z.strictObject({
  statement: z.record(z.string(), z.unknown()),
  key: z.string().max(64),
  signature: z.string().max(256),
});
const asked = z.strictObject({ outcome: identifier, at: z.int().nonnegative().optional() });
const revoked = z.strictObject({ identity: identifier });
const wanted = z.strictObject({
  identity: identifier,
  lifeMs: z
    .int()
    .positive()
    .max(366 * 86_400_000),
});

/** Errors whose text is written for people; any other is a fault, and its text stays in the log. */
const told: Readonly<Record<string, 400 | 403 | 404 | 409 | 503>> = {
  ApprovalError: 403,
  OutcomeError: 404,
  HouseError: 404,
  LedgerError: 503,
};

function newApp(onFault: (error: Error) => void): Hono {
  const app = new Hono();
  app.use(
    bodyLimit({ maxSize: bodyBytesMax, onError: (c) => fail(c, 413, 'too-large', 'the body is too large') }),
  );
  app.onError((error, c) => {
    const status = told[error.name];
    if (status !== undefined)
      return fail(c, status, (error as Error & { code?: string }).code ?? '', error.message);
    onFault(error);
    return fail(c, 500, 'fault', 'something went wrong here; the log says what');
  });
  app.notFound((c) => fail(c, 404, 'not-found', 'there is nothing at this address'));
  return app;
}

function fail(
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 500 | 503,
  code: string,
  message: string,
) {
  return c.json({ error: { code, message } }, status);
}

/** The body as this schema says, or the answer that says what is wrong with it; values are not repeated. */
async function read<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return fail(c, 400, 'malformed', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not JSON'}`);
}

/** `POST /v1/cases`, `POST /v1/approvals`, `GET /healthz`. */
export function publicApp(desk: Desk, onFault: (error: Error) => void): Hono {
  const app = newApp(onFault);
  app.get('/healthz', (c) => c.json({ ok: true }));
  app.post('/v1/cases', async (c) => {
    const application = desk.application(c.req.header('authorization'));
    if (application === undefined) {
      c.header('WWW-Authenticate', 'Bearer');
      return fail(c, 401, 'unauthenticated', 'an application opens a case with its own credential');
    }
    const opening = await read(c, caseOpening);
    if (opening instanceof Response) return opening;
    return c.json({ case: await desk.openCase(application, opening) }, 201);
  });
  // No credential: the signature over the exact action is the authentication.
  app.post('/v1/approvals', async (c) => {
    const offer = await read(c, offered);
    return offer instanceof Response ? offer : c.json(await desk.answer(offer));
  });
  return app;
}

/** What the operator's own commands ask of a running Surety. */
export function adminApp(desk: Desk, onFault: (error: Error) => void): Hono {
  const app = newApp(onFault);
  app.get('/status', (c) => c.json(desk.status()));
  app.post('/settle', async (c) => {
    await desk.settle();
    return c.json({ ok: true });
  });
  app.post('/verdict', async (c) => {
    const ask = await read(c, asked);
    return ask instanceof Response ? ask : c.json(await desk.verdict(ask.outcome, ask.at));
  });
  app.post('/prove', async (c) => {
    const ask = await read(c, asked);
    if (ask instanceof Response) return ask;
    const { verdict, proof } = await desk.prove(ask.outcome, ask.at);
    return c.json({ verdict, proof: Buffer.from(proof).toString('base64') });
  });
  app.post('/revocations', async (c) => {
    const ask = await read(c, revoked);
    return ask instanceof Response ? ask : c.json({ revoked: await desk.revoke(ask.identity) });
  });
  app.post('/credentials', async (c) => {
    const want = await read(c, wanted);
    return want instanceof Response ? want : c.json(await desk.issue(want.identity, want.lifeMs), 201);
  });
  app.post('/approvals', async (c) => {
    const offer = await read(c, offered);
    return offer instanceof Response ? offer : c.json(await desk.answer(offer));
  });
  return app;
}
