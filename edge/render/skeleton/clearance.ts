/**
 * The part of the frontend that asks who is cleared: what a connection remembers, the clearance itself, its page budget, who is never
 * asked, and who is sent to the challenge.
 *
 * Closed: a clearance that does not verify is none. Open, each by choice: a visitor whose row in `visitors` is missing (table full,
 * reload) has a whole budget again; a missing budget in the state is none; a crawler's network is believed without a check of its own.
 * A connection remembers the budget that it was cleared with: a smaller one is met by the next connection, a larger one at once.
 */
import { openPaths } from '../../../core/shield/risk.ts';
import { currentKeyName } from '../global.ts';
import { botRules } from './bots.ts';
import { keepRules } from './keep-rules.ts';
import type { EdgePlan } from '../types.ts';
import type { Files } from './parts.ts';
import { acted, cookieName, fact, flag, isPage, lines, siteId, state, words } from './parts.ts';

/** Requests to open paths that pass unchecked in ten seconds, for each of the groups into which a site's networks are sorted. */
const openPer10s = 20;
const openGroups = 64;

/**
 * Fair share in a flood: while this edge answers more challenges a second than that, a client without a clearance may ask so often of one site in
 * ten seconds, and is limited, then slowed and shut out, beyond: one address with many connections shall not crowd out who is new. Below,
 * the site's own limit is all there is: many people behind one address are no flood.
 */
const floodedFrom = 1000;
const unclearedPer10s = 100;

/** Names of crawlers whose operators publish how their addresses can be confirmed by DNS (edge/crawlers/confirm.ts says in which domains). */
const crawlerAgents = ['googlebot', 'bingbot', 'applebot', 'yandexbot', 'baiduspider', 'petalbot'];

/** The stick table of addresses that say to be a crawler and are not known as one: the agent reads it. */
export const claimTable = 'claimants';

/** A client of a site is its address, or, once it has moved, its clearance (see `clearance`). */
export const byAddress = 'track-sc1 var(sess.key) table clients';
/** The same where a clearance is asked for: this row also counts pages. */
const byVisitor = 'track-sc1 var(sess.key) table visitors';

/** What is compared per client. An untracked client has no rate and no count: nothing is limited before it is known who asks. */
export function compare(rate: 'sess.rate' | 'txn.rate'): string {
  const over = `{ sc_http_req_rate(1),sub(${rate}) gt 0 }`;
  return lines(
    'http-request set-var(txn.act) str(limit) if { sc_conn_cur(1),sub(sess.most) gt 0 } !exempt',
    `http-request set-var(txn.act) str(limit) if ${over} !exempt${rate === 'txn.rate' ? ` or ${over} ${flag('l')}` : ''}`,
  );
}

export function remembered(files: Files): string {
  return lines(
    '# ---- attack mode and nothing else: who showed the same cookies for the same site before on this connection is cleared without',
    '# HMAC, while the clearance has not expired, its key is held unchanged, and its pages are not used up',
    'acl cleared var(txn.cleared) -m found',
    `acl same_clearance ${siteId},strcmp(sess.site) eq 0`,
    'acl fresh date,sub(sess.expiry) lt 0',
    `acl key_held var(sess.kid),map_str(${files.map('keys')}),strcmp(sess.secret) eq 0`,
    `http-request set-var(txn.cleared) bool(true) if attack_only { req.fhdr(cookie),strcmp(sess.cookies) eq 0 } same_clearance fresh key_held !${acted}`,
    `http-request ${byVisitor} if cleared`,
    compare('sess.rate'),
    'http-request allow if cleared { sc_gpc0_rate(1),sub(sess.pages) lt 0 }',
  );
}

/**
 * Attack mode of single paths: the path is brought to one form and looked up. What cannot be brought to it, or could be read in two ways, is asked:
 * closed. A site in any other state pays one comparison.
 */
function attackedPart(files: Files): string {
  const where = '{ var(txn.where) -m found }';
  const part = '{ var(txn.part) -m found }';
  return lines(
    '# ---- attack mode of single paths',
    'acl by_part var(txn.flags) -m sub P',
    `http-request set-var(txn.where) path,lower if by_part !bent !${where}`,
    `http-request set-var(txn.where) "path,url_dec,regsub(';[^/]*',,g),regsub('//+',/,g),lower" if by_part bent !${where}`,
    `http-request set-var(txn.part) bool(true) if by_part !${where}`,
    `http-request set-var(txn.part) bool(true) if by_part bent { var(txn.where) -m reg '%|/[.]{1,2}(/|$)' }`,
    `http-request set-var(txn.part) ${siteId},concat(|^|,txn.where,/),map_beg(${files.map('paths')}) if by_part !${part}`,
    `http-request set-var(txn.flags) str(c),concat(,txn.flags) if by_part ${part}`,
    '# Some frameworks take the path from these.',
    'http-request del-header x-original-url if by_part',
    'http-request del-header x-rewrite-url if by_part',
    '',
  );
}

export function clearance(plan: EdgePlan, files: Files): string {
  const keys = `map_str(${files.map('keys')})`;
  return lines(
    attackedPart(files),
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
    '# clearance = key id . expiry . client . hex(hmac-sha256(key, "clearance|site|key id|expiry|client"))',
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
    '',
    neverAsked(files),
    '',
    '# A visitor who moved is a risk, not an error: the clearance keeps working, and all who use it from elsewhere are one client.',
    'acl settled var(txn.net),strcmp(sess.client) eq 0',
    'http-request set-var(txn.mark) var(txn.signature),bytes(0,16) if cleared !settled',
    `http-request track-sc1 ${siteId},concat(m,txn.mark) table visitors if cleared !settled`,
    `http-request ${byVisitor} if cleared`,
    `http-request ${byAddress}`,
    compare('txn.rate'),
    'http-request allow if crawler',
    '# Fair share: in a flood of challenges whoever goes on without one costs little, and soon nothing. Compared by those alone who ask much.',
    `http-request set-var(txn.act) str(limit) if !cleared { sc_http_req_rate(1) gt ${unclearedPer10s} } { be_sess_rate(challenge) gt ${plan.challengesPerSecond ?? floodedFrom} } !${acted}`,
    '',
    budget(),
    '',
    `http-request set-var(txn.act) str(challenge) if !cleared !${acted}`,
    ...botRules(plan, files),
    ...keepRules(plan),
    `http-request allow if ${acted}`,
    'http-request allow if !settled',
    renewal(files),
    'http-request set-var(sess.cookies) req.fhdr(cookie)',
    'http-request set-var(sess.cookie) var(txn.cookie)',
    `http-request set-var(sess.site) ${siteId}`,
    'http-request set-var(sess.expiry) var(txn.expiry),add(0)',
    'http-request set-var(sess.kid) var(txn.kid)',
    `http-request set-var(sess.secret) var(txn.kid),${keys}`,
    `http-request set-var(sess.pages) ${state('pages')},add(0)`,
  );
}

function neverAsked(files: Files): string {
  const strip = ['x-original-url', 'x-rewrite-url', 'x-http-method-override', 'x-http-method', 'x-method-override'];
  return lines(
    '# Never asked, because nobody there could answer: preflights, robots.txt, /.well-known/, the icon. They reach the origin in an attack',
    `# too, so each of ${openGroups} groups of networks has a share: an attacker takes the share of few, and the whole is small.`,
    'acl open var(txn.open) -m found',
    'http-request set-var(txn.open) bool(true) if !cleared METH_OPTIONS { req.fhdr(origin) -m found } { req.fhdr(access-control-request-method) -m found }',
    `http-request set-var(txn.open) bool(true) if !cleared { method GET HEAD } { path -m reg '${openPaths}' }`,
    '# Some frameworks take path or method from these.',
    ...strip.map((name) => `http-request del-header ${name} if open`),
    `http-request set-var(txn.group) src,ipmask(24,48),concat(),djb2(1),mod(${openGroups}) if open`,
    `http-request track-sc1 ${siteId},concat(|open,txn.group) table clients if open`,
    `http-request set-var(txn.act) str(limit) if open { sc_http_req_rate(1) gt ${openPer10s} } !${acted}`,
    'http-request allow if open',
    '# Crawlers of networks that are known: never where an order asks for the check. Who only says to be one is noted for the agent.',
    'acl crawler var(txn.crawler) -m found',
    `http-request set-var(txn.crawler) src,map_ip(${files.map('crawlers')}) if !cleared !${flag('C')} { ${state('crawlers')} -m str 1 }`,
    words(
      `http-request track-sc1 src table ${claimTable} if !cleared !crawler !${flag('C')} { ${state('crawlers')} -m str 1 }`,
      `{ req.fhdr(user-agent) -m sub -i ${crawlerAgents.join(' ')} }`,
    ),
  );
}

/**
 * The row counts HTML answers of the last ten minutes: what was fetched, not what the client says about itself. Each check that the address
 * passed in that time buys another budget, so a shared address is served like many. What a page needs after itself has a fifth more.
 */
function budget(): string {
  const over = (count: string) => `{ ${count},sub(txn.budget) ge 0 }`;
  return lines(
    '# ---- the page budget. No row, no state: open.',
    `http-request set-var(txn.budget) ${state('pages')},add(0) if cleared`,
    'acl spent sc_gpc0_rate(1),sub(txn.budget) ge 0',
    'http-request set-var(txn.solves) sc_gpc1_rate(0),add(1) if cleared spent settled',
    'http-request set-var(txn.budget) var(txn.budget),mul(txn.solves) if cleared spent settled',
    `http-request set-var(txn.spent) bool(true) if cleared spent`,
    `http-request set-var(txn.page) bool(true) if { var(txn.spent) -m found } ${isPage[0]} or { var(txn.spent) -m found } ${isPage[1]}`,
    `http-request set-var(txn.act) str(challenge) if { var(txn.spent) -m found } { var(txn.page) -m found } ${over('sc_gpc0_rate(1)')} !${acted}`,
    `http-request set-var(txn.act) str(challenge) if { var(txn.spent) -m found } ${over('sc_gpc0_rate(1),mul(5),div(6)')} !${acted}`,
  );
}

/** In its last quarter a clearance that is used where it was earned is handed out anew with the answer, without work: sessions do not end. */
function renewal(files: Files): string {
  const set = (scheme: keyof typeof cookieName, condition: string) =>
    `http-request set-var-fmt(txn.renewed) "${clearanceCookie(scheme)}" if renewing ${condition}`;
  return lines(
    `http-request set-var(txn.quarter) ${fact('clearanceSeconds')},div(4)`,
    'acl renewing var(txn.current) -m found',
    `http-request set-var(txn.current) str(${currentKeyName}),map_str(${files.map('current-key')}) if { date,sub(txn.expiry),add(txn.quarter) gt 0 }`,
    signClearance(files, 'if renewing'),
    set('https', '{ ssl_fc }'),
    set('http', '!{ ssl_fc }'),
  );
}

/** Signs a clearance for whoever asks; needs `txn.current`, leaves the rest for `clearanceCookie`. A condition, or nothing. */
export function signClearance(files: Files, condition: string): string {
  const set = (name: string, expression: string) => words(`http-request set-var(${name}) ${expression}`, condition);
  return lines(
    words('http-request unset-var(txn.key)', condition),
    set('txn.key', `var(txn.current),map_str(${files.map('keys')})`),
    set('txn.ttl', `${fact('clearanceSeconds')},add(0)`),
    set('txn.until', 'date,add(txn.ttl)'),
    words(
      `http-request set-var-fmt(txn.signed) "clearance|%[${siteId}]|%[var(txn.current)]|%[var(txn.until)]|%[var(sess.client)]"`,
      condition,
    ),
    set('txn.mac', 'var(txn.signed),hmac(sha256,txn.key),hex,lower'),
  );
}

/** The Set-Cookie value of the clearance that was just signed. */
export function clearanceCookie(scheme: keyof typeof cookieName): string {
  return `${cookieName[scheme]}=%[var(txn.current)].%[var(txn.until)].%[var(sess.client)].%[var(txn.mac)]; Path=/; Max-Age=%[${fact('clearanceSeconds')}]; HttpOnly; SameSite=Lax${scheme === 'https' ? '; Secure' : ''}`;
}
