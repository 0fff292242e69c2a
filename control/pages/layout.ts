/**
 * The frame around every public page: mark, provider, navigation, foot. No script, no third party, no cookie.
 *
 * Everything in a template is escaped by hono/html; `Piece` is text that is markup already.
 */
import { html } from 'hono/html';
import type { Assets } from './assets.ts';
import type { Words } from './words/index.ts';
import { reportWordsFor } from './words/report/index.ts';

export type Piece = ReturnType<typeof html>;

export type Frame = { readonly words: Words; readonly provider: string; readonly assets: Assets };

export type PageBody = {
  readonly title: string;
  /** Which entry of the navigation this is. */
  readonly at: 'status' | 'decisions' | 'report' | 'help' | 'appeal' | 'none';
  readonly body: Piece;
  /** Where the same is found as JSON. */
  readonly dataPath?: string;
  /** Where the same is found as an Atom feed. */
  readonly feedPath?: string;
  /** Not for search engines: errors and answers to a slip. */
  readonly unlisted?: boolean;
  /** Holds what somebody typed or may see alone: stored nowhere, listed nowhere. */
  readonly private?: boolean;
  /** Replaces the foot's sentence where it would not be true, such as on a page that keeps a cookie. */
  readonly foot?: string;
};

/** The same drawing as web/ui/mark.svg, coloured by the page's own style. */
const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" stroke-linejoin="round">
  <path d="M4 30V15a12 12 0 0 1 24 0v15" stroke-width="3" stroke-linecap="square" />
  <path d="M10.5 5.5V21M16 3.5V21M21.5 5.5V21M5 10.5h22M4.5 16h23" stroke-width="2" />
  <path class="tips" d="M10.5 24.500l-1.700-3.500h3.400zM16 24.500l-1.700-3.500h3.400zM21.500 24.500l-1.700-3.500h3.400z" />
</svg>`;

/** A whole page. */
export function layout(frame: Frame, page: PageBody): Piece {
  const { words, provider, assets } = frame;
  const link = (at: PageBody['at'], href: string, text: string) =>
    page.at === at
      ? html`<li><a href="${href}" aria-current="page">${text}</a></li>`
      : html`<li><a href="${href}">${text}</a></li>`;
  const title = page.title === provider || page.title.startsWith(`${provider}:`) ? page.title : `${page.title} · ${provider}`;
  return html`<!doctype html>
    <html lang="${words.language}" dir="${words.direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${page.unlisted === true || page.private === true ? html`<meta name="robots" content="noindex" />` : ''}
        <title>${title}</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        ${assets.fontPaths.map((path) => html`<link rel="preload" href="${path}" as="font" type="font/woff2" crossorigin />`)}
        <link rel="stylesheet" href="${assets.stylePath}" />
        ${page.dataPath === undefined ? '' : html`<link rel="alternate" type="application/json" href="${page.dataPath}" />`}
        ${page.feedPath === undefined ? '' : html`<link rel="alternate" type="application/atom+xml" href="${page.feedPath}" />`}
      </head>
      <body>
        <a class="skip" href="#page">${words.frame.skip}</a>
        <header class="masthead">
          <div class="column">
            <a class="brand" href="/">${mark}<span>${provider}</span></a>
            <nav aria-label="${words.frame.navigation}">
              <ul>
                ${link('status', '/', words.frame.status)} ${link('decisions', '/decisions', words.frame.decisions)}
                ${link('report', '/report', reportWordsFor(words.language).nav)} ${link('help', '/help', words.frame.help)}
                ${link('appeal', '/appeal', words.frame.appeal)}
              </ul>
            </nav>
          </div>
        </header>
        <main id="page" tabindex="-1"><div class="column">${page.body}</div></main>
        <footer class="foot">
          <div class="column">
            <p>${page.foot ?? words.frame.software(provider)}</p>
            <p>
              ${page.feedPath === undefined ? '' : html`<a href="${page.feedPath}">${words.frame.feed}</a> · `}
              ${page.dataPath === undefined ? '' : html`<a href="${page.dataPath}">${words.frame.data}</a> · `}
              <a href="/console/" rel="nofollow">${words.frame.signIn}</a>
            </p>
          </div>
        </footer>
      </body>
    </html>`;
}

/** A state: a shape and a word. */
export function stateMark(
  shape: 'full' | 'half' | 'ring' | 'tick',
  tone: 'alarm' | 'good' | 'caution' | 'over',
  word: string,
): Piece {
  const drawing = {
    full: html`<circle class="full" cx="8" cy="8" r="6" />`,
    half: html`<circle cx="8" cy="8" r="6" /><path class="full" d="M8 2a6 6 0 0 1 0 12z" />`,
    ring: html`<circle cx="8" cy="8" r="6" />`,
    tick: html`<path d="M2 8.500l4 4L14 3.500" />`,
  }[shape];
  return html`<span class="state ${tone}"><svg viewBox="0 0 16 16" aria-hidden="true">${drawing}</svg>${word}</span>`;
}
