// Every reason that a verdict can give, in one closed list: what it does to its question,
// who can end it and how. Nothing else may appear in a verdict.

export const questions = ['reconciled', 'guarded', 'bounded', 'owned', 'tested', 'recorded'] as const;
export type Question = (typeof questions)[number];
export type Verdict = 'proven' | 'violated' | 'unproven';
/** From strongest to weakest; the weakest is printed beside a verdict. */
export const grades = ['recomputed', 'checked', 'observed'] as const;
export type Grade = (typeof grades)[number];

interface Meaning {
  readonly makes: 'violated' | 'unproven';
  /** Who can end it when the reason itself names nobody: `owner` stands for the outcome's owner; `nobody` can, yet. */
  readonly who: 'owner' | 'operator' | 'nobody';
  readonly remedy: string;
}

const violated = (who: Meaning['who'], remedy: string): Meaning => ({ makes: 'violated', who, remedy });
const unproven = (who: Meaning['who'], remedy: string): Meaning => ({ makes: 'unproven', who, remedy });

export const reasonCodes = {
  // Reconciled
  orphan: violated(
    'owner',
    'explain or recover the row, or declare the channel that wrote it under `elsewhere`',
  ),
  'row-differs': violated('owner', 'find out who changed the row after the call, and recover it'),
  'row-repeated': violated('owner', 'recover the second effect of the one call'),
  'invariant-broken': violated('owner', 'correct the rows named, then find how they came about'),
  'not-reconciled': unproven(
    'operator',
    'declare `reconcile` for this outcome, with the record that knows the effect',
  ),
  'source-stale': unproven('owner', 'make the record readable and run `surety verdict` again'),
  'effect-unobserved': unproven('owner', 'find the row of this call in the record, or recover the call'),
  'open-obligation': unproven(
    'operator',
    'wait until the record shows the effect or its absence, then settle the call',
  ),
  'violated-before': violated(
    'owner',
    'explain it: a violation that was found stays, whatever is read or declared later',
  ),
  vacuous: unproven('owner', 'nothing happened and nothing was reconciled: read the record for this window'),
  // Guarded
  'checkpoint-passed-over': violated(
    'owner',
    'recover the effect, and find how the call got past its checkpoint',
  ),
  'follow-up-missed': violated('owner', 'make up for what had to follow the call, and find why it did not'),
  'follow-up-pending': unproven(
    'operator',
    'do what has to follow the call, or judge again when its time is over',
  ),
  'origin-not-allowed': violated(
    'owner',
    'recover the effect, and find who put that value where the agent read it',
  ),
  'origin-not-shown': violated(
    'owner',
    'recover the effect, and find how the call got past with an argument of which nothing shows where it came from',
  ),
  'not-traced': unproven(
    'operator',
    'look at where the arguments of the call came from; calls since the outcome asks for it are traced',
  ),
  'not-permitted': unproven(
    'operator',
    'find which policy allowed the call when it was made, and who changed it',
  ),
  'contract-unapproved': unproven(
    'operator',
    'find how the call left under a contract that nobody approved, and have somebody read what its tool says of itself',
  ),
  'declaration-changed': unproven(
    'owner',
    'look at the difference; the next whole window under one declaration can be proven',
  ),
  'change-unsigned': unproven(
    'owner',
    'sign the change if you agree with it, or have what stood before put back; until then that is what counts',
  ),
  misstated: unproven('operator', 'find how the call came to be recorded as something else than it was'),
  'intent-undeclared': unproven('operator', 'open the case, with the user who asks and what they asked for'),
  'checkpoint-missing': unproven(
    'operator',
    'add a checkpoint before this tool, or take the tool from the agents',
  ),
  'evidence-withheld': unproven('owner', 'disclose the values that the rule reads'),
  'rule-error': unproven('operator', 'correct the rule so that it can be evaluated on every call and row'),
  observed: unproven('owner', 'let the rule hold or deny: in observe mode it stops nothing'),
  // Bounded
  'limit-exceeded': violated('owner', 'find how more than the stated limit could be spent, and recover it'),
  'over-appetite': unproven('owner', 'lower the budgets of the agents named, or raise the appetite'),
  unbounded: unproven('operator', 'give the agent a budget, or take the tool from it'),
  'breach-unanswered': unproven(
    'operator',
    'find why nothing was contained on the verdicts named, or the owner not told of them: `notify` says how',
  ),
  'appetite-missing': unproven('owner', 'state the appetite: what may be lost in a day at worst'),
  // Owned
  'owner-missing': unproven('owner', 'name one living person, enrolled here, who answers for the outcome'),
  'assumption-unsigned': unproven(
    'owner',
    'have the functions named evaluate this outcome; they sign as soon as Surety takes their signatures',
  ),
  // Tested
  'test-expired': unproven('operator', 'measure the control again, on the version that runs'),
  // Recorded
  'sequence-gap': unproven('operator', 'find what the process did between its last durable fact and its end'),
  'witness-missing': unproven('operator', 'have a witness that you do not control cosign the heads'),
  'time-backwards': unproven('operator', 'set the clocks right: what was done when cannot be told'),
  'bypass-possible': unproven(
    'operator',
    'show that only the gateway holds the credential, and probe the other ways',
  ),
  // Any
  'not-enforced': unproven('nobody', 'Surety does not do this yet, and nothing here rests on it'),
  simulated: unproven('operator', 'repeat it with real people, a real clock and a witness elsewhere'),
} as const satisfies Record<string, Meaning>;

export type ReasonCode = keyof typeof reasonCodes;

/** Of `evidence-withheld`, where the log says that the values were erased. */
const erasedRemedy =
  'erased values do not come back: what is left is the verdict of before, and what others keep of it';

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for a person, with the figures that matter. */
  readonly text: string;
  /** Log positions of the facts that show it. */
  readonly facts: readonly number[];
  /** Person ids, function ids, or `operator`; nobody, if there is none. */
  readonly who: readonly string[];
  readonly remedy: string;
  /** Positions of the erasures that took the values which are missing here, if erasures took them all. */
  readonly erased?: readonly number[];
}

export interface Answer {
  readonly question: Question;
  readonly verdict: Verdict;
  readonly grade: Grade;
  /** What it would be without what is simulated or observed only. */
  readonly otherwise?: Verdict;
  readonly reasons: readonly Reason[];
}

/** At most this many facts are named in one reason, and this many reasons of one code in an answer. */
const factsNamedMax = 20;
const alikeMax = 100;

/** The positions of the erasures that took values of this fact; none where the log speaks of none. */
export type ErasedBy = (fact: number) => readonly number[];

/** Collects the reasons of one answer. The same thing shown by another fact is the same reason. */
export class Reasons {
  readonly #owner: string;
  readonly #erasedBy: ErasedBy;
  readonly #byText = new Map<string, Reason>();
  readonly #counts = new Map<ReasonCode, number>();

  constructor(owner: string, erasedBy: ErasedBy = () => []) {
    this.#owner = owner;
    this.#erasedBy = erasedBy;
  }

  /**
   * `who` can end it; by default whom the list names. The facts of `evidence-withheld` are those that lack values: if
   * each lost some by an erasure, nobody can show them any more.
   */
  say(code: ReasonCode, said: string, facts: readonly number[], who?: readonly string[]): void {
    const erased = code === 'evidence-withheld' ? this.#erasures(facts) : [];
    const text = erased.length === 0 ? said : `${said} (erased)`;
    const known = this.#byText.get(`${code} ${text}`);
    const count = (this.#counts.get(code) ?? 0) + (known === undefined ? 1 : 0);
    this.#counts.set(code, count);
    if (known === undefined && count > alikeMax) return;
    const meaning: Meaning = reasonCodes[code];
    const named = { nobody: [], operator: ['operator'], owner: [this.#owner] };
    this.#byText.set(`${code} ${text}`, {
      ...{ code, text, remedy: erased.length === 0 ? meaning.remedy : erasedRemedy },
      facts: merged(known?.facts, facts),
      who: erased.length > 0 ? [] : (who ?? named[meaning.who]),
      ...(erased.length > 0 && { erased: merged(known?.erased, erased) }),
    });
  }

  /** None, unless all of these facts lost values by one. */
  #erasures(facts: readonly number[]): readonly number[] {
    const erased = facts.map((each) => this.#erasedBy(each));
    return erased.every((each) => each.length > 0) ? erased.flat() : [];
  }

  get all(): readonly Reason[] {
    const more = [...this.#counts].filter(([, count]) => count > alikeMax);
    for (const [code, count] of more) {
      this.#counts.set(code, alikeMax);
      const last = [...this.#byText.values()].findLast((reason) => reason.code === code);
      const text = `and ${count - alikeMax} more of the kind: ${last?.text ?? ''}`;
      if (last !== undefined) this.#byText.set(`${code} more`, { ...last, text });
    }
    return [...this.#byText.values()];
  }
}

const merged = (known: readonly number[] = [], more: readonly number[]): readonly number[] =>
  [...new Set([...known, ...more])].slice(0, factsNamedMax);

/** `violated` if any reason violates; else `unproven` if there is any reason; else `proven`. */
const verdictOf = (reasons: readonly Reason[]): Verdict =>
  reasons.some(({ code }) => reasonCodes[code].makes === 'violated')
    ? 'violated'
    : reasons.length > 0
      ? 'unproven'
      : 'proven';

/** The answer to one question. Simulated and observed touches lower it, and say what it would be without. */
export function answerOf(question: Question, grade: Grade, { all: reasons }: Pick<Reasons, 'all'>): Answer {
  const soft = reasons.filter(({ code }) => code === 'simulated' || code === 'observed');
  if (soft.length === 0) return { question, verdict: verdictOf(reasons), grade, reasons };
  const otherwise = verdictOf(reasons.filter((reason) => !soft.includes(reason)));
  // Something simulated can take certainty away; it can never take a violation away.
  return { question, verdict: otherwise === 'violated' ? 'violated' : 'unproven', grade, otherwise, reasons };
}

/** The whole: violated if any is, else unproven if any is, else proven. */
export function overall(answers: readonly Answer[]): Verdict {
  if (answers.some(({ verdict }) => verdict === 'violated')) return 'violated';
  return answers.some(({ verdict }) => verdict === 'unproven') ? 'unproven' : 'proven';
}

export const weakest = (all: readonly Grade[]): Grade =>
  all.reduce((low, grade) => (grades.indexOf(grade) > grades.indexOf(low) ? grade : low), 'recomputed');
