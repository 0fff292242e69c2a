/** The rules' language: what it reads, how it tells mistakes, and that compiled rules decide as the written ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rule } from '../../../contract/rules.ts';
import { compileRules, run, TooComplex } from './compile.ts';
import { activeRules, allNetworkData, decide, holds } from './evaluate.ts';
import { parseCondition } from './parse.ts';
import { arbitraryRequest, arbitraryRules } from '../../../tests/harness/rules.ts';
import type { RawRequest } from './request.ts';
import { ruleRequest } from './request.ts';

const request = (changes: Partial<RawRequest> = {}): RawRequest => ({
  method: 'GET',
  host: 'forum.example',
  path: '/',
  query: '',
  headers: {},
  address: '4C0000207',
  country: null,
  asn: null,
  ...changes,
});

function isTrue(text: string, raw: Partial<RawRequest> = {}): boolean {
  const parsed = parseCondition(text);
  const made = ruleRequest(request(raw));
  if (parsed.kind === 'mistake') throw new Error(parsed.mistake.message);
  if (made === null) throw new Error('ambiguous');
  return holds(parsed.condition, made);
}

const rules = (...conditions: string[]) =>
  conditions.map((when, index) => Rule.parse({ ruleId: `r${index}`, when, enabled: true, then: { do: 'deny' } }));

describe('a condition', () => {
  it.each<[string, Partial<RawRequest>]>([
    ['method in {"POST" "PUT"} and path starts "/wp-login"', { method: 'PUT', path: '/wp-login.php' }],
    ['not network in 192.0.2.0/29', { address: '4C0000208' }],
    ['network in {192.0.2.0/29, 2001:db8::/33}', { address: '620010DB8000000000000000000000001' }],
    ['header("user-agent") contains "curl"', { headers: { 'user-agent': 'Mozilla CURL/8' } }],
    ['path is "/a b/ü"', { path: '/A%20b/%C3%BC' }],
    ['path starts "/admin/"', { path: '//admin;x=1/y' }],
    ['extension is "php" and not extension is ""', { path: '/x.PHP' }],
    ['extension is ""', { path: '/x.d/y' }],
    ['query contains "union select"', { query: 'q=1%20UNION+select' }],
    ['country not in {"de" "AT"} or asn is AS64500', { country: 'FR' }],
    ['asn in {64500, 64501}', { asn: 64501 }],
    ['country is "unknown" and asn is 0', {}],
    ['(path is "/a" or path is "/b") and not (method is "GET" or method is "HEAD")', { path: '/b', method: 'POST' }],
    ['path is "/a" or path is "/b" and method is "POST"', { path: '/a' }],
    ['host is "Forum.example."', {}],
    ['header("referer") is ""', {}],
    ['path not starts "/api"', {}],
  ])('%s', (text, raw) => {
    expect(isTrue(text, raw)).toBe(true);
  });

  it.each<[string, Partial<RawRequest>]>([
    ['path is "/a"', { path: '/a/' }],
    ['path starts "/b"', { path: '/a/b' }],
    ['network in 192.0.2.0/29', { address: '4C0000208' }],
    ['header("user-agent") is "x"', {}],
  ])('not %s', (text, raw) => {
    expect(isTrue(text, raw)).toBe(false);
  });

  it.each([
    ['', 0, /ends where a comparison/, null],
    ['pth is "/a"', 0, /There is no “pth”/, 'path'],
    ['path = "/a"', 5, /uses words/, 'is'],
    ['path begins "/a"', 5, /one of is, in, starts, contains/, null],
    ['path is /a', 8, /cannot be read/, null],
    ['path is "a"', 8, /begins with a slash/, '"/a"'],
    ['method starts "P"', 7, /cannot be asked/, 'is'],
    ['header("user-agnt") is "x"', 7, /cannot read the header/, '"user-agent"'],
    ['user-agent is "x"', 0, /written as header/, 'header("user-agent")'],
    ['network in "192.0.2.0/24"', 11, /without quotation/, '192.0.2.0/24'],
    ['network in 192.0.2.0/33', 11, /written as/, null],
    ['path is "/a" an method is "GET"', 13, /“and”, “or” or the end/, 'and'],
    ['(path is "/a"', 13, /“\)” is missing/, ')'],
    ['path in {"/a"', 8, /never closed/, '}'],
    ['path in {}', 8, /at least one/, null],
    ['path is "/a', 8, /never closed/, null],
    ['country is "Germany"', 11, /two letters/, null],
    ['extension is ".php"', 13, /without the dot/, '"php"'],
    ['path is "/a/../b"', 8, /never be true/, null],
    ['asn is "64500"', 7, /AS number/, '64500'],
    ['path contains ""', 14, /empty text/, null],
    [`${'not '.repeat(30)}path is "/"`, 68, /nest at most/, null],
    [`path is "/${'a'.repeat(2000)}"`, 2000, /at most 2000 characters/, null],
  ])('%s is told where it is wrong', (text, start, message, suggestion) => {
    const parsed = parseCondition(text);
    if (parsed.kind !== 'mistake') throw new Error('it was read');
    expect(parsed.mistake).toMatchObject({ start, suggestion });
    expect(parsed.mistake.message).toMatch(message);
  });

  it('of any text is read or refused, never worse, and a mistake stands within the text or at its end', () => {
    const words = fc.constantFrom(
      'path',
      'is',
      'in',
      'not',
      'and',
      'or',
      '(',
      ')',
      '{',
      '}',
      '"/a"',
      '"',
      'header',
      'network',
      '192.0.2.0/24',
      '=',
      '\\',
      'ü',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(words).map((parts) => parts.join(' ')),
        ),
        (text) => {
          const parsed = parseCondition(text);
          if (parsed.kind === 'condition') return;
          expect(parsed.mistake.start).toBeGreaterThanOrEqual(0);
          expect(parsed.mistake.start).toBeLessThanOrEqual(text.length);
          expect(parsed.mistake.end).toBeGreaterThan(parsed.mistake.start);
        },
      ),
    );
  });
});

describe('compiled rules', () => {
  it('decide every request as the written ones', () => {
    fc.assert(
      fc.property(arbitraryRules, fc.array(arbitraryRequest, { minLength: 5, maxLength: 20 }), (list, requests) => {
        const active = activeRules(list.list, allNetworkData);
        const machine = compileRules(active, list.maintenance);
        for (const raw of requests) {
          const made = ruleRequest(raw);
          if (made === null) continue;
          const written = decide(active, list.maintenance, made);
          const compiled = run(machine, made);
          expect([compiled.verdict, compiled.rule?.ruleId]).toEqual([written.verdict, written.rule?.ruleId]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('on different fields add up: a hundred independent rules stay small', () => {
    const list = rules(
      ...Array.from({ length: 40 }, (_, index) => `path starts "/p${index}/" and method is "POST"`),
      ...Array.from({ length: 20 }, (_, index) => `header("user-agent") starts "bot${index}"`),
      ...Array.from({ length: 20 }, (_, index) => `network in 192.0.2.${index * 8}/29 and path is "/x${index}"`),
      'country in {"AA" "BB"}',
      'query contains "union select"',
      'header("user-agent") contains {"sqlmap" "nikto"}',
    );
    const machine = compileRules(activeRules(list, allNetworkData), null);
    expect(machine.entries.size).toBeLessThan(2500);
    expect(machine.reads).toBe('pmqunc'.concat('w'));
  });

  it('that would grow without bound are refused in a sentence', () => {
    const list = rules(
      ...Array.from(
        { length: 60 },
        (_, index) =>
          `path starts "/p${index}" and query starts "q${index % 7}" and header("user-agent") starts "u${index % 11}" and header("referer") starts "f${index % 13}"`,
      ),
      ...Array.from(
        { length: 30 },
        (_, index) =>
          `query starts "z${index}" and header("user-agent") starts "v${index % 11}" and header("referer") starts "h${index % 13}" and method is "M${'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF'[index]}"`,
      ),
    );
    expect(() => compileRules(activeRules(list, allNetworkData), null)).toThrow(TooComplex);
    expect(() =>
      compileRules(
        activeRules(rules(...Array.from({ length: 5 }, (_, index) => `path contains "${index}"`)), allNetworkData),
        null,
      ),
    ).toThrow(/“contains”/);
  });

  it('that ask for a country are inert without such data, whatever they do', () => {
    const list = rules('country not in {"DE"}', 'path is "/x"');
    expect(activeRules(list, { countries: false, asns: true }).map(({ rule }) => rule.ruleId)).toEqual(['r1']);
  });
});
