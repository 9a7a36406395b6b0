// Where the arguments of a call came from: every certificate that the gate recorded, checked again by the code that ran
// there, against the facts that it names. Nothing is searched for.

import {
  type Body,
  type Fact,
  isKind,
  type OutcomeDeclared,
  ShapeError,
  type UnknownFact,
} from '../facts.ts';
import type { Normaliser } from '../normalisers/index.ts';
import type { Sha256 } from '../values/bytes.ts';
import { type Disclosed, openCommitments } from '../values/commitment.ts';
import {
  type Certificate,
  certificates,
  checkCertificate,
  type Origin,
  type Source,
  type Sources,
} from './certificate.ts';
import type { ResultLabels } from './labels.ts';
import { isAllowed, nameOf, wantedIn, wantedMax } from './origin-rule.ts';
import { Writes, writtenIn } from './written.ts';

type Find = (digest: string) => string | Disclosed | undefined;
export type SourceAt = (
  position: number,
) => { readonly fact: Fact | UnknownFact; readonly find: Find } | undefined;

/** What one outcome makes of the origins of one call. */
export interface Traced {
  readonly outcome: string;
  readonly mode: 'observe' | 'deny';
  readonly answer: 'passed' | 'not-traced' | 'withheld' | 'not-shown' | 'not-allowed';
  /** Names no value. */
  readonly text: string;
  /** Facts of which values are missing. */
  readonly missing: readonly number[];
  /** Facts that its certificates name. */
  readonly cited: readonly number[];
}

interface Declared {
  readonly outcomes: ReadonlyMap<string, { readonly body: OutcomeDeclared }>;
  readonly labels: ReadonlyMap<string, { readonly position: number }>;
}

interface Input {
  readonly sha256: Sha256;
  readonly find: Find;
  readonly sourceAt?: SourceAt;
}

interface Kept {
  readonly of: string | undefined;
  readonly source: Source | undefined;
}

export class Tracing {
  readonly #declared: Declared;
  readonly #input: Input;
  /** Whose word each field of a tool's results was, from which position on. */
  readonly #labels = new Map<
    string,
    { readonly position: number; readonly results: ResultLabels | undefined }[]
  >();
  readonly #kept = new Map<number, Kept>();
  readonly #writes: Writes;
  readonly #logSalt: () => Uint8Array | undefined;

  constructor(declared: Declared, input: Input, logSalt: () => Uint8Array | undefined) {
    this.#declared = declared;
    this.#input = input;
    this.#writes = new Writes(input.sha256);
    this.#logSalt = logSalt;
  }

  /** After what it declares is in force. */
  add(fact: Fact): void {
    const { position } = fact;
    if (isKind(fact, 'tool.labelled')) {
      const { tool, results = {} } = fact.body;
      // A label that its owner has not signed is none.
      if (this.#declared.labels.get(tool)?.position === position) this.#note(tool, position, results);
    } else if (isKind(fact, 'declaration.withdrawn')) {
      const { stream } = fact.body;
      const tool = stream.slice('tool/'.length);
      if (stream.startsWith('tool/') && !this.#declared.labels.has(tool))
        this.#note(tool, position, undefined);
    } else if (this.#input.sourceAt === undefined && this.#isAsked()) {
      const kept = this.#sourceOf(fact, this.#input.find);
      if (kept !== undefined) this.#kept.set(position, kept);
    }
  }

  #note(tool: string, position: number, results: ResultLabels | undefined): void {
    const known = this.#labels.get(tool);
    if (known === undefined) this.#labels.set(tool, [{ position, results }]);
    else known.push({ position, results });
  }

  #isAsked(): boolean {
    for (const { body } of this.#declared.outcomes.values())
      if (Object.keys(body.arguments).length > 0) return true;
    return false;
  }

  #labelsAt(tool: string, position: number): ResultLabels {
    for (const name of [tool, `${tool.slice(0, tool.indexOf('.'))}.*`]) {
      const at = this.#labels.get(name)?.findLast((each) => each.position < position);
      if (at?.results !== undefined) return at.results;
    }
    return {};
  }

  /** What a fact may have been the origin of; undefined if it is none, or some of it is withheld. */
  #sourceOf(fact: Fact | UnknownFact, find: Find): Kept | undefined {
    const { position, time: at } = fact;
    if (isKind(fact, 'case.opened')) {
      const { value, withheld } = openCommitments(fact.body.words, find);
      if (withheld > 0 || typeof value !== 'string') return undefined;
      return { of: fact.case, source: { is: 'words', text: value, at } };
    }
    if (!isKind(fact, 'call.settled')) return undefined;
    const { result, settlement, by, tool } = fact.body;
    const { value, withheld } = openCommitments(result, find);
    if (withheld > 0 || value === undefined) return undefined;
    if (settlement !== 'ok') return { of: fact.case, source: undefined };
    // What a caller says of its own call, nobody vouches for.
    const labels = by === 'upstream' ? this.#labelsAt(tool, position) : {};
    return { of: fact.case, source: { is: 'result', value, labels, at, isRaised: this.#isRaised } };
  }

  /** As it stands where a call is judged, not where the result was read: whoever wrote in between wrote it. */
  readonly #isRaised = (as: Normaliser, key: string): boolean => {
    const logSalt = this.#logSalt();
    return logSalt !== undefined && this.#writes.isRaised(logSalt, as, key);
  };

  #find(position: number): Kept | undefined {
    const { sourceAt } = this.#input;
    if (sourceAt === undefined) return this.#kept.get(position);
    const found = sourceAt(position);
    return found && this.#sourceOf(found.fact, found.find);
  }

  /** What every outcome that asks says of this call. */
  judge(fact: Fact<'call.intended'>, args: unknown, withheld: boolean): readonly Traced[] {
    const judged = [...this.#declared.outcomes.values()].flatMap(({ body }) => {
      const rule = Object.hasOwn(body.arguments, fact.body.tool) ? body.arguments[fact.body.tool] : undefined;
      if (rule === undefined) return [];
      const found = this.#judge(fact, rule, args, withheld);
      return [
        { outcome: body.outcome, mode: body.argumentsMode ?? 'deny', missing: [], cited: [], ...found },
      ];
    });
    // What it wrote is read back later.
    if (fact.body.written !== undefined) this.#writes.apply(fact.body.written);
    return judged;
  }

  /** What it wrote without an origin must stand in its fact, or it would be vouched for when it is read back. */
  #unsaid(
    { unvouched, vouched }: NonNullable<Body<'call.intended'>['written']> = { unvouched: [], vouched: [] },
    { args, shown, sources }: { args: unknown; shown: ReadonlyMap<string, Certificate>; sources: Sources },
  ): Pick<Traced, 'answer' | 'text'> | undefined {
    const notShown = (text: string) => ({ answer: 'not-shown', text }) as const;
    const logSalt = this.#logSalt();
    if (logSalt === undefined)
      return { answer: 'withheld', text: 'what names values written from nowhere is withheld' };
    const [said, again] = [new Set(unvouched), new Set(vouched)];
    const parts = writtenIn(args);
    if (parts === undefined) return notShown('it writes more values than can be kept track of');
    let isHidden = false;
    for (const part of parts) {
      const certificate = shown.get(nameOf(part));
      const checked = certificate === undefined ? undefined : checkCertificate(certificate, sources);
      const isWithheld = checked !== undefined && 'why' in checked && checked.why === 'withheld';
      const isTrusted = checked !== undefined && 'origin' in checked && trusted.includes(checked.origin);
      for (const key of part.keys) {
        const name = this.#writes.nameOf(logSalt, key);
        if (isTrusted || (isWithheld && !said.has(name))) again.delete(name);
        else if (!said.has(name)) return notShown('it does not say all that it wrote without an origin');
        isHidden ||= isWithheld && !said.has(name);
      }
    }
    if (again.size > 0) return notShown('it says of values that they have an origin, and they have none');
    return isHidden
      ? { answer: 'withheld', text: 'whether it says all that it wrote without an origin is withheld' }
      : undefined;
  }

  #judge(
    { position, body, case: of }: Fact<'call.intended'>,
    rule: OutcomeDeclared['arguments'][string],
    args: unknown,
    withheld: boolean,
  ): Pick<Traced, 'answer' | 'text'> & Partial<Traced> {
    const { origins, tool } = body;
    if (withheld)
      return { answer: 'withheld', text: 'some of its arguments are withheld', missing: [position] };
    if (origins === 'not-traced')
      return { answer: 'not-traced', text: 'nobody looked at where its arguments came from' };
    const opened = openCommitments(origins, this.#input.find);
    if (opened.withheld > 0)
      return { answer: 'withheld', text: 'where its arguments came from is withheld', missing: [position] };
    const shown = readCertificates(opened.value);
    if (shown === undefined) return { answer: 'not-shown', text: 'its certificates cannot be read' };
    const cited = [...new Set([...shown.values()].flatMap(factsOf))];
    const sources: Sources = {
      ...{ tool, args, certificates: shown },
      source: (at) => {
        if (at >= position) return undefined;
        const kept = this.#find(at);
        if (kept === undefined) return 'withheld';
        return kept.of === of ? kept.source : undefined;
      },
    };
    const wanted = wantedIn(rule, args);
    if (wanted.length > wantedMax)
      return { answer: 'not-shown', text: 'it has more arguments than can be traced', cited };
    const unsaid = this.#unsaid(body.written, { args, shown, sources });
    if (unsaid?.answer === 'not-shown') return { ...unsaid, cited };
    const missing = this.#logSalt() === undefined ? [0] : [];
    for (const at of cited) if (at < position && this.#find(at) === undefined) missing.push(at);
    let lacking: Partial<Traced> | undefined = unsaid && { ...unsaid, missing };
    for (const each of wanted) {
      const certificate = shown.get(nameOf(each));
      const name = spoken(each.argument);
      if (certificate === undefined)
        return { answer: 'not-shown', text: `nothing shows where ${name} came from`, cited };
      const checked = checkCertificate(certificate, sources);
      if ('origin' in checked) {
        if (isAllowed(each, checked.origin)) continue;
        const text = `${name} came from ${checked.origin}, and may come from ${each.allowed.join(' or ') || 'nowhere'}`;
        return { answer: 'not-allowed', text, cited };
      }
      if (checked.why !== 'withheld')
        return {
          answer: 'not-shown',
          text: `what is said of where ${name} came from is not so: ${checked.why}`,
          cited,
        };
      // It may rest on another argument, and that on what is withheld.
      lacking ??= { text: `what ${name} came from is withheld`, missing };
    }
    return lacking === undefined
      ? { answer: 'passed', text: '', cited }
      : { answer: 'withheld', text: '', cited, ...lacking };
  }
}

const trusted: readonly Origin[] = ['user', 'record', 'computed'];

function readCertificates(value: unknown): ReadonlyMap<string, Certificate> | undefined {
  try {
    const all = certificates(value, '');
    const byName = new Map(all.map((each) => [nameOf(each), each]));
    return byName.size === all.length ? byName : undefined;
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

const factsOf = ({ places }: Certificate): readonly number[] =>
  places.flatMap(({ fact, ground }) => [fact, ...(ground?.piece === undefined ? [] : [ground.piece.fact])]);

/** Whoever calls chooses the names below the first. */
const spoken = (argument: string): string =>
  /^\/[a-z][a-z0-9_-]{0,40}(?:\/[0-9]{1,4})?$/i.test(argument) ? `\`${argument.slice(1)}\`` : 'an argument';
