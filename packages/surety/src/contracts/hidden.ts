// Characters that a model reads and a person does not see: found by what they are, and shown by their numbers.
// biome-ignore-all lint/suspicious/noControlCharactersInRegex: they are what is looked for.
// biome-ignore-all lint/suspicious/noMisleadingCharacterClass: each is looked for by itself.

/** A run of them in a text. */
export interface Hidden {
  readonly what: 'tags' | 'direction' | 'zero-width' | 'variation' | 'invisible' | 'escape' | 'blank';
  /** By their numbers: `U+E0068 U+E0069`, the first few. */
  readonly shown: string;
  /** What tag characters spell. */
  readonly spells?: string;
}

/** England, Scotland and Wales: the only flags that are written with tags (Unicode emoji, RGI). */
const flag =
  /\u{1f3f4}(?:\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073}))\u{e007f}/gu;
const rules: readonly (readonly [Hidden['what'], RegExp])[] = [
  ['tags', /[\u{e0000}-\u{e007f}]+/gu],
  ['direction', /[\u202a-\u202e\u2066-\u2069]+/gu],
  // Within a word of Latin letters, or several in a row; ZWJ and ZWNJ have honest uses elsewhere.
  [
    'zero-width',
    /(?<=[A-Za-z0-9])[\u200b-\u200d\u2060\ufeff]+(?=[A-Za-z0-9])|[\u200b\u2060\ufeff]{2,}|[\u200b-\u200d\u2060\ufeff]{4,}/gu,
  ],
  ['variation', /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{2,}|(?<!\p{Script=Han})[\u{e0100}-\u{e01ef}]/gu],
  [
    'invisible',
    /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2061-\u2064\u206a-\u206f\u3164\uffa0\ufff9-\ufffb]+/gu,
  ],
  ['escape', /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+/gu],
  // What stands so far away that nobody scrolls to it. Never with more behind it than one greedy run: its server chose it.
  ['blank', /[ \t\u00a0\u2000-\u200a\u2800\u3000]{200,}|(?:\r?\n[ \t]*){20,}/gu],
];

export function hiddenIn(text: string): readonly Hidden[] {
  const rest = text.replace(flag, '').trimEnd();
  return rules.flatMap(([what, pattern]) =>
    [...rest.matchAll(pattern)].map(([run]): Hidden => {
      const points = [...run].map((each) => each.codePointAt(0) ?? 0);
      const shown = `${points.slice(0, 8).map(numbered).join(' ')}${points.length > 8 ? ' …' : ''}`;
      if (what !== 'tags') return { what, shown };
      const spells = points.flatMap((each) => (each >= 0xe0020 && each < 0xe007f ? [each - 0xe0000] : []));
      return { what, shown, spells: String.fromCharCode(...spells.slice(0, 500)) };
    }),
  );
}

const numbered = (point: number): string => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;

/** Everything that is not seen, or that looks like something else than it is, in place of what it is: `⟨U+202E⟩`. */
const unseen =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Variation_Selector}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/gu;

export const shownWhole = (text: string): string =>
  text.replace(unseen, (mark) =>
    mark === '\n' || mark === '\t' ? mark : `⟨${numbered(mark.codePointAt(0) ?? 0)}⟩`,
  );
