/**
 * The frontend: every decision about a request, in the order of edge.md ("What a visitor's request meets, in order").
 *
 * A guard that refuses writes its name to `txn.act`, which is also the name of the backend that answers: an ordinary request passes
 * each guard with one comparison and never meets the rules that word a refusal. Cheap checks come first, and `allow` leaves early.
 * Ints are made of packed fields by `add(0)`: an int is stored in place, a string is allocated.
 */
import { counterTable } from '../counters.ts';
import { factField, pathField } from '../site.ts';
import type { EdgePlan, Listener } from '../types.ts';
import type { Files } from './parts.ts';
import { acted, cookieName, fact, flag, lines, ownFolder, section, siteId, state } from './parts.ts';

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
    hygiene(),
    '',
    states(files),
    '',
    notices(files),
    '',
    networks(files),
    '',
    limits(),
    '',
    clearance(files),
    '',
    '# ---- who was refused, or asked for one of our own files, is answered by the backend of that name',
    `use_backend %[var(txn.act)] if ${acted}`,
    `use_backend origins-tls if { ${fact('flags')} -m sub t }`,
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
    '# Once per connection, not per request. ipmask also turns ::ffff:a.b.c.d into IPv4.',
    'tcp-request session set-var(sess.client) src,ipmask(32,64),bytes(0,8),hex',
  );
}

function host(files: Files): string {
  const inHosts = `map_str(${files.map('hosts')})`;
  const parents = Array.from(
    { length: deepestWildcard - 1 },
    (_, index) =>
      `http-request set-var(txn.facts) var(txn.host),field(${index + 2},.,0),map_str(${files.map('wildcards')}) if !known`,
  );
  return lines(
    '# ---- host. fhdr does not split at commas: "a, b" is one unknown name. Nearly all requests bring the stored form: try it first.',
    `http-request set-var(txn.facts) req.fhdr(host),${inHosts}`,
    'acl known var(txn.facts) -m found',
    'http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.) if !known',
    `http-request set-var(txn.facts) var(txn.host),${inHosts} if !known`,
    ...parents,
    files.answers('unknown', '!known'),
    `http-request track-sc2 ${siteId} table ${counterTable}`,
  );
}

/** Dot-dot in any mixture of plain and encoded, encoded NUL and line breaks, back-slashes: programs read these differently. */
const ambiguous = String.raw`%0[0ad]|[\\]|(\.|%2e)(\.|%2e)(%2f|%5c)|(%2f|%5c)(\.|%2e)(\.|%2e)|%2e%2e|%2e\.|\.%2e`;
/** Where a path is compared: also what an origin might decode twice, and encoded slashes beside slashes or dots. */
const ambiguousByPath = String.raw`%5c|%25[0-9a-f][0-9a-f]|(/|%2f|\.)%2f|%2f(/|\.)`;

function hygiene(): string {
  return lines(
    '# ---- hygiene: what two programs could read differently goes to neither',
    String.raw`acl odd path -m sub % \\`,
    `http-request set-var(txn.act) str(ambiguous) if odd { path -m reg -i '${ambiguous}' }`,
  );
}

function states(files: Files): string {
  const inStates = `map_str(${files.map('states')})`;
  return lines(
    '# ---- what is not ordinary about the site: attack mode, orders; hosts with orders of their own',
    `http-request set-var(txn.state) ${siteId},${inStates}`,
    `http-request set-var(txn.flags) ${state('flags')}`,
    `http-request set-var(txn.host) req.fhdr(host),host_only,rtrim(.) if ${flag('h p')}`,
    'acl by_host var(txn.flags) -m sub h',
    `http-request set-var(txn.state) ${siteId},concat(|,txn.host),${inStates} if by_host`,
    `http-request set-var(txn.flags) ${state('flags')} if by_host`,
  );
}

function notices(files: Files): string {
  const inPaths = `map_beg(${files.map('paths')})`;
  const found = '{ var(txn.at) -m found }';
  return lines(
    '# ---- notice, the widest first. By path: the path is brought to one form, in the request too, so that what is compared is what',
    '# the origin gets',
    'acl noticed var(txn.order) -m found',
    'acl by_path var(txn.flags) -m sub p',
    `http-request set-var(txn.order) ${state('orderId')} if ${flag('n')}`,
    `http-request set-var(txn.decisions) ${state('decisions')} if noticed`,
    `http-request set-var(txn.act) str(ambiguous) if by_path odd { path -m reg -i '${ambiguousByPath}' }`,
    'http-request normalize-uri percent-decode-unreserved if by_path',
    'http-request normalize-uri path-merge-slashes if by_path',
    'http-request normalize-uri path-strip-dot if by_path',
    'http-request normalize-uri path-strip-dotdot full if by_path',
    `http-request set-var-fmt(txn.path) "%[path,url_dec,regsub(';[^/]*',,g),lower]/" if by_path`,
    `http-request set-var(txn.at) ${siteId},concat(|*|,txn.path),${inPaths} if by_path`,
    `http-request set-var(txn.at) ${siteId},concat(|,txn.host,|),concat(,txn.path),${inPaths} if by_path !${found}`,
    `http-request set-var(txn.decisions) var(txn.at),field(${pathField.decisions},|) if by_path ${found} !noticed`,
    `http-request set-var(txn.order) var(txn.at),field(${pathField.orderId},|) if by_path ${found} !noticed`,
    'http-request set-var(txn.act) str(notice) if noticed',
    `http-request allow if ${acted}`,
  );
}

function networks(files: Files): string {
  const hex = 'src,ipmask(32,128),hex';
  return lines(
    "# ---- networks of the site's owner: longest prefix of family and address",
    `acl networks var(txn.facts),field(${factField.flags},|) -m sub a`,
    `acl v4 ${hex} -m len 8`,
    'acl exempt var(txn.network) -m str allow',
    `http-request set-var-fmt(txn.network) "%[${siteId}]|4%[${hex}]" if networks v4`,
    `http-request set-var-fmt(txn.network) "%[${siteId}]|6%[${hex}]" if networks !v4`,
    `http-request set-var(txn.network) var(txn.network),map_beg(${files.map('networks')},none) if networks`,
    'http-request set-var(txn.act) str(deny) if networks { var(txn.network) -m str deny }',
    `http-request allow if networks ${acted}`,
  );
}

/** A client of a site is its address, or, once it has moved, its clearance (see `clearance`). */
const byAddress = `track-sc1 ${siteId},concat(,sess.client) table clients`;

/** The three comparisons. An untracked client has no rate and no count: nothing is limited before it is known who asks. */
function compare(): string {
  const overRate = '{ sc_http_req_rate(1),sub(txn.rate) gt 0 }';
  return lines(
    'http-request set-var(txn.act) str(limit) if { sc_conn_cur(1),sub(txn.most) gt 0 } !exempt',
    `http-request set-var(txn.act) str(limit) if ${overRate} !exempt or ${overRate} ${flag('l')}`,
  );
}

function limits(): string {
  return lines(
    "# ---- limits. Our own files have none: the check of a solution needs the client's counter. A limit that an order lowers holds",
    "# for the owner's exempt networks too. Where a challenge is due the client is counted after its clearance was read.",
    `acl challenging var(txn.flags) -m sub c C`,
    `http-request set-var(txn.act) str(own) if { path_beg ${ownFolder}/ }`,
    `http-request allow if ${acted}`,
    `http-request ${byAddress} if !challenging`,
    `http-request set-var(txn.rate) ${fact('requestsPer10s')},add(0)`,
    `http-request set-var(txn.rate) ${state('requestsPer10s')},add(0) if ${flag('l')}`,
    `http-request set-var(txn.most) ${fact('concurrentPerClient')},add(0)`,
    `http-request set-var(txn.room) ${fact('concurrentPerSite')},add(0)`,
    'http-request set-var(txn.act) str(busy) if { sc_conn_cur(2),sub(txn.room) gt 0 } !exempt',
    compare(),
    '# Ordinary sites leave here.',
    'http-request allow if !challenging',
    `http-request allow if ${acted}`,
  );
}

function clearance(files: Files): string {
  const keys = `map_str(${files.map('keys')})`;
  return lines(
    '# ---- challenge: by mode (exempt networks pass) or by order (none does)',
    `http-request allow if exempt !${flag('C')}`,
    `http-request set-var(txn.cookie) req.cook(${cookieName.https}) if { ssl_fc }`,
    `http-request set-var(txn.cookie) req.cook(${cookieName.http}) if !{ ssl_fc }`,
    '# Verified before on this connection: the same cookie for the same site, not expired, its key still held unchanged. No HMAC.',
    'acl cleared var(txn.cleared) -m found',
    `http-request set-var(txn.cleared) bool(true) if { var(txn.cookie),strcmp(sess.cookie) eq 0 } { ${siteId},strcmp(sess.site) eq 0 } { date,sub(sess.expiry) lt 0 } { var(sess.kid),${keys},strcmp(sess.key) eq 0 }`,
    `http-request ${byAddress} if cleared`,
    compare(),
    'http-request allow if cleared',
    '# clearance = key id . expiry . network . hex(hmac-sha256(key, "clearance|site|key id|expiry|network"))',
    'http-request set-var(txn.kid) var(txn.cookie),field(1,.)',
    'http-request set-var(txn.expiry) var(txn.cookie),field(2,.)',
    'http-request set-var(txn.net) var(txn.cookie),field(3,.)',
    'http-request set-var(txn.signature) var(txn.cookie),field(4,.)',
    `http-request set-var(txn.key) var(txn.kid),${keys} if { date,sub(txn.expiry) lt 0 }`,
    'acl signed var(txn.key) -m found',
    `http-request set-var-fmt(txn.signed) "clearance|%[${siteId}]|%[var(txn.kid)]|%[var(txn.expiry)]|%[var(txn.net)]" if signed`,
    'http-request set-var(txn.calculated) var(txn.signed),hmac(sha256,txn.key),hex,lower if signed',
    'http-request set-var(txn.cleared) bool(true) if signed { var(txn.calculated),secure_memcmp(txn.signature) }',
    '# A visitor who moved is a risk, not an error: the clearance keeps working, and all who use it from elsewhere are one client.',
    'http-request set-var(txn.here) src,ipmask(24,48),bytes(0,6),hex',
    'acl settled var(txn.net),strcmp(txn.here) eq 0',
    'http-request set-var(txn.mark) var(txn.signature),bytes(0,16) if cleared !settled',
    `http-request track-sc1 ${siteId},concat(m,txn.mark) table clients if cleared !settled`,
    `http-request ${byAddress}`,
    compare(),
    `http-request set-var(txn.act) str(challenge) if !cleared !${acted}`,
    `http-request allow if ${acted}`,
    'http-request allow if !settled',
    'http-request set-var(sess.cookie) var(txn.cookie)',
    `http-request set-var(sess.site) ${siteId}`,
    'http-request set-var(sess.expiry) var(txn.expiry),add(0)',
    'http-request set-var(sess.kid) var(txn.kid)',
    'http-request set-var(sess.key) var(txn.key)',
  );
}
