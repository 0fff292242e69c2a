/**
 * Small parts of HAProxy syntax that several sections of the skeleton share: where files are, how a packed value is read, how the
 * edge answers by itself. Nothing here decides anything.
 */
import { counterIndex } from '../counters.ts';
import { mapFile } from '../maps.ts';
import { pageFile, standing } from '../pages/index.ts';
import type { PageForm } from '../pages/index.ts';
import { styleSource } from '../pages/layout.ts';
import type { StandingPage } from '../pages/words.ts';
import { english, languages } from '../pages/languages.ts';
import { factField, stateField } from '../site.ts';
import type { EdgePlan, MapName } from '../types.ts';

/** What `Portcullis-Action` says on each answer that the edge makes itself; receipts and tests read it. */
export type EdgeAction =
  | (typeof standing)[StandingPage]['action']
  | 'notice'
  | 'challenge'
  | 'solved'
  | 'refused'
  | 'asset'
  | 'waiting'
  | 'acme'
  | 'to-https'
  | 'redirect';

/** Where our own files and the check of solutions are found on every protected host. */
export const ownFolder = '/.well-known/portcullis';

/** On https the prefix makes browsers refuse the cookie from anyone but this very host (edge-measured.md, pitfall 11). */
export const cookieName = { https: '__Host-portcullis', http: 'portcullis' } as const;

/** A field of the packed value of the site that was found. */
export const fact = (name: keyof typeof factField) => `var(txn.facts),field(${factField[name]},|)`;
export const siteId = fact('siteId');
/** A field of the site's state; absent for an ordinary site. */
export const state = (name: keyof typeof stateField) => `var(txn.state),field(${stateField[name]},|)`;
/** Whether the state has one of some flags. */
export const flag = (letters: string) => `{ var(txn.flags) -m sub ${letters} }`;
/** A flag of the site itself; the first test alone decides for a site without any. */
export const siteFlag = (letter: string) => `!{ var(txn.facts) -m beg 0 } { ${fact('flags')} -m sub ${letter} }`;
export const acted = '{ var(txn.act) -m found }';
export const count = (outcome: keyof typeof counterIndex) => `sc-inc-gpc(${counterIndex[outcome]},2)`;

/**
 * Whether somebody looks at the answer: either of two conditions. Browsers say so (Fetch Metadata, on https only); of others a request
 * that takes HTML and was not made by a script. Nothing else is ever answered with HTML.
 */
export const isPage = [
  '{ req.fhdr(sec-fetch-mode) -m str navigate }',
  '!{ req.fhdr(sec-fetch-mode) -m found } { method GET HEAD POST } { req.fhdr(accept) -m sub text/html } !{ req.fhdr(x-requested-with) -m found }',
] as const;

/** Set by `whoAsks`. */
export const wantsHtml = '{ var(txn.page) -m found }';
export const wantsJson = '{ req.fhdr(accept) -m sub json }';

/** Sets the best of our languages for a visitor who names any; a condition can follow. */
export const chooseLanguage = `http-request set-var(txn.lang) req.fhdr(accept-language),lower,language(${languages.map(({ language }) => language).join(';')},${english.language})`;

/** What a visitor who is refused says of host and agent, for the log (log.ts): there it is too late to ask. */
export const whoSays =
  'http-request set-var-fmt(txn.said) "%[req.fhdr(host),host_only,bytes(0,255),hex],%[req.fhdr(user-agent),bytes(0,200),hex]"';

/** For a backend that answers visitors: whether they see a page, and in which of our languages; and what the log tells of them. */
export function whoAsks(): string {
  return lines(
    whoSays,
    `http-request set-var(txn.page) bool(true) if ${isPage[0]} or ${isPage[1]}`,
    `${chooseLanguage} if ${wantsHtml}`,
  );
}

/** One rule for each language of visitors, English last and for everybody else. `rule` is given the part of a file's name and what to put in `if`. */
export function inEachLanguage(rule: (language: string, condition: string) => string): string {
  const others = languages.filter(({ language }) => language !== english.language);
  return lines(
    ...others.map(({ language }) => rule(language, `{ var(txn.lang) -m str ${language} }`)),
    rule(english.language, ''),
  );
}

export const contentType = {
  html: '"text/html; charset=utf-8"',
  json: 'application/problem+json',
  txt: '"text/plain; charset=utf-8"',
} as const satisfies Record<PageForm, string>;

/** Of the challenge, but not of one that sends a kept form on (keep.ts). */
export const noForms = "form-action 'none'";
const plainPolicy = `default-src 'none'; style-src ${styleSource}`;
const challengePolicy = `${plainPolicy}; script-src 'self'; worker-src 'self'; connect-src 'self'; base-uri 'none'; ${noForms}`;

/**
 * The headers of every answer that the edge makes itself. What is no page may be read by scripts of other origins, which else would see a
 * nameless failure; HAProxy leaves a header out whose value is empty. `origin` is where that site's name is read from.
 */
export function ownHeaders(
  action: EdgeAction,
  form: PageForm,
  language: string = english.language,
  origin = 'req.fhdr(origin)',
): string {
  const policy = action === 'challenge' ? challengePolicy : plainPolicy;
  const security =
    form === 'html'
      ? `hdr content-security-policy "${policy}"`
      : `hdr access-control-allow-origin "%[${origin}]" hdr access-control-allow-credentials true hdr access-control-expose-headers "portcullis-action, portcullis-mitigated, retry-after"`;
  return `hdr cache-control no-store hdr vary "cookie, origin, accept, accept-language" hdr x-robots-tag noindex hdr content-language ${language} hdr portcullis-action ${action} ${security}`;
}

export class Files {
  readonly #paths: EdgePlan['paths'];

  constructor(paths: EdgePlan['paths']) {
    this.#paths = paths;
  }

  map(name: MapName): string {
    return mapFile(this.#paths, name);
  }

  page(file: string): string {
    return `${this.#paths.pages}/${file}`;
  }

  /** A rule that answers with a standing page in each form, when a condition (may be empty) holds. */
  answers(name: StandingPage, condition = '', extra = '', others: 'json-or-text' | 'json' = 'json-or-text'): string {
    const { status, action } = standing[name];
    const rule = (form: PageForm, file: string, language: string, conditions: string) =>
      words(
        `http-request return status ${status} content-type ${contentType[form]} lf-file ${this.page(file)}`,
        ownHeaders(action, form, language),
        extra,
        conditions === '' ? '' : `if ${conditions}`,
      );
    return lines(
      inEachLanguage((language, chosen) => rule('html', pageFile(name, language), language, words(condition, wantsHtml, chosen))),
      ...(others === 'json'
        ? [rule('json', `${name}.json`, english.language, condition)]
        : [
            rule('json', `${name}.json`, english.language, words(condition, wantsJson)),
            rule('txt', `${name}.txt`, english.language, condition),
          ]),
    );
  }

  /** HAProxy's own answer for a status, as our page. HAProxy chooses it without seeing the request: one form, in all languages at once. */
  error(name: StandingPage, extra = ''): string {
    const { status, action } = standing[name];
    return words(
      `http-error status ${status} content-type ${contentType.html} lf-file ${this.page(`${name}.all.html`)}`,
      ownHeaders(action, 'html'),
      extra,
    );
  }
}

/** Joins what is not empty by single spaces. */
export function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

/** Joins lines (or blocks of them). */
export function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

/** A section: a heading at the margin, everything else indented. */
export function section(heading: string, ...parts: readonly string[]): string {
  const indented = lines(...parts)
    .split('\n')
    .map((text) => (text === '' ? '' : `    ${text}`));
  return [heading, ...indented].join('\n');
}
