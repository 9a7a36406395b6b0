// Whom the disclosures of new facts are about, by their names in the store: the writer sees nothing else of them.

import type { NewFact } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import { logSubject, type SubjectNames } from '../subject.ts';
import type { Named } from './packet.ts';

/** Throws `LedgerError` `invalid` if not every disclosure is about somebody. */
export function namesOf(
  { disclosures, about, case: of }: NewFact,
  names: SubjectNames,
  subjectsOf: (position: number) => readonly string[],
): Named {
  if (typeof about === 'string') return names.name(about);
  if (about === undefined) return names.name(of === undefined ? logSubject : `case/${of}`);
  if ('named' in about) return about.named;
  if ('sameAs' in about) {
    const [same, ...others] = subjectsOf(about.sameAs);
    // Erased, or several: then it is about the case.
    if (same !== undefined && others.length === 0) return same;
    return names.name(of === undefined ? logSubject : `case/${of}`);
  }
  if (about.length !== (disclosures ?? []).length)
    throw new LedgerError('invalid', 'not every disclosure is about somebody');
  return about.map((subject) => names.name(subject));
}
