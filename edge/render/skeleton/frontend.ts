/**
 * The frontend: every decision about a request, in the order of edge.md ("What a visitor's request meets, in order").
 *
 * A guard that refuses writes its name to `txn.act`, which is also the name of the backend that answers: an ordinary request passes
 * each guard with one comparison and never meets the rules that word a refusal. Cheap checks come first, and `allow` leaves early.
 * Ints are made of packed fields by `add(0)`: an int is stored in place, a string is allocated.
 */
import { counterTable } from '../counters.ts';
import type { EdgePlan } from '../types.ts';
import type { Files } from './parts.ts';
import { sendRule } from './keep-rules.ts';
import { requestLog } from './log.ts';
import { byAddress, clearance, compare, remembered } from './clearance.ts';
import { acted, fact, flag, lines, ownFolder, section, siteFlag, siteId, state, words } from './parts.ts';
import { ownOrigins } from './origins.ts';
import { ruleLater, rules, ruleWindow } from './rules.ts';
import { acmeRule, binds, hstsRule, redirectRule } from './tls.ts';

const deepestWildcard = 20;

export function frontend(plan: EdgePlan, files: Files): string {
  return section(
    'frontend edge',
    ...binds(plan),
    '',
    requestLog(plan, files),
    '',
    connection(plan),
    '',
    host(files),
    rules(plan, files),
    '',
    first(files),
    '',
    networks(files),
    '',
    limits(plan),
    '',
    redirectRule(plan, 'attack_only'),
    remembered(files),
    '',
    notices(plan, files),
    '',
    clearance(plan, files),
    '',
    '# ---- who was refused, or asked for one of our own files, is answered by the backend of that name',
    `use_backend notice if notice_only !${acted}`,
    ...sendRule(plan),
    `use_backend %[var(txn.act)] if ${acted}`,
    ...ownOrigins(plan),
    `use_backend origins-tls if ${siteFlag('t')}`,
    'default_backend origins',
    hstsRule(),
  );
}

function connection(plan: EdgePlan): string {
  return lines(
    "# ---- connection, before TLS. The agent's own probe comes from an address that nobody outside can use.",
    `tcp-request connection accept if { src ${plan.probeSource} }`,
    'tcp-request connection silent-drop if { src,ipmask(32,64),table_gpt0(addresses) gt 0 }',
    'tcp-request connection track-sc0 src,ipmask(32,64) table addresses',
    `tcp-request connection reject if { sc_conn_cur(0) gt ${plan.connectionsPerClient} }`,
    `tcp-request connection reject if { sc_conn_rate(0) gt ${plan.connectionsPer10s} }`,
    '# What does not change within a connection is made once. ipmask also turns ::ffff:a.b.c.d into IPv4; concat makes text of it.',
    'tcp-request session set-var(sess.address) src,ipmask(32,128),concat()',
    'tcp-request session set-var(sess.client) src,ipmask(32,64),bytes(0,8),hex',
    'tcp-request session set-var(sess.hex) src,ipmask(32,128),hex',
    'tcp-request session set-var(sess.scheme) ssl_fc,iif(https,http)',
  );
}

function host(files: Files): string {
  const set = (name: string, expression: string, condition = '') =>
    words(`tcp-request content set-var(${name}) ${expression}`, condition);
  const inHosts = `map_str(${files.map('hosts')})`;
  const inStates = `map_str(${files.map('states')})`;
  const parents = Array.from({ length: deepestWildcard - 1 }, (_, index) =>
    set('txn.facts', `var(txn.host),field(${index + 2},.,0),map_str(${files.map('wildcards')})`, 'if !known'),
  );
  return lines(
    '# ---- host. fhdr does not split at commas: "a, b" is one unknown name. Nearly all requests bring the stored form: try it first.',
    '# These are tcp-request rules because `accept` leaves them alone: most requests skip all that follows it here, and a request for',
    '# the same site as the one before on its connection finds its limits ready.',
    'acl known var(txn.facts) -m found',
    'acl stated var(txn.state) -m found',
    '# The whole state: attack mode, or a notice of the whole site, and nothing else.',
    "acl attack_only var(txn.state) -m beg 'c|'",
    "acl notice_only var(txn.state) -m beg 'n|'",
    'acl same_site var(txn.facts),strcmp(sess.facts) eq 0',
    '# A site with rules of its own comes to them in any case.',
    'acl ruled var(txn.facts),field(1,|) -m sub r',
    set('txn.facts', `req.fhdr(host),${inHosts}`),
    set('txn.state', `${siteId},${inStates}`),
    'tcp-request content accept if same_site !stated !ruled',
    'tcp-request content accept if same_site attack_only !ruled or same_site notice_only',
    set('txn.host', 'req.fhdr(host),host_only,rtrim(.)'),
    set('txn.facts', `var(txn.host),${inHosts}`, 'if !known'),
    ...parents,
    'tcp-request content accept if !known',
    set('sess.facts', 'var(txn.facts)'),
    set('sess.key', `${siteId},concat(,sess.client)`),
    set('sess.rate', `${fact('requestsPer10s')},add(0)`),
    set('sess.most', `${fact('concurrentPerClient')},add(0)`),
    set('sess.room', `${fact('concurrentPerSite')},add(0)`),
    set('txn.state', `${siteId},${inStates}`),
    'tcp-request content accept if !stated !ruled',
    '# hosts with orders of their own',
    set('txn.flags', state('flags')),
    set('txn.state', `${siteId},concat(|,txn.host),${inStates}`, `if ${flag('h')}`),
  );
}

/** Dot-dot in any mixture of plain and encoded, encoded NUL and line breaks, back-slashes: programs read these differently. */
const ambiguous = String.raw`%0[0ad]|[\\]|(\.|%2e)(\.|%2e)(%2f|%5c)|(%2f|%5c)(\.|%2e)(\.|%2e)|%2e%2e|%2e\.|\.%2e`;
/** Where a path is compared: also what an origin might decode twice, overlong UTF-8, and encoded slashes beside slashes or dots. */
const ambiguousByPath = String.raw`%5c|%25[0-9a-f][0-9a-f]|%c[01]|(/|%2f|\.)%2f|%2f(/|\.)`;

/**
 * Of the decoded path: a segment that is empty, one dot or two, also before parameters (`/..;/x` is `/x` to servlet containers), and what is
 * still encoded.
 */
const ambiguousDecoded = String.raw`/[.]{0,2}[;/]|/[.]{1,2}$|%[0-9a-f][0-9a-f]|%u[0-9a-f]`;

function first(files: Files): string {
  return lines(
    '# ---- our own files; what two programs could read differently (it goes to neither); hosts that are nobody’s',
    `http-request track-sc2 ${siteId} table ${counterTable}`,
    acmeRule(files),
    'http-request allow if notice_only',
    String.raw`acl odd path -m sub % \\`,
    `http-request set-var(txn.act) str(own) if { path_beg ${ownFolder}/ }`,
    '# A tunnel would hide what is asked for in it, also from orders to come; TRACE would hand back what we say to origins. What begins',
    '# otherwise has no path to compare, or a scheme that some origins take for a part of the path.',
    'acl plain url_beg / http:// https:// HTTP:// HTTPS://',
    `http-request set-var(txn.act) str(ambiguous) if odd { path -m reg -i '${ambiguous}' } or { method CONNECT TRACE } or !plain`,
    '# 2.6.12 takes a length modulo 2^64 and hands it on as it was written: the origin would wait for another body than we send.',
    'http-request set-var(txn.act) str(ambiguous) if { req.fhdr(content-length),length gt 18 }',
    'http-request set-var(txn.act) str(unknown) if !known',
  );
}

function networks(files: Files): string {
  return lines(
    "# ---- networks of the site's owner: longest prefix of family and address",
    'acl exempt var(txn.network) -m str allow',
    'acl exempt var(txn.rule) -m beg allow|',
    `http-request set-var(txn.network) ${siteId},concat(|4,sess.hex),map_beg(${files.map('networks')},none) if ${siteFlag('a')} v4`,
    `http-request set-var(txn.network) ${siteId},concat(|6,sess.hex),map_beg(${files.map('networks')},none) if ${siteFlag('a')} !v4`,
    `http-request set-var(txn.act) str(deny) if { var(txn.network) -m str deny }`,
  );
}

function limits(plan: EdgePlan): string {
  return lines(
    '# ---- limits. A site with a state is compared below, after its notices and with the limit that an order may have lowered.',
    `http-request ${byAddress} if !stated !${acted}`,
    'http-request set-var(txn.act) str(busy) if { sc_conn_cur(2),sub(sess.room) gt 0 } !exempt',
    compare('sess.rate'),
    redirectRule(plan, '!stated'),
    '# Ordinary sites leave here.',
    'http-request allow if !stated',
    ruleWindow,
  );
}

function notices(plan: EdgePlan, files: Files): string {
  const inPaths = `map_beg(${files.map('paths')})`;
  const found = '{ var(txn.at) -m found }';
  return lines(
    '# ---- notice, the widest first; it goes before every other refusal but the ambiguous. By path: the path is brought to one form,',
    '# in the request too, so that what is compared is what the origin gets',
    `http-request set-var(txn.flags) ${state('flags')}`,
    'http-request allow if { var(txn.act) -m str ambiguous acme }',
    `http-request set-var(txn.act) str(notice) if ${flag('n')}`,
    `http-request allow if ${acted}`,
    'acl by_path var(txn.flags) -m sub p',
    '# Some frameworks take the path from these.',
    'http-request del-header x-original-url if by_path',
    'http-request del-header x-rewrite-url if by_path',
    `http-request set-var(txn.act) str(ambiguous) if by_path odd { path -m reg -i '${ambiguousByPath}' }`,
    '# Not strict, 2.6.12 decodes nothing at all; strict, what cannot be decoded is malformed.',
    'http-request normalize-uri percent-decode-unreserved strict if by_path',
    'http-request normalize-uri path-merge-slashes if by_path',
    'http-request normalize-uri path-strip-dot if by_path',
    'http-request normalize-uri path-strip-dotdot full if by_path',
    '# Decoded, it must still be in that form: what an origin could read otherwise (or that cannot be decoded, or is no path) goes nowhere.',
    'http-request set-var(txn.decoded) path,url_dec if by_path',
    'http-request set-var(txn.act) str(ambiguous) if by_path !{ var(txn.decoded) -m found }',
    `http-request set-var(txn.act) str(ambiguous) if by_path { var(txn.decoded) -m reg -i '${ambiguousDecoded}' }`,
    'http-request allow if { var(txn.act) -m str ambiguous }',
    `http-request set-var-fmt(txn.path) "%[var(txn.decoded),regsub(';[^/]*',,g),lower]/" if by_path`,
    `http-request set-var(txn.at) ${siteId},concat(|*|,txn.path),${inPaths} if by_path`,
    `http-request set-var(txn.at) ${siteId},concat(|,txn.host,|),concat(,txn.path),${inPaths} if by_path !${found}`,
    `http-request set-var(txn.state) var(txn.at) if by_path ${found}`,
    `http-request set-var(txn.act) str(notice) if by_path ${found}`,
    ruleLater,
    redirectRule(plan),
    `http-request allow if ${acted}`,
  );
}
