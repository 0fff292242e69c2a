/**
 * The pages of the challenge and of its waiting line, as HAProxy templates, in one language each.
 *
 * The challenge stands at the address that was asked for; the waiting line carries that address from page to page. Everything that
 * HAProxy fills in is ours (tokens, numbers) or encoded by `url_enc`: letters, digits and percent signs, safe in an attribute.
 */
import type { ProviderPolicy } from '../../../contract/policy.ts';
import { html, literal } from './escape.ts';
import { inOneTemplate } from './in-one.ts';
import type { InOne } from './in-one.ts';
import { languages } from './languages.ts';
import { pageTemplate } from './layout.ts';
import type { PageWords } from './words.ts';

/** Pages of the waiting line, by the name of their files. */
export const waitPages = {
  wait: { status: 200 },
  'wait-full': { status: 503 },
  'wait-cookies': { status: 403 },
  'wait-used': { status: 200 },
} as const;
export type WaitPage = keyof typeof waitPages;

const waitPath = '/.well-known/portcullis/wait';
const back = '%[var(txn.back),url_enc]';
const start = `${waitPath}?r=${back}`;

const paragraph = (text: string) => `<p>${literal(html(text))}</p>`;
const link = (target: string, text: string, more = '') => `<p><a href="${target}"${more}>${literal(html(text))}</a></p>`;

function challengePage(words: PageWords, provider: ProviderPolicy): string {
  const text = words.challenge;
  const said = (name: string, sentence: string) => ` data-${name}="${literal(html(sentence))}"`;
  return pageTemplate({
    words,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title: text.title,
    kind: 'plain',
    bodyAttributes: ` data-token="%[var(txn.token)].%[var(txn.signature)]" data-target="%[var(txn.target)]" data-strong="%[var(txn.strong)]" data-method="%[method]" data-kept="%[var(txn.kept)]" data-deliver="%[var(txn.deliver),url_enc]"`,
    body: [
      `<h1>${literal(html(text.title))}</h1>`,
      paragraph(text.what(provider.name)),
      paragraph(text.why),
      '<p><strong>%[var(txn.note)]</strong></p>',
      `<p id="form" hidden>${literal(html(text.form))}</p>`,
      `<progress id="progress" max="1" hidden aria-label="${literal(html(text.working))}"></progress>`,
      `<p id="status" role="status"${said('working', text.working)}${said('half', text.half)}${said('done', text.done)}${said('failed', text.failed)}${said('slow', text.slow)}${said('form', text.formDone)}${said('cookies', text.cookies)}></p>`,
      `<button id="again" hidden>${literal(html(text.again))}</button>`,
      `<noscript>${paragraph(text.noScript)}</noscript>`,
      paragraph(text.door),
      link(start, text.doorLink, ' id="wait"'),
      `<p id="frame" hidden>${literal(html(text.frame))} <a target="_blank" rel="noopener" href="">${literal(html(text.frameLink))}</a></p>`,
      paragraph(text.privacy),
    ].join(''),
    end: '<script src="/.well-known/portcullis/challenge.js"></script>',
  });
}

/** The challenge in all languages: one template, and its words. */
export function challengeInOne(provider: ProviderPolicy): InOne {
  const inOne = inOneTemplate(new Map(languages.map((words) => [words.language, challengePage(words, provider)])));
  return { ...inOne, words: inOne.words + keptWords() };
}

/** What became of a form, beside the pieces of the page: rows `language.kept`, `.long`, `.unkept`. */
function keptWords(): string {
  const rows = languages.flatMap(({ language, kept }) =>
    (['kept', 'long', 'unkept'] as const).map((name) => `${language}.${name} ${html(kept[name])}\n`),
  );
  return rows.join('');
}

/** How many pieces of it differ by language, whoever the provider is. */
export function challengePieces(): number {
  return challengeInOne({ kind: 'provider', name: '-', publicUrl: 'https://provider.example' }).pieces;
}

export function waitPage(page: WaitPage, words: PageWords, provider: ProviderPolicy): string {
  const text = words.wait;
  const next = `${waitPath}?t=%[var(txn.place)].%[var(txn.proof)]&amp;r=${back}`;
  const filled = (sentence: string) =>
    literal(html(sentence)).replace('{hop}', '%[var(txn.hop)]').replace('{seconds}', '%[var(txn.left)]');
  const parts = {
    wait: {
      title: text.title,
      body: [
        `<meta http-equiv="refresh" content="%[var(txn.left)];url=${next}">`,
        `<h1>${filled(text.title)}</h1><p>${filled(text.what)}</p>`,
        link(next, text.next),
        paragraph(text.nothing),
      ],
    },
    'wait-full': {
      title: text.fullTitle,
      body: [
        `<meta http-equiv="refresh" content="10;url=${start}">`,
        `<h1>${literal(html(text.fullTitle))}</h1>`,
        paragraph(text.full),
        link(start, text.fullLink),
      ],
    },
    'wait-cookies': {
      title: text.cookiesTitle,
      body: [
        `<h1>${literal(html(text.cookiesTitle))}</h1>`,
        ...text.cookies.map(paragraph),
        link(start, text.cookiesLink),
        link('%[var(txn.back)]', text.newWindow, ' target="_blank" rel="noopener"'),
      ],
    },
    'wait-used': {
      title: text.usedTitle,
      body: [
        `<h1>${literal(html(text.usedTitle))}</h1>`,
        paragraph(text.used),
        link('%[var(txn.back)]', text.onward),
        link(start, text.anew),
      ],
    },
  }[page];
  return pageTemplate({
    words,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title: parts.title,
    kind: 'plain',
    body: parts.body.join(''),
  }).replace('{hop}', '%[var(txn.hop)]');
}
