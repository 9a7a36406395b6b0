// What an auditor may ask beyond the small verifier: everything again with engines that are not ours, and the record
// read again from a copy that the auditor holds.

import { redoCalendar } from './calendar.ts';
import { redoPermissions } from './cedar.ts';
import type { OpenedProof, Redone } from './opened.ts';
import { redoRows } from './rows.ts';
import { redoRules } from './rules.ts';

export { type Compared, type CompareResult, compareRecord, type Difference } from './compare.ts';
export { type OpenedProof, openAgain, type Redone } from './opened.ts';

/** Asks every engine. Whatever one of them throws is a disagreement: it could not do what the verifier did. */
export async function redoAll(proof: OpenedProof): Promise<readonly Redone[]> {
  const engines = {
    cedar: redoPermissions,
    cel: redoRules,
    sql: redoRows,
    calendar: redoCalendar,
  } as const;
  const all: Redone[] = [];
  for (const [check, redo] of Object.entries(engines)) {
    try {
      all.push(await redo(proof));
    } catch (error) {
      const text = (error as Error).message;
      all.push({ check, engine: check, agreed: 0, left: 0, disagreed: [{ text, facts: [] }] });
    }
  }
  return all;
}
