/**
 * The backends in which an edge answers by itself: notices and refusals. The challenge has a file of its own.
 *
 * None of them ever reaches an origin. Each counts its outcome for the site. Where a text is missing (half of a change, a damaged
 * map) the answer is still the refusal: closed.
 */
import { noticeField } from '../notice.ts';
import { pageFile } from '../pages/index.ts';
import type { PageForm } from '../pages/index.ts';
import { english } from '../pages/languages.ts';
import type { MapName } from '../types.ts';
import type { Files } from './parts.ts';
import { slowed, underPressure } from './pressure.ts';
import {
  chooseLanguage,
  contentType,
  count,
  inEachLanguage,
  lines,
  ownHeaders,
  section,
  state,
  whoAsks,
  whoSays,
  words,
} from './parts.ts';

/** Limited requests of one address in a minute, over all sites, before its answers are slowed, and before it is shut out for a while. */
const tarpitAfter = 100;
const banAfter = 200;
const offenderWaitMs = 8000;

export function noticeBackend(files: Files): string {
  const text = (map: MapName, condition: string) =>
    words(`http-request set-var(txn.notice) ${state('orderId')},map_str(${files.map(map)})`, condition);
  const answer = (
    status: number,
    form: PageForm,
    condition: string,
    file = `notice.${form}`,
    language: string = english.language,
  ) =>
    words(
      `http-request return status ${status} content-type ${contentType[form]} lf-file ${files.page(file)} ${ownHeaders('notice', form, language)}`,
      `hdr portcullis-decision "%[${state('decisions')}]" hdr link "%[var(txn.head),field(${noticeField.link},|)]" ${condition}`,
    );
  const inLanguage = (language: string, chosen: string) => {
    const file = pageFile('notice', language);
    return lines(
      answer(403, 'html', words('if html !legal', chosen), file, language),
      answer(451, 'html', words('if html', chosen), file, language),
    );
  };
  return lines(
    '# What visitors see of an order. 451 only with a legal order; without a readable head 403, never the origin.',
    section(
      'backend notice',
      'acl html req.fhdr(accept) -m sub text/html',
      'acl json req.fhdr(accept) -m sub json',
      'acl legal var(txn.head) -m beg 451',
      `http-request ${count('noticed')}`,
      whoSays,
      `http-request set-var(txn.head) ${state('orderId')},map_str(${files.map('notices')})`,
      text('notice-html', 'if html'),
      `${chooseLanguage} if html`,
      inLanguage(english.language, `{ var(txn.lang) -m str ${english.language} }`),
      inEachLanguage(inLanguage),
      text('notice-json', 'if json'),
      answer(403, 'json', 'if json !legal'),
      answer(451, 'json', 'if json'),
      text('notice-text', ''),
      answer(403, 'txt', 'if !legal'),
      answer(451, 'txt', 'if legal'),
    ),
  );
}

export function refusals(files: Files): string {
  const mitigated = 'hdr retry-after 10 hdr portcullis-mitigated limit';
  return lines(
    section('backend unknown', ...slowed(files, 'unknown'), whoAsks(), files.answers('unknown')),
    '',
    section(
      'backend ambiguous',
      `http-request ${count('denied')}`,
      ...slowed(files, 'ambiguous'),
      whoAsks(),
      files.answers('ambiguous'),
    ),
    '',
    section('backend deny', `http-request ${count('denied')}`, ...slowed(files, 'deny'), whoAsks(), files.answers('deny')),
    '',
    '# An address that goes on regardless is slowed down, then shut out before TLS until its row in the table expires.',
    section(
      'backend limit',
      `http-request ${count('limited')}`,
      'http-request sc-inc-gpc0(0)',
      `http-request sc-set-gpt0(0) 1 if { sc_gpc0_rate(0) gt ${banAfter} }`,
      ...underPressure('limit', [files.error('limit', mitigated)], offenderWaitMs),
      `http-request silent-drop if { sc_gpc0_rate(0) gt ${banAfter} }`,
      `http-request tarpit deny_status 429 if { sc_gpc0_rate(0) gt ${tarpitAfter} } or pressed`,
      whoAsks(),
      '# What is no page is answered as programs expect it, whatever they say that they take.',
      files.answers('limit', '', mitigated, 'json'),
    ),
    '',
    section(
      'backend busy',
      `http-request ${count('limited')}`,
      ...slowed(files, 'busy', 'hdr retry-after 5'),
      whoAsks(),
      files.answers('busy', '', 'hdr retry-after 5'),
    ),
  );
}
