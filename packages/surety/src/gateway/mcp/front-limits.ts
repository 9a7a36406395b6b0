// What the front bounds of its clients, and by how much if nobody says otherwise.

export interface FrontLimits {
  /** Default 4 MiB. */
  readonly bodyBytesMax: number;
  /** Of the JSON of a body; default 64. */
  readonly depthMax: number;
  /** Requests being answered at once; default 1,024. */
  readonly inFlightMax: number;
  /** Calls that one server answers at once; default 256. One agent never has more than are left for others. */
  readonly callsOfServerMax: number;
  /** Default 64; an agent that opens more loses its oldest that is not at work. */
  readonly sessionsOfAgentMax: number;
  /** Links to servers that the sessions of one agent have alone, and as many for its parked calls; default 16. */
  readonly ownLinksOfAgentMax: number;
  /** A session that nobody uses or listens to ends after this; default 30 min. */
  readonly sessionIdleMsMax: number;
  /** Event streams open at once, which are no requests; default 4,096. One agent never has more than are left for others. */
  readonly streamsMax: number;
  /** Default 128. */
  readonly streamsOfAgentMax: number;
  /** How long a client may keep a list; default 5 s. */
  readonly listMaxAgeMs: number;
}

export const defaults: FrontLimits = {
  bodyBytesMax: 4 * 1024 * 1024,
  depthMax: 64,
  inFlightMax: 1_024,
  callsOfServerMax: 256,
  sessionsOfAgentMax: 64,
  ownLinksOfAgentMax: 16,
  sessionIdleMsMax: 30 * 60_000,
  streamsMax: 4_096,
  streamsOfAgentMax: 128,
  listMaxAgeMs: 5_000,
};
