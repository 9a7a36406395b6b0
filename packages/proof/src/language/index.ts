// The rule language: a published profile of CEL with one interpreter (docs/rule-language.md).

export { RuleError, type RuleErrorCode } from './error.ts';
export { evaluate, holds } from './evaluate.ts';
export { parseRule } from './parse.ts';
export { type Token, tokens } from './tokens.ts';
export { childrenOf, type Expression, equalities, paths, type Side } from './tree.ts';
