/**
 * Kept forms: the backends that ask the keeper (edge/keeper), which stands beside HAProxy on a unix socket. Who gets here: keep-rules.ts.
 *
 * `keep` is the challenge, worded after the keeper has the form. Of the ticket the reference stands in the form's own address, and the key in a cookie of
 * that address: no script, no log and no origin sees it. `send` is that address: the form's folder, followed by the path that it was for, so that
 * relative links of the answer come back here and are sent on to where they belong. A POST without a body sends the form; a GET with `!` shows a
 * button, for who comes out of the waiting line. Everything else goes on to the path by itself.
 * The clearance is not asked for here: the form goes through the inner listener, where everything is, and is challenged and kept anew without one.
 * Closed: without the cookie nothing is opened. A keeper that breaks off while it keeps: the challenge, which then says that nothing was kept.
 */
import { currentKeyName } from '../global.ts';
import { challengePieces } from '../pages/challenge.ts';
import { wordRules } from '../pages/in-one.ts';
import { challengeFiles, pageFile, standing } from '../pages/index.ts';
import { english } from '../pages/languages.ts';
import type { StandingPage } from '../pages/words.ts';
import type { EdgePlan } from '../types.ts';
import { challengeToken, keptNote } from './challenge.ts';
import { formFolder, hasKeeper } from './keep-rules.ts';
import type { Files } from './parts.ts';
import {
  contentType,
  cookieName,
  count,
  inEachLanguage,
  lines,
  noForms,
  ownHeaders,
  section,
  siteId,
  state,
  whoAsks,
  words,
} from './parts.ts';
import { backPattern } from './wait.ts';

const formCookie = 'portcullis-form';
/** Shorter than the waiting line's own bound, which holds with the form's folder before it. */
const longestPath = 900;
const keptSeconds = 900;
const referencePattern = '^[0-9a-f]{32}$';
const keyPattern = '^[0-9a-f]{64}$';
/** In an attribute. Nothing else of `backPattern` means anything there. */
const escaped = "regsub('&','&amp;',g)";

export function keepBackends(files: Files, plan: EdgePlan): string[] {
  const { keeper } = plan;
  if (!hasKeeper(plan) || keeper === undefined || keeper === null) return [];
  const server = (name: string, more: string) =>
    `server ${name} unix@${keeper.socket} check inter 1s fall 1 rise 1 ${more}`.trim();
  return [keep(files, plan, server('keeper', 'maxconn 64')), send(files, server('keeper', 'maxconn 64'))];
}

function keep(files: Files, plan: EdgePlan, server: string): string {
  const headers = 'hdr portcullis-mitigated challenge hdr retry-after 30';
  const answer = (status: number) =>
    words(
      `status ${status} content-type ${contentType.html} lf-file ${files.page(challengeFiles.page)}`,
      `${ownHeaders('challenge', 'html', '%[var(txn.lang)]')} ${headers}`,
    );
  const kept = (secure: string, condition: string) =>
    words(
      `http-response return ${answer(403).replace(noForms, 'form-action *')} hdr portcullis-form kept`,
      `hdr set-cookie "${formCookie}=%[var(txn.formkey)]; Path=${formFolder}/%[var(txn.ref)]; Max-Age=${keptSeconds}; HttpOnly; SameSite=Strict${secure}"`,
      `if kept ${condition}`,
    );
  return section(
    'backend keep',
    ...[502, 503, 504].map((status) => `http-error ${answer(status)}`),
    'timeout queue 2s',
    'timeout server 8s',
    'timeout check 5s',
    'option httpchk GET /healthz',
    `http-request ${count('challenged')}`,
    whoAsks(),
    `http-request set-var(txn.kid) str(${currentKeyName}),map_str(${files.map('current-key')})`,
    `http-request set-var(txn.key) var(txn.kid),map_str(${files.map('keys')})`,
    files.answers('no-key', '!{ var(txn.key) -m found }', 'hdr retry-after 60'),
    ...challengeToken(plan),
    ...wordRules(files.page(challengeFiles.words), challengePieces(), ''),
    `http-request set-var(txn.back) str(/) if !{ var(txn.back) -m reg '${backPattern}' } or { var(txn.back) -m len gt ${longestPath} }`,
    `http-request set-var(txn.keep) ${state('keep')},add(0)`,
    'http-request set-var(txn.kept) str(unkept)',
    'http-request set-var(txn.kept) str(long) if { req.hdr_val(content-length),sub(txn.keep) gt 0 }',
    `http-request ${keptNote(files)}`,
    `http-request return ${answer(403)} if { var(txn.kept) -m str long }`,
    '# The keeper is told by us alone.',
    'http-request del-header portcullis- -m beg',
    'http-request set-header portcullis-do keep',
    `http-request set-header portcullis-site %[${siteId}]`,
    'http-request set-header portcullis-network %[src,ipmask(24,48),bytes(0,6),hex]',
    'http-request set-header portcullis-limit %[var(txn.keep)]',
    'http-response set-var(txn.ticket) res.fhdr(portcullis-kept)',
    'acl kept var(txn.ticket) -m found',
    'http-response set-var(txn.kept) str(kept) if kept',
    'http-response set-var(txn.kept) str(long) if { res.fhdr(portcullis-unkept) -m str long }',
    `http-response ${keptNote(files)}`,
    'http-response set-var(txn.ref) var(txn.ticket),field(1,.)',
    'http-response set-var(txn.formkey) var(txn.ticket),field(2,.)',
    `http-response set-var-fmt(txn.deliver) "${formFolder}/%[var(txn.ref)]%[var(txn.back)]" if kept`,
    `http-response set-var-fmt(txn.back) "${formFolder}/%[var(txn.ref)]/!%[var(txn.back)]" if kept`,
    kept('; Secure', '{ ssl_fc }'),
    kept('', ''),
    `http-response return ${answer(403)}`,
    server,
  );
}

function send(files: Files, server: string): string {
  const clearance = (scheme: keyof typeof cookieName, condition: string) =>
    `http-request set-header portcullis-clearance "${cookieName[scheme]}=%[req.cook(${cookieName[scheme]})]" if { req.cook(${cookieName[scheme]}) -m found } ${condition}`;
  const page = (name: StandingPage) => {
    const { status, action } = standing[name];
    return inEachLanguage((language, chosen) =>
      words(
        `return status ${status} content-type ${contentType.html} lf-file ${files.page(pageFile(name, language))}`,
        `${ownHeaders(action, 'html', language)} {if} ${chosen}`,
      ),
    );
  };
  const said = (when: 'request' | 'response', name: StandingPage, condition: string) =>
    page(name).replaceAll(/^/gm, `http-${when} `).replaceAll('{if}', `if ${condition}`);
  const answered = (word: string) => said('response', wordPages[word] ?? 'form-unsure', `{ var(txn.form) -m str ${word} }`);
  const onward = `http-request return status 307 hdr location "%[var(txn.back)]" hdr cache-control no-store hdr portcullis-action form`;
  return lines(
    '# A cookie that no page can set for this address alone, and the reference in it: both are needed.',
    section(
      'backend send',
      files.error('form-gone').replace('status 410', 'status 503'),
      files.error('form-unsure'),
      files.error('form-unsure').replace('status 502', 'status 504'),
      'timeout queue 2s',
      'timeout server 60s',
      'timeout check 5s',
      'option httpchk GET /healthz',
      whoAsks(),
      `http-request set-var(txn.lang) str(${english.language}) if !{ var(txn.lang) -m found }`,
      'http-request set-var(txn.ref) path,field(5,/)',
      files.answers('not-ours', `!{ var(txn.ref) -m reg '${referencePattern}' }`),
      `http-request set-var(txn.back) pathq,bytes(${formFolder.length + 1 + 32})`,
      'acl shown var(txn.shown) -m found',
      "http-request set-var(txn.shown) bool(true) if { var(txn.back) -m beg '/!/' }",
      'http-request set-var(txn.back) var(txn.back),bytes(2) if shown',
      `http-request set-var(txn.back) str(/) if !{ var(txn.back) -m reg '${backPattern}' }`,
      `http-request set-var(txn.href) "var(txn.back),${escaped}"`,
      `http-request set-var-fmt(txn.deliver) "${formFolder}/%[var(txn.ref)]%[var(txn.href)]"`,
      'acl empty req.hdr_val(content-length) eq 0',
      `acl opened req.cook(${formCookie}) -m reg ${keyPattern}`,
      'acl elsewhere req.fhdr(sec-fetch-site) -m found',
      `${onward} if !shown !METH_POST or METH_POST !empty`,
      said('request', 'form-gone', '!opened'),
      said('request', 'form-send', 'shown !METH_POST'),
      '# Not of its own page: a person is asked.',
      said('request', 'form-send', 'elsewhere !{ req.fhdr(sec-fetch-site) -m str same-origin }'),
      '# The keeper is told by us alone.',
      'http-request del-header portcullis- -m beg',
      'http-request set-header portcullis-do send',
      `http-request set-header portcullis-site %[${siteId}]`,
      `http-request set-header portcullis-ticket "%[var(txn.ref)].%[req.cook(${formCookie})]"`,
      'http-request set-header portcullis-scheme %[var(sess.scheme)]',
      'http-request set-header portcullis-address %[var(sess.address)]',
      clearance('https', '{ ssl_fc }'),
      clearance('http', '!{ ssl_fc }'),
      'http-response set-var(txn.form) res.fhdr(portcullis-form)',
      'http-response del-header portcullis-form',
      ...Object.keys(wordPages).map(answered),
      server,
    ),
  );
}

/** What the keeper says instead of an answer. */
const wordPages: Readonly<Record<string, StandingPage>> = {
  used: 'form-used',
  gone: 'form-gone',
  again: 'form-again',
  unsure: 'form-unsure',
};
