/**
 * The part of the frontend that asks who is cleared: what a connection remembers, the clearance itself, and who is sent to the challenge.
 */
import type { Files } from './parts.ts';
import { acted, cookieName, flag, lines, siteId, state } from './parts.ts';

/** A client of a site is its address, or, once it has moved, its clearance (see `clearance`). */
export const byAddress = 'track-sc1 var(sess.key) table clients';

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

export function clearance(files: Files): string {
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
