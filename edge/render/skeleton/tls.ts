/**
 * What the skeleton says about TLS: versions and ciphers, listeners, the way from http to https, HSTS, what certificate authorities ask for.
 *
 * Certificates themselves are files and change at run time (edge/certificates). A name that has none is answered with the machine's
 * own certificate, which browsers refuse: closed for visitors, and whoever looks sees why. Ciphers are Mozilla's "intermediate" without
 * finite-field Diffie-Hellman, whose parameters clients can make servers compute with. The order is ours, which scanners ask for; a client that
 * puts ChaCha20 first, having no AES of its own, gets it all the same (HAProxy sets OpenSSL's PRIORITIZE_CHACHA).
 */
import type { EdgePlan, Listener } from '../types.ts';
import { innerBinds } from './keep-rules.ts';
import type { Files } from './parts.ts';
import { acted, count, fact, lines, section, siteFlag, words } from './parts.ts';

/** Where authorities ask for answers (RFC 8555, 8.3). */
export const acmeFolder = '/.well-known/acme-challenge/';
/** How long browsers may remember a redirect to https: an owner who takes it back shall not wait for caches. */
const redirectSeconds = 300;

/** The certificates of https listeners, in HAProxy's crt-list form; must exist, with one entry at least, when one is planned. */
export function certificateList(paths: Pick<EdgePlan['paths'], 'certificates'>): string {
  return `${paths.certificates}/crt-list.txt`;
}

/** For the section `global`. */
export function tlsSettings(): string {
  const suites = ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map((name) => `TLS_${name}`);
  const ciphers = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((name) => [
    `ECDHE-ECDSA-${name}`,
    `ECDHE-RSA-${name}`,
  ]);
  return lines(
    'ssl-default-bind-options ssl-min-ver TLSv1.2',
    `ssl-default-bind-ciphers ${ciphers.join(':')}`,
    `ssl-default-bind-ciphersuites ${suites.join(':')}`,
    'ssl-default-bind-curves X25519:P-256:P-384',
  );
}

/**
 * One line for each http listener and one for all https ones: HAProxy makes its TLS contexts per line, and a certificate costs 1 ms of processor time
 * at a start and 21 KB in each (measured with 20,000).
 */
export function binds(plan: EdgePlan): string[] {
  const address = ({ address: host, port }: Listener) => `${host}:${port}`;
  const only = (listeners: readonly Listener[]) => (listeners.some((one) => one.address.includes(':')) ? ' v6only' : '');
  const http = plan.listeners.filter(({ scheme }) => scheme === 'http');
  const https = plan.listeners.filter(({ scheme }) => scheme === 'https');
  const tls = ` ssl crt-list ${certificateList(plan.paths)} alpn h2,http/1.1`;
  return [
    ...http.map((one) => `bind ${address(one)}${only([one])}`),
    ...innerBinds(plan),
    ...(https.length === 0 ? [] : [`bind ${https.map(address).join(',')}${only(https)}${tls}`]),
  ];
}

/**
 * A challenge that we have the answer to; all others under that folder are the site's own. Before every guard: an attack, a limit or a
 * notice must not end in a certificate that expires.
 */
export function acmeRule(files: Files): string {
  return lines(
    '# ---- certificate authorities: answers that we were given for them, on every hostname that we serve',
    `http-request set-var(txn.act) str(acme) if { path_beg ${acmeFolder} } { path,bytes(${acmeFolder.length}),map_str(${files.map('acme')}) -m found }`,
  );
}

/**
 * To https, for sites that ask for it; on an edge without https nothing is. `condition` says for which states: a site with a notice is asked
 * about it first.
 */
export function redirectRule(plan: EdgePlan, condition = ''): string {
  if (httpsPort(plan) === null) return '# no https listener: nothing is sent to https';
  return words(
    `http-request set-var(txn.act) str(to-https) if ${siteFlag('s')} !{ ssl_fc } !${acted}`,
    `{ path_beg / } !{ path_beg ${acmeFolder} }`,
    condition,
  );
}

/** On every answer over https, also our own; over http browsers must not be told (RFC 6797, 7.2). */
export function hstsRule(): string {
  return `http-after-response set-header strict-transport-security %[${fact('hsts')}] if ${siteFlag('S')} { ssl_fc }`;
}

export function acmeBackend(files: Files): string {
  return section(
    'backend acme',
    words(
      `http-request return status 200 content-type text/plain lf-string "%[path,bytes(${acmeFolder.length}),map_str(${files.map('acme')})]"`,
      'hdr cache-control no-store hdr x-robots-tag noindex hdr portcullis-action acme',
    ),
  );
}

export function redirectBackend(plan: EdgePlan): string {
  const port = httpsPort(plan);
  const suffix = port === null || port === 443 ? '' : `:${port}`;
  return lines(
    '# 308 keeps method and body, so a form that was sent over http arrives over https.',
    section(
      'backend to-https',
      `http-request ${count('passed')}`,
      words(
        `http-request return status 308 hdr location "https://%[req.fhdr(host),host_only,rtrim(.)]${suffix}%[pathq]"`,
        `hdr cache-control "max-age=${redirectSeconds}" hdr portcullis-action to-https`,
      ),
    ),
  );
}

function httpsPort({ listeners }: EdgePlan): number | null {
  return listeners.find(({ scheme }) => scheme === 'https')?.port ?? null;
}
