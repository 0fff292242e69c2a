/**
 * The names of a case, found also in disguise: other case, accents, look-alike letters, digits for letters, dots or blanks between letters.
 *
 * - A whole name of five letters or more is found anywhere, also inside a longer word or a nickname; a shorter one where a word begins and ends.
 * - The words of a person's name are found alone, as whole words, but not as the last label of a hostname (a surname may be one).
 * - Those that everyday language uses too (common-words.ts) are names only where they are written as one, with a capital, or stand within
 *   `nearWords` words of another word of the same name: of Rose Court, "Rose was here" and "rose m. court" go and "a rose in the court of law" stays.
 * Hazard: a name of one letter is not looked for; "rose said" in small letters stays unless the nickname is listed by itself.
 */
import { commonWords } from './common-words.ts';
import { foldLetters } from './text.ts';
import type { Folded } from './text.ts';
import { tokens } from './redaction-tokens.ts';

export type NamePattern = {
  readonly folded: string;
  readonly fit: 'anywhere' | 'words' | 'prose' | 'common';
  readonly literal: boolean;
  /** Numbers of the names that this is a word of. Empty for whole names. */
  readonly of: readonly number[];
};

/** Words of names that say nothing alone. */
const particles = new Set(
  'von van der den des del dos das la le les el al bin ben ibn di da de du zu und and the of mc mac st san santa dr mr mrs ms frau herr senor'.split(
    ' ',
  ),
);

const shortest = 2;
const anywhereFrom = 5;
/** Two words of one name this close are the name: "Rose Anne Mary Court". */
const nearWords = 3;
const mostWords = 6;
/** From the weakest to the strongest. */
const strength = ['common', 'prose', 'words', 'anywhere'] as const;
let common: ReadonlySet<string> | null = null;

/** Whether everyday language uses a word of a name too. */
export function isCommonWord(word: string): boolean {
  common ??= new Set(commonWords.map((one) => foldLetters(one).text));
  return common.has(foldLetters(word).text);
}
const scriptsWithoutCase = /\p{Lo}/u;

/** Made once for a text. Names of a person are found forwards and backwards. */
export function namePatterns(names: readonly string[]): NamePattern[] {
  const found = new Map<string, NamePattern>();
  const add = (pattern: NamePattern) => {
    const held = found.get(pattern.folded);
    const stronger = held === undefined || strength.indexOf(pattern.fit) > strength.indexOf(held.fit) ? pattern : held;
    found.set(pattern.folded, { ...stronger, of: [...(held?.of ?? []), ...pattern.of] });
  };
  for (const [number, given] of names.entries()) {
    const name = given.replace(/^[\s@#]+/u, '');
    const { text: folded } = foldLetters(name);
    if (folded === '') {
      const literal = name.trim();
      if (literal !== '') add({ folded: literal, fit: 'anywhere', literal: true, of: [] });
      continue;
    }
    if (folded.length < shortest && !scriptsWithoutCase.test(name)) continue;
    const fit = folded.length >= anywhereFrom || scriptsWithoutCase.test(name) ? 'anywhere' : 'words';
    add({ folded, fit, literal: false, of: [] });
    const words = name.split(/[\s,]+/u).filter((word) => word !== '');
    // Two to six words without digits: a person. Places keep their words, or every "street" would go.
    if (words.length < 2 || words.length > mostWords || /[\p{N}@/]/u.test(name)) continue;
    add({ folded: foldLetters([...words].reverse().join('')).text, fit, literal: false, of: [] });
    for (const word of words) {
      const part = foldLetters(word).text;
      if (part.length < 3 || particles.has(word.toLowerCase())) continue;
      add({ folded: part, fit: isCommonWord(word) ? 'common' : 'prose', literal: false, of: [number] });
    }
  }
  return [...found.values()].filter((pattern) => pattern.folded !== '').sort((a, b) => b.folded.length - a.folded.length);
}

/** The last label of a hostname, as `example` in forum.example. */
const topLabels = /(?<=(?:^|[\p{L}\p{N}])\.)[a-z]{2,63}(?![\p{L}\p{N}_])/gu;

/** The text with each name as a token. */
export function namesOut(text: string, patterns: readonly NamePattern[]): string {
  if (patterns.length === 0 || text === '') return text;
  const spans: [number, number][] = [];
  const folded = foldLetters(text);
  const hasParts = patterns.some(({ of }) => of.length > 0);
  const topmost = hasParts ? spansOf(text, topLabels) : [];
  const hits: Hit[] = [];
  for (const pattern of patterns) {
    const seek = pattern.literal ? text : folded.text;
    for (let at = seek.indexOf(pattern.folded); at >= 0; at = seek.indexOf(pattern.folded, at + 1)) {
      const last = at + pattern.folded.length - 1;
      if (pattern.literal) {
        spans.push([at, last + 1]);
        continue;
      }
      const whole = folded.begins[at] === true && folded.ends[last] === true;
      if (pattern.fit !== 'anywhere' && !whole) continue;
      const span: [number, number] = [folded.from[at] ?? 0, folded.to[last] ?? text.length];
      const isWord = pattern.fit === 'prose' || pattern.fit === 'common';
      if (isWord && isWithin(span, topmost)) continue;
      if (whole) for (const name of pattern.of) hits.push({ name, at, word: pattern.folded, span });
      if (pattern.fit !== 'common' || /^[^\p{Ll}]/u.test(text.slice(span[0]))) spans.push(span);
    }
  }
  if (hasParts) spans.push(...nearHits(hits, folded));
  return blackOut(text, spans, tokens.name);
}

/** A word of a name, found where a word begins and ends. `at`: in the folded text. */
type Hit = { readonly name: number; readonly at: number; readonly word: string; readonly span: [number, number] };

/** Words of one name that stand close to another word of it. In order of the text, each looks at its neighbours only. */
function nearHits(hits: Hit[], { begins }: Folded): [number, number][] {
  if (hits.length < 2) return [];
  // How many words began up to each letter.
  let count = 0;
  const words = begins.map((begin) => (begin ? (count += 1) : count));
  const spans: [number, number][] = [];
  for (const ofOne of Map.groupBy(hits, ({ name }) => name).values()) {
    ofOne.sort((a, b) => a.at - b.at);
    for (const [index, hit] of ofOne.entries()) {
      for (const other of ofOne.slice(index + 1, index + 1 + nearWords)) {
        if ((words[other.at] ?? 0) - (words[hit.at] ?? 0) > nearWords) break;
        if (other.word !== hit.word) spans.push([...hit.span], [...other.span]);
      }
    }
  }
  return spans;
}

function spansOf(text: string, pattern: RegExp): [number, number][] {
  return [...text.matchAll(pattern)].map((found) => [found.index, found.index + found[0].length]);
}

/** `spans` are in order and apart. */
function isWithin([start, end]: readonly [number, number], spans: readonly (readonly [number, number])[]): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.[1] ?? 0) < end) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && span[0] <= start && end <= span[1];
}

/** One token for each stretch that the spans cover together. */
export function blackOut(text: string, spans: [number, number][], token: string): string {
  if (spans.length === 0) return text;
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const out: string[] = [];
  let done = 0;
  let open: [number, number] | null = null;
  for (const span of spans) {
    if (open !== null && span[0] < open[1]) {
      open[1] = Math.max(open[1], span[1]);
      continue;
    }
    if (open !== null) {
      out.push(text.slice(done, open[0]), token);
      done = open[1];
    }
    open = [span[0], span[1]];
  }
  if (open !== null) {
    out.push(text.slice(done, open[0]), token);
    done = open[1];
  }
  out.push(text.slice(done));
  return out.join('');
}
