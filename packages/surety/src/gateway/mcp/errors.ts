// Why something asked of an upstream server has no answer. Calls answer with `UpstreamReply` instead:
// there it matters whether anything left the gateway, and nobody may forget to look.

export type UpstreamErrorCode =
  /** Nothing was sent: the server could not be started or reached. */
  | 'not-sent'
  /** Sent, and no answer came. */
  | 'lost'
  /** The server answered with a JSON-RPC error. */
  | 'refused'
  /** The answer is not what the protocol asks for, or above a bound. */
  | 'nonsense'
  /** The server speaks no protocol version that this gateway knows. */
  | 'unknown-version'
  | 'closed'
  /** The way the server was described to us cannot be used. */
  | 'invalid';

export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;
  constructor(code: UpstreamErrorCode, message: string) {
    super(message);
    this.name = 'UpstreamError';
    this.code = code;
  }
}
