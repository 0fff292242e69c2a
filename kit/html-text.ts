/**
 * The words of an HTML page as plain text: what a person reads, in order, without anything that acts.
 *
 * Not a parser of HTML: a scanner in one pass, linear in the length, that never throws. Scripts, styles, comments and what is in attributes
 * are left out, except the descriptions of pictures and where links lead, which are evidence. Hidden text is shown: here it is
 * better to read too much. Hazard: markup that browsers repair in strange ways may give words in another order than on the screen.
 */

const block = new Set(
  (
    'address article aside blockquote br dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr ' +
    'li main nav ol p pre section summary table tbody td tfoot th thead title tr ul'
  ).split(' '),
);
/** Elements whose content is no text; up to the closing tag, or to the end when there is none. */
const silent = new Set(['script', 'style', 'template', 'svg', 'math', 'object', 'iframe']);

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  copy: '©',
  reg: '®',
  trade: '™',
  euro: '€',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
  ntilde: 'ñ',
};

/** At most `mostCharacters` of a page's text; lines are trimmed, empty ones joined. */
export function textOfHtml(html: string, mostCharacters: number): string {
  const parts: string[] = [];
  // Letters of ASCII only: other letters may change their length, and then no position would fit.
  const lower = html.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let at = 0;
  let size = 0;
  const add = (text: string) => {
    parts.push(text);
    size += text.length;
  };
  while (at < html.length && size < mostCharacters * 2) {
    const open = html.indexOf('<', at);
    if (open === -1) {
      add(decodeEntities(html.slice(at)).replaceAll(/\s+/g, ' '));
      break;
    }
    if (open > at) add(decodeEntities(html.slice(at, open)).replaceAll(/\s+/g, ' '));
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4);
      at = end === -1 ? html.length : end + 3;
      continue;
    }
    const name = /^<\/?([a-z][a-z0-9]{0,30})/.exec(lower.slice(open, open + 34))?.[1];
    if (name === undefined && !/^<[!?/]/.test(html.slice(open, open + 2))) {
      add('<');
      at = open + 1;
      continue;
    }
    const end = endOfTag(html, open);
    const closing = html[open + 1] === '/';
    if (name !== undefined && block.has(name)) add('\n');
    if (name === 'img' || name === 'a' || name === 'area') add(described(name, html.slice(open, end)));
    at = end;
    if (name !== undefined && !closing && silent.has(name) && html[end - 2] !== '/') {
      const close = lower.indexOf(`</${name}`, end);
      at = close === -1 ? html.length : endOfTag(html, close);
    }
  }
  return tidy(parts.join('')).slice(0, mostCharacters);
}

/** Blank lines joined, spaces at ends of lines taken away. */
function tidy(text: string): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.replaceAll(/[\t\f\r ]+/g, ' ').trim();
    if (trimmed !== '' || (lines.length > 0 && lines.at(-1) !== '')) lines.push(trimmed);
  }
  return lines.join('\n').trim();
}

/** Just behind the `>` that ends the tag; a `>` in quotes does not. A quote that never ends is taken as none, within 4,000 characters. */
function endOfTag(html: string, open: number): number {
  let quote = '';
  const most = Math.min(html.length, open + 4000);
  for (let at = open + 1; at < most; at += 1) {
    const symbol = html[at] ?? '';
    if (quote !== '') {
      if (symbol === quote) quote = '';
    } else if (symbol === '>') return at + 1;
    else if ((symbol === '"' || symbol === "'") && html[at - 1] === '=') quote = symbol;
  }
  const plain = html.indexOf('>', open);
  return plain === -1 ? html.length : plain + 1;
}

function described(name: string, tag: string): string {
  const wanted = name === 'img' ? /\balt\s*=\s*("[^"]*"|'[^']*')/i : /\bhref\s*=\s*("[^"]*"|'[^']*')/i;
  const value = decodeEntities(wanted.exec(tag)?.[1]?.slice(1, -1) ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (value === '') return '';
  if (name === 'img') return ` [picture: ${value}] `;
  return /^https?:/i.test(value) ? ` [link: ${value}] ` : '';
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,8});?/gi, (whole, body: string) => {
    if (!body.startsWith('#')) return named[body] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
    const printable = code >= 32 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && !(code >= 127 && code < 160);
    return printable ? String.fromCodePoint(code) : ' ';
  });
}
