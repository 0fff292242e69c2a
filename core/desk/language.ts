/**
 * Which language a report is probably in: its script, then its commonest small words. A hint for whom to ask, and nothing else.
 *
 * Never an input of a grade, a lane or a measure (desk.md: language help is a hint only). Null when it is not clear. Pure and linear.
 */
const scripts: readonly (readonly [string, RegExp])[] = [
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
];

const smallWords: Readonly<Record<string, readonly string[]>> = {
  en: ['the', 'and', 'of', 'to', 'is', 'that', 'they', 'was', 'with', 'my', 'this', 'are', 'have', 'not', 'you', 'it', 'on', 'i'],
  de: ['der', 'die', 'das', 'und', 'ist', 'nicht', 'ich', 'sie', 'mit', 'ein', 'eine', 'auf', 'dass', 'von', 'zu', 'den', 'wird'],
  es: ['el', 'los', 'las', 'que', 'y', 'una', 'por', 'con', 'para', 'es', 'mi', 'del', 'se', 'no', 'está', 'han', 'su'],
  fr: [
    'le',
    'les',
    'des',
    'et',
    'est',
    'une',
    'je',
    'pas',
    'que',
    'pour',
    'dans',
    'il',
    'elle',
    'mon',
    'avec',
    'sur',
    'ont',
    'du',
  ],
  pt: ['o', 'os', 'uma', 'que', 'não', 'com', 'para', 'em', 'está', 'eu', 'ele', 'meu', 'minha', 'do', 'da', 'foi', 'são'],
  it: ['il', 'che', 'di', 'una', 'non', 'sono', 'per', 'con', 'mi', 'gli', 'della', 'questo', 'ha', 'sul', 'mio', 'è'],
  nl: ['het', 'een', 'en', 'van', 'ik', 'niet', 'dat', 'is', 'op', 'mijn', 'met', 'zijn', 'wordt', 'voor', 'ze', 'de'],
  pl: ['nie', 'się', 'na', 'jest', 'że', 'do', 'mnie', 'i', 'w', 'to', 'moje', 'przez', 'są', 'z', 'jak'],
  tr: ['ve', 'bir', 'bu', 'için', 'beni', 'da', 'de', 'çok', 'ile', 'değil', 'var', 'ben', 'ne'],
};

const languagesOf = new Map<string, string[]>();
for (const [language, list] of Object.entries(smallWords))
  for (const word of list) languagesOf.set(word, [...(languagesOf.get(word) ?? []), language]);

/** All of the scripts above stand there; without one of these characters nothing of them need be looked for. */
const beyondLatin = /[\u0370-\uffff]/;
const readAtMost = 5000;
const fewestHits = 2;

/** The first part of a language tag, or null. */
export function languageHint(text: string): string | null {
  const read = text.slice(0, readAtMost);
  const letters = read.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return null;
  if (beyondLatin.test(read))
    for (const [language, script] of scripts) if ((read.match(script)?.length ?? 0) * 3 > letters) return language;
  const words = read.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counted = new Map<string, number>();
  for (const word of words)
    for (const language of languagesOf.get(word) ?? []) counted.set(language, (counted.get(language) ?? 0) + 1);
  const [best, next] = Array.from(counted, ([language, hits]) => ({ language, hits })).sort(
    (one, other) => other.hits - one.hits,
  );
  if (best === undefined || best.hits < fewestHits || best.hits === next?.hits) return null;
  return best.language;
}
