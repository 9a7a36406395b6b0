// The static audit: from the declarations alone, every path by which an agent could reach a consequential effect without its
// checkpoint, duties that conflict, and checkpoints that are not what they seem. Pure: the same declarations give the same
// findings in the same order. What a counterexample claims is replayed through the gate before anybody is told.

import type { Standing } from '@surety/proof/changes';
import { Declared } from './declared.ts';
import { dutiesConflicting } from './duties.ts';
import { effectsReached } from './effects.ts';
import { type Finding, findingId, inOrder, type Suspicion } from './finding.ts';
import { Looking } from './looking.ts';
import { readsOf } from './reads.ts';
import { replay } from './rehearsal.ts';
import type { SchemasOf } from './schemas.ts';
import { standingCheckpoints } from './standing-checkpoints.ts';

export interface Audited {
  readonly findings: readonly Finding[];
  /** What was looked at. */
  readonly looked: {
    readonly agents: number;
    readonly tools: number;
    /** Pairs of an agent and a consequential tool that it may call. */
    readonly paths: number;
    readonly checkpoints: number;
  };
}

/** With `schemasOf`, what is read of calls is held against what tools take and return. */
export function auditDeclarations(standing: Standing, schemasOf?: SchemasOf): Audited {
  const declared = new Declared(standing);
  const looking = new Looking(declared);
  const suspected = [
    ...effectsReached(looking),
    ...standingCheckpoints(looking),
    ...dutiesConflicting(looking),
    ...(schemasOf === undefined ? [] : readsOf(declared, schemasOf)),
  ];
  const consequential = declared.tools.filter(({ effect }) => effect !== 'read');
  return {
    findings: inOrder(suspected.map((each) => shown(looking, each))),
    looked: {
      agents: declared.agents.length,
      tools: declared.tools.length,
      paths: consequential.reduce((sum, { tool }) => sum + declared.callersOf(tool).length, 0),
      checkpoints: declared.rules.length,
    },
  };
}

/** Kinds that claim something about every call, or about calls that no gate sees: one call shows nothing. */
const aboutAll: ReadonlySet<string> = new Set([
  'cover-unshown',
  'firing-unshown',
  'passing-unshown',
  'out-of-path',
  'never-there',
  'never-equal',
]);

function shown(looking: Looking, suspicion: Suspicion): Finding {
  const { kind, parties, trace, level } = suspicion;
  const found = { ...suspicion, id: findingId(kind, parties) };
  if (aboutAll.has(kind)) return { ...found, shown: 'none' };
  const isReplayed = trace !== undefined && replay(looking.declared.standing, trace, looking.blank).isAsSaid;
  if (isReplayed) return { ...found, shown: 'replayed' };
  // The declarations say so; no call was found that shows it.
  return {
    ...found,
    level: level === 'error' ? 'unshown' : 'note',
    shown: 'not-replayed',
    trace: undefined,
  };
}
