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

const light = '--p:#f8f7f3;--i:#1b1a17;--a:#0b5f57;--n:#a8281a';
const dark = '--p:#141412;--i:#ebe9e2;--a:#62c8ba;--n:#ff9583';

/** Short names and few rules: HAProxy copies a template byte by byte, and this was a tenth of a notice's cost (bench/README.md). */
export const pageStyle = [
  `:root{color-scheme:light dark;${light}}`,
  `@media(prefers-color-scheme:dark){:root{${dark}}}`,
  'body{background:var(--p);color:var(--i);font:1.0625rem/1.55 system-ui,sans-serif;max-inline-size:40rem;margin:8vh auto;padding:0 1.25rem}',
  'h1{line-height:1.25}a,svg{color:var(--a)}.n svg{color:var(--n)}',
  'dt{margin-top:.6rem;font-size:.9em}dd{margin:0}dd,code{overflow-wrap:anywhere}progress{inline-size:100%;accent-color:var(--a)}',
].join('');

/** For the Content-Security-Policy of every page: this one style sheet and nothing else. */
export const styleSource = `'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`;

const mark =
  '<svg width="40" viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.5" aria-hidden="true"><path d="M4 30V15a12 12 0 0 1 24 0v15M10.500 5v16M16 3v18M21.500 5v16M5 10.500h22M4 16h24"/></svg>';

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
  const direction = words.direction === 'ltr' ? '' : ` dir="${words.direction}"`;
  return [
    `<!doctype html><html lang="${words.language}"${direction}><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${literal(html(parts.title))}</title><style>${literal(pageStyle)}</style>`,
    `<body${parts.kind === 'notice' ? ' class="n"' : ''}${parts.bodyAttributes ?? ''}><main>${mark}`,
    parts.body,
    `<p>${literal(html(words.servedBy(parts.provider)))}</p>`,
    `<p>${literal(html(words.reference))} <code>%[unique-id]</code> · <a href="${literal(html(`${parts.publicUrl}/help`))}">${literal(html(words.help))}</a></p>`,
    `</main>${parts.end ?? ''}</body></html>\n`,
  ].join('');
}
