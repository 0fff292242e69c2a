/**
 * Texts made comparable: what a reader takes for the same letters is the same letters here.
 *
 * `foldLetters` is for finding names that somebody hid (look-alike letters, digits for letters, zero-width characters, dots between letters) and
 * keeps the way back to the original. `plainText` is for comparing reports. Neither is for showing.
 * Hazard: the table of look-alikes is short (Cyrillic, Greek, digits); a name written in another script is another name.
 * After: UTS 39 "confusables", much reduced.
 */

/** What one letter looks like, after NFKC, lower case and without marks. Both sides of a comparison go through it. */
const lookAlikes: Readonly<Record<string, string>> = {
  // Cyrillic.
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  һ: 'h',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'i',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  ѕ: 's',
  т: 't',
  у: 'y',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  ѡ: 'w',
  ь: 'b',
  // Greek.
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ω: 'w',
  γ: 'y',
  // Latin letters that carry no mark which could be taken off.
  ı: 'i',
  ł: 'i',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ſ: 's',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  // Digits and signs that stand for letters.
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  l: 'i',
  '@': 'a',
  $: 's',
  '€': 'e',
};

export type Folded = {
  readonly text: string;
  /** For each unit of `text`, where the character that it came from begins in the original. */
  readonly from: readonly number[];
  /** For each unit of `text`, where that character ends. */
  readonly to: readonly number[];
  /** Whether a word begins before this unit: nothing, a mark or white space stood there, or a digit met a letter. */
  readonly begins: readonly boolean[];
  readonly ends: readonly boolean[];
};

const ignorable = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const letterOrDigit = /[\p{L}\p{N}]/u;
const digit = /\p{N}/u;
/** The word that one sign stands for. Longer ones are phrases (U+FDFA is eighteen letters), in which nobody's name hides. */
const mostLetters = 8;

type Part = { readonly part: string; readonly kind: 'mark' | 'gap' | 'letter' | 'digit'; readonly looks: string | undefined };

/** The letters of one sign, folded: the costly step, taken once for each different sign of a text. */
function partsOfSign(char: string): readonly Part[] {
  const parts = [...char.normalize('NFKD').toLowerCase().normalize('NFKD')];
  if (parts.length > mostLetters && /\p{L}/u.test(char)) return [{ part: ' ', kind: 'gap', looks: undefined }];
  return parts.map((part) => {
    const looks = lookAlikes[part];
    const kind = ignorable.test(part) ? 'mark' : digit.test(part) ? 'digit' : letterOrDigit.test(part) ? 'letter' : 'gap';
    return { part, kind, looks };
  });
}

/**
 * Letters and digits alone, folded onto what they look like, with the way back. Linear in the length of the text: a sign gives at most sixteen
 * letters, and different signs are taken apart once.
 */
export function foldLetters(original: string): Folded {
  const text: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const begins: boolean[] = [];
  const ends: boolean[] = [];
  let at = 0;
  let before: 'gap' | 'letter' | 'digit' = 'gap';
  const known = new Map<string, readonly Part[]>();
  for (const char of original) {
    const start = at;
    at += char.length;
    let parts = known.get(char);
    if (parts === undefined) known.set(char, (parts = partsOfSign(char)));
    for (const { part, kind: plain, looks: like } of parts) {
      if (plain === 'mark') {
        // A mark or a zero-width character belongs to the letter before it: both go together.
        if (to.length > 0 && to.at(-1) === start) to[to.length - 1] = at;
        continue;
      }
      // A sign stands for a letter only inside a word: @mia is a mention of mia.
      const looks = before === 'gap' && (part === '@' || part === '$' || part === '€') ? undefined : like;
      if (looks === undefined && plain === 'gap') {
        if (ends.length > 0) ends[ends.length - 1] = true;
        before = 'gap';
        continue;
      }
      const kind = plain === 'digit' ? 'digit' : 'letter';
      const fresh = before !== kind;
      if (fresh && ends.length > 0) ends[ends.length - 1] = true;
      for (const [index, unit] of [...(looks ?? part)].entries()) {
        for (let half = 0; half < unit.length; half += 1) {
          text.push(unit[half] ?? '');
          from.push(start);
          to.push(at);
          begins.push(fresh && index === 0 && half === 0);
          ends.push(false);
        }
      }
      before = kind;
    }
  }
  if (ends.length > 0) ends[ends.length - 1] = true;
  return { text: text.join(''), from, to, begins, ends };
}

/** NFKC, lower case, no marks, no invisible characters, white space as one blank. */
export function plainText(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu, '')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}
