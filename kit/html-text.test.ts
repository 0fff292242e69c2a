/** Words of pages: what is read, what is left out, and that no page is too strange to be read in time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfHtml } from './html-text.ts';

describe('the text of a page', () => {
  it('is what people read, in lines, with pictures and links described', () => {
    const page = `<!doctype html><html><head><title>A &amp; B</title><style>p{color:red}</style></head>
      <body><h1>Thread</h1><p>One <b>bold</b>&nbsp;word.<br>Next&#33; line</p><!-- hidden <p>note</p> -->
      <img src=x alt="a picture of a door"><a href="https://forum.example/t/1">there</a>
      <script>if (1 < 2) document.write("<p>ran</p>")</script><ul><li>first<li>second</ul></body></html>`;
    expect(textOfHtml(page, 10_000)).toBe(
      'A & B\n\nThread\n\nOne bold word.\nNext! line\n[picture: a picture of a door] [link: https://forum.example/t/1] there\n\nfirst\nsecond',
    );
  });

  it('leaves out scripts also when they never end, and takes a lone < as a letter', () => {
    expect(textOfHtml('1 < 2 <script>never ends', 100)).toBe('1 < 2');
    expect(textOfHtml('<a href="x>y" title=\'<\'>words</a>', 100)).toBe('words');
    expect(textOfHtml('&lt;script&gt; &#x1F600; &#0; &unknown;', 100)).toBe('<script> 😀 &unknown;');
  });

  it('has no tag in it, never throws and is never longer than asked, whatever comes in', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<',
        '>',
        '<!--',
        '-->',
        '</',
        '<p>',
        '<script>',
        '</script>',
        '"',
        "'",
        '=',
        '&',
        '&#',
        ';',
        '<svg/>',
        'İ',
        '\0',
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = textOfHtml(pieces.join(''), 50);
        expect(text.length).toBeLessThanOrEqual(50);
        expect(text).not.toMatch(/<script>/);
      }),
    );
  });

  it('takes time in proportion to the length, also of pages made to be slow', () => {
    for (const slow of ['<', '<a', '<!--', '&#', '<a href="', '</script', '<script>']) {
      const began = performance.now();
      textOfHtml(slow.repeat(2_000_000 / slow.length), 300_000);
      expect(performance.now() - began, slow).toBeLessThan(5000);
    }
  });
});
