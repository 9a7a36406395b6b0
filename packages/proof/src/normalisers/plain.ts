// Which characters may stand in a text for it to have an origin. Nothing is stripped and nothing is guessed: a text that
// hides a character, or mixes alphabets within a word, is not read at all, and what is not read has no origin.
// Unicode: NFKC (UAX 15), default-ignorable code points (UAX 44), mixed scripts (UTS 39, section 5).

/** What an eye does not see: zero-width and direction marks, variation selectors, controls, private use. */
const hidden = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;
const breaks = /[\t\n\r]/g;

/** Alphabets whose letters look like each other's. A word of one of them is a word; of two, a trap. */
const alphabets = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
];

/** Longer texts are not compared as one: what they hold is looked for in them. */
export const textMax = 2_000;

/** No hidden character, and no word in two alphabets. A line break is white space. */
export function isPlain(text: string): boolean {
  if (text.length > textMax) return false;
  if (/^[\t\n\r -~]*$/.test(text)) return true;
  if (hidden.test(text.replace(breaks, ' '))) return false;
  for (const word of text.split(/[^\p{L}\p{M}]+/u))
    if (alphabets.filter((alphabet) => alphabet.test(word)).length > 1) return false;
  return true;
}

/** White space is one blank, and none at the ends. */
export const spaced = (text: string): string => text.replace(/\s+/gu, ' ').trim();

/** As it is compared where spelling does not matter: NFKC, small letters of no locale. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase().normalize('NFKC');

/** Whether its compatible form is itself: a ligature or a wide letter is not what it looks like. */
export const isCompatible = (text: string): boolean => text.normalize('NFKC') === text;

export const listOf = (key: string | undefined): readonly string[] => (key === undefined ? [] : [key]);
