// What the command line uses of telemetry.

export { CursorError, readCursor } from './cursor.ts';
export { DeliveryError, toFile, toStream } from './delivery.ts';
export { exportFacts } from './following.ts';
export { type LineFormat, lineStarts } from './lines.ts';
export type { NoteForm, NoteLevel } from './notes.ts';
