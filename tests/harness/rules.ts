/** Rules and requests for property tests: few values, so that they meet, and the spellings that are hard. */
import fc from 'fast-check';
import { SiteRules } from '../../contract/rules.ts';
import type { RawRequest } from '../../core/shield/rules/request.ts';
import { operatorsOf } from '../../core/shield/rules/syntax.ts';
import type { Field } from '../../core/shield/rules/syntax.ts';

const values = {
  method: ['GET', 'POST', 'PUT'],
  host: ['forum.example', 'www.forum.example'],
  path: ['/', '/a', '/a/b', '/a b', '/wp-login.php', '/%', '/ü'],
  extension: ['php', 'b', ''],
  query: ['q=1', 'q=1 union', 'x', ''],
  'header:user-agent': ['curl', 'curl/8', 'Mozilla/5.0 (X11)', ''],
  'header:referer': ['https://forum.example/', 'https://'],
  'header:content-type': ['text/plain', 'application/json'],
  'header:origin': ['https://forum.example', ''],
  'header:accept-language': ['de', 'en-US'],
  network: ['127.0.0.0/8', '127.0.1.0/24', '127.0.2.0/23', '127.0.3.3', '0.0.0.0/0', '2001:db8::/32'],
  country: ['DE', 'FR', 'unknown'],
  asn: ['64500', '0'],
} as const satisfies Record<Field, readonly string[]>;

const fields = Object.keys(values).filter((name): name is Field => Object.hasOwn(values, name));

function written(field: Field, value: string): string {
  return field === 'network' || field === 'asn' ? value : JSON.stringify(value);
}

const comparison = fc.constantFrom(...fields).chain((field) =>
  fc
    .tuple(
      fc.constantFrom(...operatorsOf[field]),
      fc.uniqueArray(fc.constantFrom(...values[field]), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
    )
    .map(([operator, all, negated]) => {
      const fitting = operator === 'is' ? all : all.filter((value) => value !== '');
      const set = fitting.length === 0 ? [values[field][0]] : fitting;
      const name = field.startsWith('header:') ? `header("${field.slice('header:'.length)}")` : field;
      return `${name} ${negated ? 'not ' : ''}${operator} {${set.map((value) => written(field, value)).join(' ')}}`;
    }),
);

const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: comparison },
    { weight: 1, arbitrary: tie('any').map((one) => `not (${one})`) },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('any'), fc.constantFrom('and', 'or'), tie('any')).map(([a, how, b]) => `(${a} ${how} ${b})`),
    },
  ),
})).any;

/** Up to six rules, each a redirect that names itself, with at most as much `contains` as is allowed. */
export const arbitraryRules = fc
  .tuple(
    fc.array(condition, { minLength: 1, maxLength: 6 }),
    fc.constantFrom(null, null, null, { sentence: 'Back soon.', retryAfterSeconds: 60 }),
  )
  .filter(([conditions]) => conditions.join(' ').split(' contains ').length <= 4 && conditions.every((one) => one.length < 2000))
  .map(([conditions, maintenance]) =>
    SiteRules.parse({
      list: conditions.map((when, index) => ({
        ruleId: `r${index}`,
        when,
        enabled: true,
        then: { do: 'redirect', status: 302, to: `/to/${index}`, keepPath: false },
      })),
      headers: { answers: [], originSecret: null },
      maintenance,
    }),
  );

/** Requests that a client can send from 127.0.0.0/8. */
export const arbitraryRequest: fc.Arbitrary<RawRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH'),
  host: fc.constantFrom('forum.example', 'www.forum.example'),
  path: fc.constantFrom(
    '/',
    '/a',
    '/A',
    '/a/b',
    '/a%20b',
    '//a;x=1/b',
    '/wp-login.php',
    '/WP-LOGIN.php5',
    '/%25',
    '/%C3%BC',
    '/a/b.php',
    '/x/%2e/y',
    '/a%',
    '/a+b',
    '/a%1eb',
    '/.b',
  ),
  query: fc.constantFrom('', 'q=1', 'Q=1+union', 'q=1%20UNION', 'x=%zz', 'a=b&x'),
  headers: fc.record(
    {
      'user-agent': fc.constantFrom('curl/8.1', 'Mozilla/5.0 (X11)', 'CURL', 'xcurl'),
      referer: fc.constantFrom('https://forum.example/', 'https://other.example/'),
      'content-type': fc.constantFrom('text/plain', 'application/json; charset=utf-8'),
      origin: fc.constantFrom('https://forum.example', 'null'),
      'accept-language': fc.constantFrom('de', 'de-DE,de;q=0.8', 'en-US'),
    },
    { requiredKeys: [] },
  ),
  address: fc.constantFrom('47F000001', '47F000101', '47F000201', '47F000303', '47F010203'),
  country: fc.constantFrom('DE', 'FR', null),
  asn: fc.constantFrom(64500, null),
});
