// What people read: the statement, the report and the population. Made from a judgement, never from anything else.

export { erasedInWords } from './erased.ts';
export { reportHtml } from './html.ts';
export { populationCsv } from './population.ts';
export { predicate, predicateType, predicateVersion } from './predicate.ts';
export {
  judgementName,
  type ParsedStatement,
  parseStatement,
  payloadType,
  reportVersion,
  type Subject,
  statementText,
} from './statement.ts';
export { style } from './style.ts';
export { termsOf } from './terms.ts';
export { asks, headings, instant, marks, rowsInWords, words } from './words.ts';
