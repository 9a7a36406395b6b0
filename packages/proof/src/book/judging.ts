// Every checkpoint again, at the position of its call, by the code that ran in the gate; and what each call used up
// by passing. What the log says that it used is a claim, which counts only against it.

import type { Body, Fact, Rule } from '../facts.ts';
import {
  type ApprovalOffer,
  type CompiledRule,
  History,
  judgeCheckpoint,
  onceValues,
  type PendingCall,
  type PersonOf,
} from '../rules/index.ts';
import type { Sha256 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { keyed } from '../values/commitment.ts';
import type { Judged } from './call.ts';
import { Uses } from './uses.ts';

const nobody: readonly string[] = [];

/** The call that is judged, as the log names it. */
export interface Named {
  readonly call: string;
  /** Keyed. */
  readonly action: string;
  /** What the gate says it passed on: tried first, believed never. */
  readonly checkpoints?: Body<'call.intended'>['checkpoints'];
}

export interface JudgingInput {
  readonly sha256: Sha256;
  readonly keepsEvidence: boolean;
  readonly isVoid: (call: string) => boolean;
  /** Position of its intent. */
  readonly intentOf: (call: string) => number | undefined;
}

/** Something that can serve once: what it is kept under, and the stream in which the log says who used it. */
interface Mark {
  readonly of: string;
  readonly key: string;
  readonly stream: readonly [purpose: 'once' | 'evidence', value: unknown];
}

export class Judging {
  readonly history = new History();
  logSalt: Uint8Array | undefined;
  readonly #input: JudgingInput;
  readonly #offers = new Map<string, ApprovalOffer[]>();
  readonly #uses: Uses;
  /** Actions of holds, keyed, with the rule; and those for which approvals were given that are withheld. */
  readonly #held = new Map<string, { readonly about: string; readonly at: number }>();
  readonly #unseen = new Map<string, number[]>();
  readonly #spoiled = new Set<string>();
  readonly #passed = new Map<Rule, Judged>();

  constructor(input: JudgingInput) {
    this.#input = input;
    this.#uses = new Uses(input.isVoid);
  }

  hold({ body: { hold, action, rule }, time: at }: Fact<'call.held'>): void {
    // The first one counts: whoever held it again could not make it look older, nor younger.
    if (!this.#held.has(hold)) this.#held.set(hold, { about: `${action} ${rule}`, at });
  }

  offer(given: ApprovalOffer): void {
    const { action, hold } = given.statement;
    const heldAt = this.#held.get(hold)?.at;
    const offer = { ...given, ...(heldAt === undefined ? {} : { heldAt }) };
    const offers = this.#offers.get(action);
    if (offers === undefined) this.#offers.set(action, [offer]);
    else offers.push(offer);
  }

  /** Nothing that is given for this hold counts; true if something used it already. */
  spoil(hold: string): boolean {
    this.#spoiled.add(hold);
    return this.#uses.by('approval', hold, '') !== undefined;
  }

  /** An approval that nobody can look at: whoever rests on it cannot be judged. */
  keepUnseen(hold: string, position: number): void {
    const held = this.#held.get(hold)?.about;
    if (held !== undefined) this.#unseen.set(held, [...(this.#unseen.get(held) ?? []), position]);
  }

  /** What else a call used is computed from its values; where they are withheld, the log's word counts against it. */
  claim(stream: string, { rule, call }: Body<'evidence.consumed'>): void {
    this.#uses.claim(stream, rule, call);
  }

  judge(compiled: CompiledRule, named: Named, pending: PendingCall, personOf: PersonOf): Judged {
    const { rule } = compiled;
    const { call } = named;
    const isOnce = rule.once.length > 0 || compiled.requires.some(({ once }) => once);
    const of = (answer: Judged['answer'], approvers = nobody): Judged => ({
      ...{ outcome: rule.outcome, rule, answer, approvers },
    });
    const offers = (this.#offers.get(pending.action) ?? []).filter(
      ({ statement: { hold } }) =>
        !this.#spoiled.has(hold) && this.#uses.by('approval', hold, call) === undefined,
    );
    const answer = judgeCheckpoint(compiled, pending, {
      ...{ history: this.history, offers, personOf },
      isUsed: (position) => this.#uses.by(evidenceOf(rule), String(position), call) !== undefined,
      preferred: named.checkpoints?.find((each) => each.rule === rule.hash)?.evidence ?? [],
    });
    if (pending.withheld && isOnce) this.#uses.hide(rule.hash, call);
    const lacksApproval = answer.answer === 'failed' && answer.lacks === 'approval';
    const unseen = this.#unseen.get(`${named.action} ${rule.hash}`);
    if (lacksApproval && unseen !== undefined)
      return of({
        answer: 'withheld',
        text: 'an approval that was given for it is withheld',
        missing: unseen,
      });
    if (answer.answer !== 'passed') return of(answer);
    const used = offers.filter(({ position }) => answer.approvals.includes(position));
    const approvers = used.length === 0 ? nobody : used.map((each) => each.statement.person);
    const marks = isOnce ? marksOf(compiled, pending.args, answer.spent) : [];
    for (const mark of marks) {
      const hidden = this.#uses.hiddenBy(rule.hash, () => this.#streamOf(rule, mark));
      if (hidden !== undefined && 'among' in hidden) {
        const missing = hidden.among.flatMap((each) => this.#input.intentOf(each) ?? []);
        const text = 'a call whose values are withheld may have used its evidence';
        return of({ answer: 'withheld', text, missing });
      }
      const by = this.#uses.by(mark.of, mark.key, call) ?? hidden?.by;
      if (by !== undefined) return of({ answer: 'used-twice', by }, approvers);
    }
    for (const mark of marks) this.#uses.add(mark.of, mark.key, call);
    for (const { statement } of used) this.#uses.add('approval', statement.hold, call);
    const isKept = used.length > 0 || this.#input.keepsEvidence;
    return isKept ? of(answer, approvers) : this.#plainlyPassed(rule);
  }

  /** The stream of a once-key, as the log names it; nothing has that name where the log's salt is withheld. */
  #streamOf({ outcome, rule }: Rule, { stream: [purpose, value] }: Mark): string {
    if (this.logSalt === undefined) return '';
    return `once/${outcome}/${rule}/${keyed(this.logSalt, purpose, value, this.#input.sha256)}`;
  }

  #plainlyPassed(rule: Rule): Judged {
    const known = this.#passed.get(rule);
    if (known !== undefined) return known;
    const answer = { answer: 'passed', evidence: [], approvals: [], spent: [] } as const;
    const judged = { outcome: rule.outcome, rule, answer, approvers: nobody };
    this.#passed.set(rule, judged);
    return judged;
  }
}

const evidenceOf = ({ outcome, rule }: Rule): string => `evidence ${outcome}/${rule}`;

function marksOf(compiled: CompiledRule, args: unknown, spent: readonly number[]): readonly Mark[] {
  const { rule } = compiled;
  const once = onceValues(compiled, args);
  const values =
    once === undefined
      ? []
      : [
          {
            of: `once ${rule.outcome}/${rule.rule}`,
            key: canonicalJson(once),
            stream: ['once', once] as const,
          },
        ];
  return [
    ...values,
    ...spent.map((position) => ({
      ...{ of: evidenceOf(rule), key: String(position), stream: ['evidence', position] as const },
    })),
  ];
}
