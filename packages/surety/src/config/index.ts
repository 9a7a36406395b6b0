// Files that people write, parsed with positions and compiled into declarations: facts before they are facts.

export type { Checkpoint } from './checkpoint.ts';
export type { RecordConfig, ServerConfig, WitnessConfig } from './compile.ts';
export { ruleDeclaration } from './compile.ts';
export { readConforming } from './conforming.ts';
export { importDcr, loadDcr } from './dcr.ts';
export { type Declaration, digestOf } from './declaration.ts';
export { Definitions, definedInForce } from './definitions.ts';
export { template } from './init.ts';
export { effect as effectSchema } from './installation.ts';
export { type LabelledTool, labelledTools } from './labelled.ts';
export type { Limits } from './limits.ts';
export { type Config, type Loaded, loadConfig, type SealerConfig, type TlsConfig } from './load.ts';
export type { MailConfig, NotifyConfig, WebhookConfig } from './notify.ts';
export { checkpoint as checkpointSchema } from './outcome.ts';
export type { PagesConfig } from './pages.ts';
export { type Place, type Problem, problemWith, renderProblems } from './problem.ts';
export { loadSeeds, type Seed } from './seeds.ts';
export { findFiles } from './source.ts';
export { isOver, type LoadedSuppressions, loadSuppressions, type Suppression } from './suppressions.ts';
export type { TelemetryConfig } from './telemetry.ts';
export { loadWitness, logKey, type WitnessSettings } from './witness.ts';
export * as words from './words.ts';
