// Declarations become facts: what the files say now is compared with what is in force, and only the difference is
// appended, as far as it may be (governance/changing.ts). At run time nobody reads a file; features fold these facts.

import type { Fact, UnknownFact } from '@surety/proof/facts';
import { byDigest, canonicalJson, commit, openCommitments } from '@surety/proof/records';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from './hash.ts';
import type { Append, Recorded } from './log.ts';

/** A fact before it is one; `committed` members become salted commitments. */
export interface Declared {
  readonly stream: string;
  readonly kind: string;
  readonly body: object;
  readonly committed?: Readonly<Record<string, unknown>>;
}

const declaring =
  /^(server|tool|person|identity|policy|record|witness|quorum|containment|contracts|notices|passkeys|outcome|rule)\//;
export class Declarations {
  readonly #current = new Map<string, string>();

  apply({ fact, disclosures }: Recorded): void {
    if (fact.kind === 'declaration.withdrawn') this.#current.delete(fact.body.stream);
    else if (declaring.test(fact.stream) && isDeclaration(fact))
      this.#current.set(fact.stream, contentOf(fact, disclosures));
  }

  /** Where the files say something else than what is in force, and the streams that they say nothing of any more. */
  difference(wanted: readonly Declared[]): {
    readonly changed: readonly Declared[];
    readonly gone: readonly string[];
  } {
    const changed = wanted.filter(({ stream, ...rest }) => this.#current.get(stream) !== content(rest));
    const named = new Set(wanted.map(({ stream }) => stream));
    return { changed, gone: [...this.#current.keys()].filter((stream) => !named.has(stream)) };
  }
}

export const withdrawalOf = (stream: string): Append => ({
  stream: `withdrawal/${stream}`,
  facts: [{ kind: 'declaration.withdrawn', body: { stream } }],
});

/** Verdicts lie in the stream of their outcome, and are no declaration of it. */
const isDeclaration = ({ kind }: Fact | UnknownFact): boolean =>
  /\.(declared|labelled|enrolled|activated)$/.test(kind);

const content = ({ kind, body, committed = {} }: Omit<Declared, 'stream'>): string =>
  canonicalJson({ kind, body, committed });

/** The same form from a recorded fact: commitments are opened, since their salts differ each time. */
function contentOf({ kind, body }: Fact | UnknownFact, disclosures: readonly string[]): string {
  const known = byDigest(disclosures, sha256);
  const plain: Record<string, unknown> = {};
  const committed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body as object)) {
    if (kind === 'person.enrolled' && name === 'name') {
      const opened = openCommitments(value as string[], (digest) => known.get(digest)).value;
      if (opened !== undefined) committed[name] = opened;
    } else plain[name] = value;
  }
  return content({ kind, body: plain, committed });
}

export function factOf({ stream, kind, body, committed = {} }: Declared): Append {
  // A person without a name in the files still has the member: what is committed to is nothing.
  const full: Record<string, unknown> = { ...(kind === 'person.enrolled' ? { name: [] } : {}), ...body };
  const disclosures: string[] = [];
  for (const [name, value] of Object.entries(committed)) {
    const made = commit(value, salt, sha256);
    full[name] = made.digests;
    disclosures.push(...made.disclosures);
  }
  // The ledger checks every fact against its shape before it records it.
  // Only people have anything to disclose here: it is about them, and their stream is called after them.
  return { stream, facts: [{ kind, body: full, disclosures, about: stream } as unknown as NewFact] };
}
