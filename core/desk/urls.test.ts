import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artefactOfUrl, canonicalUrl, hostOfUrl, urlsInText } from './urls.ts';

describe('an evidence address', () => {
  it.each([
    ['HTTP://User:Pw@Forum.Example.:80/a/../b/%7euser?utm_source=x&b=2&a=1#top', 'https://forum.example/b/~user?a=1&b=2'],
    ['forum.example/threads/12', 'https://forum.example/threads/12'],
    ['//forum.example/threads/12', 'https://forum.example/threads/12'],
    ['hxxps://forum[.]example/t/1', 'https://forum.example/t/1'],
    ['<https://forum.example/t/1>', 'https://forum.example/t/1'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://forum.example/%2f%c3%bc', 'https://forum.example/%2F%C3%BC'],
    ['https://forum.example:8443/x', 'https://forum.example:8443/x'],
    ['forum.example:8443/x', 'https://forum.example:8443/x'],
    ['https://forum.example/?q=a+b', 'https://forum.example/?q=a%20b'],
    ['https://forum.example/?sid=123&PHPSESSID=9', 'https://forum.example/'],
    ['https://192.0.2.7/x', 'https://192.0.2.7/x'],
    ['https://[2001:DB8::1]/x', 'https://[2001:db8::1]/x'],
  ])('%s is %s', (typed, canonical) => expect(canonicalUrl(typed)).toBe(canonical));

  it.each([
    '',
    ' ',
    'javascript:alert(1)',
    'mailto:a@b.example',
    'ftp://forum.example/',
    'file:///etc/passwd',
    'https://',
    'https:forum.example',
    'no address',
    'data:text/html,x',
    'a'.repeat(5000),
  ])('“%s” is none', (typed) => expect(canonicalUrl(typed)).toBeNull());

  it('is the same whatever the order of its parameters and the case of its host', () => {
    const name = fc.constantFrom('a', 'b', 'page', 't', 'utm_medium', 'fbclid');
    const query = fc.array(fc.tuple(name, fc.constantFrom('1', '2', '%c3%bc')), { maxLength: 6 });
    const unique = (pairs: [string, string][]) => [...new Map(pairs)];
    fc.assert(
      fc.property(query, fc.nat(), (pairs, seed) => {
        const list = unique(pairs);
        const turned = [...list.slice(seed % (list.length + 1)), ...list.slice(0, seed % (list.length + 1))];
        const of = (host: string, from: [string, string][]) =>
          `https://${host}/x?${from.map((pair) => pair.join('=')).join('&')}`;
        expect(canonicalUrl(of('FORUM.example', turned))).toBe(canonicalUrl(of('forum.example.', list)));
      }),
    );
  });

  it('is its own canonical form, and no text breaks the parser', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string({ unit: 'grapheme' })),
        (typed) => {
          const canonical = canonicalUrl(typed);
          if (canonical !== null) expect(canonicalUrl(canonical)).toBe(canonical);
          hostOfUrl(typed);
          urlsInText(typed);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is short enough for an index', () => {
    const artefact = artefactOfUrl(canonicalUrl(`https://forum.example/${'a'.repeat(3900)}`) ?? '', () => 'hash');
    expect(artefact).toBe('url-sha256:hash');
  });
});

describe('addresses in a text', () => {
  it('are found without the punctuation around them', () => {
    expect(
      urlsInText(
        'See (https://forum.example/t/1), https://forum.example/wiki/A_(b)! hxxp://forum[.]example/x; and forum.example/t/2. Not this: and/or, e.g./x, jane@mail.example/x',
      ),
    ).toEqual(['https://forum.example/t/1', 'https://forum.example/wiki/A_(b)', 'hxxp://forum[.]example/x', 'forum.example/t/2']);
  });

  it.each(['a', 'a.', '.', 'http://', '(', ')', 'https://a.example/)', 'a.a.a/'])(
    'are looked for in linear time in “%s” many times',
    (unit) => {
      const begun = performance.now();
      urlsInText(unit.repeat(100_000 / unit.length));
      expect(performance.now() - begun).toBeLessThan(3000);
    },
  );
});
