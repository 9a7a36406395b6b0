// Notices: what people are to be told, folded from facts, with whom it was told already. What was told is a fact too, so a
// restart tells nothing twice that was taken, and leaves nothing out.

import {
  type Body,
  type Channels,
  type ContainmentScope,
  type Fact,
  isKind,
  type NoticeKind,
  type UnknownFact,
} from '@surety/proof/facts';
import type { PersonOf } from '@surety/proof/rules';

/** What a notice says: ids and times, never a value of a call. */
export type Told =
  | {
      readonly kind: 'hold';
      readonly hold: string;
      readonly tool: string;
      readonly rule: string;
      readonly agent: string;
      readonly user: string | undefined;
      readonly approve: Body<'call.held'>['approve'];
      readonly expires: number;
    }
  | { readonly kind: 'breach'; readonly outcome: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'change';
      readonly change: string;
      readonly stream: string;
      readonly owners: readonly string[];
    }
  | {
      readonly kind: 'containment';
      readonly order: string;
      readonly scope: ContainmentScope;
      readonly verdict: number | undefined;
    };

export interface Notice {
  /** Of the fact that it tells of. */
  readonly position: number;
  readonly at: number;
  /** Afterwards it is of no use to anybody. */
  readonly until: number;
  readonly told: Told;
  /** Channels that took it, or were given up. */
  readonly over: Set<string>;
}

/** One way to one receiver: a person by mail, or a webhook. */
export interface Channel {
  readonly by: 'mail' | 'webhook';
  readonly person?: string;
  readonly webhook?: string;
}

export const channelName = ({ by, person = '', webhook }: Channel): string => `${by}/${webhook ?? person}`;

const dayMs = 86_400_000;
/** How long it is tried to tell of what does not itself end. */
const keepMs = 3 * dayMs;
/** What ended longer ago is forgotten, told or not. */
const forgetMs = 7 * dayMs;

export interface NoticesParts {
  /** Who may answer a hold. */
  readonly peopleFor: (
    asking: {
      readonly approve: Body<'call.held'>['approve'];
      readonly agent: string;
      readonly user: string | undefined;
      readonly heldAt: number;
    },
    at: number,
  ) => readonly string[];
  readonly ownerOf: (outcome: string) => string | undefined;
  /** Those who may lift a containment. */
  readonly lifters: () => readonly string[];
  readonly personOf: PersonOf;
}

export class Notices {
  readonly #parts: NoticesParts;
  /** By the position of what they tell of, oldest first. */
  readonly #notices = new Map<number, Notice>();
  readonly #ofHold = new Map<string, number>();
  readonly #approvers = new Map<string, Set<string>>();
  readonly #ofChange = new Map<string, number>();
  readonly #breaches = new Map<string, Set<string>>();
  /** By channel: when a hold was told alone, and when holds were told together. */
  readonly #singles = new Map<string, number[]>();
  readonly #gathered = new Map<string, number>();
  /** Where the channels in force were declared first: nothing before that was anybody's to tell. */
  declaredAt: number | undefined;

  constructor(parts: NoticesParts) {
    this.#parts = parts;
  }

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'notices.declared')) this.declaredAt ??= fact.position;
    else if (isKind(fact, 'call.held')) this.#hold(fact);
    else if (isKind(fact, 'approval.given')) this.#approve(fact.body);
    else if (isKind(fact, 'approval.refused') || isKind(fact, 'hold.refused')) this.#endHold(fact.body.hold);
    else if (isKind(fact, 'approval.consumed') || isKind(fact, 'seed.answered'))
      this.#endHold(fact.body.hold);
    else if (isKind(fact, 'verdict.given')) this.#judge(fact);
    else if (isKind(fact, 'containment.ordered')) this.#contain(fact);
    else if (isKind(fact, 'change.proposed')) this.#propose(fact);
    else if (isKind(fact, 'change.withdrawn') || isKind(fact, 'change.refused'))
      this.#endChange(fact.body.change);
    else if (isKind(fact, 'change.signed')) this.#signed(fact.body);
    else if (isKind(fact, 'notice.sent')) this.#sent(fact);
  }

  get all(): Iterable<Notice> {
    return this.#notices.values();
  }

  /** What ended at this time and was told, or belongs to nobody any more. */
  forget(now: number, isOver: (notice: Notice) => boolean): void {
    for (const [position, notice] of this.#notices)
      if (notice.until < now && (isOver(notice) || notice.until < now - forgetMs))
        this.#notices.delete(position);
  }

  #add(fact: Fact, told: Told, until: number): void {
    const { position, time: at } = fact;
    this.#notices.set(position, { position, at, until, told, over: new Set() });
  }

  #hold(fact: Fact<'call.held'>): void {
    const { hold, tool, rule, approve, expires } = fact.body;
    const { agent = '', user } = fact;
    this.#ofHold.set(hold, fact.position);
    this.#add(fact, { kind: 'hold', hold, tool, rule, agent, user, approve, expires }, expires);
  }

  /** Whoever answered need not be asked; enough answers end it. */
  #approve({ hold, person }: Body<'approval.given'>): void {
    const told = this.#notices.get(this.#ofHold.get(hold) ?? -1)?.told;
    if (told?.kind !== 'hold') return;
    const given = this.#approvers.get(hold) ?? new Set();
    this.#approvers.set(hold, given.add(this.#parts.personOf(person)));
    if (given.size >= told.approve.count) this.#endHold(hold);
  }

  #endHold(hold: string): void {
    this.#notices.delete(this.#ofHold.get(hold) ?? -1);
    this.#ofHold.delete(hold);
    this.#approvers.delete(hold);
  }

  /** Once for each reason that a verdict names; one that names none may be about anything. */
  #judge(fact: Fact<'verdict.given'>): void {
    const { outcome, verdict, breach, from, to } = fact.body;
    if (verdict !== 'violated') return;
    const known = this.#breaches.get(outcome) ?? new Set();
    this.#breaches.set(outcome, known);
    if (breach?.every((reason) => known.has(reason)) === true) return;
    for (const reason of breach ?? []) known.add(reason);
    this.#add(fact, { kind: 'breach', outcome, from, to }, fact.time + keepMs);
  }

  #contain(fact: Fact<'containment.ordered'>): void {
    const { order, scope, by, verdict } = fact.body;
    if (by === 'surety') this.#add(fact, { kind: 'containment', order, scope, verdict }, fact.time + keepMs);
  }

  #propose(fact: Fact<'change.proposed'>): void {
    const { change, stream, outcomes } = fact.body;
    const owners = [...new Set(outcomes.map(({ owner }) => owner))];
    this.#ofChange.set(change, fact.position);
    this.#add(fact, { kind: 'change', change, stream, owners }, fact.time + keepMs);
  }

  #signed({ change, person }: Body<'change.signed'>): void {
    const notice = this.#notices.get(this.#ofChange.get(change) ?? -1);
    if (notice?.told.kind !== 'change') return;
    const owners = notice.told.owners.filter((owner) => owner !== person);
    if (owners.length === 0) this.#endChange(change);
    else this.#notices.set(notice.position, { ...notice, told: { ...notice.told, owners } });
  }

  #endChange(change: string): void {
    this.#notices.delete(this.#ofChange.get(change) ?? -1);
    this.#ofChange.delete(change);
  }

  #sent({ body, time }: Fact<'notice.sent'>): void {
    const name = channelName(body as Channel);
    for (const position of body.of) this.#notices.get(position)?.over.add(name);
    if (body.about !== 'hold' || body.answer !== 'accepted') return;
    if (body.form === 'gathered') this.#gathered.set(name, time);
    else this.#singles.set(name, [...this.singles(name, time), time]);
  }

  /** When this channel told of one hold alone, in the 24 hours before. */
  singles(channel: string, now: number): readonly number[] {
    return (this.#singles.get(channel) ?? []).filter((at) => at > now - dayMs);
  }

  gatheredAt(channel: string): number {
    return this.#gathered.get(channel) ?? 0;
  }

  /** Whom it concerns at this time. */
  peopleOf({ told, at: heldAt }: Notice, now: number): readonly string[] {
    const { peopleFor, ownerOf, lifters, personOf } = this.#parts;
    if (told.kind === 'hold') {
      const answered = this.#approvers.get(told.hold);
      return peopleFor({ ...told, heldAt }, now).filter((person) => answered?.has(personOf(person)) !== true);
    }
    if (told.kind === 'change') return told.owners;
    if (told.kind === 'breach') return listOf(ownerOf(told.outcome));
    const { is, name = '' } = told.scope;
    return [...new Set([...lifters(), ...(is === 'outcome' ? listOf(ownerOf(name)) : [])])];
  }

  /** The channels by which it is to be told. */
  channelsOf(notice: Notice, { mail, webhooks }: Channels, now: number): readonly Channel[] {
    const people = this.peopleOf(notice, now);
    const kind: NoticeKind = notice.told.kind;
    return [
      ...(mail ? people.map((person): Channel => ({ by: 'mail', person })) : []),
      ...webhooks.flatMap(({ webhook, of, person }): Channel[] => {
        const isTold = of.includes(kind) && (person === undefined || people.includes(person));
        return isTold ? [{ by: 'webhook', webhook, ...(person === undefined ? {} : { person }) }] : [];
      }),
    ];
  }
}

const listOf = (person: string | undefined): readonly string[] => (person === undefined ? [] : [person]);
