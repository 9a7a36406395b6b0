// How an upstream server over streamable HTTP is reached, and what is waited for.

import type { Resolve } from '../../connector.ts';
import type { KnownEra } from './modern.ts';
import type { ClientSide } from './upstream.ts';

export interface HttpOptions {
  readonly server: string;
  readonly url: string;
  /** The gateway's own, such as its credential at this server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a call may take; default 30 s. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Its address may be link-local; default no. */
  readonly linkLocal?: boolean;
  /** Looks up the name of the address; default the system's. */
  readonly resolve?: Resolve;
  /** Default 8 MiB. */
  readonly answerBytesMax?: number;
  readonly depthMax?: number;
  readonly inFlightMax?: number;
  /** How long an answer may take in all; default 1 h. */
  readonly answerWithinMs?: number;
  readonly listMaxAgeMs?: number;
  /** A session unused for longer is tried with a ping before a call is trusted to it; default 10 s. */
  readonly idleMaxMs?: number;
  readonly onProblem?: (problem: string) => void;
  /** The client whose session this is alone; without one, all share it and its server can ask nobody. */
  readonly client?: ClientSide;
  readonly known?: KnownEra;
}
