// Plants requests that ought to be refused among the real ones, and says so once each has been answered. What is planted is
// a hold like any other, of which only this process knows. Nobody waits for it, and what is given for it never counts: it
// cannot reach a server. Part of the composition root.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { declaredAs, type Standing } from '@surety/proof/changes';
import type { Body } from '@surety/proof/facts';
import { commit, commitScalar, keyed } from '@surety/proof/records';
import { dayOf, labelOf, MoneyError, moneyIn } from '@surety/proof/rules';
import { HouseError, openCase } from './admitting.ts';
import { subjectIn } from './catalog/subject.ts';
import { type Config, loadSeeds, type Seed } from './config/index.ts';
import type { NewFact } from './facts/index.ts';
import type { Gateway } from './gateway/gateway.ts';
import { salt, sha256 } from './ledger/hash.ts';
import type { Log, Recorded } from './ledger/log.ts';
import { logSalt } from './ledger/opening.ts';
import type { Offered } from './logic/approve.ts';
import { actionId } from './logic/logic.ts';
import { type Planted, Seeds, type Slot, seedKey } from './logic/seeds.ts';

export interface SeedingParts {
  readonly log: Log;
  readonly gateway: Gateway;
  readonly standing: () => Standing;
  /** Of the store's keys. */
  readonly keys: string;
  readonly now: () => number;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
}

export interface HoldAnswered {
  readonly hold: string;
  readonly decision: string;
  /** It was planted; `caught`: refused, as it ought to be. */
  readonly seed?: { readonly seed: string; readonly caught: boolean; readonly because: string };
}

const dayMs = 86_400_000;
/** As a hold that a call waits in. */
const holdMs = dayMs;
/** Committed to each day, whether or not any is planted; the first is that of the schedule. */
const slotsPerDay = 8;
const stream = 'seeds';

export class Seeding {
  readonly #parts: SeedingParts;
  readonly #seeds: Seeds;
  #config: Config | undefined;

  constructor(parts: SeedingParts) {
    this.#parts = parts;
    let key: Uint8Array | undefined;
    this.#seeds = new Seeds(() => {
      key ??= seedKey(join(parts.keys, 'seeds.key'));
      return key;
    });
  }

  apply(recorded: readonly Recorded[]): void {
    for (const { fact } of recorded) this.#seeds.apply(fact);
  }

  take(config: Config): void {
    this.#config = config;
  }

  /** Commits to what may be planted today, plants what is due, and ends what nobody answered. */
  async tick(): Promise<void> {
    const { now } = this.#parts;
    for (const planted of this.#seeds.waiting) if (now() > planted.expires) await this.#end(planted);
    const every = this.#config?.seeds;
    if (every === undefined || this.#seeds.isForeign) return;
    await this.#commitToday();
    if (every.everyMs !== undefined) await this.#plantDue(every.everyMs);
  }

  async #commitToday(): Promise<void> {
    const { log, now } = this.#parts;
    const { lastCommittedAt } = this.#seeds;
    if (lastCommittedAt !== undefined && dayIndex(lastCommittedAt) >= dayIndex(now())) return;
    const body = { slots: this.#seeds.nextSlots(slotsPerDay) };
    await log.append([{ stream, facts: [{ kind: 'seed.committed', body }] }]);
  }

  /** Of each day, by the key alone: whether one is planted, and when. So a restart plants nothing twice. */
  async #plantDue(everyMs: number): Promise<void> {
    const { now, onNote } = this.#parts;
    const day = dayIndex(now());
    if (this.#seeds.draw(`whether ${day}`) >= dayMs / everyMs) return;
    if (now() < day * dayMs + this.#seeds.draw(`when ${day}`) * dayMs) return;
    const slot = this.#seeds.free.find(
      ({ index, committedAt }) => index % slotsPerDay === 0 && dayIndex(committedAt) === day,
    );
    if (slot === undefined) return;
    const seeds = this.#loaded();
    const seed = seeds[Math.floor(this.#seeds.draw(`which ${day}`) * seeds.length)];
    if (seed === undefined) return onNote('warn', 'seeds: there is none to plant in `seeds/`');
    await this.#plant(seed, slot);
  }

  /** Plants one now; by its name, or any. Throws HouseError. */
  async plant(name?: string): Promise<{ readonly seed: string }> {
    if (this.#config?.seeds === undefined)
      throw new HouseError('no seeds are declared: say `seeds: {}` in surety.yaml');
    if (this.#seeds.isForeign)
      throw new HouseError('the key of the seeds is not the one that this log was committed to with');
    await this.#commitToday();
    const seeds = this.#loaded();
    const seed =
      name === undefined
        ? seeds[randomBytes(1).readUInt8() % seeds.length]
        : seeds.find((each) => each.seed === name);
    if (seed === undefined)
      throw new HouseError(
        name === undefined ? 'there is no file in `seeds/`' : `no seed \`${name}\` is in \`seeds/\``,
      );
    const slot = this.#seeds.free.find(({ index }) => index % slotsPerDay !== 0);
    if (slot === undefined) throw new HouseError('enough are planted for today: there are more tomorrow');
    await this.#plant(seed, slot);
    return { seed: seed.seed };
  }

  #loaded(): readonly Seed[] {
    const loaded = loadSeeds(this.#config?.folder ?? '');
    if (loaded.ok) return loaded.seeds;
    const [first] = loaded.problems;
    throw new HouseError(`the seeds cannot be read: ${first?.file}:${first?.line}: ${first?.problem}`);
  }

  /** INVARIANT: what is recorded has every member that a call which is really held has, and no other. */
  async #plant(seed: Seed, slot: Slot): Promise<void> {
    const { log, gateway, now, standing } = this.#parts;
    const { agent, call: tool, application, user, words } = seed;
    if (gateway.identities.get(agent)?.is !== 'agent')
      throw new HouseError(`no agent \`${agent}\` is enrolled`);
    const rule = declaredAs(standing(), 'rule.activated').find(
      (each) => `${each.outcome}/${each.rule}` === seed.checkpoint,
    );
    const { approve } = rule ?? {};
    if (rule === undefined || approve === undefined || rule.mode !== 'hold' || rule.before !== tool)
      throw new HouseError(`\`${seed.checkpoint}\` holds no call of \`${tool}\` for people`);
    const labels = new Map(declaredAs(standing(), 'tool.labelled').map((body) => [body.tool, { body }]));
    const label = labelOf(labels, tool)?.body;
    if (label === undefined) throw new HouseError(`nobody has labelled \`${tool}\``);
    const args = this.#filled(seed.args, slot.index);
    const committed = commit(args, salt, sha256);
    const amount = amountOf(label, args);
    const opened =
      application === undefined || user === undefined || words === undefined
        ? `implicit:${agent}:${dayOf(now(), 'UTC')}`
        : await openCase(log, gateway, application, { agent, user, words });
    const shown = amount === undefined ? undefined : commitScalar(amount, '', salt, sha256);
    const body = {
      call: `c-${randomBytes(9).toString('base64url')}`,
      ...{ tool, effect: label.effect, action: keyed(logSalt(log), 'action', actionId(tool, args), sha256) },
      ...{ screened: 'none', attestation: 'none', args: committed.digests },
      ...(shown === undefined ? {} : { amount: [shown.digest] }),
      ...{ hold: slot.hold, rule: rule.hash, approve, expires: now() + holdMs },
    } as Body<'call.held'>;
    const fact: NewFact = {
      ...{ kind: 'call.held', body, about: subjectIn(label, args) ?? `case/${opened}`, case: opened, agent },
      ...(user === undefined ? {} : { user }),
      disclosures: [...committed.disclosures, ...(shown === undefined ? [] : [shown.disclosure])],
    };
    await log.append([{ stream: `approval/${slot.hold}`, expected: 0, facts: [fact] }]);
  }

  #filled(args: Seed['args'], index: number): Record<string, unknown> {
    let nth = 0;
    const fill = (value: unknown): unknown => {
      if (typeof value === 'string')
        return value.replace(/\{digits:(\d{1,2})\}/g, (_, count: string) =>
          this.#seeds.digits(index, nth++, Number(count)),
        );
      if (Array.isArray(value)) return value.map(fill);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each)]));
    };
    return fill(args) as Record<string, unknown>;
  }

  /** What is recorded with an answer to this hold, if it was planted: in the same append, so that the answer never counts. */
  readonly factFor = (hold: string, answer: 'approve' | 'refuse', person: string): NewFact | undefined => {
    const planted = this.#seeds.planted(hold);
    return planted && this.#answered(planted, answer, person);
  };

  /** Has an answer recorded, and adds what it was that was answered. */
  async telling(
    offered: Offered,
    record: () => Promise<{ readonly hold: string; readonly decision: string }>,
  ): Promise<HoldAnswered> {
    // Looked up before: once it is recorded, nothing is kept of it here.
    const planted = this.#seeds.planted(
      String((offered.statement as { readonly hold?: unknown } | null)?.hold),
    );
    const { seed, because } = (planted && this.#seedOf(planted)) ?? unknown;
    const { hold, decision } = await record();
    const told = { seed, because, caught: decision === 'refuse' };
    return { hold, decision, ...(planted === undefined ? {} : { seed: told }) };
  }

  async #end(planted: Planted): Promise<void> {
    const fact = this.#answered(planted, 'none');
    await this.#parts.log.append([{ stream: `approval/${planted.slot.hold}`, facts: [fact] }]);
  }

  #answered(planted: Planted, answer: Body<'seed.answered'>['answer'], person?: string): NewFact {
    const { slot, heldAt } = planted;
    const body = {
      ...{ hold: slot.hold, slot: slot.digest, opened: slot.opened, answer },
      ...{ seed: (this.#seedOf(planted) ?? unknown).seed, function: planted.function },
      ...(person === undefined ? {} : { person }),
      tookMs: Math.max(0, this.#parts.now() - heldAt),
    };
    return { kind: 'seed.answered', body };
  }

  /** The one whose action it is; the files may have changed since. */
  #seedOf({ slot, action }: Planted): Pick<Seed, 'seed' | 'because'> | undefined {
    const loaded = loadSeeds(this.#config?.folder ?? '');
    if (!loaded.ok) return undefined;
    const ofLog = logSalt(this.#parts.log);
    return loaded.seeds.find(
      ({ call, args }) =>
        keyed(ofLog, 'action', actionId(call, this.#filled(args, slot.index)), sha256) === action,
    );
  }
}

const unknown = { seed: 'unknown', because: 'its file is not there any more' };
const dayIndex = (at: number): number => Math.floor(at / dayMs);

function amountOf(label: Body<'tool.labelled'>, args: Record<string, unknown>) {
  try {
    return moneyIn(label, args);
  } catch (error) {
    if (error instanceof MoneyError) throw new HouseError(`its amount cannot be read: ${error.message}`);
    throw error;
  }
}
