/**
 * The challenge and the check of its solutions: the backends in which a visitor earns a clearance.
 *
 * Neither ever reaches an origin. No current key: closed (503).
 */
import { challengeTarget } from '../../../core/shield/difficulty.ts';
import { hardestHashes, hardFactor, lightFactor, manyLimited, manySolved } from '../../../core/shield/risk.ts';
import { currentKeyName } from '../global.ts';
import { challengePieces } from '../pages/challenge.ts';
import { wordRules } from '../pages/in-one.ts';
import { challengeFiles } from '../pages/index.ts';
import { english } from '../pages/languages.ts';
import { challengeSeconds } from './base.ts';
import { clearanceCookie, signClearance } from './clearance.ts';
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
  whoAsks,
  words,
} from './parts.ts';
import { underPressure } from './pressure.ts';
import { hasStrong, strongBeginnings, strongCalls, strongForm, strongLevel, strongOnward, strongService } from './strong.ts';
import { longestBack, waitingLine } from './wait.ts';
import type { EdgePlan } from '../types.ts';

/** By how much the clock of the edge that issued a token may be ahead of ours. */
const clockSkewSeconds = 5;

/** key id . time . random . target . signature */
const tokenPattern = String.raw`^k[0-9]{1,9}\.[0-9]{10}\.[0-9a-f-]{36}\.[0-9]{1,16}\.[0-9a-f]{64}$`;

/**
 * How hard: the site's own target for whoever is as usual; eight times the work, but never more than five million hashes by this alone, for
 * addresses that were limited or passed many checks of late and for clearances that were used up far from where they were earned; a
 * quarter where only a rule of the owner asks. The same as core/shield/risk.ts, with which a test compares it.
 */
function level(plan: EdgePlan): string {
  const hard = 'http-request set-var(txn.level) str(hard) if';
  const notStrong = hasStrong(plan) ? ' !strong' : '';
  return lines(
    `http-request set-var(txn.level) ${state('level')}`,
    `${hard} { sc_gpc0_rate(0) gt ${manyLimited} }`,
    `${hard} { sc_gpc1_rate(0) gt ${manySolved} }`,
    `${hard} { var(txn.spent) -m found } !{ var(txn.net),strcmp(sess.client) eq 0 }`,
    `http-request set-var(txn.target) ${fact('target')},add(0)`,
    'http-request set-var(txn.usual) var(txn.target)',
    `http-request set-var(txn.target) var(txn.target),mul(${lightFactor}) if { var(txn.level) -m str light }`,
    'acl hard var(txn.level) -m str hard',
    ...strongLevel(plan),
    `http-request set-var(txn.target) var(txn.target),div(${hardFactor}) if hard${notStrong}`,
    `http-request set-var(txn.target) int(${challengeTarget(hardestHashes)}) if hard${notStrong} { var(txn.target) -m int lt ${challengeTarget(hardestHashes)} }`,
    'http-request set-var(txn.target) var(txn.usual) if hard { var(txn.target),sub(txn.usual) gt 0 }',
  );
}

/** What the page says of a form: needs `txn.kept`, a name of keptWords (pages/challenge.ts). */
export function keptNote(files: Files): string {
  return `set-var(txn.note) var(txn.lang),concat(.,txn.kept),map_str(${files.page(challengeFiles.words)})`;
}

/** How hard, and the token; needs the key. Leaves the address to come back to in `txn.back`. */
export function challengeToken(plan: EdgePlan): string[] {
  return [
    level(plan),
    '# The address, for the waiting line: carried encoded, and only when it is not too long for a page.',
    `http-request set-var(txn.back) str(/)`,
    `http-request set-var(txn.back) pathq if { pathq -m len le ${longestBack} }`,
    `http-request set-var-fmt(txn.token) "%[var(txn.kid)].%[date].%[uuid()].%[var(txn.target)]"`,
    `http-request set-var-fmt(txn.signed) "challenge|%[${siteId}]|%[var(txn.token)]"`,
    ...(hasStrong(plan) ? [`http-request set-var-fmt(txn.signed) "strong|%[${siteId}]|%[var(txn.token)]" if strong`] : []),
    'http-request set-var(txn.signature) var(txn.signed),hmac(sha256,txn.key),hex,lower',
  ];
}

export function challengeBackend(files: Files, plan: EdgePlan): string {
  const headers = 'hdr portcullis-mitigated challenge hdr retry-after 30';
  const language = '%[var(txn.lang)]';
  return lines(
    '# token = key id . time . random . target . hex(hmac-sha256(key, "challenge|site|key id.time.random.target"))',
    '# Who looks at a page gets the page; everything else (a script, a picture, a program, the start of a websocket) a refusal that programs',
    '# read. No key: closed.',
    section(
      'backend challenge',
      ...underPressure('challenge', [
        `http-error status 403 content-type ${contentType.html} lf-file ${files.page(challengeFiles.page)} ${ownHeaders('challenge', 'html', language)} ${headers}`,
        `http-error status 429 content-type ${contentType.json} lf-file ${files.page('challenge-later.json')} ${ownHeaders('challenge', 'json', english.language, 'var(txn.asker)')} ${headers}`,
      ]),
      `http-request ${count('challenged')}`,
      whoAsks(),
      `http-request set-var(txn.kid) str(${currentKeyName}),map_str(${files.map('current-key')})`,
      `http-request set-var(txn.key) var(txn.kid),map_str(${files.map('keys')})`,
      files.answers('no-key', '!{ var(txn.key) -m found }', 'hdr retry-after 60'),
      '# After the wait the request can no longer be read.',
      `http-request set-var(txn.asker) req.fhdr(origin) if pressed !${wantsHtml}`,
      `http-request tarpit deny_status 429 if pressed !${wantsHtml}`,
      words(
        `http-request return status 403 content-type ${contentType.json} lf-file ${files.page('challenge.json')} ${ownHeaders('challenge', 'json')}`,
        `${headers} if !${wantsHtml}`,
      ),
      ...challengeToken(plan),
      'http-request set-var(txn.kept) str(unkept) if !{ method GET HEAD }',
      `http-request ${keptNote(files)} if { var(txn.kept) -m found }`,
      ...wordRules(files.page(challengeFiles.words), challengePieces(), ''),
      'http-request tarpit deny_status 403 if pressed',
      words(
        `http-request return status 403 content-type ${contentType.html} lf-file ${files.page(challengeFiles.page)}`,
        `${ownHeaders('challenge', 'html', language)} ${headers}`,
      ),
    ),
  );
}

export function ownBackend(files: Files, plan: EdgePlan): string {
  const keys = `map_str(${files.map('keys')})`;
  const strong = hasStrong(plan);
  const [unlessAnswer, unlessBegin] = strong ? ['!answer ', '!begin '] : ['', ''];
  const asset = (name: string) =>
    words(
      `http-request return status 200 content-type "text/javascript; charset=utf-8" file ${files.page(name)}`,
      `hdr cache-control "public, max-age=300" hdr portcullis-action asset if { path ${ownFolder}/${name} }`,
    );
  const refuse = (reason: string, condition: string) => `http-request set-var(txn.reason) str(${reason}) if !failed ${condition}`;
  const solved = (scheme: keyof typeof cookieName, condition: string) =>
    words(
      'http-request return status 204 hdr cache-control no-store hdr portcullis-action solved',
      `hdr set-cookie "${clearanceCookie(scheme)}"`,
      condition,
    );
  return lines(
    '# Our own files, the waiting line and the check of solutions. That one reads and sends no return address: the page loads itself again.',
    section(
      'backend own',
      asset('challenge.js'),
      asset('worker.js'),
      whoAsks(),
      waitingLine(files),
      ...(strong ? ['http-request set-var(txn.label) str(challenge)'] : []),
      ...strongCalls(plan, files),
      files.answers('not-ours', `!{ path ${ownFolder}/verify }${strong ? ' !call' : ''}`),
      'acl failed var(txn.reason) -m found',
      'http-request wait-for-body time 3s if { method POST }',
      'http-request set-var(txn.token) req.body_param(t) if { method POST }',
      'http-request set-var(txn.counter) req.body_param(c) if { method POST }',
      refuse('malformed', `${unlessAnswer}!{ var(txn.token) -m reg '${tokenPattern}' }`),
      refuse('malformed', `${unlessAnswer}!{ var(txn.counter) -m reg '^[0-9]{1,15}$' }`),
      ...(strong ? strongForm.map((condition) => refuse('malformed', condition)) : []),
      'http-request set-var(txn.kid) var(txn.token),field(1,.)',
      'http-request set-var(txn.issued) var(txn.token),field(2,.)',
      'http-request set-var(txn.target) var(txn.token),field(4,.)',
      'http-request set-var(txn.signature) var(txn.token),field(5,.)',
      `http-request set-var(txn.key) var(txn.kid),${keys}`,
      `http-request set-var-fmt(txn.signed) "${strong ? '%[var(txn.label)]' : 'challenge'}|%[${siteId}]|%[var(txn.token),field(1,.,4)]" if !failed`,
      'http-request set-var(txn.calculated) var(txn.signed),hmac(sha256,txn.key),hex,lower if !failed',
      refuse('signature', '!{ var(txn.calculated),secure_memcmp(txn.signature) }'),
      refuse('expired', `!{ date,sub(txn.issued),add(${clockSkewSeconds}) -m int 0:${challengeSeconds + clockSkewSeconds} }`),
      'http-request set-var-fmt(txn.work) "%[var(txn.token)]|%[var(txn.counter)]" if !failed',
      refuse('work', `${unlessAnswer}!{ var(txn.work),sha2(256),bytes(0,6),hex,hex2i,sub(txn.target) lt 0 }`),
      ...strongBeginnings(plan),
      '# One clearance for a solution: the row is made by whoever comes first, atomically.',
      `http-request track-sc1 var(txn.signature) table solutions if ${unlessBegin}!failed`,
      refuse('replay', `${unlessBegin}!{ sc_inc_gpc0(1) 1 }`),
      `http-request ${count('challenged')} if failed`,
      words(
        'http-request return status 403 content-type text/plain lf-string "%[var(txn.reason)]" hdr cache-control no-store',
        'hdr portcullis-action refused hdr portcullis-reason "%[var(txn.reason)]" if failed',
      ),
      `http-request set-var(txn.current) str(${currentKeyName}),map_str(${files.map('current-key')})`,
      signClearance(files, ''),
      files.answers('no-key', '!{ var(txn.key) -m found }', 'hdr retry-after 60'),
      ...strongOnward(plan),
      `http-request ${count('solved')}`,
      'http-request sc-inc-gpc1(0)',
      solved('https', 'if { ssl_fc }'),
      solved('http', '').trimEnd(),
      ...strongService(plan),
    ),
  );
}
