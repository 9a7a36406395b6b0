// The trust file: the keys that an auditor brings. They decide whose a proof is; nothing inside a proof does.

import { NOTE_COSIGNATURE, NOTE_ED25519, parseVerifier } from './records/note.ts';

/**
 * Keys that the auditor pins (C2SP signed-note verifier keys). Without log or statement keys those named in the proof
 * are tried, and without the key of a witness that cosigned, nobody but the operator saw the head: the verdict never
 * rises to `proven`.
 */
export interface Trust {
  readonly log: readonly string[];
  readonly statement: readonly string[];
  readonly witnesses: readonly string[];
}

/** The message names the line; `help` what to do about it. */
export class TrustError extends Error {
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.name = 'TrustError';
    this.help = help;
  }
}

const keyTypes = { log: NOTE_ED25519, statement: NOTE_ED25519, witness: NOTE_COSIGNATURE } as const;
const isUse = (word: string): word is keyof typeof keyTypes => Object.hasOwn(keyTypes, word);

/**
 * Lines `log KEY`, `statement KEY`, `witness KEY`; `#` starts a comment. Throws TrustError for anything else, and
 * for a file that pins nothing: a typing error must not quietly mean "trust whatever the proof says about itself".
 */
export function parseTrust(text: string): Trust {
  const trust = { log: [] as string[], statement: [] as string[], witness: [] as string[] };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [word, key, ...rest] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (word === undefined || word === '') continue;
    const where = `line ${index + 1} of the trust file`;
    if (!isUse(word) || key === undefined || rest.length > 0)
      throw new TrustError(`${where} is not \`log|statement|witness KEY\``);
    if (typeOf(key, where) !== keyTypes[word]) throw new TrustError(`${where}: this is no key of a ${word}`);
    trust[word].push(key);
  }
  const { log, statement, witness: witnesses } = trust;
  if (log.length === 0 || statement.length === 0) {
    const missing = log.length === 0 ? 'log' : 'statement';
    throw new TrustError(
      `the trust file pins no \`${missing}\` key`,
      'ask who runs the log for it, not the proof',
    );
  }
  return { log, statement, witnesses };
}

function typeOf(key: string, where: string): number {
  try {
    return parseVerifier(key).type;
  } catch (error) {
    throw new TrustError(`${where}: ${(error as Error).message}`);
  }
}
