// Changes: what is in force, what would weaken it, and whose signature that waits for.

export { relationOf } from './compare.ts';
export { InForce, type Proposal, type Refused, type Unsigned } from './in-force.ts';
export {
  type Invitation,
  isPasskeyFact,
  type PasskeyFact,
  passkeyFunctions,
  passkeyObjection,
  passkeySigned,
  passkeyText,
} from './passkeys.ts';
export type { Relation } from './relation.ts';
export { type Relying, reliesOn } from './reliance.ts';
export { changeSigned, changeText, refusalText } from './signing.ts';
export {
  type Change,
  type Content,
  contentOf,
  declaredAs,
  digestOfContent,
  peopleIn,
  type Standing,
  serverOf,
  streamOf,
  toolsOf,
} from './standing.ts';
