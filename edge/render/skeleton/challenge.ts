/**
 * The challenge and the check of its solutions: the backends in which a visitor earns a clearance.
 *
 * Neither ever reaches an origin. No current key: closed (503).
 */
import { currentKeyName } from '../global.ts';
import type { PageForm } from '../pages/index.ts';
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
  wantsHtml,
  wantsJson,
  words,
} from './parts.ts';

/** By how much the clock of the edge that issued a token may be ahead of ours. */
const clockSkewSeconds = 5;

/** key id . time . random . target . signature */
const tokenPattern = String.raw`^k[0-9]{1,9}\.[0-9]{10}\.[0-9a-f-]{36}\.[0-9]{1,15}\.[0-9a-f]{64}$`;

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
