/**
 * The backends that reach origins: any number of sites through one server line, the address being set per request.
 *
 * HAProxy keeps and reuses connections per destination. An https origin is verified against the name that its owner gave; an origin
 * given as a bare address therefore cannot be https (closed: 503). Whoever asks for a client certificate is shown this machine's, if it has
 * one: the line is shared, so it is the provider's. A site with one of its own has a line of its own (decision 0046). No `maxconn` on the server line: its queue would be shared by
 * all sites (edge-measured.md, attacks). A slow body holds no origin slot: the whole body or one buffer of it is awaited first.
 */
import { counterIndex } from '../counters.ts';
import type { EdgePlan, OwnServer } from '../types.ts';
import { botCheck, botService, hasBots } from './bots.ts';
import type { Files } from './parts.ts';
import { sampleRules } from './log.ts';
import { count, fact, lines, section, siteFlag, siteId } from './parts.ts';
import { originRules } from './rules.ts';

export function origins(plan: EdgePlan, files: Files): string {
  const server = 'server origin 0.0.0.0:0';
  const verified = `ssl verify required ca-file ${plan.paths.originTrust} ssl-min-ver TLSv1.2 sni ${fact('tlsName')}`;
  const certificate = (plan.originCertificate ?? null) === null ? '' : ` crt ${plan.originCertificate}`;
  const tls = `${server} ${verified}${certificate}`;
  const own = ownServers(plan, verified);
  const bots = hasBots(plan)
    ? [
        '',
        backend('bots', server, files, botCheck(files)),
        '',
        backend('bots-tls', tls, files, botCheck(files)),
        ...(own === null ? [] : ['', backend('bots-own', own, files, botCheck(files))]),
      ]
    : [];
  return lines(
    backend('origins', server, files),
    '',
    backend('origins-tls', tls, files),
    ...(own === null ? [] : ['', backend('origins-own', own, files)]),
    ...bots,
    '',
    botService(plan, files),
  );
}

/** In the frontend: a site with a client certificate of its own goes by its own line. */
export function ownOrigins(plan: EdgePlan): string[] {
  return (plan.ownServers ?? null) === null ? [] : [`use_backend origins-own if ${siteFlag('o')}`];
}

/**
 * A line for each site with a client certificate of its own, chosen by the site's id. No weight: whoever has no line here is balanced to none and
 * meets 503 (closed), never another site's line (“use-server” and “weight” of the manual, 5.2).
 */
function ownServers(plan: EdgePlan, verified: string): string | null {
  if ((plan.ownServers ?? null) === null) return null;
  const server = ({ siteId: name, certificate }: OwnServer) => `server ${name} 0.0.0.0:0 weight 0 ${verified} crt ${certificate}`;
  return lines(`use-server %[${siteId}] unless { ${siteId} -m len 0 }`, ...(plan.ownServers ?? []).map(server));
}

/** For CGI, WSGI and PHP, `X_Forwarded_For` is `X-Forwarded-For`. Other names with such characters are the site's own business and stay. */
const respelled = String.raw`(?i)^(x[^a-z0-9]forwarded[^a-z0-9](for|proto|host)|x[^a-z0-9]real[^a-z0-9]ip|portcullis[^a-z0-9].*)$`;

function backend(name: string, server: string, files: Files, first = ''): string {
  return section(
    `backend ${name}`,
    ...(first === '' ? [] : [first]),
    'option http-buffer-request',
    '# First: rules that follow change the request, and leave early.',
    sampleRules(),
    '# Ours replace whatever the visitor sent under these names, and under what programs take for the same that make variables of headers.',
    'acl respelled req.hdr_names -m sub _ .',
    `http-request del-header '${respelled}' -m reg if respelled`,
    'http-request set-header x-forwarded-for %[var(sess.address)]',
    'http-request set-header x-forwarded-proto %[var(sess.scheme)]',
    'http-request set-header x-forwarded-host %[req.fhdr(host)]',
    'http-request del-header x-real-ip',
    'http-request del-header forwarded',
    `http-request set-header host %[${fact('hostHeader')}] if ${siteFlag('h')}`,
    '# h2c would be a tunnel for ordinary requests, past every guard; websockets stay.',
    'http-request del-header upgrade if { req.fhdr(upgrade) -m found } !{ req.fhdr(upgrade) -m str -i websocket }',
    '# A clearance is between the visitor and us: whoever runs the origin could use it elsewhere.',
    String.raw`http-request replace-header cookie '^((?:.*; )?)(?:__Host-)?portcullis=[^;]*(?:; )?(.*)$' '\1\2' if { var(txn.cleared) -m found }`,
    'http-request del-header cookie if { var(txn.cleared) -m found } { req.fhdr(cookie) -m len 0 }',
    `http-request set-dst ${fact('address')}`,
    `http-request set-dst-port ${fact('port')}`,
    originRules.requests(files),
    '# An origin must not speak in our name: the agent believes these headers when it signs a receipt.',
    'http-response del-header portcullis- -m beg',
    `http-response ${count('passed')} if { status lt 500 }`,
    '# Also for answers that HAProxy makes because the origin gave none; the action is not allowed there, its fetch is.',
    `http-after-response set-var(txn.counted) sc_inc_gpc(${counterIndex['origin-error']},2) if { status ge 500 }`,
    '# A page of a cleared visitor, against its budget; and a clearance that is renewed goes out with the answer.',
    'http-response sc-inc-gpc0(1) if { var(txn.cleared) -m found } { res.fhdr(content-type) -m beg text/html }',
    'http-response add-header set-cookie %[var(txn.renewed)] if { var(txn.renewed) -m found }',
    originRules.answers(files),
    server,
  );
}
