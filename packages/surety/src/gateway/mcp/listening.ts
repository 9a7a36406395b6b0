// `subscriptions/listen` (MCP 2026-07-28): a request whose answer is a stream of what changes, for as long as the client
// stays. The client is told of its own lists only, and only when they are no longer what it would see.

import { type Context, visible } from './answering.ts';
import { type Changing, changedMethod, changing, kindsOf, Seen } from './changes.ts';
import { metaKeys } from './eras.ts';
import { Refusal } from './refusal.ts';
import { isMembers, type Request, resultText, rpc } from './wire.ts';

/** Somebody who wants to know when a list changes. */
export interface Watcher extends Pick<Context, 'caller' | 'endpoint' | 'links'> {
  readonly seen: Seen;
  /** What it wants to hear of. */
  readonly among: readonly Changing[];
  readonly tell: (what: Changing) => void;
}

const wantedBy: Readonly<Record<Changing, string>> = {
  tools: 'toolsListChanged',
  prompts: 'promptsListChanged',
  resources: 'resourcesListChanged',
};

/** The text of the answer, once the gateway ends the stream. */
export async function listen(context: Context, { idText, params }: Request): Promise<string> {
  const { caller, endpoint, links, channel } = context;
  const { notifications } = params;
  if (!isMembers(notifications)) throw new Refusal(200, rpc.invalidParams, 'notifications is not an object');
  if (!channel.takesEvents)
    throw new Refusal(406, rpc.transport, 'the client does not accept text/event-stream');
  // Addresses of resources are not watched: then the honoured part, which is said first, is without them.
  const among = changing.filter((what) => notifications[wantedBy[what]] === true);
  const about = `"${metaKeys.subscription}":${idText}`;
  const say = (method: string, more = '') =>
    channel.say(`{"jsonrpc":"2.0","method":"${method}","params":{${more}"_meta":{${about}}}}`);
  const honoured = Object.fromEntries(among.map((what) => [wantedBy[what], true]));
  const seen = new Seen();
  const begin = async () => {
    say('notifications/subscriptions/acknowledged', `"notifications":${JSON.stringify(honoured)},`);
    // A server that is away now shows nothing; when it is back, that is a change.
    for (const kind of among.flatMap((what) => kindsOf[what]))
      seen.saw(kind, await visible(context, kind).catch(() => []));
  };
  const tell = (what: Changing) => void say(changedMethod(what));
  if (among.length === 0) await begin();
  else await context.watch({ caller, endpoint, links, seen, among, tell }, begin);
  return resultText(idText, `{"resultType":"complete","_meta":{${about}}}`);
}
