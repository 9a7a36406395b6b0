// The structural rule, kind by kind: docs/weakening.md says it as a table. What has no line here weakens.

import { askDefault, containmentDefault, contractDefault } from '../facts.ts';
import { comparePolicy } from './cover.ts';
import { originRuleMode, originRules, results } from './origins.ts';
import { compareQuorum } from './quorum.ts';
import {
  addable,
  type Compare,
  equal,
  isSame,
  less,
  mapOf,
  members,
  more,
  type Relation,
  stricter,
  subset,
  superset,
  told,
} from './relation.ts';
import { type Change, type Content, type Standing, serverOf } from './standing.ts';

/** `money > 1000` asks more often than `money > 2000`; any other two conditions are only known to differ. */
const when: Compare = (before, after) => {
  if (isSame(before, after)) return 'same';
  if (after === undefined) return 'narrows';
  const [old, next] = [before, after].map((text) => /^money (>=?) (\d{1,15})$/.exec(String(text)));
  const isLower = old && next && old[1] === next[1] && Number(next[2]) < Number(old[2]);
  return before !== undefined && isLower ? 'narrows' : 'weakens';
};

/** Evidence that served once under some values is remembered under these alone, so they cannot be exchanged. */
const once: Compare = (before, after) =>
  Array.isArray(before) && before.length === 0 ? superset(before, after) : equal(before, after);

/** More may be required behind what is required already: an item that is exchanged or moved may mean something else. */
const longer: Compare = (before, after) => {
  if (before !== undefined && !Array.isArray(before)) return 'weakens';
  const [old, next] = [(before ?? []) as unknown[], Array.isArray(after) ? after : []];
  if (!isSame(old, next.slice(0, old.length))) return 'weakens';
  return next.length > old.length ? 'narrows' : 'same';
};

/** Further people may approve later: that they may not, or later, narrows. */
const escalate: Compare = (before, after) => {
  if (isSame(before, after)) return 'same';
  if (after === undefined) return 'narrows';
  return before === undefined ? 'weakens' : members({ afterMs: more })(before, after);
};
const approve = members({ count: more, not: superset, escalate });
const rule = members({
  hash: told,
  when,
  require: addable(members({ where: addable(), same: superset })),
  withinMs: addable(less),
  once,
  approve: addable(approve),
  requires: longer,
  forbids: superset,
  limits: superset,
  apart: superset,
  afterwards: superset,
  mode: stricter('observe', 'hold', 'deny'),
});

const limit = members({ amountMinor: less });
const reconcile = members({ match: mapOf(equal), elsewhere: subset });
/** An appetite and a way to reconcile are never added by anybody but the owner: without them nothing is proven. */
const outcome = members({
  hash: told,
  appetite: limit,
  evaluatedBy: superset,
  arguments: originRules,
  argumentsMode: originRuleMode,
  egress: mapOf(subset),
  reconcile,
  invariants: superset,
  onBreach: stricter('alert', 'hold', 'contain'),
  needs: members({ rung: stricter('C0', 'C1', 'C2', 'C3', 'C4', 'C5') }),
});

/** A read that becomes anything else is recorded before it leaves, and no more than once at a time. */
const effect: Compare = (before, after) =>
  before === 'read' && after !== 'read' && after !== undefined ? 'narrows' : equal(before, after);
const label = members({ tool: told, effect, results });

const honest = stricter('false', 'true');
const simulated: Compare = (before, after) => honest(String(before), String(after));

/** Of what is changed and stays. */
const changed: Readonly<Record<string, Compare>> = {
  'rule.activated': rule,
  'outcome.declared': outcome,
  'tool.labelled': label,
  'identity.enrolled': members({ budget: addable(limit) }),
  'person.enrolled': members({
    functions: subset,
    keys: subset,
    accounts: superset,
    deputies: subset,
    simulated,
  }),
  'witness.declared': members({ simulated }),
  'quorum.declared': compareQuorum,
  'server.declared': members({ pins: addable(stricter('observe', 'required')) }),
  'record.declared': members({}),
};

/** More may contain, fewer may lift it; where nothing is declared, the default stands. */
const containment = members({ order: superset, lift: subset });
const contracts = members({ approve: subset });

/** More are told, and people are asked less often; what nobody declared tells nobody. */
const notices = members({
  mail: (before, after) => honest(String(before), String(after)),
  webhooks: superset,
  asks: members({ agent: less, person: less }),
});
const noChannels = { mail: false, webhooks: [], asks: askDefault };
/** Fewer may invite and confirm; where nothing is declared, nobody may. */
const passkeys = members({ invite: subset, confirm: subset });
const nobody = { invite: [], confirm: [] };

/** Whose absence stops what they would let through; a checkpoint or an outcome that is new asks for more. */
const onlyAllow = ['tool.labelled', 'identity.enrolled', 'person.enrolled', 'witness.declared'];
const onlyAsk = ['rule.activated', 'outcome.declared', 'quorum.declared'];

/** How a change stands to what is in force, whoever relies on it. */
export function relationOf({ stream, before, after }: Change, standing: Standing): Relation {
  const kind = (after ?? before)?.kind ?? '';
  if (before !== undefined && before.kind !== kind) return 'weakens';
  if (kind === 'tool.labelled') return compareLabel(stream, before, after, standing);
  if (kind === 'containment.declared')
    return containment(before?.body ?? containmentDefault, after?.body ?? containmentDefault);
  if (kind === 'contracts.declared')
    return contracts(before?.body ?? contractDefault, after?.body ?? contractDefault);
  if (kind === 'notices.declared') return notices(before?.body ?? noChannels, after?.body ?? noChannels);
  if (kind === 'passkeys.declared') return passkeys(before?.body ?? nobody, after?.body ?? nobody);
  if (kind === 'policy.activated') {
    const others = [...standing].flatMap(([each, { kind: of, body }]) =>
      each !== stream && of === kind ? [cedarOf(body)] : [],
    );
    return comparePolicy(cedarOf(before?.body), cedarOf(after?.body), others);
  }
  if (before === undefined) return onlyAsk.includes(kind) ? 'narrows' : 'weakens';
  if (after === undefined) return compareGone(kind, before);
  const compare = Object.hasOwn(changed, kind) ? changed[kind] : undefined;
  return (compare ?? equal)(before.body, after.body);
}

function compareGone(kind: string, before: Content): Relation {
  // Calls that nobody sees cross count for less as long as their server is said to be such.
  if (kind === 'server.declared') return before.body['transport'] === 'decided' ? 'weakens' : 'narrows';
  return onlyAllow.includes(kind) ? 'narrows' : 'weakens';
}

/** A tool without a label of its own has that of its server; without that, nobody can call it. */
function compareLabel(
  stream: string,
  before: Content | undefined,
  after: Content | undefined,
  standing: Standing,
): Relation {
  const tool = stream.slice('tool/'.length);
  const ofServer = tool.endsWith('.*') ? undefined : standing.get(`tool/${serverOf(tool)}.*`);
  const [old, next] = [before ?? ofServer, after ?? ofServer];
  if (next === undefined) return 'narrows';
  return old === undefined ? 'weakens' : label(old.body, next.body);
}

const cedarOf = (body: unknown): unknown => (body as { readonly cedar?: unknown } | undefined)?.cedar;
