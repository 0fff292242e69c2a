/**
 * The backends in which an edge answers by itself: notices, refusals, the challenge and the check of its solutions.
 *
 * None of them ever reaches an origin. Each counts its outcome for the site. Where a text is missing (half of a change, a damaged
 * map) the answer is still the refusal: closed.
 */
import { currentKeyName } from '../global.ts';
import { noticeField } from '../notice.ts';
import type { PageForm } from '../pages/index.ts';
import type { MapName } from '../types.ts';
import { challengeSeconds } from './base.ts';
import type { Files } from './parts.ts';
import {
  contentType,
  cookieName,
  count,
  fact,
  lines,
  ownFolder,
  ownHeaders,
  section,
  siteId,
  state,
  wantsHtml,
  wantsJson,
  words,
} from './parts.ts';

/** Limited requests of one address in a minute, over all sites, before its answers are slowed, and before it is shut out for a while. */
const tarpitAfter = 100;
const banAfter = 200;
/** By how much the clock of the edge that issued a token may be ahead of ours. */
const clockSkewSeconds = 5;

/** key id . time . random . target . signature */
const tokenPattern = String.raw`^k[0-9]{1,9}\.[0-9]{10}\.[0-9a-f-]{36}\.[0-9]{1,15}\.[0-9a-f]{64}$`;

export function noticeBackend(files: Files): string {
  const text = (map: MapName, condition: string) =>
    words(`http-request set-var(txn.notice) ${state('orderId')},map_str(${files.map(map)})`, condition);
  const answer = (status: number, form: PageForm, condition: string) =>
    words(
      `http-request return status ${status} content-type ${contentType[form]} lf-file ${files.page(`notice.${form}`)} ${ownHeaders('notice', form)}`,
      `hdr portcullis-decision "%[${state('decisions')}]" hdr link "%[var(txn.head),field(${noticeField.link},|)]" ${condition}`,
    );
  return lines(
    '# What visitors see of an order. 451 only with a legal order; without a readable head 403, never the origin.',
    section(
      'backend notice',
      'acl html req.fhdr(accept) -m sub text/html',
      'acl json req.fhdr(accept) -m sub json',
      'acl legal var(txn.head) -m beg 451',
      `http-request ${count('noticed')}`,
      `http-request set-var(txn.head) ${state('orderId')},map_str(${files.map('notices')})`,
      text('notice-html', 'if html'),
      answer(403, 'html', 'if html !legal'),
      answer(451, 'html', 'if html'),
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
  return lines(
    section('backend unknown', files.answers('unknown')),
    '',
    section('backend ambiguous', `http-request ${count('denied')}`, files.answers('ambiguous')),
    '',
    section('backend deny', `http-request ${count('denied')}`, files.answers('deny')),
    '',
    '# An address that goes on regardless is slowed down, then shut out before TLS until its row in the table expires.',
    section(
      'backend limit',
      'http-error status 429 content-type "text/html; charset=utf-8" lf-file '.concat(
        files.page('limit.html'),
        ' ',
        ownHeaders('limit', 'html'),
      ),
      `http-request ${count('limited')}`,
      'http-request sc-inc-gpc0(0)',
      `http-request sc-set-gpt0(0) 1 if { sc_gpc0_rate(0) gt ${banAfter} }`,
      `http-request silent-drop if { sc_gpc0_rate(0) gt ${banAfter} }`,
      `http-request tarpit deny_status 429 if { sc_gpc0_rate(0) gt ${tarpitAfter} }`,
      files.answers('limit', '', 'hdr retry-after 10'),
    ),
    '',
    section('backend busy', `http-request ${count('limited')}`, files.answers('busy', '', 'hdr retry-after 5')),
  );
}

export function challengeBackend(files: Files): string {
  const answer = (form: PageForm, condition: string) =>
    words(
      `http-request return status 403 content-type ${contentType[form]} lf-file ${files.page(`challenge.${form}`)} ${ownHeaders('challenge', form)}`,
      `hdr portcullis-mitigated challenge ${condition}`,
    ).trimEnd();
  return lines(
    '# token = key id . time . random . target . hex(hmac-sha256(key, "challenge|site|key id.time.random.target"))',
    '# Who asked for a page gets the page; a script, a picture or a program gets a refusal that it can read. No key: closed.',
    section(
      'backend challenge',
      `http-request ${count('challenged')}`,
      `http-request set-var(txn.kid) str(${currentKeyName}),map_str(${files.map('current-key')})`,
      `http-request set-var(txn.key) var(txn.kid),map_str(${files.map('keys')})`,
      files.answers('no-key', '!{ var(txn.key) -m found }', 'hdr retry-after 60'),
      answer('json', `if !${wantsHtml} ${wantsJson}`),
      answer('txt', `if !${wantsHtml}`),
      `http-request set-var-fmt(txn.token) "%[var(txn.kid)].%[date].%[uuid()].%[${fact('target')}]"`,
      `http-request set-var-fmt(txn.signed) "challenge|%[${siteId}]|%[var(txn.token)]"`,
      'http-request set-var(txn.signature) var(txn.signed),hmac(sha256,txn.key),hex,lower',
      answer('html', ''),
    ),
  );
}

export function ownBackend(files: Files): string {
  const keys = `map_str(${files.map('keys')})`;
  const asset = (name: string) =>
    words(
      `http-request return status 200 content-type "text/javascript; charset=utf-8" file ${files.page(name)}`,
      `hdr cache-control "public, max-age=300" hdr portcullis-action asset if { path ${ownFolder}/${name} }`,
    );
  const refuse = (reason: string, condition: string) => `http-request set-var(txn.reason) str(${reason}) if !failed ${condition}`;
  const solved = (scheme: keyof typeof cookieName, condition: string) =>
    words(
      'http-request return status 204 hdr cache-control no-store hdr portcullis-action solved',
      `hdr set-cookie "${cookieName[scheme]}=%[var(txn.current)].%[var(txn.expiry)].%[var(txn.here)].%[var(txn.signature)]; Path=/; Max-Age=%[${fact('clearanceSeconds')}]; HttpOnly; SameSite=Lax${scheme === 'https' ? '; Secure' : ''}"`,
      condition,
    );
  return lines(
    '# Our own files and the check of solutions. No return address is read or sent: the page loads itself again.',
    section(
      'backend own',
      asset('challenge.js'),
      asset('worker.js'),
      files.answers('not-ours', `!{ path ${ownFolder}/verify }`),
      'acl failed var(txn.reason) -m found',
      'http-request wait-for-body time 3s if { method POST }',
      'http-request set-var(txn.token) req.body_param(t) if { method POST }',
      'http-request set-var(txn.counter) req.body_param(c) if { method POST }',
      refuse('malformed', `!{ var(txn.token) -m reg '${tokenPattern}' }`),
      refuse('malformed', "!{ var(txn.counter) -m reg '^[0-9]{1,15}$' }"),
      'http-request set-var(txn.kid) var(txn.token),field(1,.)',
      'http-request set-var(txn.issued) var(txn.token),field(2,.)',
      'http-request set-var(txn.target) var(txn.token),field(4,.)',
      'http-request set-var(txn.signature) var(txn.token),field(5,.)',
      `http-request set-var(txn.key) var(txn.kid),${keys}`,
      `http-request set-var-fmt(txn.signed) "challenge|%[${siteId}]|%[var(txn.token),field(1,.,4)]" if !failed`,
      'http-request set-var(txn.calculated) var(txn.signed),hmac(sha256,txn.key),hex,lower if !failed',
      refuse('signature', '!{ var(txn.calculated),secure_memcmp(txn.signature) }'),
      refuse('expired', `!{ date,sub(txn.issued),add(${clockSkewSeconds}) -m int 0:${challengeSeconds + clockSkewSeconds} }`),
      'http-request set-var-fmt(txn.work) "%[var(txn.token)]|%[var(txn.counter)]" if !failed',
      refuse('work', '!{ var(txn.work),sha2(256),bytes(0,6),hex,hex2i,sub(txn.target) lt 0 }'),
      '# One clearance for a solution: the row is made by whoever comes first, atomically.',
      'http-request track-sc1 var(txn.signature) table solutions if !failed',
      refuse('replay', '!{ sc_inc_gpc0(1) 1 }'),
      `http-request ${count('challenged')} if failed`,
      words(
        'http-request return status 403 content-type text/plain lf-string "%[var(txn.reason)]" hdr cache-control no-store',
        'hdr portcullis-action refused hdr portcullis-reason "%[var(txn.reason)]" if failed',
      ),
      `http-request set-var(txn.current) str(${currentKeyName}),map_str(${files.map('current-key')})`,
      'http-request unset-var(txn.key)',
      `http-request set-var(txn.key) var(txn.current),${keys}`,
      files.answers('no-key', '!{ var(txn.key) -m found }', 'hdr retry-after 60'),
      `http-request ${count('solved')}`,
      `http-request set-var(txn.ttl) ${fact('clearanceSeconds')},add(0)`,
      'http-request set-var(txn.expiry) date,add(txn.ttl)',
      'http-request set-var(txn.here) src,ipmask(24,48),bytes(0,6),hex',
      `http-request set-var-fmt(txn.signed) "clearance|%[${siteId}]|%[var(txn.current)]|%[var(txn.expiry)]|%[var(txn.here)]"`,
      'http-request set-var(txn.signature) var(txn.signed),hmac(sha256,txn.key),hex,lower',
      solved('https', 'if { ssl_fc }'),
      solved('http', '').trimEnd(),
    ),
  );
}
