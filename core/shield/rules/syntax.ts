/**
 * The rules' language as data: fields, tests and conditions, with what each field can be asked.
 *
 * Text is compared without regard to case, after cleaning (request.ts), byte by byte. The table of fields is the one place that says what exists: the
 * parser, the compiler, the edge and the handbook's reference follow it.
 */
import { readableHeaders } from '../../../contract/rules.ts';
import type { ReadableHeader } from '../../../contract/rules.ts';

export type HeaderField = `header:${ReadableHeader}`;
export type Field = 'method' | 'host' | 'path' | 'extension' | 'query' | 'network' | 'country' | 'asn' | HeaderField;

export type Operator = 'is' | 'starts' | 'contains';

/** One question about one field: whether its value is, starts with or contains one of these. Values are cleaned and sorted. */
export type Test = { readonly field: Field; readonly operator: Operator; readonly values: readonly string[] };

export type Condition =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] };

const exact: readonly Operator[] = ['is'];
const text: readonly Operator[] = ['is', 'starts', 'contains'];

/** What can be asked of each field. */
export const operatorsOf: Readonly<Record<Field, readonly Operator[]>> = {
  method: exact,
  host: exact,
  path: text,
  extension: exact,
  query: text,
  'header:user-agent': text,
  'header:referer': text,
  'header:content-type': text,
  'header:origin': text,
  'header:accept-language': text,
  network: exact,
  country: exact,
  asn: exact,
};

/** The words for fields without an argument. */
export const plainFields = [
  'method',
  'host',
  'path',
  'extension',
  'query',
  'network',
  'country',
  'asn',
] as const satisfies readonly Field[];
export const headerFields: readonly HeaderField[] = readableHeaders.map((name) => `header:${name}` as const);

/** What an address is said to have where the network data does not know it. */
export const unknownCountry = 'unknown';
export const unknownAsn = '0';

/** Every test of a condition. */
export function* testsOf(condition: Condition): Iterable<Test> {
  if (condition.kind === 'test') yield condition.test;
  else if (condition.kind === 'not') yield* testsOf(condition.part);
  else for (const part of condition.parts) yield* testsOf(part);
}

/** The same text for the same test. */
export function testKey({ field, operator, values }: Test): string {
  return JSON.stringify([field, operator, values]);
}
