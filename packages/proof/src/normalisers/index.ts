// Normalisers: in which spellings a value may stand, where a piece of a text begins and ends, and who said it.

export { dateKey, dateOfDay, dayNumber, timeKey } from './dates.ts';
export { entitiesIn } from './entities.ts';
export * from './normalisers.ts';
export { numberKey } from './numbers.ts';
export { folded, isPlain } from './plain.ts';
export { isSaid, quotedIn, quotesIn, type Span } from './said.ts';
