/**
 * The frame around every page of the edge: one style sheet, one mark, no request to anywhere.
 *
 * The style stands inside the page and is admitted by its hash, so the page needs nothing else from a host that may be withdrawn.
 * A page with its headers must fit one HAProxy buffer of 16 KB (edge-measured.md): keep it small. No runs of spaces, because
 * HAProxy's templates shorten them and the hash would no longer fit. Colours are those of web/ui/tokens.css, light and dark.
 */
import { createHash } from 'node:crypto';
import { html, literal } from './escape.ts';
import type { PageWords } from './words.ts';

const light = '--paper:#f8f7f3;--ink:#1b1a17;--soft:#524f48;--line:#dddad1;--accent:#0b5f57;--alarm:#a8281a';
const dark = '--paper:#141412;--ink:#ebe9e2;--soft:#b6b2a7;--line:#34332e;--accent:#62c8ba;--alarm:#ff9583';

export const pageStyle = [
  `:root{color-scheme:light dark;${light}}`,
  `@media(prefers-color-scheme:dark){:root{${dark}}}`,
  'body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}',
  'main{max-inline-size:40rem;margin:8vh auto;padding:0 1.25rem}',
  'h1{font-size:1.6rem;line-height:1.25;margin:.4em 0 .6em}',
  'svg{inline-size:2.5rem;block-size:2.5rem;stroke:var(--accent)}.notice svg{stroke:var(--alarm)}',
  'a{color:var(--accent)}a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}',
  'dl{border-block:1px solid var(--line);padding-block:.5rem;margin:1.25rem 0}dt{color:var(--soft);margin-block-start:.6rem}dd{margin:0;overflow-wrap:anywhere}',
  'progress{inline-size:100%;block-size:.75rem;accent-color:var(--accent)}',
  'footer{color:var(--soft);font-size:.9rem;margin-block-start:2rem}code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}',
].join('');

/** For the Content-Security-Policy of every page: this one style sheet and nothing else. */
export const styleSource = `'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`;

const mark =
  '<svg viewBox="0 0 32 32" fill="none" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M4 30V15a12 12 0 0 1 24 0v15" stroke-width="3"/><path d="M10.500 5.500V21M16 3.500V21M21.500 5.500V21M5 10.500h22M4.500 16h23"/></svg>';

export type PageParts = {
  readonly words: PageWords;
  readonly provider: string;
  readonly publicUrl: string;
  readonly title: string;
  /** Template text: already escaped, may hold HAProxy expressions. */
  readonly body: string;
  readonly kind: 'notice' | 'plain';
  /** Attributes of `body` and elements at its end; template text. */
  readonly bodyAttributes?: string;
  readonly end?: string;
};

/** A whole page as a HAProxy template. */
export function pageTemplate(parts: PageParts): string {
  const { words } = parts;
  return [
    `<!doctype html><html lang="${words.language}" dir="${words.direction}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">',
    `<title>${literal(html(parts.title))}</title><style>${literal(pageStyle)}</style></head>`,
    `<body${parts.bodyAttributes ?? ''}><main${parts.kind === 'notice' ? ' class="notice"' : ''}>${mark}`,
    parts.body,
    `<footer><p>${literal(html(words.servedBy(parts.provider)))}</p>`,
    `<p>${literal(html(words.reference))} <code>%[unique-id]</code> · <a href="${literal(html(`${parts.publicUrl}/help`))}">${literal(html(words.help))}</a></p></footer>`,
    `</main>${parts.end ?? ''}</body></html>\n`,
  ].join('');
}
