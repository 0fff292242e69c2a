/**
 * The site's own rules, run by lines that are the same for every site: a machine whose table is the map `rules` (core/shield/rules/compile.ts).
 *
 * They stand among the `tcp-request content` rules, where `accept` leaves them alone: a site without rules pays one comparison. Each
 * line looks one field up and goes from state to state; a state that does not ask for a field has no entry, and `set-var` then keeps
 * what it had. What a rule asks for is then said in the terms that the rest of the frontend knows: a refusal is an act, a challenge or a
 * limit is a state as an order's or the mode's would be, `allow` is an exemption. So an order is asked exactly as without rules.
 * Fields are made as core/shield/rules/request.ts makes them; a test sends the same requests to both.
 * Open or closed: half of a change (no table for a site) is open for that moment; a wrong or missing password is closed; a path that cannot
 * be read in one way only, or a header that rules read and that comes twice, goes nowhere (400).
 */
import type { ReadableHeader } from '../../../contract/rules.ts';
import { answerHeaders } from '../../../contract/rules.ts';
import { fieldLetter, wordsLetter } from '../../../core/shield/rules/compile.ts';
import { unknownAsn, unknownCountry } from '../../../core/shield/rules/syntax.ts';
import { headerLetter, ruleField, ruleHeaderField, wordBuckets } from '../rules.ts';
import type { EdgePlan } from '../types.ts';
import { pageFile } from '../pages/index.ts';
import type { PageForm } from '../pages/index.ts';
import { english } from '../pages/languages.ts';
import type { Files } from './parts.ts';
import { slowed } from './pressure.ts';
import { acmeFolder } from './tls.ts';
import {
  acted,
  contentType,
  count,
  inEachLanguage,
  lines,
  ownFolder,
  ownHeaders,
  section,
  siteFlag,
  siteId,
  state,
  wantsHtml,
  wantsJson,
  whoAsks,
  words,
} from './parts.ts';

/** Wrong passwords of one address in a minute, over all sites, before its answers are slowed, and before it is shut out for a while. */
const slowAfter = 20;
const shutOutAfter = 100;
const redirectSeconds = 300;

const part = (name: keyof typeof ruleField) => `var(txn.rule),field(${ruleField[name]},|)`;
const decided = (...acts: readonly string[]) => `{ var(txn.rule) -m beg ${acts.map((act) => `${act}|`).join(' ')} }`;
const cleaned = String.raw`lower,regsub('[[:cntrl:] ]',\x1f,g)`;

/** The variables that hold values of headers, by the header's name. */
const headerVariable: Readonly<Record<ReadableHeader, string>> = {
  'user-agent': 'txn.agent',
  referer: 'txn.referer',
  'content-type': 'txn.type',
  origin: 'txn.origin',
  'accept-language': 'txn.tongue',
};
const headerNames = Object.keys(headerVariable).filter((name): name is ReadableHeader => Object.hasOwn(headerVariable, name));

/** The end of the frontend's host part. Expects `stated`, `known` sites and the variables of a session to be set. */
export function rules(plan: EdgePlan, files: Files): string {
  const set = (name: string, expression: string, condition = '') =>
    words(`tcp-request content set-var(${name}) ${expression}`, condition);
  const reads = (...letters: readonly string[]) => `if { var(txn.reads) -m sub ${letters.join(' ')} }`;
  const table = files.map('rules');
  const step = (letter: string, variable: string) =>
    set(
      'txn.step',
      String.raw`var(txn.site),concat(|,txn.step,${letter}),concat(,${variable},\x1e),map_beg(${table})`,
      reads(letter),
    );
  const network = (family: 4 | 6) => `${siteId},concat(|${family},sess.hex),map_beg(${files.map('networks')},none)`;
  const headers = headerNames.map((name) => ({ name, letter: fieldLetter[`header:${name}`], variable: headerVariable[name] }));
  return lines(
    '# ---- the site’s own rules. Networks that its owner allows or denies are not asked, nor is what we answer ourselves.',
    'tcp-request content accept if !ruled',
    `tcp-request content accept if { path_beg ${ownFolder}/ }`,
    'acl v4 var(sess.hex) -m len 8',
    set('txn.network', network(4), `if ${siteFlag('a')} v4`),
    set('txn.network', network(6), `if ${siteFlag('a')} !v4`),
    'tcp-request content accept if { var(txn.network) -m str allow deny }',
    set('txn.site', siteId),
    set('txn.reads', `var(txn.site),concat(:),map_beg(${table})`),
    'tcp-request content accept if !{ var(txn.reads) -m found }',
    set('txn.step', 'var(txn.reads),field(2,|)'),
    set('txn.bucket', 'var(txn.reads),field(3,|)'),
    set('txn.reads', 'var(txn.reads),field(1,|)'),
    '# path: decoded once, without parameters and empty segments; what is left of dots or cannot be decoded is ambiguous',
    'acl bent path -m sub % ; // /.',
    set('txn.where', 'path,lower', 'if !bent'),
    set('txn.where', `"path,url_dec,regsub(';[^/]*',,g),regsub('//+',/,g),${cleaned}"`, 'if bent'),
    set('txn.act', 'str(ambiguous)', 'if !{ var(txn.where) -m found }'),
    set('txn.act', 'str(ambiguous)', "if bent { var(txn.where) -m reg '/[.]{1,2}(/|$)' }"),
    ...headers.map(({ name, letter }) => set('txn.act', 'str(ambiguous)', `${reads(letter)} { req.fhdr_cnt(${name}) gt 1 }`)),
    `tcp-request content accept if ${acted}`,
    step(fieldLetter.path, 'txn.where'),
    set(
      'txn.extension',
      `"var(txn.where),regsub('^.*[.]',)"`,
      `${reads(fieldLetter.extension)} { var(txn.where) -m reg '[.][^./]+$' }`,
    ),
    step(fieldLetter.extension, 'txn.extension'),
    set('txn.method', 'method,lower', reads(fieldLetter.method)),
    step(fieldLetter.method, 'txn.method'),
    set('txn.name', 'req.fhdr(host),host_only,rtrim(.)', reads(fieldLetter.host)),
    step(fieldLetter.host, 'txn.name'),
    set('txn.query', `"query,${cleaned}"`, reads(fieldLetter.query)),
    set('txn.query', `"query,url_dec(1),${cleaned}"`, reads(fieldLetter.query)),
    step(fieldLetter.query, 'txn.query'),
    ...headers.flatMap(({ name, letter, variable }) => [
      set(variable, `"req.fhdr(${name}),${cleaned}"`, reads(letter)),
      step(letter, variable),
    ]),
    set('txn.family', 'str(6)', reads(fieldLetter.network)),
    set('txn.family', 'str(4)', `${reads(fieldLetter.network)} v4`),
    set(
      'txn.step',
      String.raw`var(txn.site),concat(|,txn.step,${fieldLetter.network}),concat(,txn.family),concat(,sess.hex,\x1e),map_beg(${table})`,
      reads(fieldLetter.network),
    ),
    set('txn.country', `src,ipmask(32,128),map_ip(${files.map('countries')},${unknownCountry})`, reads(fieldLetter.country)),
    step(fieldLetter.country, 'txn.country'),
    set('txn.asn', `src,ipmask(32,128),map_ip(${files.map('asns')},${unknownAsn})`, reads(fieldLetter.asn)),
    step(fieldLetter.asn, 'txn.asn'),
    '# texts within texts: one map of patterns out of a few, the only maps that are read line by line (decision 0027)',
    set('txn.words', wordsExpression(), reads(wordsLetter)),
    ...wordBuckets.map((map, index) =>
      set('txn.word', `var(txn.words),map_reg(${files.map(map)})`, `if { var(txn.bucket) -m str ${index} }`),
    ),
    step(wordsLetter, 'txn.word'),
    '# the decision',
    set('txn.rule', `var(txn.site),concat(,txn.step),map_beg(${table})`, 'if { var(txn.step) -m beg ! }'),
    ...password(set, plan),
    '# A challenge or limit is said as a state. An order’s own limit stays as it is.',
    `acl by_rule_limit var(txn.rule) -m beg limit|`,
    set('txn.flags', state('flags'), 'if stated'),
    set('txn.most', part('first'), 'if by_rule_limit'),
    set('txn.rest', 'var(txn.state),field(3,|,0)', 'if by_rule_limit stated'),
    set('txn.own', 'bool(true)', 'if by_rule_limit !stated or by_rule_limit !{ var(txn.flags) -m sub l }'),
    set('txn.window', `${part('number')},concat(r,txn.site),concat(,sess.client)`, 'if { var(txn.own) -m found }'),
    set('txn.state', `str(l),concat(,txn.flags,|),concat(,txn.most,|),concat(,txn.rest)`, 'if { var(txn.own) -m found } stated'),
    set('txn.state', `str(c),concat(,txn.state)`, `if ${decided('challenge')} stated !{ var(txn.flags) -m sub c C }`),
    set('txn.usual', `var(txn.rule),field(${ruleField.first},|,0)`, `if ${decided('challenge', 'limit')} !stated`),
    set('txn.state', 'str(l|),concat(,txn.usual)', 'if { var(txn.own) -m found } !stated'),
    set('txn.state', 'str(c|),concat(,txn.usual)', `if ${decided('challenge')} !stated`),
    '# A refusal waits where a notice is shown or has to be asked about.',
    set('txn.later', part('act'), `if ${decided('rule-deny', 'rule-redirect', 'maintenance')}`),
    set('txn.later', 'str(gate)', `if ${decided('gate')} !{ var(txn.proved) -m found }`),
    set('txn.act', 'var(txn.later)', `if { var(txn.later) -m found } !{ var(txn.flags) -m sub n p }`),
  );
}

/** What the frontend says after `http-request allow if !stated`: a rule's own window is counted, instead of the client's. */
export const ruleWindow = `http-request track-sc1 var(txn.window) table clients if { var(txn.window) -m found } !${acted}`;

/** What it says once notices by path were asked. */
export const ruleLater = `http-request set-var(txn.act) var(txn.later) if by_path { var(txn.later) -m found } !${acted}`;

/** The text that patterns are matched with: as `wordsText` in core/shield/rules/compile.ts. */
function wordsExpression(): string {
  const fields: readonly (readonly [letter: string, variable: string])[] = [
    [fieldLetter.path, 'txn.where'],
    [fieldLetter.query, 'txn.query'],
    ...headerNames.map((name) => [fieldLetter[`header:${name}`], headerVariable[name]] as const),
  ];
  const parts = fields.map(
    ([letter, variable], index) => `concat(${index === 0 ? '|' : ''}${String.raw`\x1e`}${letter},${variable})`,
  );
  return ['var(txn.site)', ...parts, String.raw`concat(\x1e)`].join(',');
}

/** A shared password, sent as HTTP's own Basic credentials. Over plain http nobody is asked where the site is sent to https. */
function password(set: (name: string, expression: string, condition?: string) => string, plan: EdgePlan): string[] {
  const gate = `if ${decided('gate')}`;
  const moves = plan.listeners.some(({ scheme }) => scheme === 'https');
  return [
    ...(moves
      ? [set('txn.rule', 'str(moved)', `${gate} ${siteFlag('s')} !{ ssl_fc } { path_beg / } !{ path_beg ${acmeFolder} }`)]
      : []),
    set('txn.salt', part('first'), gate),
    set('txn.expected', part('second'), gate),
    set('txn.given', 'http_auth_pass,hmac(sha256,txn.salt),hex,lower', gate),
    set('txn.proved', 'bool(true)', `${gate} { var(txn.given),secure_memcmp(txn.expected) }`),
  ];
}

/** The backends that answer for rules. */
export function ruleBackends(files: Files): string {
  const redirect = (status: number) =>
    words(
      `http-request return status ${status} hdr location "%[var(txn.location)]" hdr portcullis-action redirect`,
      status === 301 || status === 308 ? `hdr cache-control "max-age=${redirectSeconds}"` : 'hdr cache-control no-store',
      `if { ${part('first')} ${status} }`,
    );
  const maintenance = (form: PageForm, condition: string) => {
    const answer = (file: string, language: string, conditions: string) =>
      words(
        `http-request return status 503 content-type ${contentType[form]} lf-file ${files.page(file)}`,
        `${ownHeaders('maintenance', form, language)} hdr retry-after "%[${part('first')}]"`,
        conditions,
      ).trimEnd();
    return lines(
      words(`http-request set-var(txn.sentence) ${siteId},concat(|${form}),map_str(${files.map('maintenance')})`, condition),
      form === 'html'
        ? inEachLanguage((language, chosen) => answer(pageFile('maintenance', language), language, words(condition, chosen)))
        : answer(`maintenance.${form}`, english.language, condition),
    );
  };
  return lines(
    section(
      'backend rule-deny',
      `http-request ${count('denied')}`,
      ...slowed(files, 'rule-deny'),
      whoAsks(),
      files.answers('rule-deny'),
    ),
    '',
    '# Targets are the owner’s own words. What is appended to an address without a path begins with a slash.',
    section(
      'backend rule-redirect',
      `http-request ${count('passed')}`,
      `http-request set-var(txn.location) ${part('second')}`,
      `http-request set-var(txn.pathq) pathq if { ${part('third')} keep }`,
      'http-request set-var(txn.location) var(txn.location),concat(,txn.pathq)',
      ...[301, 302, 307, 308].map(redirect),
      whoAsks(),
      files.answers('rule-deny'),
    ),
    '',
    '# Who was asked for a password. Wrong ones are counted for the address, over all sites.',
    section(
      'backend gate',
      `http-error status 429 content-type ${contentType.html} lf-file ${files.page('limit.html')} ${ownHeaders('limit', 'html')}`,
      `http-request ${count('denied')}`,
      'acl tried req.fhdr(authorization) -m found',
      'http-request sc-inc-gpc0(0) if tried',
      `http-request sc-set-gpt0(0) 1 if tried { sc_gpc0_rate(0) gt ${shutOutAfter} }`,
      `http-request silent-drop if tried { sc_gpc0_rate(0) gt ${shutOutAfter} }`,
      `http-request tarpit deny_status 429 if tried { sc_gpc0_rate(0) gt ${slowAfter} }`,
      whoAsks(),
      files.answers('gate', '', String.raw`hdr www-authenticate "Basic realm=\"This part of the site\", charset=\"UTF-8\""`),
    ),
    '',
    section(
      'backend maintenance',
      `http-request ${count('denied')}`,
      whoAsks(),
      maintenance('html', `if ${wantsHtml}`),
      maintenance('json', `if ${wantsJson}`),
      maintenance('txt', ''),
    ),
  );
}

/** The end of an origin backend's request rules and of its answer rules: for sites with rules or headers of their own. */
export const originRules = {
  requests: (files: Files): string =>
    lines(
      '# ---- what a site’s owner says about headers; nothing of this for sites without',
      `http-request allow unless ${siteFlag('r')}`,
      '# A password that opened our gate is between the visitor and us.',
      'http-request del-header authorization if { var(txn.proved) -m found }',
      `http-request set-var(txn.dress) ${siteId},map_str(${files.map('rule-headers')})`,
      `http-request set-header x-portcullis-secret %[var(txn.dress),field(${ruleHeaderField.secret},|)] unless { var(txn.dress),field(${ruleHeaderField.secret},|) -m str 0 } or !{ var(txn.dress) -m found }`,
    ),
  answers: (files: Files): string => {
    const letters = `var(txn.dress),field(${ruleHeaderField.letters},|)`;
    return lines(
      'http-response allow unless { var(txn.dress) -m found }',
      ...answerHeaders.flatMap((name) => [
        `http-response del-header ${name} if { ${letters} -m sub ${headerLetter(name).toUpperCase()} }`,
        `http-response set-header ${name} %[${siteId},concat(|${name}),map_str(${files.map('rule-headers')})] if { ${letters} -m sub ${headerLetter(name)} }`,
      ]),
    );
  },
};
