// The methods that the front serves, in both eras. What is not named here does not exist: a method that passed
// unknown could do what no rule sees. What reaches a server on a client's behalf goes through governed.ts.

import { canBeAsked, type Offer, offered, runsTools } from './capabilities.ts';
import type { Channel } from './channel.ts';
import { mayInstruct, shownOf } from './contracts.ts';
import type { Endpoint, Links, OnProblem } from './endpoint.ts';
import { type Era, legacyVersions, metaKeys, modernVersions } from './eras.ts';
import { UpstreamError } from './errors.ts';
import { governed } from './governed.ts';
import type { HeldCalls } from './held-calls.ts';
import { listen, type Watcher } from './listening.ts';
import { type ListKind, listKinds } from './listing.ts';
import type { Parking } from './parking.ts';
import type { Caller, Governor, NotSent } from './port.ts';
import { Refusal } from './refusal.ts';
import type { ClientSession, UnderWay } from './session.ts';
import type { SealedStates } from './state.ts';
import { tasking } from './tasking.ts';
import type { Tasks } from './tasks.ts';
import { messageOf } from './trace-context.ts';
import type { Upstream } from './upstream.ts';
import { isMembers, type Members, type Request, resultText, rpc } from './wire.ts';

export interface Context {
  readonly governor: Governor;
  readonly caller: Caller;
  readonly endpoint: Endpoint;
  readonly era: Era;
  readonly channel: Channel;
  /** Of a client of the earlier era. */
  readonly session?: ClientSession;
  readonly links: Links;
  /** This request, where a session can cancel it and its server can ask the client. */
  readonly underWay: UnderWay;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Throws `Refusal` for a header that comes more than once. */
  readonly headerOf: (name: string) => string | undefined;
  readonly paramHeaders: () => Readonly<Record<string, string>>;
  readonly states: SealedStates;
  readonly parking: Parking;
  readonly tasks: Tasks;
  readonly heldCalls: HeldCalls;
  /** Something begins that goes on after the answer; what is given back is called when it is done. */
  readonly begin: () => () => void;
  /** Waits for what may come late: neither a reload nor the end of the gateway waits for it. */
  readonly idly: <T>(wait: () => Promise<T>) => Promise<T>;
  /** The endpoint as it is after a reload. */
  readonly current: () => Endpoint;
  /**
   * Does what comes first and watches until the client goes away, or the gateway ends the stream. Throws `Refusal`,
   * before anything was said, if this agent has too many streams.
   */
  readonly watch: (watcher: Watcher, first: () => Promise<void>) => Promise<void>;
  readonly listMaxAgeMs: number;
  /** Sends a call of this caller to a server, if the caller's part of what the server can do at once allows it. */
  readonly share: <R>(server: string, send: () => Promise<R>) => Promise<R | NotSent>;
  readonly onProblem: OnProblem;
}

type Serve = (context: Context, request: Request) => Promise<string>;

const both: readonly (readonly [string, Serve])[] = [
  ...Object.entries(listKinds).map(([kind, { method }]): [string, Serve] => [
    method,
    (context, request) => list(context, request, kind as ListKind),
  ]),
  ['tools/call', governed.callTool],
  ['resources/read', governed.readResource],
  ['prompts/get', governed.getPrompt],
  ['completion/complete', governed.complete],
];

/** What each era can ask. Plain maps: a client writes the method, and `constructor` must not be one. */
const methods: Readonly<Record<Era, ReadonlyMap<string, Serve>>> = {
  legacy: new Map<string, Serve>([
    ...both,
    ['initialize', initialize],
    ['ping', async (_, { idText }) => resultText(idText, '{}')],
    ['resources/subscribe', governed.subscribe],
    ['resources/unsubscribe', unsubscribe],
    ['logging/setLevel', setLevel],
    ['tasks/get', tasking.get],
    ['tasks/result', tasking.result],
    ['tasks/list', tasking.list],
    ['tasks/cancel', tasking.cancel],
  ]),
  modern: new Map<string, Serve>([
    ...both,
    ['server/discover', discover],
    ['subscriptions/listen', listen],
    ['tasks/get', tasking.get],
    ['tasks/update', tasking.update],
    ['tasks/cancel', tasking.cancel],
  ]),
};

/** Calls are watched as calls, and what listens is no request that ends. */
const watchedElsewhere: ReadonlySet<string> = new Set([
  ...['tools/call', 'resources/read', 'prompts/get', 'completion/complete', 'resources/subscribe'],
  'subscriptions/listen',
]);

/** The text of the JSON-RPC answer. Throws `Refusal`. */
export async function answerRequest(context: Context, request: Request): Promise<string> {
  const serve = methods[context.era].get(request.method);
  // 2026-07-28 asks for HTTP 404; earlier clients expect the error in an answer.
  if (serve === undefined)
    throw new Refusal(context.era === 'modern' ? 404 : 200, rpc.methodNotFound, 'there is no such method');
  const { governor, caller, headerOf } = context;
  const served = () => serve(context, request);
  try {
    if (governor.request === undefined || watchedElsewhere.has(request.method)) return await served();
    return await governor.request(caller, messageOf(headerOf, request), served);
  } catch (cause) {
    if (!(cause instanceof UpstreamError)) throw cause;
    context.onProblem(`a server could not be asked: ${cause.message}`);
    throw new Refusal(502, rpc.internalError, 'the server cannot be reached now');
  }
}

const invalidParams = (message: string): Refusal => new Refusal(200, rpc.invalidParams, message);

async function initialize(context: Context, { idText, params }: Request): Promise<string> {
  const { protocolVersion: asked } = params;
  if (typeof asked !== 'string') throw invalidParams('protocolVersion is not a string');
  const protocolVersion = legacyVersions.includes(asked) ? asked : legacyVersions[0];
  const about = await context.endpoint.about(context.links);
  const capabilities = offered(about.capabilities, await offerTo(context));
  const { instructions: _, ...rest } = about;
  const told = await instructionsFor(context, about);
  return resultText(idText, JSON.stringify({ ...rest, ...told, protocolVersion, capabilities }));
}

async function discover(context: Context, { idText }: Request): Promise<string> {
  const about = await context.endpoint.about(context.links);
  const { serverInfo, capabilities } = about;
  const result = {
    resultType: 'complete',
    supportedVersions: modernVersions,
    capabilities: offered(capabilities, await offerTo(context)),
    ...(await instructionsFor(context, about)),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [metaKeys.server]: serverInfo },
  };
  return resultText(idText, JSON.stringify(result));
}

async function instructionsFor(context: Context, about: Members): Promise<Members> {
  const { instructions } = about;
  const [only, other] = context.endpoint.upstreams;
  if (typeof instructions !== 'string' || only === undefined || other !== undefined) return {};
  return (await mayInstruct(context, only, about)) ? { instructions } : {};
}

async function offerTo(context: Context): Promise<Offer> {
  const { governor, caller, endpoint, session } = context;
  const isShown = await shownOf(context, endpoint.upstreams);
  const may = (aside: string) =>
    endpoint.upstreams.some(
      ({ server }) => governor.mayUse(caller, `${server}.${aside}`) && isShown(server, aside),
    );
  return {
    mayRead: may('resources/read'),
    maySubscribe: may('resources/subscribe'),
    mayPrompt: may('prompts/get'),
    mayComplete: may('completion/complete'),
    session: session !== undefined,
    holds: governor.onHold !== undefined,
  };
}

/** What a caller must be allowed to use for an item to be worth showing to it. */
const shownFor: Readonly<Record<ListKind, (native: string) => string>> = {
  tools: (native) => native,
  prompts: () => 'prompts/get',
  resources: () => 'resources/read',
  templates: () => 'resources/read',
};

async function list(context: Context, { idText, params }: Request, kind: ListKind): Promise<string> {
  // There is one page, so a cursor is none of ours.
  if (params.cursor !== undefined) throw invalidParams('the cursor is not known');
  const texts = await visible(context, kind);
  context.session?.seen.saw(kind, texts);
  // Private: what one caller may see is nobody else's.
  const cached = `"resultType":"complete","ttlMs":${context.listMaxAgeMs},"cacheScope":"private",`;
  const before = context.era === 'modern' ? cached : '';
  return resultText(idText, `{${before}"${listKinds[kind].member}":[${texts.join(',')}]}`);
}

/** What this caller sees of a list. */
export async function visible(
  { governor, caller, endpoint, links }: Pick<Context, 'governor' | 'caller' | 'endpoint' | 'links'>,
  kind: ListKind,
): Promise<readonly string[]> {
  const listed = await endpoint.list(kind, links);
  const isShown = await shownOf({ governor, caller, links }, endpoint.upstreams);
  return listed
    .filter(({ server, native, listed: text }) => {
      const as = shownFor[kind](native);
      return governor.mayUse(caller, `${server}.${as}`) && isShown(server, as, text);
    })
    .map(({ text }) => text);
}

/** Ends what was begun, and begins nothing: nothing is decided. */
async function unsubscribe(context: Context, request: Request): Promise<string> {
  const { uri } = request.params;
  if (typeof uri !== 'string') throw invalidParams('uri is not a string');
  const target = await context.endpoint.locate(uri, context.links);
  if (target === undefined || context.session?.subscribed.delete(uri) !== true)
    throw invalidParams('there is no such subscription');
  return passed(context, request, target.upstream, JSON.stringify({ uri }));
}

const levels = new Set(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']);

/** Nothing but one of eight words goes to a server, so there is nothing to decide. */
async function setLevel(context: Context, request: Request): Promise<string> {
  const { level } = request.params;
  if (typeof level !== 'string' || !levels.has(level)) throw invalidParams('level is not one of the eight');
  for (const upstream of context.endpoint.upstreams) {
    const link = await context.links(upstream).catch(() => undefined);
    const { capabilities } = (await link?.describe().catch(() => undefined)) ?? {};
    // On a link that others share, one would set the level of all.
    if (
      link === undefined ||
      link === upstream ||
      !isMembers(capabilities) ||
      !isMembers(capabilities.logging)
    )
      continue;
    await passed(context, request, upstream, JSON.stringify({ level }));
  }
  return resultText(request.idText, '{}');
}

async function passed(
  { links, signal }: Context,
  { idText, method }: Request,
  upstream: Upstream,
  paramsText: string,
): Promise<string> {
  const link = await links(upstream);
  const reply = await link.ask({ method, paramsText, signal });
  if (reply.is === 'result') return resultText(idText, reply.text);
  if (reply.is === 'error') throw new Refusal(200, reply.code, 'the server refused');
  throw new UpstreamError(reply.is, reply.cause);
}

/** Whether a session needs a link of its own to a server: it may be asked, or keeps something of its client's. */
export async function needsOwnLink(session: ClientSession, upstream: Upstream): Promise<boolean> {
  const earlier = await upstream.earlier();
  // In the newer era there is nothing that a server keeps of its client.
  if (earlier === undefined) return false;
  if (canBeAsked(session.capabilities)) return true;
  const { capabilities } = earlier;
  if (!isMembers(capabilities)) return false;
  const { resources, logging, tasks } = capabilities;
  return runsTools(tasks) || isMembers(logging) || (isMembers(resources) && resources.subscribe === true);
}
