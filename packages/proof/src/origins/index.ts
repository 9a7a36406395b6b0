// Origins: where an argument of a call came from, as a certificate that can be checked. How it works, and what it cannot
// see: docs/origins.md.

export * from '../normalisers/index.ts';
export * from './certificate.ts';
export { type Field, type Fields, fieldsOf } from './fields.ts';
export { everyFormula, gives, kindOf, type Operand } from './formulas.ts';
export { isNaming, wordsFor } from './grounds.ts';
export { eachLeaf, labelAt, locate, type ResultLabels, type Trust } from './labels.ts';
export * from './origin-rule.ts';
export { type SourceAt, type Traced, Tracing } from './tracing.ts';
export { Writes, type WrittenPart, writtenIn, writtenMax } from './written.ts';
