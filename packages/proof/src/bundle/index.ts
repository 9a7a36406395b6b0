// The bundle: a proof as one file, with one byte string for one content, and the envelope of its statement.

export * from './contents.ts';
export * from './dsse.ts';
export { ProofError, withheldMark } from './layout.ts';
export { linesIn } from './pieces.ts';
export {
  type OpenedReleased,
  openReleased,
  printReleased,
  ReleasedError,
  type ReleasedFact,
  type ReleasedItem,
  releasedFactsMax,
  releasedFormat,
  runsOf,
} from './released.ts';
export * from './source.ts';
export * from './writer.ts';
export * from './zip.ts';
