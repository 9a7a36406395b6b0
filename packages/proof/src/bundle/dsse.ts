// DSSE envelopes (secure-systems-lab/dsse, protocol v1.0.2): a typed payload with one signature, by the algorithm that
// its key names.
// The signature covers the payload's type too, so that one kind of document never passes for another.
// The envelope's text must be its own canonical JSON: one envelope, one text.

import type { Sign } from '../records/algorithms.ts';
import { isSignedBy, type Verifier } from '../records/note.ts';
import { concat, fromBase64, toBase64, utf8 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { parseJson } from '../values/json.ts';
import { list, record, text } from '../values/shape.ts';

export type DsseErrorCode = 'malformed' | 'wrong-type' | 'unknown-key' | 'bad-signature';

export class DsseError extends Error {
  readonly code: DsseErrorCode;
  constructor(code: DsseErrorCode, message: string) {
    super(message);
    this.name = 'DsseError';
    this.code = code;
  }
}

const CHARS_MAX = 16 * 1024 * 1024;
const envelope = record({
  payload: text,
  payloadType: text,
  signatures: list(record({ keyid: text, sig: text })),
});

/** Pre-authentication encoding: lengths first, so that type and payload cannot run into each other. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  keyId: string,
  sign: Sign,
): Promise<string> {
  const sig = toBase64(await sign(pae(payloadType, payload)));
  return canonicalJson({ payload: toBase64(payload), payloadType, signatures: [{ keyid: keyId, sig }] });
}

/**
 * The payload, if it is of this type and one of `keys` signed it. The key id only says which key to try:
 * it is not signed, and decides nothing by itself.
 */
export async function openEnvelope(
  envelopeText: string,
  payloadType: string,
  keys: ReadonlyMap<string, Verifier>,
): Promise<{ payload: Uint8Array; keyId: string }> {
  const { payload, type, keyId, signature } = parseEnvelope(envelopeText);
  if (type !== payloadType) throw new DsseError('wrong-type', `payload is of type \`${type}\``);
  const key = keys.get(keyId);
  if (key === undefined) throw new DsseError('unknown-key', `key \`${keyId}\` is unknown`);
  if (!(await isSignedBy(key, pae(type, payload), signature)))
    throw new DsseError('bad-signature', `signature by \`${keyId}\` is false`);
  return { payload, keyId };
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly type: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

function parseEnvelope(envelopeText: string): Envelope {
  try {
    const value = parseJson(envelopeText, { depthMax: 3, bytesMax: CHARS_MAX });
    const { payload, payloadType, signatures } = envelope(value, '');
    const [only] = signatures;
    if (only === undefined || signatures.length > 1) throw malformed('not one signature');
    if (canonicalJson(value) !== envelopeText) throw malformed('not canonical');
    return {
      payload: fromBase64(payload),
      type: payloadType,
      keyId: only.keyid,
      signature: fromBase64(only.sig),
    };
  } catch (cause) {
    throw cause instanceof DsseError ? cause : malformed(cause instanceof Error ? cause.message : 'no text');
  }
}

const malformed = (why: string): DsseError => new DsseError('malformed', `envelope is malformed: ${why}`);
