// Facts as events of the Open Cybersecurity Schema Framework, for a SIEM (https://schema.ocsf.io/1.8.0, the newest
// release; `ai_agent` comes with 1.9). What has no class of its own, and every kind that this version does not know,
// is a Base Event: no fact is left out. An event holds ids, codes and times, never what a commitment hides.

import type { Fact, UnknownFact } from '@surety/proof/facts';
import { type Classed, classedAs, otherwise } from './ocsf-classes.ts';

export const ocsfVersion = '1.8.0';

export interface EventSource {
  /** Of this program. */
  readonly version: string;
  /** RFC 6962 leaf hash of the fact, in hexadecimal: names its exact bytes. */
  readonly leaf: string;
  /** As the fact itself says, also where its kind is unknown here. */
  readonly kind: string;
}

export type OcsfEvent = Readonly<Record<string, unknown>>;

const categories: Readonly<Record<number, number>> = {
  0: 0,
  2003: 2,
  3001: 3,
  3002: 3,
  3004: 3,
  6002: 6,
  6003: 6,
};
const longestText = 256;
/** Long, or said elsewhere in the event. */
const left = new Set(['signature', 'assertion', 'statement', 'head', 'name']);

export function ocsfEvent(fact: Fact | UnknownFact, { version, leaf, kind }: EventSource): OcsfEvent {
  const classed: Classed = (fact.kind === 'unknown' ? undefined : classedAs(fact)) ?? otherwise(kind);
  const { class: uid, activity, activityName, severity = 1, ...members } = classed;
  const { call, hold, order } = fact.body as Readonly<Record<string, unknown>>;
  const correlated = [call, hold, order, fact.case].find((each) => typeof each === 'string');
  return {
    metadata: {
      version: ocsfVersion,
      product: { name: 'Surety', vendor_name: 'Surety', version },
      // The same fact is the same event, however often it is delivered.
      uid: `${fact.log}/${fact.position}`,
      original_event_uid: leaf,
      original_time: String(fact.time),
      event_code: kind,
      log_name: fact.log,
      log_format: 'JSON',
      sequence: fact.position,
      ...(correlated === undefined ? {} : { correlation_uid: correlated }),
    },
    time: fact.time,
    category_uid: categories[uid] ?? 0,
    class_uid: uid,
    activity_id: activity,
    type_uid: uid * 100 + activity,
    ...(activityName === undefined ? {} : { activity_name: activityName }),
    severity_id: severity,
    message: [kind, ...(correlated === undefined ? [] : [correlated])].join(' '),
    ...members,
    unmapped: unmapped(fact),
  };
}

/** Members in the clear that are short: ids, codes, counts and times. Lists are left out: commitments are lists. */
function unmapped({ stream, streamVersion, emitter, emitterSeq, body, ...fact }: Fact | UnknownFact) {
  const own = Object.entries(fact.kind === 'unknown' ? {} : (body as object)).filter(
    ([name, value]) => !left.has(name) && isShort(value),
  );
  return {
    stream,
    stream_version: streamVersion,
    emitter,
    emitter_seq: emitterSeq,
    ...(fact.case === undefined ? {} : { case: fact.case }),
    ...Object.fromEntries(own),
  };
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= longestText
    : typeof value === 'number' || typeof value === 'boolean';
