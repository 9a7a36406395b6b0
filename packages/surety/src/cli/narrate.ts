// Facts as a person would say them: one line each, with the values where they are disclosed.

import {
  type Body,
  type ContainmentScope,
  type Fact,
  type Kind,
  money,
  type UnknownFact,
} from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { majorText } from '@surety/proof/rules';
import { fingerprintOf } from '../people/fingerprint.ts';
import { printable } from './terminal.ts';

/** As people compare it: name and hash, without the key itself. */
const nameOfKey = (vkey: string): string => vkey.split('+', 2).join('+');

type Find = (digest: string) => string | undefined;
type Tell<K extends Kind> = (body: Body<K>, find: Find) => string;

const opened = (digests: readonly string[], find: Find): unknown => openCommitments(digests, find).value;
/** A currency that this version does not know is said in minor units: a line must not fail for it. */
function amount({ amountMinor, currency }: { amountMinor: number; currency: string }): string {
  try {
    return `${majorText(amountMinor, currency)} ${currency}`;
  } catch {
    return `${amountMinor} minor units of ${currency}`;
  }
}

/** The amount behind a commitment. */
export function sayAmount(digests: readonly string[], find: Find): string {
  const value = opened(digests, find);
  return value === undefined ? 'a withheld amount' : amount(money(value, '/amount'));
}

/** A time is whatever somebody recorded: one that no calendar has is said as it is. */
const instant = (at: number): string => (at <= 8.64e15 ? new Date(at).toISOString() : String(at));

const shownCharsMax = 300;

/** `invoice_id "INV-1", amount 480`, cut where a line would get too long: to be read, never to be signed. */
export function sayValue(value: unknown): string {
  if (value === undefined) return 'withheld';
  const text = plainly(value);
  if (text.length <= shownCharsMax) return printable(text);
  // Never in the middle of a character.
  return `${printable(text.slice(0, shownCharsMax).replace(/[\ud800-\udbff]$/, ''))}…`;
}

function plainly(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const parts = Object.entries(value).map(([name, each]) => `${name} ${JSON.stringify(each)}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** To whom, where that is disclosed. */
const sayTo = (statement: unknown): string =>
  typeof statement === 'object' && statement !== null && 'to' in statement
    ? ` to ${String(statement.to)}`
    : '';

const askedFor = {
  prove: 'export a proof',
  survey: 'see what is kept about a subject',
  'next-key': 'see the next key',
} as const;

const sayScope = ({ is, name }: ContainmentScope): string => (name === undefined ? is : `${is} ${name}`);

function sayContracts(contracts: Body<'contract.approved'>['contracts']): string {
  const named = contracts.slice(0, 5).map(({ tool, contract }) => `${tool} (${contract.slice(0, 8)})`);
  const more = contracts.length > named.length ? ` and ${contracts.length - named.length} more` : '';
  return `the contract of ${named.join(', ')}${more}`;
}

const tells: { readonly [K in Kind]: Tell<K> } = {
  'log.opened': ({ origin }) => `the log ${origin} was opened`,
  'log.succeeded': ({ origin, predecessor, lost }) =>
    `the log ${predecessor} goes on as ${origin}${lost === undefined ? '' : `; its facts ${lost.from} to ${lost.to - 1} are lost`}`,
  'key.rotated': ({ role, to, reason }) =>
    `the ${role} key was handed over to ${nameOfKey(to)}${reason === 'compromised' ? ', as the old one is compromised' : ''}`,
  'process.started': ({ program, clock, tail }) =>
    `${program} started${clock === 'injected' ? ' on an injected clock' : ''}${tail === 'may-be-lost' ? '; the one before it did not stop cleanly' : ''}`,
  'process.stopped': () => 'stopped cleanly',
  'server.declared': ({ server, transport }) => `server ${server} (${transport}) was declared`,
  'tool.labelled': ({ tool, effect, money }) =>
    `${tool} was labelled ${effect}${money === undefined ? '' : ', with money'}`,
  'person.enrolled': ({ person, functions, simulated }) =>
    `${person} acts for ${functions.join(', ') || 'no function'}${simulated ? ' (simulated)' : ''}`,
  'identity.enrolled': ({ identity, is, owner, budget }) =>
    `${is} ${identity} belongs to ${owner}${budget === undefined ? '' : `, at most ${amount(budget)} a day`}`,
  'credential.issued': ({ identity, expires }) =>
    `a credential was issued to ${identity} until ${instant(expires)}`,
  'credential.revoked': ({ identity }) => `a credential of ${identity} was revoked`,
  'policy.activated': ({ policy }) => `policy ${policy} is in force`,
  'record.declared': ({ record, kind }) => `record system ${record} (${kind}) was declared`,
  'witness.declared': ({ witness, simulated, seat }) =>
    `witness ${witness}${seat === undefined ? '' : `, the seat of ${seat}`}${simulated ? " (on the operator's host)" : ''}`,
  'quorum.declared': ({ policy }) =>
    `the quorum of the heads: ${/^[ \t]*quorum[ \t].*$/m.exec(policy)?.[0].trim() ?? 'unreadable'}`,
  'outcome.declared': ({ outcome, owner }) => `outcome ${outcome} belongs to ${owner}`,
  'rule.activated': ({ rule, before, mode }) => `checkpoint ${rule} before ${before} (${mode})`,
  'declaration.withdrawn': ({ stream }) => `${stream} was withdrawn`,
  'case.opened': ({ application, words }, find) =>
    `${application} opened a case: ${sayValue(opened(words, find))}`,
  'call.intended': ({ tool, args, call }, find) =>
    `${call} let through: ${tool} with ${sayValue(opened(args, find))}`,
  'call.held': ({ tool, args, amount: over, hold, approve }, find) =>
    `${hold} held for ${approve.count} of ${approve.function}: ${tool}${over === undefined ? '' : ` over ${sayAmount(over, find)}`} with ${sayValue(opened(args, find))}`,
  'call.refused': ({ tool, args, call, step, cause }, find) =>
    `${call} refused at ${step}: ${String(opened(cause, find) ?? 'withheld')} (${tool} with ${sayValue(opened(args, find))})`,
  'call.continued': ({ tool, call, input }, find) =>
    `${call} went on with an answer to what ${tool} asked: ${sayValue(opened(input, find))}`,
  'call.settled': ({ tool, call, settlement, by, args, result, intent }, find) =>
    intent === undefined
      ? `${call} read ${tool}${args === undefined ? '' : ` with ${sayValue(opened(args, find))}`}: ${settlement}`
      : `${call} settled ${settlement} by the ${by}: ${sayValue(opened(result, find))}`,
  'approval.given': ({ hold, person, function: as }) => `${person} approved ${hold} for ${as}`,
  'approval.refused': ({ hold, person, function: as }) => `${person} refused ${hold} for ${as}`,
  'hold.refused': ({ hold, person, function: as, cause }, find) =>
    `${person} refused ${hold} for ${as}, signed in at the pages: ${sayValue(opened(cause, find))}`,
  'approval.consumed': ({ hold, call }) => `the approval of ${hold} was used by ${call}`,
  'approval.released': ({ hold, call }) => `the approval of ${hold} is free again after ${call}`,
  'evidence.consumed': ({ call }) => `once-only evidence was used by ${call}`,
  'evidence.released': ({ call }) => `once-only evidence is free again after ${call}`,
  'budget.reserved': ({ identity, call, amount: of }, find) =>
    `${sayAmount(of, find)} of ${identity}'s day reserved by ${call}`,
  'budget.released': ({ identity, call, amount: of }, find) =>
    `${sayAmount(of, find)} of ${identity}'s day free again after ${call}`,
  'call.counted': ({ call }) => `${call} counts against a limit`,
  'action.opened': ({ call }) => `the action of ${call} is open`,
  'action.closed': ({ call }) => `the action of ${call} is closed`,
  'record.extracted': ({ record, extract, count, answer }) =>
    answer === 'ok'
      ? `${count} rows read from ${record} (${extract})`
      : `${record} could not be read (${extract})`,
  'legal-hold.placed': ({ order, person, function: as }) =>
    `${person} placed the legal hold ${order} for ${as}: nothing about its subject may be erased`,
  'legal-hold.lifted': ({ lifts, person, function: as }) =>
    `${person} said for ${as} that the legal hold ${lifts} may go`,
  'disclosure.erased': ({ order, person, facts, disclosures, first, last, basis }) =>
    `${person} had ${disclosures} disclosures of ${facts} facts erased, from ${first} to ${last} (${order}, on the basis ${basis})`,
  'disclosure.released': ({ order, person, facts, disclosures, statement }, find) =>
    `${person} released ${disclosures} disclosures of ${facts} facts${sayTo(opened(statement, find))} (${order})`,
  'containment.declared': ({ order, lift }) =>
    `${order.join(' or ')} may contain, ${lift.join(' or ')} may lift it`,
  'containment.ordered': ({ order, scope, stops, inFlight, inFlightCount, person, verdict }) =>
    `${person ?? `Surety itself, on verdict ${verdict},`} contained ${sayScope(scope)}${stops === 'everything' ? '' : ', but for reads'} (${order})${inFlightCount === 0 ? '' : `; in flight: ${inFlight.slice(0, 5).join(', ')}${inFlightCount > 5 ? ` and ${inFlightCount - 5} more` : ''}`}`,
  'containment.lifted': ({ lifts, person, function: as }) => `${person} lifted ${lifts} for ${as}`,
  'containment.drilled': ({ order, answer, refusedUs }) =>
    `a drill (${order}): ${answer === 'enforced' ? `refused ${refusedUs / 1_000} ms after the order` : 'nothing was refused'}`,
  'contracts.declared': ({ approve }) => `${approve.join(' or ')} may approve contracts of tools`,
  'contract.seen': ({ tool, contract, beside }) =>
    `${tool} was listed under a contract that is new: ${contract.slice(0, 8)}${beside === undefined ? '' : `, while others were shown ${beside.slice(0, 8)}`}`,
  'contract.approved': ({ contracts, person, function: as }) =>
    `${person} approved for ${as} ${sayContracts(contracts)}`,
  'contract.revoked': ({ contracts, person, function: as }) =>
    `${person} revoked for ${as} ${sayContracts(contracts)}`,
  'notices.declared': ({ mail, webhooks, asks }) =>
    `people are told ${[...(mail ? ['by mail'] : []), ...webhooks.map(({ webhook }) => `by webhook ${webhook}`)].join(', ') || 'by nothing'}; an agent may ask ${asks.agent} times a day, a person is asked ${asks.person} times`,
  'notice.sent': ({ notice, about, by, person, webhook, form, of, answer, attempts }) =>
    `${answer === 'accepted' ? '' : 'not '}told ${person ?? 'the receiver'} of ${form === 'gathered' ? `${of.length} holds together` : `a ${about}`} by ${webhook ?? by} (${notice}${answer === 'accepted' ? '' : `, given up after ${attempts} attempts`})`,
  'seed.committed': ({ slots }) => `${slots.length} holds are committed to that may be planted`,
  'seed.answered': ({ hold, seed, answer, person, tookMs }) =>
    `${hold} was planted (${seed}): ${answer === 'refuse' ? `${person} caught it` : answer === 'approve' ? `${person} approved it, and nothing was sent` : 'nobody answered'} after ${Math.round(tookMs / 1_000)} s`,
  'change.proposed': ({ change, stream, to, outcomes }) =>
    `${change} would ${to === undefined ? 'withdraw' : 'weaken'} ${stream}: it waits for ${[...new Set(outcomes.map(({ owner }) => owner))].join(', ')}`,
  'change.signed': ({ change, person }) => `${person} signed the change ${change}`,
  'change.refused': ({ change, person, reason }, find) =>
    `${person} refused the change ${change}: ${sayValue(opened(reason, find))}`,
  'change.withdrawn': ({ change }) => `the change ${change} is asked for no more`,
  'passkeys.declared': ({ invite, confirm }) =>
    `${invite.join(' or ')} may invite to register a passkey, ${confirm.join(' or ')} may confirm it`,
  'passkey.invited': ({ invitation, person, by, function: as, expires }) =>
    `${by} invited ${person} for ${as} to register a passkey until ${instant(expires)} (${invitation})`,
  'passkey.registered': ({ invitation, person, passkey }) =>
    `a passkey ${fingerprintOf(passkey)} was registered for ${person} (${invitation}): it signs nothing yet`,
  'passkey.confirmed': ({ invitation, person, by, function: as }) =>
    `${by} confirmed for ${as} the passkey of ${person}: from here on it signs (${invitation})`,
  'passkey.revoked': ({ invitation, person, by, reason }, find) =>
    `${by} revoked the passkey of ${person} (${invitation}): ${sayValue(opened(reason, find))}`,
  'desk.asked': ({ what }) => `whoever runs Surety asked to ${askedFor[what]}`,
  'session.opened': ({ session, person, by, issuer, until }) =>
    `${person} signed in by ${by === 'passkey' ? 'a passkey' : `the provider ${issuer ?? ''}`} (${session}, until ${instant(until)})`,
  'session.closed': ({ session, person }) => `${person} signed out (${session})`,
  'session.refused': ({ by, code, count }) =>
    `${count === 1 ? 'somebody' : `${count} times somebody`} did not get in by ${by}: ${code}`,
  'verdict.given': ({ outcome, verdict, from, to }) =>
    `${outcome} is ${verdict} for ${instant(from)} to ${instant(to)}`,
};

/** One fact as one line; `find` gives the disclosures that are still there. */
export function narrate(fact: Fact | UnknownFact, find: Find): string {
  if (fact.kind === 'unknown') return 'a fact of a kind that this version does not know';
  const tell = tells[fact.kind] as Tell<Kind>;
  // Names of tools and people are chosen elsewhere too: the whole line is made harmless, not the values only.
  return printable(tell(fact.body as Body<Kind>, find));
}
