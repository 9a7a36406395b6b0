// Files that people write, parsed with positions and compiled into declarations: facts before they are facts.

export type { RecordConfig, ServerConfig, WitnessConfig } from './compile.ts';
export { importDcr, loadDcr } from './dcr.ts';
export type { Declaration } from './declaration.ts';
export { Definitions, definedInForce } from './definitions.ts';
export { template } from './init.ts';
export type { Limits } from './limits.ts';
export { type Config, type Loaded, loadConfig, type SealerConfig, type TlsConfig } from './load.ts';
export { type Place, type Problem, renderProblems } from './problem.ts';
export { isOver, type LoadedSuppressions, loadSuppressions, type Suppression } from './suppressions.ts';
export type { TelemetryConfig } from './telemetry.ts';
export { loadWitness, logKey, type WitnessSettings } from './witness.ts';
