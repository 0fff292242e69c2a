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
import { factField } from '../site.ts';
import { html, line, literal } from './escape.ts';
import { pageTemplate } from './layout.ts';
import type { StandingPage } from './words.ts';
import { english, standingPages } from './words.ts';

export const pageForms = ['html', 'json', 'txt'] as const;
export type PageForm = (typeof pageForms)[number];

/** Status and `Portcullis-Action` of each standing page: what the skeleton sends with it and what its JSON form repeats. */
export const standing = {
  unknown: { status: 421, action: 'unknown' },
  ambiguous: { status: 400, action: 'ambiguous' },
  deny: { status: 403, action: 'deny' },
  limit: { status: 429, action: 'limit' },
  busy: { status: 503, action: 'limit' },
  'no-key': { status: 503, action: 'unavailable' },
  'not-ours': { status: 404, action: 'not-found' },
  'origin-bad': { status: 502, action: 'origin-error' },
  'origin-down': { status: 503, action: 'origin-error' },
  'origin-slow': { status: 504, action: 'origin-error' },
  malformed: { status: 400, action: 'malformed' },
  timeout: { status: 408, action: 'timeout' },
} as const satisfies Record<StandingPage, { status: number; action: string }>;

/** Every file of the pages folder, by name. Reads the scripts beside this file; otherwise a pure function of the provider. */
export function renderPages(provider: ProviderPolicy): Record<string, string> {
  const words = english;
  const files: Record<string, string> = {
    'challenge.js': script('challenge.js'),
    'worker.js': script('worker.js'),
    'challenge.html': challengePage(provider),
    'notice.html': pageTemplate({
      words,
      provider: provider.name,
      publicUrl: provider.publicUrl,
      title: words.notice.titleHost,
      kind: 'notice',
      body: '%[var(txn.notice)]',
    }),
    'notice.json': `{"reference":"%[unique-id]",%[var(txn.notice)]}\n`,
    'notice.txt': noticeText(),
    'challenge.json': problem(provider, 403, 'challenge', words.challenge.title, [
      words.challenge.what(provider.name),
      'Open the site in a browser first, then repeat this request with the cookie that it gets.',
    ]),
  };
  files['challenge.txt'] = plainText(words.challenge.title, [
    words.challenge.what(provider.name),
    'Open the site in a browser first, then repeat this request with the cookie that it gets.',
  ]);
  for (const name of standingPages) {
    const { title, lines } = words.standing[name];
    files[`${name}.html`] = pageTemplate({
      words,
      provider: provider.name,
      publicUrl: provider.publicUrl,
      title,
      kind: 'plain',
      body: literal(`<h1>${html(title)}</h1>${lines.map((text) => `<p>${html(text)}</p>`).join('')}`),
    });
    files[`${name}.json`] = problem(provider, standing[name].status, standing[name].action, title, lines);
    files[`${name}.txt`] = plainText(title, lines);
  }
  return files;
}

function challengePage(provider: ProviderPolicy): string {
  const words = english;
  const text = words.challenge;
  const help = html(`${provider.publicUrl}/help`);
  const announced = [text.working, text.half, text.done, text.failed, text.formDone].map(html);
  return pageTemplate({
    words,
    provider: provider.name,
    publicUrl: provider.publicUrl,
    title: text.title,
    kind: 'plain',
    bodyAttributes: ` data-token="%[var(txn.token)].%[var(txn.signature)]" data-target="%[var(txn.facts),field(${factField.target},|)]" data-method="%[method]"`,
    body: literal(
      [
        `<h1>${html(text.title)}</h1><p>${html(text.what(provider.name))}</p><p>${html(text.why)}</p>`,
        `<p id="form" hidden>${html(text.form)}</p><progress id="progress" max="1" aria-label="${html(text.working)}"></progress>`,
        `<p id="status" role="status" data-half="${announced[1]}" data-done="${announced[2]}" data-failed="${announced[3]}" data-form="${announced[4]}">${announced[0]}</p>`,
        `<button id="again" hidden>${html(text.again)}</button>`,
        `<noscript><p>${text.noScript(help)}</p></noscript><p>${html(text.privacy)}</p>`,
      ].join(''),
    ),
    end: '<script src="/.well-known/portcullis/challenge.js"></script>',
  });
}

function problem(provider: ProviderPolicy, status: number, action: string, title: string, lines: readonly string[]): string {
  const body = JSON.stringify({
    type: `${provider.publicUrl}/problems/${action}`,
    title,
    status,
    detail: lines.map(line).join(' '),
    action,
  });
  return `${literal(body.slice(0, -1))},"reference":"%[unique-id]"}\n`;
}

function noticeText(): string {
  const texts = Array.from({ length: noticeTextLines }, (_, index) => `%[var(txn.notice),field(${index + 1},|),url_dec]\n`);
  return `${texts.join('')}${literal(english.reference)}: %[unique-id]\n`;
}

function plainText(title: string, lines: readonly string[]): string {
  return `${literal([title, ...lines].map(line).join('\n'))}\n${literal(english.reference)}: %[unique-id]\n`;
}

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
