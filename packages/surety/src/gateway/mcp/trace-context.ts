// W3C Trace Context as MCP carries it (SEP-414): `traceparent` and `tracestate` in `_meta`, unprefixed; of a client that
// traces HTTP only, from its headers. Nothing is decided by it. Where nobody traces here, `_meta` passes untouched.

import { JsonError, parseJsonWithSpans } from '@surety/proof/records';
import { metaOf } from './eras.ts';
import type { Message } from './port.ts';
import { isMembers, type Request, replaced, withMember } from './wire.ts';

/** What a request says of itself, for whoever watches. */
export function messageOf(
  headerOf: (name: string) => string | undefined,
  { method, idText, params }: Pick<Request, 'method' | 'idText' | 'params'>,
): Message {
  // A header that comes twice is refused where it decides something; here it is as good as none.
  const header = (name: string): string | undefined => {
    try {
      return headerOf(name);
    } catch {
      return undefined;
    }
  };
  const inMeta = metaOf(params)?.traceparent;
  const traceparent = inMeta ?? header('traceparent');
  const tracestate = inMeta === undefined ? header('tracestate') : undefined;
  const [session, version] = [header('mcp-session-id'), header('mcp-protocol-version')];
  return {
    method,
    id: JSON.parse(idText),
    ...(session === undefined ? {} : { session }),
    ...(version === undefined ? {} : { version }),
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(tracestate === undefined || !stateForm.test(tracestate) ? {} : { tracestate }),
  };
}

const stateForm = /^[\x20-\x7e]{1,512}$/;

/** The params with the context of the span that sends them; the client's state of the trace goes along. */
export function withTrace(
  paramsText: string,
  traceparent: string | undefined,
  message: () => Message,
): string {
  if (traceparent === undefined) return paramsText;
  const { tracestate } = message();
  try {
    // Parsed before, within the wire's bounds, hence the wide ones here.
    const bounds = { depthMax: 1_024, bytesMax: Buffer.byteLength(paramsText) };
    const { value, spans } = parseJsonWithSpans(paramsText, ['/_meta'], bounds);
    const meta = isMembers(value) && isMembers(value._meta) ? value._meta : {};
    const traced = { ...(tracestate === undefined ? {} : { tracestate }), ...meta, traceparent };
    const span = spans.get('/_meta');
    return span === undefined ? withMember(paramsText, '_meta', traced) : replaced(paramsText, span, traced);
  } catch (cause) {
    // A trace that ends here is no reason to lose a call.
    if (cause instanceof JsonError) return paramsText;
    throw cause;
  }
}
