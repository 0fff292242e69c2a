/**
 * The words of a condition: quoted texts, numbers, networks, words and signs, each with its place, so that a mistake can be shown
 * where it stands.
 */
export type Place = { readonly start: number; readonly end: number };

/** What is wrong with a condition, where (offsets in characters, `end` past the last), and what would fit instead. */
export type Mistake = Place & { readonly message: string; readonly suggestion: string | null };

export type Token = Place &
  (
    | { readonly kind: 'word'; readonly text: string }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'literal'; readonly text: string }
    | { readonly kind: 'sign'; readonly text: '(' | ')' | '{' | '}' }
    | { readonly kind: 'end'; readonly text: '' }
  );

export type Lexed =
  { readonly kind: 'tokens'; readonly tokens: readonly Token[] } | { readonly kind: 'mistake'; readonly mistake: Mistake };

const patterns = {
  space: /[\s,]+/y,
  word: /[A-Za-z][A-Za-z-]*(?![0-9A-Za-z:./])/y,
  /** Numbers and networks: what they may be is the parser's to say. */
  literal: /[0-9A-Fa-f:.]+(?:\/[0-9]+)?(?![0-9A-Za-z:./])|[Aa][Ss][0-9]+/y,
  text: /"((?:[^"\\]|\\["\\])*)"/y,
  sign: /[(){}]/y,
} as const;

/** Splits a condition. Commas between values are allowed and mean nothing. */
export function lex(source: string): Lexed {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found === null) return null;
    at = pattern.lastIndex;
    return found[1] ?? found[0];
  };
  while (at < source.length) {
    if (take(patterns.space) !== null) continue;
    const start = at;
    const word = take(patterns.word);
    if (word !== null) {
      tokens.push({ kind: 'word', text: word, start, end: at });
      continue;
    }
    const literal = take(patterns.literal);
    if (literal !== null) {
      tokens.push({ kind: 'literal', text: literal, start, end: at });
      continue;
    }
    const text = take(patterns.text);
    if (text !== null) {
      tokens.push({ kind: 'text', text: text.replaceAll(/\\(["\\])/g, '$1'), start, end: at });
      continue;
    }
    const sign = take(patterns.sign);
    if (sign === '(' || sign === ')' || sign === '{' || sign === '}') {
      tokens.push({ kind: 'sign', text: sign, start, end: at });
      continue;
    }
    return { kind: 'mistake', mistake: unreadable(source, start) };
  }
  tokens.push({ kind: 'end', text: '', start: source.length, end: source.length });
  return { kind: 'tokens', tokens };
}

function unreadable(source: string, start: number): Mistake {
  const here = source[start] ?? '';
  if (here === '"') {
    return {
      start,
      end: source.length,
      message: 'This quotation mark is never closed, or a back-slash in the text is not written twice.',
      suggestion: null,
    };
  }
  if ("“”„‘’'".includes(here)) {
    return { start, end: start + 1, message: 'Texts stand in straight double quotation marks.', suggestion: '"' };
  }
  const signs: Readonly<Record<string, string>> = {
    '=': 'is',
    '!': 'not',
    '&': 'and',
    '|': 'or',
    '~': 'contains',
    '*': 'starts',
  };
  const rest = /^[=!&|~*]+|^[^\s(){}"]+/.exec(source.slice(start))?.[0] ?? here;
  const suggestion = signs[here] ?? null;
  const message = suggestion === null ? `“${rest}” cannot be read here.` : `“${rest}” is not in this language; it uses words.`;
  return { start, end: start + rest.length, message, suggestion };
}
