// The static audit of what is declared.

export { type Audited, auditDeclarations } from './audit.ts';
export { type Finding, type FindingKind, findingId, inOrder, type Level } from './finding.ts';
export { type Replayed, replay } from './rehearsal.ts';
export { type Placed, sarifOf } from './sarif.ts';
export type { SchemasOf, ToolSchemas } from './schemas.ts';
export { parseTrace, traceFile } from './trace.ts';
