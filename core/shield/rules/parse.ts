/**
 * Reads a condition: `method in {"POST" "PUT"} and path starts "/wp-login" and not network in 192.0.2.0/24`.
 *
 * Typed: each field can be asked only what it can answer, and each value is checked as what it is. `and` binds more strongly than `or`; `not`
 * stands before a comparison, a parenthesis or an operator. Bounded: length, depth, values. The first mistake is told, with its
 * place and, where one can be guessed, what was meant. The grammar is in docs/handbook/rules.md.
 */
import { Cidr } from '../../../contract/network.ts';
import { longestCondition } from '../../../contract/rules.ts';
import type { Mistake, Place, Token } from './lex.ts';
import { lex } from './lex.ts';
import { nearest } from './nearest.ts';
import { bytesOf, cleanText } from './request.ts';
import type { Condition, Field, Operator } from './syntax.ts';
import { headerFields, operatorsOf, plainFields, unknownCountry } from './syntax.ts';

export type ParsedCondition =
  { readonly kind: 'condition'; readonly condition: Condition } | { readonly kind: 'mistake'; readonly mistake: Mistake };

const deepest = 16;
const mostValues = 200;
const longestValue = 200;

class Wrong extends Error {
  readonly mistake: Mistake;
  constructor(place: Place, message: string, suggestion: string | null = null) {
    super(message);
    this.mistake = { start: place.start, end: Math.max(place.end, place.start + 1), message, suggestion };
  }
}

/** Parses a condition; never throws. */
export function parseCondition(source: string): ParsedCondition {
  if (source.length > longestCondition) {
    const message = `A condition has at most ${longestCondition} characters; this one has ${source.length}. Split it into several rules.`;
    return { kind: 'mistake', mistake: { start: longestCondition, end: source.length, message, suggestion: null } };
  }
  const lexed = lex(source);
  if (lexed.kind === 'mistake') return lexed;
  try {
    return { kind: 'condition', condition: new Parser(lexed.tokens).whole() };
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'mistake', mistake: error.mistake };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #values = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Condition {
    const condition = this.#either(0);
    const left = this.#here();
    if (left.kind !== 'end') {
      const guess = left.kind === 'word' ? nearest(left.text, ['and', 'or']) : null;
      throw new Wrong(left, `Here “and”, “or” or the end was expected, not “${left.text}”.`, guess);
    }
    return condition;
  }

  #either(depth: number): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#negated(depth)));
  }

  #joined(kind: 'and' | 'or', part: () => Condition): Condition {
    const first = part();
    const parts = [first];
    while (this.#takeWord(kind)) parts.push(part());
    return parts.length === 1 ? first : { kind, parts };
  }

  #negated(depth: number): Condition {
    const here = this.#here();
    if (depth > deepest) throw new Wrong(here, `Parentheses and “not” nest at most ${deepest} deep.`);
    if (this.#takeWord('not')) return { kind: 'not', part: this.#negated(depth + 1) };
    if (here.kind === 'sign' && here.text === '(') {
      this.#at += 1;
      const inner = this.#either(depth + 1);
      const close = this.#here();
      if (close.kind !== 'sign' || close.text !== ')')
        throw new Wrong(close, `A “)” is missing for the “(” at ${here.start + 1}.`, ')');
      this.#at += 1;
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const field = this.#field();
    const negated = this.#takeWord('not');
    const operator = this.#operator(field);
    const values = this.#valuesFor(field, operator);
    const test: Condition = { kind: 'test', test: { field, operator, values } };
    return negated ? { kind: 'not', part: test } : test;
  }

  #field(): Field {
    const here = this.#here();
    const known = [...plainFields, 'header'];
    if (here.kind === 'end')
      throw new Wrong(here, 'The condition ends where a comparison was expected, such as path starts "/admin".');
    if (here.kind !== 'word') throw new Wrong(here, `A comparison begins with what is compared: ${known.join(', ')}.`);
    const word = here.text.toLowerCase();
    const plain = plainFields.find((name) => name === word);
    this.#at += 1;
    if (plain !== undefined) return plain;
    if (word === 'header') return this.#header();
    const header = headerFields.find((name) => name === `header:${word}`);
    if (header !== undefined) throw new Wrong(here, 'A header is written as header("…").', `header("${word}")`);
    throw new Wrong(here, `There is no “${here.text}”; there are ${known.join(', ')}.`, nearest(word, known));
  }

  #header(): Field {
    this.#sign('(', 'After “header” its name stands in parentheses: header("user-agent").');
    const name = this.#here();
    const names = headerFields.map((field) => field.slice('header:'.length));
    if (name.kind !== 'text')
      throw new Wrong(name, `A header’s name stands in quotation marks: ${names.map((one) => `"${one}"`).join(', ')}.`);
    this.#at += 1;
    const field = headerFields.find((one) => one === `header:${name.text.toLowerCase()}`);
    if (field === undefined) {
      const guess = nearest(name.text.toLowerCase(), names);
      throw new Wrong(
        name,
        `Rules cannot read the header “${name.text}”; they can read ${names.join(', ')}.`,
        guess === null ? null : `"${guess}"`,
      );
    }
    this.#sign(')', 'A “)” is missing after the header’s name.');
    return field;
  }

  #operator(field: Field): Operator {
    const here = this.#here();
    const able = operatorsOf[field];
    const words = ['is', 'in', ...able.filter((one) => one !== 'is')];
    const said = here.kind === 'word' ? here.text.toLowerCase() : '';
    const operator = said === 'in' ? 'is' : able.find((one) => one === said);
    if (operator === undefined) {
      const unable = said === 'starts' || said === 'contains';
      const message = unable
        ? `“${nameOf(field)}” cannot be asked what it ${said} with or in; it can be asked ${words.join(', ')}.`
        : `After “${nameOf(field)}” one of ${words.join(', ')} was expected${here.text === '' ? '' : `, not “${here.text}”`}.`;
      throw new Wrong(here, message, unable ? 'is' : nearest(said, words));
    }
    this.#at += 1;
    return operator;
  }

  #valuesFor(field: Field, operator: Operator): readonly string[] {
    const here = this.#here();
    const values = new Set<string>();
    if (here.kind === 'sign' && here.text === '{') {
      this.#at += 1;
      for (;;) {
        const next = this.#here();
        if (next.kind === 'sign' && next.text === '}') break;
        if (next.kind === 'end') throw new Wrong(here, 'This “{” is never closed.', '}');
        values.add(this.#value(field, operator));
      }
      if (values.size === 0) throw new Wrong({ start: here.start, end: this.#here().end }, 'A set holds at least one value.');
      this.#at += 1;
    } else values.add(this.#value(field, operator));
    return [...values].sort();
  }

  #value(field: Field, operator: Operator): string {
    const here = this.#here();
    this.#values += 1;
    if (this.#values > mostValues)
      throw new Wrong(here, `A condition holds at most ${mostValues} values. Split it into several rules.`);
    const value = valueOf(field, operator, here);
    this.#at += 1;
    return value;
  }

  #sign(sign: '(' | ')', message: string): void {
    const here = this.#here();
    if (here.kind !== 'sign' || here.text !== sign) throw new Wrong(here, message, sign);
    this.#at += 1;
  }

  #takeWord(word: string): boolean {
    const here = this.#here();
    if (here.kind !== 'word' || here.text.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #here(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', start: 0, end: 0 };
  }
}

function nameOf(field: Field): string {
  return field.startsWith('header:') ? `header("${field.slice('header:'.length)}")` : field;
}

function valueOf(field: Field, operator: Operator, token: Token): string {
  if (field === 'network') return networkOf(token);
  if (field === 'asn') return asnOf(token);
  if (token.kind !== 'text') {
    const fits = token.kind === 'word' || token.kind === 'literal';
    throw new Wrong(token, `After “${nameOf(field)}” a text in quotation marks was expected.`, fits ? `"${token.text}"` : null);
  }
  if ([...token.text].length > longestValue) throw new Wrong(token, `A text has at most ${longestValue} characters.`);
  const value = cleanText(bytesOf(token.text));
  if (value === '' && operator !== 'is')
    throw new Wrong(token, `Everything ${operator} the empty text; write what it ${operator}.`);
  return textFits(field, operator, value, token);
}

function textFits(field: Field, operator: Operator, value: string, token: Token): string {
  switch (field) {
    case 'method':
      if (!/^[a-z-]{1,20}$/.test(value)) throw new Wrong(token, 'A method is a word such as "GET" or "POST".');
      return value;
    case 'host':
      if (!/^[a-z0-9.-]{1,253}$/.test(value))
        throw new Wrong(token, 'A host is a name such as "www.forum.example", without port.');
      return value.replace(/\.+$/, '');
    case 'extension':
      if (value.startsWith('.'))
        throw new Wrong(token, 'An extension is written without the dot.', `"${token.text.replace(/^\.+/, '')}"`);
      if (/[./;]/.test(value)) throw new Wrong(token, 'An extension is what follows the last dot of the path, such as "php".');
      return value;
    case 'path':
      if (operator !== 'contains' && !value.startsWith('/'))
        throw new Wrong(token, 'A path begins with a slash.', `"/${token.text}"`);
      if (/[;]|\/\/|\/\.{1,2}(\/|$)/.test(value)) {
        throw new Wrong(
          token,
          'Paths are compared decoded, without parameters (;…), empty and dot segments: this would never be true.',
        );
      }
      return value;
    case 'country':
      if (value === unknownCountry || /^[a-z]{2}$/.test(value)) return value;
      throw new Wrong(token, 'A country is two letters such as "DE", or "unknown".');
    default:
      return value;
  }
}

function networkOf(token: Token): string {
  if (token.kind === 'text') throw new Wrong(token, 'A network stands without quotation marks.', token.text);
  const parsed = Cidr.safeParse(token.text);
  if (token.kind !== 'literal' || !parsed.success)
    throw new Wrong(token, 'A network is written as 192.0.2.0/24 or 2001:db8::/32.');
  return parsed.data;
}

function asnOf(token: Token): string {
  const number = /^(?:as)?(\d{1,10})$/i.exec(token.text)?.[1];
  if (number === undefined || token.kind === 'text' || Number(number) > 4_294_967_295) {
    throw new Wrong(
      token,
      'An AS number is written as 64500 or AS64500; 0 is “unknown”.',
      token.kind === 'text' ? token.text : null,
    );
  }
  return String(Number(number));
}
