/**
 * The names of a case, found also in disguise: other case, accents, look-alike letters, digits for letters, dots or blanks between letters.
 *
 * A whole name of five letters or more is found anywhere, also inside a longer word or a nickname; a shorter one where a word begins and
 * ends. The words of a person's name are found alone, as whole words, but not as the last label of a hostname (a surname may be one).
 * Hazard: a name of one letter is not looked for.
 */
import { foldLetters } from './text.ts';
import { tokens } from './redaction-tokens.ts';

export type NamePattern = { readonly folded: string; readonly fit: 'anywhere' | 'words' | 'prose'; readonly literal: boolean };

/** Words of names that say nothing alone. */
const particles = new Set(
  'von van der den des del dos das la le les el al bin ben ibn di da de du zu und and the of mc mac st san santa dr mr mrs ms frau herr senor'.split(
    ' ',
  ),
);

const shortest = 2;
const anywhereFrom = 5;
const scriptsWithoutCase = /\p{Lo}/u;

/** Made once for a text. Names of a person are found forwards and backwards. */
export function namePatterns(names: readonly string[]): NamePattern[] {
  const found = new Map<string, NamePattern>();
  const add = (pattern: NamePattern) => {
    const held = found.get(pattern.folded);
    if (held === undefined || (held.fit === 'prose' && pattern.fit !== 'prose')) found.set(pattern.folded, pattern);
  };
  for (const given of names) {
    const name = given.replace(/^[\s@#]+/u, '');
    const { text: folded } = foldLetters(name);
    if (folded === '') {
      const literal = name.trim();
      if (literal !== '') add({ folded: literal, fit: 'anywhere', literal: true });
      continue;
    }
    if (folded.length < shortest && !scriptsWithoutCase.test(name)) continue;
    const fit = folded.length >= anywhereFrom || scriptsWithoutCase.test(name) ? 'anywhere' : 'words';
    add({ folded, fit, literal: false });
    const words = name.split(/[\s,]+/u).filter((word) => word !== '');
    // Two to four words without digits: a person. Places keep their words, or every "street" would go.
    if (words.length < 2 || words.length > 4 || /[\p{N}@/]/u.test(name)) continue;
    add({ folded: foldLetters([...words].reverse().join('')).text, fit, literal: false });
    for (const word of words) {
      const part = foldLetters(word).text;
      if (part.length >= 3 && !particles.has(word.toLowerCase())) add({ folded: part, fit: 'prose', literal: false });
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
  const topmost = patterns.some(({ fit }) => fit === 'prose') ? spansOf(text, topLabels) : [];
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
      if (pattern.fit === 'prose' && isWithin(span, topmost)) continue;
      spans.push(span);
    }
  }
  return blackOut(text, spans, tokens.name);
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
