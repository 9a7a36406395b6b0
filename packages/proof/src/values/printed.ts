// JSON as `JSON.stringify` prints it, read by the platform's own parser: what prints as the very text it was read from
// can be read in one way only. Any other text is left to the strict parser, and so is the word on what is wrong.
//
// INVARIANT: gives what `parseJson` gives, or throws what it throws.

import { fromUtf8 } from './bytes.ts';
import { DEPTH_MAX, parseJson } from './json.ts';

/** The value's strings do not keep the text in memory, as pieces of it would. */
export function parsePrintedJson(bytes: Uint8Array): unknown {
  return printedIn(bytes) ?? parseJson(bytes);
}

function printedIn(bytes: Uint8Array): unknown {
  try {
    const text = fromUtf8(bytes);
    const value: unknown = JSON.parse(text);
    // A half of a surrogate pair, spelled as an escape, would print as it was read; so would any depth.
    const isPrinted = JSON.stringify(value) === text && !text.includes('\\ud');
    return isPrinted && isShallow(value, DEPTH_MAX) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isShallow(value: unknown, depthLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depthLeft === 0) return false;
  for (const each of Object.values(value))
    if (typeof each === 'object' && !isShallow(each, depthLeft - 1)) return false;
  return true;
}
