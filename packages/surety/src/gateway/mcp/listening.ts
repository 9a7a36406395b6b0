// `subscriptions/listen` (MCP 2026-07-28): a request whose answer is a stream of what changes, for as long as the client
// stays. The client is told of its own lists only, and only when they are no longer what it would see; and of single
// resources, where a server tells of them: each is a call of `resources/subscribe`.

import { type Context, visible } from './answering.ts';
import { type Changing, changedMethod, changing, kindsOf, Seen } from './changes.ts';
import { contractFor } from './contracts.ts';
import { metaKeys } from './eras.ts';
import { caseOf } from './governed.ts';
import type { Answered } from './port.ts';
import { Refusal } from './refusal.ts';
import { messageOf } from './trace-context.ts';
import type { Interest } from './watches.ts';
import { isMembers, type Request, resultText, rpc } from './wire.ts';

/** Somebody who wants to know when a list changes. */
export interface Watcher extends Pick<Context, 'caller' | 'endpoint' | 'links'> {
  readonly seen: Seen;
  /** What it wants to hear of. */
  readonly among: readonly Changing[];
  readonly tell: (what: Changing) => void;
  /** Nothing more comes once one of these is aborted. */
  readonly until: readonly AbortSignal[];
}

const wantedBy: Readonly<Record<Changing, string>> = {
  tools: 'toolsListChanged',
  prompts: 'promptsListChanged',
  resources: 'resourcesListChanged',
};

/** The text of the answer, once the gateway ends the stream. */
export async function listen(context: Context, request: Request): Promise<string> {
  const { caller, endpoint, links, channel } = context;
  const { idText, params } = request;
  const { notifications } = params;
  if (!isMembers(notifications)) throw new Refusal(200, rpc.invalidParams, 'notifications is not an object');
  if (!channel.takesEvents)
    throw new Refusal(406, rpc.transport, 'the client does not accept text/event-stream');
  const among = changing.filter((what) => notifications[wantedBy[what]] === true);
  const uris = addressesIn(notifications.resourceSubscriptions);
  const about = `"${metaKeys.subscription}":${idText}`;
  const say = (method: string, more = '') =>
    channel.say(`{"jsonrpc":"2.0","method":"${method}","params":{${more}"_meta":{${about}}}}`);
  const seen = new Seen();
  const over = new AbortController();
  const stops: (() => void)[] = [];
  const begin = async () => {
    const watched: string[] = [];
    for (const uri of uris) {
      const changed = () => void say(updated, `"uri":${JSON.stringify(uri)},`);
      const stop = await follow(context, request, uri, { changed, gone: () => over.abort() });
      if (stop === undefined) continue;
      stops.push(stop);
      watched.push(uri);
    }
    // What is not honoured is not named.
    const honoured = {
      ...Object.fromEntries(among.map((what) => [wantedBy[what], true])),
      ...(watched.length === 0 ? {} : { resourceSubscriptions: watched }),
    };
    say('notifications/subscriptions/acknowledged', `"notifications":${JSON.stringify(honoured)},`);
    if (among.length + watched.length === 0) over.abort();
    // A server that is away now shows nothing; when it is back, that is a change.
    for (const kind of among.flatMap((what) => kindsOf[what]))
      seen.saw(kind, await visible(context, kind).catch(() => []));
  };
  const tell = (what: Changing) => void say(changedMethod(what));
  try {
    if (among.length + uris.length === 0) await begin();
    else await context.watch({ caller, endpoint, links, seen, among, tell, until: [over.signal] }, begin);
  } finally {
    for (const stop of stops) stop();
  }
  return resultText(idText, `{"resultType":"complete","_meta":{${about}}}`);
}

const updated = 'notifications/resources/updated';
const addressesMax = 64;

function addressesIn(wanted: unknown = []): readonly string[] {
  if (!Array.isArray(wanted) || wanted.some((each) => typeof each !== 'string'))
    throw new Refusal(200, rpc.invalidParams, 'resourceSubscriptions is not a list of addresses');
  if (wanted.length > addressesMax)
    throw new Refusal(200, rpc.invalidParams, 'too many resources for one stream');
  return [...new Set(wanted as string[])];
}

/** Gives how to stop it; undefined if nobody tells this client of that resource. */
async function follow(
  context: Context,
  request: Request,
  uri: string,
  { changed, gone }: Omit<Interest, 'agent'>,
): Promise<(() => void) | undefined> {
  const { governor, caller, endpoint, links, headerOf, share } = context;
  const { upstream } = (await endpoint.locate(uri, links).catch(() => undefined)) ?? {};
  if (upstream?.watch === undefined) return undefined;
  const tool = `${upstream.server}.resources/subscribe`;
  // Who may no longer watch is not told.
  const interest = { agent: caller.agent, changed: () => governor.mayUse(caller, tool) && changed(), gone };
  const named = caseOf(context, request.params);
  let stop: (() => void) | undefined;
  await governor.call(caller, {
    tool,
    contract: await contractFor(context, upstream, 'resources/subscribe'),
    args: { uri },
    ...(named === undefined ? {} : { case: named }),
    message: () => messageOf(headerOf, request),
    forward: async (governed) => {
      if (governed?.mayLeave() === false) return { is: 'not-sent', cause: 'it may not go on' };
      const answered = await share(upstream.server, async (): Promise<Answered> => {
        stop = await upstream.watch?.(uri, interest);
        if (stop !== undefined) return { is: 'result', text: '{}', value: {} };
        const error = { code: rpc.invalidParams, message: 'the server does not tell of this resource' };
        return { is: 'error', ...error, text: JSON.stringify(error) };
      });
      return answered;
    },
  });
  return stop;
}

/** Resolves when one of these is aborted. */
export const firstAborted = (signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of signals)
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
  });
