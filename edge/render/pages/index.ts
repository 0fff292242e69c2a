/**
 * Page files: what the skeleton's `lf-file` and `file` directives name, in the three forms in which an edge answers.
 *
 * HTML for people, `application/problem+json` (RFC 9457) for programs that ask for JSON, plain text for everything else. Files that
 * hold HAProxy expressions are templates; scripts are sent as they are. What belongs to one site is never here.
 * Changing a page or the provider's name is a reload; the agent compares bytes to know.
 */
import { readFileSync } from 'node:fs';
import type { ProviderPolicy } from '../../../contract/policy.ts';
import { noticeTextLines } from '../notice.ts';
import { html, line, literal } from './escape.ts';
import { botsFile, botsSpoe } from '../spoe.ts';
import { pageTemplate } from './layout.ts';
import { challengeInOne, waitPage, waitPages } from './challenge.ts';
import { strongFileBytes } from './strong-files.ts';
import type { WaitPage } from './challenge.ts';
import { english, languages } from './languages.ts';
import type { PageWords, StandingPage } from './words.ts';
import { standingPages } from './words.ts';

export { waitPages } from './challenge.ts';
export type { WaitPage } from './challenge.ts';
const waitPageNames = Object.keys(waitPages).filter((name): name is WaitPage => Object.hasOwn(waitPages, name));

export const pageForms = ['html', 'json', 'txt'] as const;
export type PageForm = (typeof pageForms)[number];

/** Status and `Portcullis-Action` of each standing page: what the skeleton sends with it and what its JSON form repeats. */
export const standing = {
  unknown: { status: 421, action: 'unknown' },
  ambiguous: { status: 400, action: 'ambiguous' },
  deny: { status: 403, action: 'deny' },
  'rule-deny': { status: 403, action: 'deny' },
  gate: { status: 401, action: 'password' },
  maintenance: { status: 503, action: 'maintenance' },
  limit: { status: 429, action: 'limit' },
  busy: { status: 503, action: 'limit' },
  'form-send': { status: 200, action: 'form' },
  'form-used': { status: 409, action: 'form' },
  'form-gone': { status: 410, action: 'form' },
  'form-again': { status: 503, action: 'form' },
  'form-unsure': { status: 502, action: 'form' },
  'no-key': { status: 503, action: 'unavailable' },
  'not-ours': { status: 404, action: 'not-found' },
  'origin-bad': { status: 502, action: 'origin-error' },
  'origin-down': { status: 503, action: 'origin-error' },
  'origin-slow': { status: 504, action: 'origin-error' },
  malformed: { status: 400, action: 'malformed' },
  timeout: { status: 408, action: 'timeout' },
} as const satisfies Record<StandingPage, { status: number; action: string }>;

/** The challenge is one template with its words beside it (in-one.ts). */
export const challengeFiles = { page: 'challenge.html', words: 'challenge.words' } as const;

/** The name of a page's HTML file in one language. */
export function pageFile(name: string, language: string): string {
  return language === english.language ? `${name}.html` : `${name}.${language}.html`;
}

/** Files of pages by name: text, or bytes that are sent as they are. */
export type PageFiles = Readonly<Record<string, string | Uint8Array>>;

/** Every file of the pages folder, by name. Reads the scripts beside this file and those of libraries; otherwise a pure function of the provider. */
export function renderPages(provider: ProviderPolicy): PageFiles {
  return { ...strongFileBytes(), [botsFile]: botsSpoe(), ...ownPages(provider) };
}

function ownPages(provider: ProviderPolicy): Record<string, string> {
  const files: Record<string, string> = {
    'challenge.js': script('challenge.js'),
    'worker.js': script('worker.js'),
    'notice.json': `{"reference":"%[unique-id]",%[var(txn.notice)]}\n`,
    'notice.txt': noticeText(),
    'bots.json': botProblem(provider),
    'challenge.json': challengeProblem(provider, 403),
    'challenge-later.json': challengeProblem(provider, 429),
  };
  const challenge = challengeInOne(provider);
  files[challengeFiles.page] = challenge.template;
  files[challengeFiles.words] = challenge.words;
  for (const words of languages) {
    for (const page of waitPageNames) files[pageFile(page, words.language)] = waitPage(page, words, provider);
    files[pageFile('notice', words.language)] = noticePage(words, provider);
    for (const name of standingPages) files[pageFile(name, words.language)] = standingPage(name, words, provider);
  }
  for (const name of standingPages) {
    const { title, lines } = english.standing[name];
    const said = saidOn(name);
    files[`${name}.all.html`] = pageInAllLanguages(name, provider);
    files[`${name}.json`] = problem(
      provider,
      standing[name].status,
      standing[name].action,
      title,
      lines,
      said === '' ? '' : `,"owner":"${said}"`,
    );
    files[`${name}.txt`] = plainText(title, lines, said === '' ? '' : `${said}\n`);
  }
  return files;
}

function challengeProblem(provider: ProviderPolicy, status: number): string {
  return problem(provider, status, 'challenge', english.challenge.title, [
    english.challenge.what(provider.name),
    'Open the site in a browser first, then repeat this request with the cookie that it gets.',
  ]);
}

/** For whoever runs a bot: why its signature was not enough. */
function botProblem(provider: ProviderPolicy): string {
  const detail = `Requests with a key that ${provider.name} knows pass when their signature holds (RFC 9421, tag web-bot-auth). This one was refused for the reason that stands here.`;
  return problem(
    provider,
    403,
    'challenge',
    'This request’s signature was not accepted',
    [detail],
    ',"reason":"%[var(txn.bot.verdict)]"',
  );
}

/** What the owner says on the page for planned work, escaped for each form (edge/render/rules.ts). */
function saidOn(name: StandingPage): string {
  return name === 'maintenance' ? '%[var(txn.sentence)]' : '';
}

function standingPage(name: StandingPage, words: PageWords, provider: ProviderPolicy): string {
  const { title, lines } = words.standing[name];
  const said = saidOn(name);
  return pageTemplate({
    words,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title,
    kind: 'plain',
    body: `${literal(`<h1>${html(title)}</h1>`)}${said === '' ? '' : `<p dir="auto">${said}</p>`}${literal(lines.map((text) => `<p>${html(text)}</p>`).join(''))}${formPart(name, words)}`,
  });
}

/** What can be done about a kept form: send it, or go on to the page that it was for. Both addresses were checked (skeleton/keep.ts). */
function formPart(name: StandingPage, words: PageWords): string {
  if (name === 'form-send' || name === 'form-again') {
    return `<form method="post" action="%[var(txn.deliver)]"><button>${literal(html(words.kept.send))}</button></form>`;
  }
  if (name === 'form-used' || name === 'form-gone' || name === 'form-unsure')
    return `<p><a href="%[var(txn.href)]">${literal(html(words.wait.onward))}</a></p>`;
  return '';
}

/** For answers that HAProxy gives without looking at the request: every visitor finds their own language. */
function pageInAllLanguages(name: StandingPage, provider: ProviderPolicy): string {
  const inLanguage = (words: PageWords, heading: string) => {
    const { title, lines } = words.standing[name];
    return `<${heading}>${html(title)}</${heading}>${lines.map((text) => `<p>${html(text)}</p>`).join('')}`;
  };
  const others = languages
    .filter((words) => words !== english)
    .map((words) => `<div lang="${words.language}" dir="${words.direction}">${inLanguage(words, 'h2')}</div>`);
  return pageTemplate({
    words: english,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title: english.standing[name].title,
    kind: 'plain',
    body: literal(`${inLanguage(english, 'h1')}${others.join('')}`),
  });
}

/** The frame is in the visitor's language, the notice itself is the decision's own words. */
function noticePage(words: PageWords, provider: ProviderPolicy): string {
  const own = words === english;
  return pageTemplate({
    words,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title: own ? english.notice.titleHost : words.noticeTitle,
    kind: 'notice',
    body: own
      ? '%[var(txn.notice)]'
      : `<p>${literal(html(`${words.noticeTitle}. ${words.noticeLanguage}`))}</p><div lang="en" dir="ltr">%[var(txn.notice)]</div>`,
  });
}

function problem(
  provider: ProviderPolicy,
  status: number,
  action: string,
  title: string,
  lines: readonly string[],
  more = '',
): string {
  const body = JSON.stringify({
    type: `${provider.publicUrl}/problems/${action}`,
    title,
    status,
    detail: lines.map(line).join(' '),
    action,
  });
  return `${literal(body.slice(0, -1))}${more},"reference":"%[unique-id]"}\n`;
}

function noticeText(): string {
  const texts = Array.from({ length: noticeTextLines }, (_, index) => `%[var(txn.notice),field(${index + 1},|),url_dec]\n`);
  return `${texts.join('')}${literal(english.reference)}: %[unique-id]\n`;
}

function plainText(title: string, lines: readonly string[], more = ''): string {
  return `${literal([title, ...lines].map(line).join('\n'))}\n${more}${literal(english.reference)}: %[unique-id]\n`;
}

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
