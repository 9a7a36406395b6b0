// Origins: where an argument of a call came from, as a certificate that can be checked. How it works, and what it cannot
// see: docs/origins.md.

export * from './certificate.ts';
export { entitiesIn } from './entities.ts';
export { everyFormula, gives, kindOf, type Operand } from './formulas.ts';
export { wordsFor } from './grounds.ts';
export { eachLeaf, labelAt, locate, type ResultLabels, type Trust } from './labels.ts';
export * from './normalisers.ts';
export * from './origin-rule.ts';
export { folded, isPlain } from './plain.ts';
export { isSaid, quotedIn, type Span } from './said.ts';
