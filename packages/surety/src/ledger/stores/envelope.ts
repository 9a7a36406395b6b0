// From a new fact to the text that is stored: the envelope in its fixed member order, cut where the
// writer puts the numbers. INVARIANT: whatever is accepted here parses as a fact. Values in it come from
// agents and their callers; one that does not parse, once hashed, would spoil the log for every verifier.

import { bodies, type Fact, factBytesMax, parseFact } from '@surety/proof/facts';
import type { NewFact } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';

export interface PreparedFact {
  readonly pieces: readonly [string, string, string];
  /** Gives the fact as it was written, once its numbers are known. */
  written(position: number, streamVersion: number, emitterSeq: number): Fact;
}

const principalsMax = 4096;

/** Prepares the facts of one emitter of one log. */
export class Envelopes {
  readonly #log: string;
  readonly #emitter: string;
  readonly #logText: string;
  readonly #emitterText: string;
  /** Agents and users that parsed before; bounded, for speed only. */
  readonly #known = new Set<string>();

  constructor(log: string, emitter: string) {
    this.#log = log;
    this.#emitter = emitter;
    this.#logText = JSON.stringify(log);
    this.#emitterText = JSON.stringify(emitter);
  }

  /** Throws `LedgerError` `invalid` or `too-large`. */
  prepare(stream: string, fact: NewFact, time: number): PreparedFact {
    const body = this.#body(fact);
    const basis = fact.basis ?? [];
    const principals =
      (fact.agent === undefined ? '' : `,"agent":${JSON.stringify(fact.agent)}`) +
      (fact.user === undefined ? '' : `,"user":${JSON.stringify(fact.user)}`);
    const pieces = [
      `{"v":1,"kind":"${fact.kind}","log":${this.#logText},"stream":${JSON.stringify(stream)},"streamVersion":`,
      `,"basis":${basis.length === 0 ? '[]' : JSON.stringify(basis)},"emitter":${this.#emitterText},"emitterSeq":`,
      `,"time":${time}${fact.case === undefined ? '' : `,"case":${JSON.stringify(fact.case)}`}${principals},"body":${JSON.stringify(body)}}`,
    ] as const;
    if (pieces[0].length + pieces[1].length + pieces[2].length > factBytesMax) throw tooLarge(fact.kind);
    const parsed = this.#mustParse(fact, pieces, principals);
    const written = (position: number, streamVersion: number, emitterSeq: number): Fact =>
      ({
        v: 1,
        log: this.#log,
        stream,
        streamVersion,
        basis,
        emitter: this.#emitter,
        emitterSeq,
        time,
        ...(fact.case === undefined ? {} : { case: fact.case }),
        ...(fact.agent === undefined ? {} : { agent: fact.agent }),
        ...(fact.user === undefined ? {} : { user: fact.user }),
        kind: fact.kind,
        body: parsed?.body ?? body,
        position,
      }) as Fact;
    return { pieces, written };
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
  #mustParse(fact: NewFact, pieces: readonly [string, string, string], principals: string): Fact | undefined {
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
    if (this.#known.size >= principalsMax) this.#known.clear();
    this.#known.add(principals);
    return parsed;
  }
}

const isBasis = (pair: readonly [string, number]): boolean =>
  pair.length === 2 && typeof pair[0] === 'string' && Number.isSafeInteger(pair[1]) && pair[1] >= 0;

const tooLarge = (kind: string): LedgerError =>
  new LedgerError('too-large', `a \`${kind}\` fact is above ${factBytesMax} bytes`);

const invalid = (kind: string, cause: unknown): LedgerError =>
  new LedgerError(
    'invalid',
    `a \`${kind}\` fact is not of its shape: ${cause instanceof Error ? cause.message : ''}`,
  );
