// What every upstream server offers the wire, whichever way it is reached: a link that all share, and links that
// are one client's alone, which its server may ask. The server is not trusted: what it lists is bounded in
// listing.ts, its names are judged elsewhere.

import { version } from '../../version.ts';
import type { Era } from './eras.ts';
import { UpstreamError } from './errors.ts';
import type { Item, ListKind } from './listing.ts';
import type { Answered } from './port.ts';
import type { Interest } from './watches.ts';
import {
  errorObject,
  errorText,
  type Members,
  type Notification,
  type Request,
  resultText,
  rpc,
} from './wire.ts';

/** What a server says of its own accord. */
export type Said = Request | Notification;

/** The answer to a request of a server: the original text of `result` or `error`. At most one is sent. */
export type AnswerServer = (is: 'result' | 'error', text: string) => void;

/** Hears what a server says; `answer` is for requests. */
export type Hear = (said: Said, answer: AnswerServer) => void;

export interface Asking {
  readonly method: string;
  readonly paramsText: string;
  /** What it is about, as the server calls it: a tool, a prompt, the address of a resource. */
  readonly name?: string;
  /** The progress token in its params. */
  readonly token?: string | number;
  /** How long without a sign of life. */
  readonly timeoutMs?: number;
  /** Its answer comes only when it ends: it is waited for without a limit, and with the signal not any longer. */
  readonly open?: boolean;
  /** Aborted: the server is told that nobody waits for it. What it answers all the same is still the answer. */
  readonly signal?: AbortSignal;
  /** What the server says that belongs to this request. */
  readonly hear?: Hear;
  /** The server kept the connection alive. */
  readonly alive?: () => void;
  /** The server said where its stream can be come back to. */
  readonly primed?: () => void;
  /** The server ended its stream before it answered, and is come back to for the rest. */
  readonly away?: () => void;
  /** Arguments that come in headers too (`x-mcp-header`), for a server that reads them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The one client of a link that is not shared. */
export interface ClientSide {
  /** What the client declared, as far as this gateway passes it on; the server is told exactly this. */
  readonly capabilities: Members;
  /** What the server says that belongs to no request in particular. */
  readonly hear: Hear;
}

/** Who opens a link only to look. */
export const nobody: ClientSide = { capabilities: {}, hear: () => {} };

/** A conversation with a server. */
export interface Link {
  /** What the server says of itself: its initialize or discover result. Throws `UpstreamError`. */
  describe(): Promise<Members>;
  /** Throws `UpstreamError`. */
  era(): Promise<Era>;
  /** Every page, kept for a short time. The same array until it is fetched anew. Throws `UpstreamError`. */
  list(kind: ListKind): Promise<readonly Item[]>;
  /** Sends a request once; never rejects, never sends again. */
  ask(asking: Asking): Promise<Answered>;
  /** Tells a notification, or does not if the server cannot be reached. */
  tell(method: string, paramsText: string): void;
  close(): Promise<void>;
}

export interface Upstream extends Link {
  readonly server: string;
  /** How it is reached, as far as that is part of every contract of its tools. */
  readonly launch?: Members;
  /** Whether each request has a stream of its own, so that what is said on it can be nobody else's. */
  readonly streams: boolean;
  /** What was seen of the server: whether it answers in streams. */
  readonly known?: { readonly answersInStreams: boolean };
  /**
   * What the server says of itself in the earlier era, whichever era the shared link speaks; undefined if it keeps no
   * sessions there. Throws `UpstreamError`.
   */
  earlier(): Promise<Members | undefined>;
  /** A conversation that is one client's alone, in the earlier era: only with a server that speaks it. */
  open(client: ClientSide): Link;
  /**
   * Hears of one resource, until what is given back is called; undefined if this server does not tell of it. Throws
   * `UpstreamError`.
   */
  watch?(uri: string, interest: Interest): Promise<(() => void) | undefined>;
  /** Told of what the server says to everybody, such as that a list changed; gives back how to stop it. */
  onSaid(listener: (said: Notification) => void): () => void;
}

/** Versions that an upstream may answer with; the first is the one we ask for. */
export const upstreamVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

/** Throws unless an initialize result names a version that we speak. */
export function checkInitialized(value: Members): Members {
  if (typeof value.protocolVersion !== 'string' || !upstreamVersions.includes(value.protocolVersion))
    throw new UpstreamError('unknown-version', 'the server speaks no protocol version known here');
  return value;
}

/** On a shared link no capabilities: a server has nothing to ask of us, so nothing can leak through a question. */
export const initializeParams = (client: ClientSide | undefined): string =>
  JSON.stringify({
    protocolVersion: upstreamVersions[0],
    capabilities: client?.capabilities ?? {},
    clientInfo: { name: 'surety', version },
  });

/** What every link answers by itself: whether we live, and, where nobody can be asked, that nobody can. */
export const ownAnswer = ({ idText, method }: Request, canBeAsked: boolean): string | undefined => {
  if (method === 'ping') return resultText(idText, '{}');
  if (canBeAsked) return undefined;
  return errorText(idText, errorObject(rpc.methodNotFound, 'this client offers nothing'));
};

/** A reply as a value, or as the error that says why there is none. */
export function expectResult(reply: Answered, asked: string): { text: string; value: Members } {
  if (reply.is === 'result') return reply;
  if (reply.is === 'error')
    throw new UpstreamError('refused', `the server refused \`${asked}\`: ${reply.code}`);
  throw new UpstreamError(reply.is, `no answer to \`${asked}\`: ${reply.cause}`);
}
