/**
 * Rules as a small machine that HAProxy runs with one prefix look-up per field.
 *
 * States are what is left of the rules once some fields are known; each field, in a fixed order, leads from state to state. A state's
 * entries for a field are the texts that its tests name: a whole value (closed by `end`) or a beginning, and the longest one that a
 * value begins with says the next state, because it alone settles every `is`, `starts` and network test. What a state does not ask
 * for has no entry, and HAProxy keeps the state. Equal remainders are one state, so independent rules add up instead of multiplying.
 * `contains` cannot be looked up by prefix: all such tests of a site are answered together by patterns that exclude each other, as
 * one more field (`words`), whose value is a number. They are few (decision 0027), because HAProxy reads such a map line by line.
 * `!N` is the N-th decision. `run` is the machine in TypeScript: what HAProxy does, for tests and explanations.
 */
import type { SiteRules } from '../../../contract/rules.ts';
import { networkPrefixes } from '../networks.ts';
import type { Decision, ParsedRule } from './evaluate.ts';
import { outcome } from './evaluate.ts';
import type { RuleRequest } from './request.ts';
import { end } from './request.ts';
import type { Condition, Field, Test } from './syntax.ts';
import { testKey, testsOf } from './syntax.ts';

/** The letter of each field in keys and in `reads`, in the order in which HAProxy asks them. */
export const fieldLetter = {
  path: 'p',
  extension: 'x',
  method: 'm',
  host: 'h',
  query: 'q',
  'header:user-agent': 'u',
  'header:referer': 'f',
  'header:content-type': 'y',
  'header:origin': 'o',
  'header:accept-language': 'l',
  network: 'n',
  country: 'c',
  asn: 'a',
} as const satisfies Record<Field, string>;
export const wordsLetter = 'w';

/** The fields that `contains` may look into, in the order in which they stand in the text that patterns are matched with. */
export const wordFields = [
  'path',
  'query',
  'header:user-agent',
  'header:referer',
  'header:content-type',
  'header:origin',
  'header:accept-language',
] as const satisfies readonly Field[];

/** Each doubles the patterns of a site, and a pattern is a walk over the whole text: 7 walks at three, 15 at four. */
const mostContainsTests = 3;
const mostContainsBytes = 2000;
const mostStates = 500;
const mostEntries = 6000;
const mostBytes = 500_000;

export type Machine = {
  /** Letters of the fields whose values must be made, those that only `contains` looks into included. */
  readonly reads: string;
  readonly start: string;
  /** `state letter value-prefix` → next state. */
  readonly entries: ReadonlyMap<string, string>;
  /** Regular expressions (PCRE) over the words text, each with the value of the field `words`; no two match the same text. */
  readonly patterns: ReadonlyMap<string, string>;
  readonly decisions: readonly Decision[];
};

/** The rules are too many together. The message is a sentence for their owner. */
export class TooComplex extends Error {
  override readonly name = 'TooComplex';
}

type Step = { readonly letter: string; readonly tests: (test: Test) => boolean };
const steps: readonly Step[] = [
  ...Object.entries(fieldLetter).map(([field, letter]): Step => ({
    letter,
    tests: (test) => test.field === field && test.operator !== 'contains',
  })),
  { letter: wordsLetter, tests: (test) => test.operator === 'contains' },
];

type Left = readonly { readonly rule: ParsedRule; readonly condition: Condition | true }[];
type Known = ReadonlyMap<string, boolean>;

/** Compiles the rules that count (activeRules). Throws TooComplex. */
export function compileRules(active: readonly ParsedRule[], maintenance: SiteRules['maintenance']): Machine {
  return new Compiler(active, maintenance !== null).machine();
}

class Compiler {
  readonly #entries = new Map<string, string>();
  readonly #states = new Map<string, string>();
  readonly #queue: { readonly state: string; readonly left: Left }[] = [];
  readonly #decisions: Decision[] = [];
  readonly #decisionIds = new Map<string, string>();
  readonly #contains: readonly Test[];
  readonly #active: readonly ParsedRule[];
  readonly #maintenance: boolean;
  #bytes = 0;

  constructor(active: readonly ParsedRule[], maintenance: boolean) {
    this.#active = active;
    this.#maintenance = maintenance;
    const tests = active.flatMap(({ condition }) => [...testsOf(condition)]).filter(({ operator }) => operator === 'contains');
    this.#contains = [...new Map(tests.map((test) => [testKey(test), test])).values()];
    const bytes = this.#contains.reduce((sum, { values }) => sum + values.join('').length, 0);
    if (this.#contains.length > mostContainsTests || bytes > mostContainsBytes) {
      throw new TooComplex(
        `“contains” may be asked ${mostContainsTests} times in all rules together, with ${mostContainsBytes} characters at most; here it is asked ${this.#contains.length} times with ${bytes}. Put several texts into one set, or use “starts” or “is”.`,
      );
    }
  }

  machine(): Machine {
    const start = this.#stateOf(this.#active.map((rule) => ({ rule, condition: rule.condition })));
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#expand(next.state, next.left);
    const asked = new Set([...this.#entries.keys()].map((key) => key.replace(/^\d+/, '').slice(0, 1)));
    for (const { field } of asked.has(wordsLetter) ? this.#contains : []) asked.add(fieldLetter[field]);
    return {
      reads: [...Object.values(fieldLetter), wordsLetter].filter((letter) => asked.has(letter)).join(''),
      start,
      entries: this.#entries,
      patterns: asked.has(wordsLetter) ? patternsOf(this.#contains) : new Map(),
      decisions: this.#decisions,
    };
  }

  /** The state of what is left: decided as soon as the first rule that may still be true is true. */
  #stateOf(all: Left): string {
    const settled = all.findIndex(({ condition }) => condition === true);
    const left = settled === -1 ? all : all.slice(0, settled + 1);
    const first = left[0];
    if (first === undefined || first.condition === true) return this.#decided(first?.rule);
    const key = JSON.stringify(left.map(({ rule, condition }) => [rule.rule.ruleId, condition]));
    const held = this.#states.get(key);
    if (held !== undefined) return held;
    if (this.#states.size === mostStates) throw this.#tooMany();
    const state = String(this.#states.size);
    this.#states.set(key, state);
    this.#queue.push({ state, left });
    return state;
  }

  #decided(rule: ParsedRule | undefined): string {
    const decision = outcome(rule?.rule ?? null, this.#maintenance);
    const key = `${decision.verdict} ${decision.rule?.ruleId ?? ''}`;
    const held = this.#decisionIds.get(key);
    if (held !== undefined) return held;
    const id = `!${this.#decisions.length}`;
    this.#decisions.push(decision);
    this.#decisionIds.set(key, id);
    return id;
  }

  #expand(state: string, left: Left): void {
    const tests = left.flatMap(({ condition }) => (condition === true ? [] : [...testsOf(condition)]));
    const step = steps.find((one) => tests.some(one.tests));
    if (step === undefined) throw new RangeError('a state that asks for nothing is decided');
    const asked = [...new Map(tests.filter(step.tests).map((test) => [testKey(test), test])).values()];
    const next = new Map<string, string>();
    for (const [key, known] of answers(asked, this.#contains)) next.set(key, this.#stateOf(simplified(left, known)));
    for (const [key, to] of next) {
      if (key !== '' && to === next.get(parentOf(key, next))) continue;
      this.#entries.set(`${state}${step.letter}${key}`, to);
      this.#bytes += key.length + 20;
      if (this.#entries.size > mostEntries || this.#bytes > mostBytes) throw this.#tooMany();
    }
  }

  #tooMany(): TooComplex {
    return new TooComplex(
      'These rules are too many together for an edge: conditions on many different fields multiply. Join rules that do the same by sets, or take out the least needed.',
    );
  }
}

/** The longest other key that a key begins with; the empty one is always there. */
function parentOf(key: string, keys: ReadonlyMap<string, string>): string {
  for (let length = key.length - 1; length > 0; length -= 1) {
    const shorter = key.slice(0, length);
    if (keys.has(shorter)) return shorter;
  }
  return '';
}

/** Every text that makes a difference to some tests of one field, with what each test then says. The empty key: anything else. */
function answers(tests: readonly Test[], contains: readonly Test[]): ReadonlyMap<string, Known> {
  const first = tests[0];
  if (first?.operator === 'contains') return wordAnswers(tests, contains);
  const keysOf = new Map(tests.map((test) => [testKey(test), valueKeys(test)]));
  const keys = new Set(['', ...[...keysOf.values()].flat()]);
  return new Map(
    [...keys].map((key) => [key, new Map([...keysOf].map(([id, own]) => [id, own.some((one) => key.startsWith(one))] as const))]),
  );
}

function valueKeys({ field, operator, values }: Test): readonly string[] {
  if (field === 'network') return values.flatMap((cidr) => networkPrefixes(cidr));
  return operator === 'is' ? values.map((value) => value + end) : values;
}

function wordAnswers(tests: readonly Test[], contains: readonly Test[]): ReadonlyMap<string, Known> {
  const ids = new Map(contains.map((test, index) => [testKey(test), index]));
  const known = (mask: number) =>
    new Map(tests.map((test) => [testKey(test), ((mask >> (ids.get(testKey(test)) ?? 31)) & 1) === 1] as const));
  const masks = Array.from({ length: 2 ** contains.length - 1 }, (_, index) => index + 1);
  return new Map([['', known(0)] as const, ...masks.map((mask) => [`${mask}${end}`, known(mask)] as const)]);
}

/** A pattern for each way in which at least one of the tests is true; it says of every test whether it is, first of those that are. */
function patternsOf(contains: readonly Test[]): ReadonlyMap<string, string> {
  const looks = contains.map(({ field, values }) => `.*\\x1e${fieldLetter[field]}[^\\x1e]*(?:${values.map(escaped).join('|')})`);
  const masks = Array.from({ length: 2 ** contains.length - 1 }, (_, index) => index + 1);
  const isTrue = (mask: number, index: number) => ((mask >> index) & 1) === 1;
  return new Map(
    masks.map((mask) => {
      const positive = looks.filter((_, index) => isTrue(mask, index)).map((look) => `(?=${look})`);
      const negative = looks.filter((_, index) => !isTrue(mask, index)).map((look) => `(?!${look})`);
      return [[...positive, ...negative].join(''), String(mask)];
    }),
  );
}

/** Bytes as a pattern that matches them and nothing else, without white space. */
function escaped(bytes: string): string {
  return bytes.replaceAll(/[^a-z0-9]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function simplified(left: Left, known: Known): Left {
  return left.flatMap(({ rule, condition }) => {
    const rest = condition === true ? true : simplify(condition, known);
    return rest === false ? [] : [{ rule, condition: rest }];
  });
}

function simplify(condition: Condition, known: Known): Condition | boolean {
  if (condition.kind === 'test') return known.get(testKey(condition.test)) ?? condition;
  if (condition.kind === 'not') {
    const part = simplify(condition.part, known);
    return typeof part === 'boolean' ? !part : { kind: 'not', part };
  }
  const settles = condition.kind === 'or';
  const parts: Condition[] = [];
  for (const one of condition.parts) {
    const part = simplify(one, known);
    if (part === settles) return settles;
    if (typeof part !== 'boolean') parts.push(part);
  }
  const [only] = parts;
  if (only === undefined) return !settles;
  return parts.length === 1 ? only : { kind: condition.kind, parts };
}

/** The text that patterns are matched with: each field between its letter and `end`. Empty for fields that are not read. */
export function wordsText(reads: string, request: RuleRequest): string {
  return (
    wordFields.map((field) => `${end}${fieldLetter[field]}${reads.includes(fieldLetter[field]) ? request[field] : ''}`).join('') +
    end
  );
}

/** Runs the machine as HAProxy does. */
export function run(machine: Machine, request: RuleRequest): Decision {
  const { reads, entries, decisions } = machine;
  let state = machine.start;
  const go = (letter: string, value: string) => {
    const key = `${state}${letter}${value}${end}`;
    for (let length = key.length; length > state.length; length -= 1) {
      const next = entries.get(key.slice(0, length));
      if (next !== undefined) {
        state = next;
        return;
      }
    }
  };
  for (const [field, letter] of Object.entries(fieldLetter)) {
    if (reads.includes(letter) && isField(field)) go(letter, request[field]);
  }
  if (reads.includes(wordsLetter)) {
    const text = wordsText(reads, request);
    go(wordsLetter, [...machine.patterns].find(([pattern]) => new RegExp(`^${pattern}`).test(text))?.[1] ?? '0');
  }
  return decisions[Number(state.slice(1))] ?? { verdict: 'pass', rule: null };
}

function isField(name: string): name is Field {
  return Object.hasOwn(fieldLetter, name);
}
