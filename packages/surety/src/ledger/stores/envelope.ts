// From a new fact to the text that is stored: the envelope in its fixed member order, cut where the
// writer puts the numbers. INVARIANT: whatever is accepted here parses as a fact. Values in it come from
// agents and their callers; one that does not parse, once hashed, would spoil the log for every verifier.

import { bodies, type Fact, factBytesMax, parseFact } from '@surety/proof/facts';
import type { NewFact } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import type { Pieces } from './packet.ts';

/** The fact as it will be written, but for the numbers that the writer gives: until then they are 0. */
export type Draft = Fact & {
  streamVersion: number;
  emitterSeq: number;
  position: number;
  case?: string;
  agent?: string;
  user?: string;
};

export interface PreparedFact {
  readonly pieces: Pieces;
  readonly draft: Draft;
}

/** Texts of agents, users and cases that are kept, for speed only. */
const knownMax = 4096;

/** Prepares the facts of one emitter of one log. */
export class Envelopes {
  readonly #log: string;
  readonly #emitter: string;
  /** The text up to the stream, by kind. */
  readonly #heads = new Map<string, string>();
  readonly #emitterText: string;
  /** Agents and users that parsed before. */
  readonly #known = new Set<string>();
  #time = 0;
  #timeText = ',"time":0';

  constructor(log: string, emitter: string) {
    this.#log = log;
    this.#emitter = emitter;
    this.#emitterText = `,"emitter":${JSON.stringify(emitter)},"emitterSeq":`;
  }

  /** Throws `LedgerError` `invalid` or `too-large`. */
  prepare(stream: string, fact: NewFact, time: number): PreparedFact {
    const body = this.#body(fact);
    const basis = fact.basis ?? [];
    const principals =
      (fact.agent === undefined ? '' : `,"agent":${quoted(fact.agent)}`) +
      (fact.user === undefined ? '' : `,"user":${quoted(fact.user)}`);
    const inCase = fact.case === undefined ? '' : `,"case":${quoted(fact.case)}`;
    const pieces: Pieces = [
      `${this.#head(fact.kind)}${quoted(stream)},"streamVersion":`,
      `,"basis":${basis.length === 0 ? '[]' : JSON.stringify(basis)}${this.#emitterText}`,
      `${this.#timed(time)}${inCase}${principals},"body":${JSON.stringify(body)}}`,
    ];
    if (pieces[0].length + pieces[1].length + pieces[2].length > factBytesMax) throw tooLarge(fact.kind);
    const parsed = this.#mustParse(fact, pieces, principals);
    const draft = {
      v: 1,
      kind: fact.kind,
      log: this.#log,
      stream,
      streamVersion: 0,
      basis,
      emitter: this.#emitter,
      emitterSeq: 0,
      time,
      body: parsed?.body ?? body,
      position: 0,
    } as Draft;
    if (fact.case !== undefined) draft.case = fact.case;
    if (fact.agent !== undefined) draft.agent = fact.agent;
    if (fact.user !== undefined) draft.user = fact.user;
    return { pieces, draft };
  }

  #head(kind: string): string {
    let head = this.#heads.get(kind);
    if (head === undefined) {
      head = `{"v":1,"kind":"${kind}","log":${JSON.stringify(this.#log)},"stream":`;
      this.#heads.set(kind, head);
    }
    return head;
  }

  #timed(time: number): string {
    if (time !== this.#time) {
      this.#time = time;
      this.#timeText = `,"time":${time}`;
    }
    return this.#timeText;
  }

  #body(fact: NewFact): unknown {
    try {
      if (!Object.hasOwn(bodies, fact.kind)) throw new TypeError('its kind is not known');
      return bodies[fact.kind](fact.body, '/body');
    } catch (cause) {
      throw invalid(fact.kind, cause);
    }
  }

  /**
   * The shapes have seen the body. What they cannot see is parsed back: lone surrogates (`JSON.stringify`
   * writes them as escapes), free JSON, and who acts. Everything else is text or a natural number.
   */
  #mustParse(fact: NewFact, pieces: Pieces, principals: string): Fact | undefined {
    const plain =
      fact.kind !== 'policy.activated' &&
      (fact.case === undefined || typeof fact.case === 'string') &&
      (fact.basis === undefined || fact.basis.every(isBasis)) &&
      this.#known.has(principals) &&
      !pieces.some((piece) => piece.includes('\\ud'));
    if (plain) return undefined;
    let parsed: Fact;
    try {
      parsed = parseFact(Buffer.from(`${pieces[0]}0${pieces[1]}0${pieces[2]}`), 0) as Fact;
    } catch (cause) {
      throw invalid(fact.kind, cause);
    }
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.add(principals);
    return parsed;
  }
}

/** Printable ASCII without quote and backslash stands for itself. */
const plainText = /^[ !#-[\]-~]*$/;
const quoted = (text: string): string => (plainText.test(text) ? `"${text}"` : JSON.stringify(text));

const isBasis = (pair: readonly [string, number]): boolean =>
  pair.length === 2 && typeof pair[0] === 'string' && Number.isSafeInteger(pair[1]) && pair[1] >= 0;

const tooLarge = (kind: string): LedgerError =>
  new LedgerError('too-large', `a \`${kind}\` fact is above ${factBytesMax} bytes`);

const invalid = (kind: string, cause: unknown): LedgerError =>
  new LedgerError(
    'invalid',
    `a \`${kind}\` fact is not of its shape: ${cause instanceof Error ? cause.message : ''}`,
  );
