/**
 * The waiting line: the challenge's second door, for whoever cannot or does not want to compute. Three signed, timed hops, then the clearance.
 *
 * It needs cookies and nothing else: each hop is a page with a link, a Refresh header and a meta element, so it works without
 * JavaScript, in text browsers and with screen readers. Who comes early is told how long it still takes and keeps the place; who comes
 * late stands in line again. Waiting costs a person twelve seconds; what bounds a crawler are places: so many a minute per network, so many
 * per site. Nothing is bound to the address that walks, because Tor changes it: only the clearance at the end belongs to one.
 * Token: key id . start . issued . hop . wait . hex(hmac-sha256(key, "wait|site|" and all before)). A wait earns one clearance, however its
 * tokens are copied. Closed: no key, no line (503). Open: a row of places that was dropped (full table) gives its network new places.
 * After: go-away's meta-refresh; the metering is ours.
 */
import { currentKeyName } from '../global.ts';
import { pageFile, waitPages } from '../pages/index.ts';
import type { WaitPage } from '../pages/index.ts';
import { clearanceCookie, signClearance } from './clearance.ts';
import type { Files } from './parts.ts';
import { contentType, count, inEachLanguage, lines, ownFolder, ownHeaders, siteId, words } from './parts.ts';

export const waitPath = `${ownFolder}/wait`;
const hops = 3;
/** Seconds that each hop takes. Twelve in all. */
export const hopSeconds = 4;
/** How late one may be for a hop: far more than ten times its length (WCAG 2.2.1), after which the line begins anew by itself. */
const patienceSeconds = 300;
/** From the first hop to the last. A clearance earned by a copy of a token would need a token older than this. */
export const longestWaitSeconds = 900;
/** Places a minute for a network (/24, or /48 of IPv6) at one site: several people behind one exit of Tor or one provider's address. */
const placesPerNetwork = 30;
const placesPerSite = 1200;

export const waitTokenPattern = String.raw`^k[0-9]{1,9}\.[0-9]{10}\.[0-9]{10}\.[1-${hops}]\.[0-9a-f-]{36}\.[0-9a-f]{64}$`;
/** A path of the same origin, of characters that an address may hold and no other; a second slash would name another host. */
export const backPattern = String.raw`^/([A-Za-z0-9._~!$&()*+,;=:@%?-][A-Za-z0-9._~!$&()*+,;=:@%?/-]*)?$`;
/** A longer address is not carried: encoded three times in a page, it would not fit a buffer. The line then ends at the front page. */
export const longestBack = 1000;

/** Says that cookies are kept; nothing in it. */
const testCookie = `portcullis-line=1; Path=${ownFolder}; Max-Age=900; SameSite=Lax`;

/** The rules of the line, for the backend of our own files. Expects `whoAsks`. */
export function waitingLine(files: Files): string {
  const keys = `map_str(${files.map('keys')})`;
  const set = (name: string, expression: string, condition: string) =>
    `http-request set-var(${name}) ${expression} if waiting ${condition}`.trimEnd();
  const next = `${waitPath}?t=%[var(txn.place)].%[var(txn.proof)]&r=%[var(txn.back),url_enc]`;
  const answer = (page: WaitPage, condition: string) =>
    inEachLanguage((language, chosen) =>
      words(
        `http-request return status ${waitPages[page].status} content-type ${contentType.html} lf-file ${files.page(pageFile(page, language))}`,
        ownHeaders('waiting', 'html', language),
        page === 'wait' ? `hdr refresh "%[var(txn.left)];url=${next}" hdr set-cookie "${testCookie}"` : '',
        page === 'wait-full' ? `hdr refresh "10;url=${waitPath}?r=%[var(txn.back),url_enc]" hdr retry-after 10` : '',
        `if waiting ${words(condition, chosen)}`,
      ),
    );
  const finish = (scheme: 'https' | 'http', condition: string) =>
    `http-request return status 303 hdr location "%[var(txn.back)]" hdr cache-control no-store hdr portcullis-action solved hdr set-cookie "${clearanceCookie(scheme)}" if waiting ${condition}`;
  return lines(
    `acl waiting path ${waitPath}`,
    set('txn.lang', 'str(en)', '!{ var(txn.lang) -m found }'),
    set('txn.back', 'urlp(r),url_dec', ''),
    `http-request set-var(txn.back) str(/) if waiting !{ var(txn.back) -m reg '${backPattern}' } or waiting { var(txn.back) -m len gt ${longestBack} }`,
    set('txn.current', `str(${currentKeyName}),map_str(${files.map('current-key')})`, ''),
    set('txn.key', `var(txn.current),${keys}`, ''),
    files.answers('no-key', 'waiting !{ var(txn.key) -m found }', 'hdr retry-after 60'),
    '# ---- a token of ours, not too old: its hop is due, or not yet',
    set('txn.token', 'urlp(t)', ''),
    'acl placed var(txn.placed) -m found',
    'acl due var(txn.due) -m found',
    'acl formed var(txn.formed) -m found',
    set('txn.formed', 'bool(true)', `{ var(txn.token) -m reg '${waitTokenPattern}' }`),
    set('txn.start', 'var(txn.token),field(2,.)', 'formed'),
    set('txn.issued', 'var(txn.token),field(3,.)', 'formed'),
    set('txn.hop', 'var(txn.token),field(4,.)', 'formed'),
    set('txn.wait', 'var(txn.token),field(5,.)', 'formed'),
    set('txn.proof', 'var(txn.token),field(6,.)', 'formed'),
    set('txn.place', 'var(txn.token),field(1,.,5)', 'formed'),
    set('txn.kid', 'var(txn.token),field(1,.)', 'formed'),
    'http-request unset-var(txn.key) if waiting formed',
    set('txn.key', `var(txn.kid),${keys}`, 'formed'),
    `http-request set-var-fmt(txn.signed) "wait|%[${siteId}]|%[var(txn.place)]" if waiting formed`,
    set('txn.calculated', 'var(txn.signed),hmac(sha256,txn.key),hex,lower', 'formed'),
    set(
      'txn.placed',
      'bool(true)',
      `formed { var(txn.calculated),secure_memcmp(txn.proof) } { date,sub(txn.issued),add(5) -m int 0:${patienceSeconds + 5} } { date,sub(txn.start),add(5) -m int 0:${longestWaitSeconds - patienceSeconds} }`,
    ),
    set('txn.due', 'bool(true)', `placed { date,sub(txn.issued) ge ${hopSeconds} }`),
    '# Early: the same place, and how long it still takes.',
    set('txn.left', `date,sub(txn.issued),neg,add(${hopSeconds})`, 'placed !due'),
    answer('wait', 'placed !due'),
    '# The first hop left a cookie; a browser that does not send it would come back for ever. Told once, in plain words.',
    answer('wait-cookies', 'due !{ req.cook(portcullis-line) -m found }'),
    '# ---- the last hop: one clearance for a wait',
    `acl last var(txn.hop) -m str ${hops}`,
    'http-request track-sc1 var(txn.wait) table waits if waiting due last',
    set('txn.used', 'bool(true)', 'due last !{ sc_inc_gpc0(1) 1 }'),
    answer('wait-used', '{ var(txn.used) -m found }'),
    '',
    signClearance(files, 'if waiting due last'),
    `http-request ${count('solved')} if waiting due last`,
    'http-request sc-inc-gpc1(0) if waiting due last',
    finish('https', 'due last { ssl_fc }'),
    finish('http', 'due last'),
    '# ---- the next hop, or the first one',
    `http-request track-sc1 ${siteId} table places if waiting due`,
    'http-request set-var(txn.near) src,ipmask(24,48),bytes(0,6),hex if waiting !placed',
    `http-request track-sc1 ${siteId},concat(|,txn.near) table places if waiting !placed`,
    `http-request ${count('challenged')} if waiting !placed`,
    answer('wait-full', `!placed { sc_gpc0_rate(1) ge ${placesPerNetwork} }`),
    '# The site as a whole is counted at the second hop: whoever is over waits that hop again.',
    'acl second var(txn.hop) -m str 1',
    set('txn.left', `int(${hopSeconds})`, ''),
    answer('wait', `due second { sc_gpc0_rate(1) ge ${placesPerSite} }`),
    'http-request sc-inc-gpc0(1) if waiting !placed or waiting due second',
    set('txn.hop', 'int(0)', '!placed'),
    set('txn.hop', 'var(txn.hop),add(1)', ''),
    set('txn.start', 'date', '!placed'),
    set('txn.wait', 'uuid()', '!placed'),
    set('txn.key', `var(txn.current),${keys}`, ''),
    'http-request set-var-fmt(txn.place) "%[var(txn.current)].%[var(txn.start)].%[date].%[var(txn.hop)].%[var(txn.wait)]" if waiting',
    `http-request set-var-fmt(txn.signed) "wait|%[${siteId}]|%[var(txn.place)]" if waiting`,
    set('txn.proof', 'var(txn.signed),hmac(sha256,txn.key),hex,lower', ''),
    answer('wait', ''),
  );
}
