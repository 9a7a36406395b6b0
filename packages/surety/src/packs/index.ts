// Packs: checkpoints that others have written and tested, and how they become somebody's own.

export { bindPack, outcomeText, proposal, readBinding } from './bind.ts';
export {
  cast,
  type Found,
  filesOf,
  findIncident,
  type Incident,
  incidentNames,
  stopping,
} from './incident.ts';
export { findPack, isTested, type LoadedPack, type Pack, packNames, testedIn } from './pack.ts';
export { testPack, untried } from './testing.ts';
