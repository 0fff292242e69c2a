/**
 * Stronger work behind the challenge: what HAProxy does for the captcha service, which stands behind the backend of our own files.
 *
 * Who is asked for a hard check first solves the ordinary one (signed as `strong`, so that it earns nothing by itself) and then gets puzzles of the
 * service: `begin` brings the solution, `answer` a puzzle and its answer. Everything that decides who may come is native: HAProxy signs what the service
 * hands out, and takes back only what bears its signature, belongs to the site, is not too old and was not brought before. The service has no
 * key and no memory of visitors; its `solved` makes HAProxy set the clearance, as after its own check.
 * Never open: while the service is away (`nbsrv`), a hard check is HAProxy's own at its hardest, and what is under way is told so (503),
 * upon which the page loads again. A full queue says 429 before a puzzle is used up. An edge without the service pays nothing.
 * Token: key id . time . random . puzzle . hex(hmac-sha256(key, "captcha|site|" and all before)).
 */
import { strongFiles } from '../pages/strong-files.ts';
import type { EdgePlan } from '../types.ts';
import { clearanceCookie } from './clearance.ts';
import type { Files } from './parts.ts';
import { contentType, count, cookieName, lines, ownFolder, ownHeaders, section, siteId, words } from './parts.ts';

export const strongFolder = `${ownFolder}/captcha`;
/** key id . time . random . puzzle . signature */
const strongTokenPattern = String.raw`^k[0-9]{1,9}\.[0-9]{10}\.[0-9a-f-]{36}\.[0-9a-z-]{1,200}\.[0-9a-f]{64}$`;

/** Beginnings in a minute for a network (/24, or /48 of IPv6) at one site: each costs the service a puzzle, and its answer a sum. */
const beginningsPerMinute = 120;
/** What the service is asked at once, and how many may wait for that. */
const atOnce = 48;
const longestQueue = 48;
const mostBodyBytes = 8192;
const beginnings = 'beginnings';

/** Whether the edge has a captcha service at all. */
export function hasStrong(plan: EdgePlan): boolean {
  return (plan.captchaSocket ?? null) !== null;
}

/** For the challenge: `strong` is true where a hard check is the service's, and only while it answers. Expects `hard`. */
export function strongLevel(plan: EdgePlan): string[] {
  if (!hasStrong(plan)) return [];
  return ['acl strong var(txn.strong) -m found', 'http-request set-var(txn.strong) bool(true) if hard { nbsrv(own) gt 0 }'];
}

/** For the check of solutions, before it: which of its three kinds a request is. `label` is what the token was signed as. */
export function strongCalls(plan: EdgePlan, files: Files): string[] {
  if (!hasStrong(plan)) return [];
  return [
    ...strongFiles.map(({ path, file, more }) =>
      words(
        `http-request return status 200 content-type "text/javascript; charset=utf-8" file ${files.page(file)}`,
        `hdr cache-control "public, max-age=300" hdr portcullis-action asset ${more}if { path ${strongFolder}/${path} }`,
      ),
    ),
    `acl begin path ${strongFolder}/begin`,
    `acl answer path ${strongFolder}/answer`,
    'acl call var(txn.call) -m found',
    'http-request set-var(txn.call) bool(true) if METH_POST begin or METH_POST answer',
    '# No place for more: said before anything is used up.',
    busy('call', `{ queue(own) gt ${longestQueue} }`),
    'http-request set-var(txn.label) str(strong) if begin',
    'http-request set-var(txn.label) str(captcha) if answer',
  ];
}

/** When the form of an answer is wrong. */
export const strongForm = [
  `answer !{ var(txn.token) -m reg '${strongTokenPattern}' }`,
  `call { req.body_size gt ${mostBodyBytes} }`,
];

/** After a check that did not fail, and a clearance that was signed in case of need: on to the service. */
export function strongOnward(plan: EdgePlan): string[] {
  if (!hasStrong(plan)) return [];
  return [
    '# The service is told who asks, by us alone, and nothing that is between the visitor and the site.',
    'http-request del-header portcullis- -m beg if call',
    'http-request del-header cookie if call',
    'http-request del-header authorization if call',
    `http-request set-header portcullis-site %[${siteId}] if call`,
    'http-request set-header portcullis-network %[src,ipmask(24,48),bytes(0,6),hex] if call',
    'http-request set-header portcullis-puzzle %[var(txn.token),field(4,.)] if answer call',
    'http-request allow if call',
  ];
}

/** A beginning is counted for its network; it may be repeated, its puzzles differ. */
export function strongBeginnings(plan: EdgePlan): string[] {
  if (!hasStrong(plan)) return [];
  return [
    'http-request set-var(txn.near) src,ipmask(24,48),bytes(0,6),hex if begin',
    `http-request track-sc1 ${siteId},concat(|,txn.near) table ${beginnings} if begin !failed`,
    busy('begin !failed', `{ sc_inc_gpc0(1) gt 0 } { sc_gpc0_rate(1) gt ${beginningsPerMinute} }`),
  ];
}

/** The service, what it says, and what HAProxy says while it is away. */
export function strongService(plan: EdgePlan): string[] {
  if (!hasStrong(plan)) return [];
  const away = (status: number) =>
    `http-error status ${status} content-type text/plain string away hdr cache-control no-store hdr portcullis-action unavailable hdr retry-after 1`;
  const solved = (scheme: keyof typeof cookieName, condition: string) =>
    `http-response set-header set-cookie "${clearanceCookie(scheme)}" if { var(txn.verdict) -m str solved } ${condition}`;
  return [
    ...[502, 503, 504].map(away),
    'timeout queue 3s',
    'timeout server 15s',
    'timeout check 5s',
    'option httpchk GET /healthz',
    'http-response set-var(txn.puzzle) res.fhdr(portcullis-puzzle)',
    'http-response set-var(txn.verdict) res.fhdr(portcullis-verdict)',
    'http-response del-header portcullis- -m beg',
    'http-response del-header set-cookie',
    'http-response set-header cache-control no-store',
    'http-response set-header portcullis-action challenge',
    'acl asked var(txn.puzzle) -m found',
    'http-response set-var-fmt(txn.token) "%[var(txn.current)].%[date].%[uuid()].%[var(txn.puzzle)]" if asked',
    `http-response set-var-fmt(txn.signed) "captcha|%[${siteId}]|%[var(txn.token)]" if asked`,
    'http-response set-var(txn.signature) var(txn.signed),hmac(sha256,txn.key),hex,lower if asked',
    'http-response set-header portcullis-token "%[var(txn.token)].%[var(txn.signature)]" if asked { var(txn.signature) -m found }',
    '# The clearance that was signed on the way in.',
    solved('https', '{ ssl_fc } { var(txn.mac) -m found }'),
    solved('http', '!{ ssl_fc } { var(txn.mac) -m found }'),
    'http-response set-header portcullis-action solved if { var(txn.verdict) -m str solved }',
    `http-response ${count('solved')} if { var(txn.verdict) -m str solved }`,
    'http-response sc-inc-gpc1(0) if { var(txn.verdict) -m str solved }',
    `server captcha unix@${plan.captchaSocket ?? ''} maxconn ${atOnce} check inter 1s fall 1 rise 1 observe layer4 error-limit 1 on-error mark-down`,
  ];
}

export function strongTables(plan: EdgePlan): string[] {
  if (!hasStrong(plan)) return [];
  return [
    lines(
      '# A row per site and network: stronger work that was begun. A reload starts these windows afresh: open, for a minute.',
      section(`backend ${beginnings}`, 'stick-table type string len 40 size 100k expire 2m store gpc0,gpc0_rate(60s)'),
    ),
  ];
}

/** Conditions are all to hold. */
function busy(...conditions: readonly string[]): string {
  return words(
    `http-request return status 429 content-type ${contentType.txt} string busy`,
    ownHeaders('limit', 'txt'),
    'hdr retry-after 5',
    `if ${words(...conditions)}`,
  );
}
