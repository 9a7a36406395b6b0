// Which class of OCSF 1.8.0 a fact belongs to, and what that class asks of it: calls are API Activity, what people
// decide and what changes hands is Entity Management, verdicts are Compliance Findings.

import type { Effect, Fact, Kind } from '@surety/proof/facts';

export interface Classed {
  readonly class: 0 | 2003 | 3001 | 3002 | 3004 | 6002 | 6003;
  readonly activity: number;
  /** Required where the activity is 99 (other). */
  readonly activityName?: string;
  /** 1 informational (default), 2 low, 3 medium, 4 high, 5 critical. */
  readonly severity?: number;
  /** Members of the class itself. */
  readonly [member: string]: unknown;
}

type Classify<K extends Kind> = (fact: Extract<Fact, { readonly kind: K }>) => Classed;
type CallKind = 'call.intended' | 'call.held' | 'call.refused' | 'call.settled';

const other = 99;
const success = { status_id: 1 };
const failure = { status_id: 2 };

/** Undefined for a kind that has no class: it is a Base Event. */
export function classedAs(fact: Fact): Classed | undefined {
  const classify = classes[fact.kind] as Classify<Kind> | undefined;
  return classify?.(fact as never);
}

export const otherwise = (kind: string): Classed => ({ class: 0, activity: other, activityName: kind });

const classes: { readonly [K in Kind]?: Classify<K> } = {
  'call.intended': (fact) => ({ ...api(fact), status_id: other, status: 'Intended' }),
  'call.held': (fact) => ({ ...api(fact), severity: 2, status_id: other, status: 'Held' }),
  'call.refused': (fact) => ({
    ...api(fact),
    severity: fact.body.code === 'fault' ? 3 : 2,
    ...failure,
    status_code: fact.body.code,
    status_detail: fact.body.step,
  }),
  'call.settled': (fact) => ({
    ...api(fact),
    ...(fact.body.settlement === 'ok' ? success : { severity: 2, ...failure }),
    status_code: fact.body.settlement,
  }),
  'approval.given': ({ body }) => ({ ...entity(10, 'Hold', body.hold), ...by(body.person) }),
  'approval.refused': ({ body }) => ({ ...entity(11, 'Hold', body.hold), ...by(body.person) }),
  'hold.refused': ({ body }) => ({ ...entity(11, 'Hold', body.hold), ...by(body.person) }),
  'approval.consumed': ({ body }) => entity(3, 'Hold', body.hold),
  'approval.released': ({ body }) => entity(3, 'Hold', body.hold),
  'credential.issued': ({ body }) => credential(1, body),
  'credential.revoked': ({ body }) => credential(4, body),
  'identity.enrolled': ({ body }) => enrolled(body.identity, 4),
  'person.enrolled': ({ body }) => enrolled(body.person, 1),
  'policy.activated': ({ body }) => ({ ...entity(10, 'Policy', body.policy, 5), severity: 2 }),
  'rule.activated': ({ body }) => ({
    ...entity(10, 'Policy', `${body.outcome}/${body.rule}`, 5),
    severity: 2,
  }),
  'outcome.declared': ({ body }) => entity(3, 'Outcome', body.outcome),
  'tool.labelled': ({ body }) => entity(3, 'Tool', body.tool),
  'server.declared': ({ body }) => entity(3, 'Server', body.server),
  'record.declared': ({ body }) => entity(3, 'Record system', body.record),
  'witness.declared': ({ body }) => entity(3, 'Witness', body.witness),
  'quorum.declared': ({ stream }) => entity(3, 'Quorum', stream),
  'declaration.withdrawn': ({ body }) => ({ ...entity(4, 'Declaration', body.stream), severity: 2 }),
  'key.rotated': (fact) => ({ ...entity(3, 'Key', fact.stream), severity: 2 }),
  'containment.declared': ({ stream }) => ({ ...entity(3, 'Containment', stream), severity: 2 }),
  'seed.answered': ({ body }) => ({
    ...entity(body.answer === 'refuse' ? 11 : 10, 'Hold', body.hold),
    severity: body.answer === 'approve' ? 3 : 1,
    ...(body.person === undefined ? {} : by(body.person)),
  }),
  'notices.declared': ({ stream }) => ({ ...entity(3, 'Notices', stream), severity: 2 }),
  'containment.ordered': ({ body }) => ({
    ...entity(1, 'Containment', body.order),
    severity: 4,
    ...(body.person === undefined ? {} : by(body.person)),
  }),
  'containment.lifted': ({ body }) => ({
    ...entity(4, 'Containment', body.lifts),
    severity: 3,
    ...by(body.person),
  }),
  'containment.drilled': ({ body }) => ({ ...entity(2, 'Containment', body.order), ...by(body.person) }),
  'contracts.declared': ({ stream }) => ({ ...entity(3, 'Contract', stream), severity: 2 }),
  'contract.seen': ({ body }) => ({
    ...entity(1, 'Contract', body.tool),
    severity: body.beside === undefined ? 2 : 4,
  }),
  'contract.approved': ({ stream, body }) => ({ ...entity(10, 'Contract', stream), ...by(body.person) }),
  'contract.revoked': ({ stream, body }) => ({
    ...entity(11, 'Contract', stream),
    severity: 2,
    ...by(body.person),
  }),
  'legal-hold.placed': ({ body }) => ({ ...entity(1, 'Legal hold', body.order), ...by(body.person) }),
  'legal-hold.lifted': ({ body }) => ({ ...entity(4, 'Legal hold', body.lifts), ...by(body.person) }),
  'disclosure.erased': ({ body }) => ({
    ...entity(4, 'Disclosures', body.order),
    severity: 2,
    ...by(body.person),
  }),
  'disclosure.released': ({ body }) => ({
    ...entity(2, 'Disclosures', body.order),
    severity: 2,
    ...by(body.person),
  }),
  'passkeys.declared': ({ stream }) => ({ ...entity(3, 'Passkeys', stream), severity: 2 }),
  'passkey.invited': ({ body }) => ({ ...entity(1, 'Passkey', body.invitation), ...by(body.by) }),
  'passkey.registered': ({ body }) => ({ ...entity(3, 'Passkey', body.invitation), ...by(body.person) }),
  'passkey.confirmed': ({ body }) => ({
    ...entity(10, 'Passkey', body.invitation),
    severity: 2,
    ...by(body.by),
  }),
  'passkey.revoked': ({ body }) => ({
    ...entity(4, 'Passkey', body.invitation),
    severity: 2,
    ...by(body.by),
  }),
  'session.opened': ({ body }) => ({
    ...authentication(1, body.person),
    ...success,
    status_detail: body.by,
    session: { uid: body.session },
  }),
  'session.closed': ({ body }) => ({
    ...authentication(2, body.person),
    ...success,
    session: { uid: body.session },
  }),
  'session.refused': ({ body }) => ({
    ...authentication(1, 'unknown'),
    severity: 2,
    ...failure,
    status_code: body.code,
    status_detail: body.by,
  }),
  'process.started': ({ body }) => lifecycle(3, body.program, body.version, body.tail === 'may-be-lost'),
  'process.stopped': ({ emitter }) => lifecycle(4, emitter, undefined, false),
  'verdict.given': finding,
};

const reading: Partial<Record<Effect, number>> = { read: 2, write: 3, delete: 4 };

/** API Activity (6003). The agent acts, for a user where an application has named one. */
function api({ agent = 'unknown', user, body }: Extract<Fact, { readonly kind: CallKind }>): Classed {
  const dot = body.tool.indexOf('.');
  const activity = reading[body.effect] ?? other;
  return {
    class: 6003,
    activity,
    ...(activity === other ? { activityName: body.effect } : {}),
    actor: { app_uid: agent, ...(user === undefined ? {} : { user: { uid: user, type_id: 1 } }) },
    api: {
      operation: body.tool.slice(dot + 1),
      service: { name: body.tool.slice(0, dot) },
      request: { uid: body.call },
    },
    // Where it came from on the network is in no fact: what is known is who.
    src_endpoint: { name: agent },
  };
}

/** Entity Management (3004): an entity that OCSF has no type for is named by `type`. */
const entity = (activity: number, type: string, uid: string, typeId = other): Classed => ({
  class: 3004,
  activity,
  entity: { type_id: typeId, type, uid, ...(typeId === 5 ? { policy: { uid } } : {}) },
  ...success,
});

const by = (person: string) => ({ actor: { user: { uid: person, type_id: 1 } } });

/** Authentication (3002) at the pages for people. */
const authentication = (activity: 1 | 2, person: string): Classed => ({
  class: 3002,
  activity,
  user: { uid: person, type_id: 1 },
  service: { name: 'Surety' },
});

/** The hash is of a random credential: it names it, and opens nothing. */
const credential = (
  activity: 1 | 4,
  { identity, hash }: { readonly identity: string; readonly hash: string },
): Classed => ({
  class: 3004,
  activity,
  severity: 2,
  entity: { type_id: other, type: 'Credential', uid: hash, user: { uid: identity, type_id: 4 } },
  ...success,
});

const enrolled = (uid: string, typeId: 1 | 4): Classed => ({
  class: 3004,
  activity: 6,
  entity: { type_id: 2, type: 'User', uid, user: { uid, type_id: typeId } },
  ...success,
});

/** Application Lifecycle (6002). A predecessor whose tail may be lost did not end as it should. */
const lifecycle = (
  activity: 3 | 4,
  feature: string,
  version: string | undefined,
  isCrash: boolean,
): Classed => ({
  class: 6002,
  activity,
  severity: isCrash ? 3 : 1,
  app: { name: 'Surety', vendor_name: 'Surety', uid: feature, ...(version === undefined ? {} : { version }) },
  ...success,
});

const judged: Readonly<Record<string, readonly [statusId: number, severity: number]>> = {
  proven: [1, 1],
  holding: [2, 1],
  unproven: [2, 2],
  violated: [3, 4],
  unsound: [3, 5],
};

/** Compliance Finding (2003): the control is the outcome. */
function finding({ body, time }: Extract<Fact, { readonly kind: 'verdict.given' }>): Classed {
  const [statusId, severity] = judged[body.verdict] ?? [2, 3];
  return {
    class: 2003,
    activity: 1,
    severity,
    compliance: { control: body.outcome, status_id: statusId, status: body.verdict },
    finding_info: {
      uid: `${body.outcome}/${body.from}/${body.to}`,
      title: `the outcome ${body.outcome} is ${body.verdict}`,
      created_time: time,
    },
    status_id: 1,
  };
}
