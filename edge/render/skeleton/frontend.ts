/**
 * The frontend: every decision about a request, in the order of edge.md ("What a visitor's request meets, in order").
 *
 * A guard that refuses writes its name to `txn.act`, which is also the name of the backend that answers: an ordinary request passes
 * each guard with one comparison and never meets the rules that word a refusal. Cheap checks come first, and `allow` leaves early.
 * Ints are made of packed fields by `add(0)`: an int is stored in place, a string is allocated.
 */
import { counterTable } from '../counters.ts';
import type { EdgePlan, Listener } from '../types.ts';
import type { Files } from './parts.ts';
import { acted, cookieName, fact, flag, lines, ownFolder, section, siteFlag, siteId, state, words } from './parts.ts';

const deepestWildcard = 20;

/** The certificates of https listeners, in HAProxy's crt-list form; must exist, with one entry at least, when one is planned. */
export function certificateList(paths: Pick<EdgePlan['paths'], 'certificates'>): string {
  return `${paths.certificates}/crt-list.txt`;
}

export function frontend(plan: EdgePlan, files: Files): string {
  return section(
    'frontend edge',
    ...plan.listeners.map((listener) => bind(listener, plan)),
    '',
    connection(plan),
    '',
    host(files),
    '',
    first(),
    '',
    networks(files),
    '',
    limits(),
    '',
    remembered(files),
    '',
    notices(files),
    '',
    clearance(files),
    '',
    '# ---- who was refused, or asked for one of our own files, is answered by the backend of that name',
    'use_backend notice if notice_only',
    `use_backend %[var(txn.act)] if ${acted}`,
    `use_backend origins-tls if ${siteFlag('t')}`,
    'default_backend origins',
  );
}

function bind(listener: Listener, plan: EdgePlan): string {
  const tls = listener.scheme === 'https' ? ` ssl crt-list ${certificateList(plan.paths)} alpn h2,http/1.1` : '';
  const only = listener.address.includes(':') ? ' v6only' : '';
  return `bind ${listener.address}:${listener.port}${only}${tls}`;
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
    set('txn.facts', `req.fhdr(host),${inHosts}`),
    set('txn.state', `${siteId},${inStates}`),
    'tcp-request content accept if same_site !stated',
    'tcp-request content accept if same_site attack_only or same_site notice_only',
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
    'tcp-request content accept if !stated',
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

function first(): string {
  return lines(
    '# ---- our own files; what two programs could read differently (it goes to neither); hosts that are nobody’s',
    `http-request track-sc2 ${siteId} table ${counterTable}`,
    'http-request allow if notice_only',
    String.raw`acl odd path -m sub % \\`,
    `http-request set-var(txn.act) str(own) if { path_beg ${ownFolder}/ }`,
    '# A tunnel would hide what is asked for in it, also from orders to come.',
    `http-request set-var(txn.act) str(ambiguous) if odd { path -m reg -i '${ambiguous}' } or METH_CONNECT`,
    'http-request set-var(txn.act) str(unknown) if !known',
  );
}

function networks(files: Files): string {
  return lines(
    "# ---- networks of the site's owner: longest prefix of family and address",
    'acl exempt var(txn.network) -m str allow',
    'acl v4 var(sess.hex) -m len 8',
    `http-request set-var(txn.network) ${siteId},concat(|4,sess.hex),map_beg(${files.map('networks')},none) if ${siteFlag('a')} v4`,
    `http-request set-var(txn.network) ${siteId},concat(|6,sess.hex),map_beg(${files.map('networks')},none) if ${siteFlag('a')} !v4`,
    `http-request set-var(txn.act) str(deny) if { var(txn.network) -m str deny }`,
  );
}

/** A client of a site is its address, or, once it has moved, its clearance (see `clearance`). */
const byAddress = 'track-sc1 var(sess.key) table clients';

/** What is compared per client. An untracked client has no rate and no count: nothing is limited before it is known who asks. */
function compare(rate: 'sess.rate' | 'txn.rate'): string {
  const over = `{ sc_http_req_rate(1),sub(${rate}) gt 0 }`;
  return lines(
    'http-request set-var(txn.act) str(limit) if { sc_conn_cur(1),sub(sess.most) gt 0 } !exempt',
    `http-request set-var(txn.act) str(limit) if ${over} !exempt${rate === 'txn.rate' ? ` or ${over} ${flag('l')}` : ''}`,
  );
}

function limits(): string {
  return lines(
    '# ---- limits. A site with a state is compared below, after its notices and with the limit that an order may have lowered.',
    `http-request ${byAddress} if !stated !${acted}`,
    'http-request set-var(txn.act) str(busy) if { sc_conn_cur(2),sub(sess.room) gt 0 } !exempt',
    compare('sess.rate'),
    '# Ordinary sites leave here.',
    'http-request allow if !stated',
  );
}

function remembered(files: Files): string {
  return lines(
    '# ---- attack mode and nothing else: who showed the same cookies for the same site before on this connection is cleared without',
    '# HMAC, while the clearance has not expired and its key is held unchanged',
    'acl cleared var(txn.cleared) -m found',
    `acl same_clearance ${siteId},strcmp(sess.site) eq 0`,
    'acl fresh date,sub(sess.expiry) lt 0',
    `acl key_held var(sess.kid),map_str(${files.map('keys')}),strcmp(sess.secret) eq 0`,
    `http-request set-var(txn.cleared) bool(true) if attack_only { req.fhdr(cookie),strcmp(sess.cookies) eq 0 } same_clearance fresh key_held !${acted}`,
    `http-request ${byAddress} if cleared`,
    compare('sess.rate'),
    'http-request allow if cleared',
  );
}

function notices(files: Files): string {
  const inPaths = `map_beg(${files.map('paths')})`;
  const found = '{ var(txn.at) -m found }';
  return lines(
    '# ---- notice, the widest first; it goes before every other refusal but the ambiguous. By path: the path is brought to one form,',
    '# in the request too, so that what is compared is what the origin gets',
    `http-request set-var(txn.flags) ${state('flags')}`,
    'http-request allow if { var(txn.act) -m str ambiguous }',
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
    `http-request allow if ${acted}`,
  );
}

function clearance(files: Files): string {
  const keys = `map_str(${files.map('keys')})`;
  return lines(
    '# ---- limits of sites with a state; challenge by mode (exempt networks pass) or by order (none does)',
    'acl challenged var(txn.flags) -m sub c C',
    'http-request set-var(txn.rate) var(sess.rate)',
    `http-request set-var(txn.rate) ${state('requestsPer10s')},add(0) if ${flag('l')}`,
    `http-request ${byAddress} if !challenged`,
    compare('txn.rate'),
    'http-request allow if !challenged',
    `http-request allow if exempt !${flag('C')}`,
    `http-request set-var(txn.cookie) req.cook(${cookieName.https}) if { ssl_fc }`,
    `http-request set-var(txn.cookie) req.cook(${cookieName.http}) if !{ ssl_fc }`,
    '# clearance = key id . expiry . network . hex(hmac-sha256(key, "clearance|site|key id|expiry|network"))',
    `http-request set-var(txn.cleared) bool(true) if { var(txn.cookie),strcmp(sess.cookie) eq 0 } same_clearance fresh key_held`,
    'acl new var(txn.key) -m found',
    'http-request set-var(txn.kid) var(txn.cookie),field(1,.)',
    'http-request set-var(txn.expiry) var(txn.cookie),field(2,.)',
    'http-request set-var(txn.net) var(txn.cookie),field(3,.)',
    'http-request set-var(txn.signature) var(txn.cookie),field(4,.)',
    `http-request set-var(txn.key) var(txn.kid),${keys} if !cleared { date,sub(txn.expiry) lt 0 }`,
    `http-request set-var-fmt(txn.signed) "clearance|%[${siteId}]|%[var(txn.kid)]|%[var(txn.expiry)]|%[var(txn.net)]" if new`,
    'http-request set-var(txn.calculated) var(txn.signed),hmac(sha256,txn.key),hex,lower if new',
    'http-request set-var(txn.cleared) bool(true) if new { var(txn.calculated),secure_memcmp(txn.signature) }',
    '# A visitor who moved is a risk, not an error: the clearance keeps working, and all who use it from elsewhere are one client.',
    'http-request set-var(txn.here) src,ipmask(24,48),bytes(0,6),hex',
    'acl settled var(txn.net),strcmp(txn.here) eq 0',
    'http-request set-var(txn.mark) var(txn.signature),bytes(0,16) if cleared !settled',
    `http-request track-sc1 ${siteId},concat(m,txn.mark) table clients if cleared !settled`,
    `http-request ${byAddress}`,
    compare('txn.rate'),
    `http-request set-var(txn.act) str(challenge) if !cleared !${acted}`,
    `http-request allow if ${acted}`,
    'http-request allow if !settled',
    'http-request set-var(sess.cookies) req.fhdr(cookie)',
    'http-request set-var(sess.cookie) var(txn.cookie)',
    `http-request set-var(sess.site) ${siteId}`,
    'http-request set-var(sess.expiry) var(txn.expiry),add(0)',
    'http-request set-var(sess.kid) var(txn.kid)',
    `http-request set-var(sess.secret) var(txn.kid),${keys}`,
  );
}
