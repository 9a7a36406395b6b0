// The HTTP API. Two doors: the public one, where a credential or a signature says who asks, and the
// administrator's, a socket in the store's folder that only the operator's own account can open.

import type { HttpBindings } from '@hono/node-server';
import { JsonError, keyRoles, parseJson, rotationReasons } from '@surety/proof/records';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { framed } from './frames.ts';
import type { Desk } from './port.ts';

const bodyBytesMax = 256 * 1024;
/** Arguments and results: what can be committed to (1 MiB), written with escapes. */
const callBytesMax = 4 * 1024 * 1024;
const person = z
  .string()
  .max(255)
  .regex(/^[^\s@/]{1,64}@[^\s@/]{1,190}$/);
const identifier = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

const caseOpening = z.strictObject({ agent: identifier, user: person, words: z.string().max(100_000) });
/** By which key, the signature in base64, and of a passkey what it was made over. */
const signed = {
  key: z.string().max(64),
  signature: z.string().max(256),
  assertion: z
    .strictObject({ authenticatorData: z.string().max(512), clientData: z.string().max(4_096) })
    .optional(),
};
const offered = z.strictObject({ statement: z.record(z.string(), z.unknown()), ...signed });
const members = z.record(z.string(), z.unknown());
const deciding = z.strictObject({
  tool: z.string().max(321),
  arguments: members.default({}),
  case: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/)
    .optional(),
});
const settling = z.strictObject({
  call: z.string().max(64),
  settlement: z.enum(['ok', 'error']),
  result: z.unknown().optional(),
});
const signing = z.strictObject({
  change: z.string().max(64),
  person,
  at: z.int().nonnegative(),
  ...signed,
  refuse: z.string().max(4_000).optional(),
});
const asked = z.strictObject({ outcome: identifier, at: z.int().nonnegative().optional() });
const rotation = z.strictObject({ role: z.enum(keyRoles), reason: z.enum(rotationReasons) });
const role = z.strictObject({ role: z.enum(keyRoles) });
const surveyed = z.strictObject({ subject: z.string().regex(/^[\w-]{43}$/) });
const scoped = z.strictObject({
  scope: z.strictObject({
    is: z.enum(['agent', 'tool', 'server', 'user', 'outcome', 'everything']),
    name: z.string().max(330).optional(),
  }),
});
const revoked = z.strictObject({ identity: identifier });
const seeded = z.strictObject({ name: identifier.optional() });
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
  OrderError: 409,
  ChangeError: 409,
  PasskeyError: 409,
  LedgerError: 503,
};

function newApp(onFault: (error: Error) => void): Hono {
  const app = new Hono();
  const [small, large] = [bodyBytesMax, callBytesMax].map((maxSize) =>
    bodyLimit({ maxSize, onError: (c) => fail(c, 413, 'too-large', 'the body is too large') }),
  ) as [MiddlewareHandler, MiddlewareHandler];
  app.use((c, next) => (/^\/v1\/(decide|settle)$/.test(c.req.path) ? large : small)(c, next));
  app.onError((error, c) => {
    const status = told[error.name];
    if (status !== undefined)
      return fail(c, status, (error as Error & { code?: string }).code ?? '', error.message);
    if (hasBrokenOff(error, c)) return fail(c, 400, 'broken-off', 'the body ends before its end');
    onFault(error);
    return fail(c, 500, 'fault', 'something went wrong here; the log says what');
  });
  app.notFound((c) => fail(c, 404, 'not-found', 'there is nothing at this address'));
  return app;
}

/** A client that went away in the middle of its body: nobody hears the answer, and it is no fault of ours. */
const hasBrokenOff = (error: Error & { code?: unknown }, { env }: Context): boolean =>
  error.code === 'ECONNRESET' && (env as Partial<HttpBindings> | undefined)?.incoming?.destroyed === true;

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
  const body = strictly(new Uint8Array(await c.req.arrayBuffer()));
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return fail(c, 400, 'malformed', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not JSON'}`);
}

/** What two parsers could read differently is no body: what was decided must be what is done. */
function strictly(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** `POST /v1/cases`, `POST /v1/approvals`, `POST /v1/decide`, `POST /v1/settle`, `GET /healthz`. */
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
  const ofAgent = (c: Context): string | Response => {
    const agent = desk.agent(c.req.header('authorization'));
    if (agent !== undefined) return agent;
    c.header('WWW-Authenticate', 'Bearer');
    return fail(c, 401, 'unauthenticated', 'an agent asks with its own credential');
  };
  app.post('/v1/decide', async (c) => {
    const agent = ofAgent(c);
    if (agent instanceof Response) return agent;
    const ask = await read(c, deciding);
    if (ask instanceof Response) return ask;
    const { tool, arguments: args, case: named } = ask;
    const traceparent = c.req.header('traceparent');
    const message = () => (traceparent === undefined ? {} : { traceparent });
    const about = named === undefined ? {} : { case: named };
    return c.json(await desk.decide(agent, { tool, args, message, ...about }));
  });
  app.post('/v1/settle', async (c) => {
    const agent = ofAgent(c);
    if (agent instanceof Response) return agent;
    const said = await read(c, settling);
    if (said instanceof Response) return said;
    const { call, settlement, result } = said;
    const answer = await desk.settleCall(agent, { call, settlement, result });
    if (answer === 'unknown') return fail(c, 404, 'unknown', 'this agent has no such call open');
    return c.json({ call, settlement });
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
    return c.body(await framed((sink) => desk.prove(ask.outcome, ask.at, sink), onFault));
  });
  app.post('/rotations', async (c) => {
    const ask = await read(c, rotation);
    return ask instanceof Response ? ask : c.json(await desk.rotate(ask.role, ask.reason), 201);
  });
  app.post('/next-keys', async (c) => {
    const ask = await read(c, role);
    return ask instanceof Response ? ask : c.json({ key: await desk.nextKey(ask.role) });
  });
  app.post('/orders', async (c) => {
    const offer = await read(c, offered);
    return offer instanceof Response ? offer : c.json(await desk.order(offer));
  });
  app.post('/survey', async (c) => {
    const ask = await read(c, surveyed);
    return ask instanceof Response ? ask : c.json(await desk.survey(ask.subject));
  });
  app.post('/affected', async (c) => {
    const ask = await read(c, scoped);
    if (ask instanceof Response) return ask;
    const { is, name } = ask.scope;
    return c.json(await desk.affected({ is, ...(name === undefined ? {} : { name }) }));
  });
  app.post('/seeds', async (c) => {
    const ask = await read(c, seeded);
    return ask instanceof Response ? ask : c.json(await desk.plant(ask.name), 201);
  });
  app.post('/look', async (c) => c.json(await desk.look()));
  app.post('/reload', async (c) => c.json(await desk.reload()));
  app.post('/signatures', async (c) => {
    const offer = await read(c, signing);
    return offer instanceof Response ? offer : c.json(await desk.sign(offer));
  });
  app.post('/passkeys', async (c) => {
    const offer = await read(c, offered);
    return offer instanceof Response ? offer : c.json(await desk.passkey(offer));
  });
  app.get('/legal-holds', async (c) => c.json(await desk.legalHolds()));
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
