// What serves once: approvals, by their hold, and once-only evidence, by its values. Where the values of a call are
// withheld, what it used is not known from them: then the log's own word for it counts, which names it keyed, and
// where the log says nothing, nobody can tell.

/** Who used it; or among whom nobody can tell whether somebody did. */
export type Use = { readonly by: string } | { readonly among: readonly string[] } | undefined;

export class Uses {
  /** Is this call known to have had no effect? Then what it used is free again. */
  readonly #isVoid: (call: string) => boolean;
  /** By kind or rule, then by hold or values: the call. */
  readonly #used = new Map<string, Map<string, string>>();
  /** By rule: calls whose values are withheld, and that used some. */
  readonly #hidden = new Map<string, Set<string>>();
  /** By stream and by `rule call`, for calls whose values are withheld. */
  readonly #claimed = new Map<string, string>();
  readonly #claims = new Set<string>();

  constructor(isVoid: (call: string) => boolean) {
    this.#isVoid = isVoid;
  }

  add(of: string, key: string, call: string): void {
    const used = this.#used.get(of);
    if (used === undefined) this.#used.set(of, new Map([[key, call]]));
    else used.set(key, call);
  }

  /** Somebody else's use of it, in a call that is not known to have had no effect. */
  by(of: string, key: string, call: string): string | undefined {
    const by = this.#used.get(of)?.get(key);
    return by === undefined || by === call || this.#isVoid(by) ? undefined : by;
  }

  /** A call whose values are withheld passed this rule, and used something up by that. */
  hide(rule: string, call: string): void {
    const hidden = this.#hidden.get(rule);
    if (hidden === undefined) this.#hidden.set(rule, new Set([call]));
    else hidden.add(call);
  }

  /** The log says that such a call used what this stream is about. */
  claim(stream: string, rule: string, call: string): void {
    this.#claimed.set(stream, call);
    this.#claims.add(`${rule} ${call}`);
  }

  /** Whether a call whose values are withheld may have used what this stream is about. */
  hiddenBy(rule: string, stream: () => string): Use {
    const hidden = [...(this.#hidden.get(rule) ?? [])].filter((call) => !this.#isVoid(call));
    if (hidden.length === 0) return undefined;
    const by = this.#claimed.get(stream());
    if (by !== undefined && hidden.includes(by)) return { by };
    return hidden.every((call) => this.#claims.has(`${rule} ${call}`)) ? undefined : { among: hidden };
  }
}
