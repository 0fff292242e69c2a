import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hostname, hostnameCovers, parseHostname, isDrill } from './hostname.ts';

const stored = (typed: string): string => {
  const result = parseHostname(typed);
  return result.ok ? result.hostname : `refused: ${result.why}`;
};

describe('a typed hostname becomes its stored form', () => {
  it.each([
    ['forum.example', 'forum.example'],
    ['Forum.EXAMPLE', 'forum.example'],
    ['forum.example.', 'forum.example'],
    ['  forum.example ', 'forum.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['*.forum.example', '*.forum.example'],
    ['*.Bücher.example.', '*.xn--bcher-kva.example'],
    ['日本語。example', 'xn--wgv71a119e.example'],
    ['localhost', 'localhost'],
  ])('%s → %s', (typed, expected) => {
    expect(stored(typed)).toBe(expected);
  });
});

describe('tricks are refused with a sentence', () => {
  it.each([
    [''],
    ['.'],
    ['forum'],
    ['forum..example'],
    ['.forum.example'],
    ['forum.example..'],
    ['forum.example:8080'],
    ['http://forum.example'],
    ['forum.example/path'],
    ['user@forum.example'],
    ['forum%2eexample.test'],
    ['forum\\example.test'],
    ['-forum.example'],
    ['forum-.example'],
    ['for_um.example'],
    ['192.0.2.1'],
    ['0x7f.1'],
    ['1.2'],
    ['[2001:db8::1]'],
    ['*.*.example'],
    ['a*.example'],
    ['*.'],
    ['foo.*.example'],
    ['p\u0430ypal.example'],
    [`${'a'.repeat(64)}.example`],
    [`${'a.'.repeat(130)}example`],
    ['forum.example\n'.repeat(2)],
    ['xn--.example'],
  ])('%j', (typed) => {
    const result = parseHostname(typed);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.why).toMatch(/\.$/);
  });
});

describe('the parser holds for any text', () => {
  it('what it accepts, the schema accepts, and parsing again changes nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.string({ unit: 'grapheme' })), (typed) => {
        const result = parseHostname(typed);
        if (!result.ok) return;
        expect(Hostname.parse(result.hostname)).toBe(result.hostname);
        expect(parseHostname(result.hostname)).toEqual(result);
        expect(result.hostname).toMatch(/^(\*\.)?[a-z0-9.-]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('a name that is not in stored form is no Hostname', () => {
    for (const text of ['Forum.example', 'forum.example.', 'bücher.example', 'forum.example ', '10.0.0.1']) {
      expect(Hostname.safeParse(text).success, text).toBe(false);
    }
  });
});

it('a wildcard covers names below its parent and not the parent', () => {
  const wild = Hostname.parse('*.forum.example');
  expect(hostnameCovers(wild, 'a.forum.example')).toBe(true);
  expect(hostnameCovers(wild, 'b.a.forum.example')).toBe(true);
  expect(hostnameCovers(wild, 'forum.example')).toBe(false);
  expect(hostnameCovers(wild, 'notforum.example')).toBe(false);
  expect(hostnameCovers(Hostname.parse('forum.example'), 'forum.example')).toBe(true);
});

it('a drill is what names drill hostnames and nothing else', () => {
  expect(isDrill(['forum-1.drill.example', 'drill.example'])).toBe(true);
  for (const names of [
    [],
    ['forum.example'],
    ['forum-1.drill.example', 'forum.example'],
    ['nodrill.example'],
    ['drill.example.org'],
  ])
    expect(isDrill(names)).toBe(false);
});
