/**
 * The skeleton's ground: process settings, time-outs, stick tables. Slow clients are cut here, and here stands what survives a reload.
 */
import { counterIndex, counterTable } from '../counters.ts';
import type { EdgePlan } from '../types.ts';
import type { Files } from './parts.ts';
import { claimTable } from './clearance.ts';
import { lines, section } from './parts.ts';
import { longestWaitSeconds } from './wait.ts';
import { tlsSettings } from './tls.ts';

/** Seconds for which a challenge may be solved. */
export const challengeSeconds = 300;

/** Where old and new worker meet at a reload to hand over stick tables. A unix socket, so that no port is taken. */
export function peersSocket(paths: Pick<EdgePlan['paths'], 'adminSocket'>): string {
  return `${paths.adminSocket.replace(/\/[^/]*$/, '')}/peers.sock`;
}

export function globalSection(plan: EdgePlan): string {
  return section(
    'global',
    `stats socket ${plan.paths.adminSocket} mode 600 level admin expose-fd listeners`,
    'stats timeout 1h',
    `pidfile ${plan.paths.pidFile}`,
    'localpeer portcullis',
    `maxconn ${plan.maxConnections}`,
    ...(plan.threads === 'auto' ? [] : [`nbthread ${plan.threads}`]),
    'hard-stop-after 30s',
    'tune.bufsize 16384',
    'tune.maxrewrite 1024',
    '# The cache in front of string maps costs more than it saves with many hosts.',
    'tune.pattern.cache-size 0',
    tlsSettings(),
    '# For normalize-uri, which only sites with a path notice meet; experimental in name in every version so far.',
    'expose-experimental-directives',
  );
}

export function defaultsSection(files: Files): string {
  return section(
    'defaults',
    'mode http',
    'timeout connect 3s',
    'timeout client 30s',
    '# Slow clients: the whole header block, and for origins the whole body or one buffer of it, must arrive in this time.',
    'timeout http-request 5s',
    'timeout http-keep-alive 15s',
    'timeout server 30s',
    'timeout tunnel 1h',
    'timeout queue 5s',
    'timeout tarpit 8s',
    '# At a reload idle connections end with Connection: close instead of being cut (36 read errors against none).',
    'option idle-close-on-response',
    'http-reuse safe',
    '# The reference on every page of ours. It names one request among those of a week (62 bits of chance) and proves nothing. Two numbers cost a third of a UUID.',
    'unique-id-format %[rand()]-%[rand()]',
    files.error('malformed'),
    files.error('timeout'),
    files.error('origin-bad'),
    files.error('origin-down'),
    files.error('origin-slow'),
  );
}

export function tables(plan: EdgePlan): string {
  const table = (comment: string, name: string, definition: string) =>
    lines('', `# ${comment}`, section(`backend ${name}`, `stick-table ${definition}`));
  return lines(
    '# The local peer alone: it carries tables from the old worker to the new one at a reload. A worker that was started cold teaches',
    '# nobody in its first five seconds: a reload in that time starts the tables afresh.',
    section('peers local', `peer portcullis unix@${peersSocket(plan.paths)}`),
    table(
      'A row per client address (IPv6 by /64). gpt0 = 1: shut out; gpc0 counts its limited requests, gpc1 the checks that it passed.',
      'addresses',
      'type ipv6 size 500k expire 10m peers local store gpt0,gpc0,gpc0_rate(60s),gpc1,gpc1_rate(600s),conn_cur,conn_rate(10s)',
    ),
    table(
      "A row per site and client: the site's id and the address in hex (or part of a moved clearance). A reload starts these windows afresh: open, for ten seconds.",
      'clients',
      'type string len 36 size 1m expire 30s store http_req_rate(10s),conn_cur',
    ),
    table(
      'The same where a clearance is asked for: gpc0 counts pages, refilled as ten minutes go by. A reload gives whole budgets again: open.',
      'visitors',
      'type string len 36 size 500k expire 10m store http_req_rate(10s),conn_cur,gpc0,gpc0_rate(600s)',
    ),
    table(
      'Addresses that say to be a crawler of a known name; the agent asks DNS about them.',
      claimTable,
      'type ipv6 size 10k expire 10m store http_req_rate(10s),conn_cur',
    ),
    table(
      'A row per site, or per site and network (/24, /48): places given in the waiting line.',
      'places',
      'type string len 40 size 200k expire 2m peers local store gpc0,gpc0_rate(60s)',
    ),
    table(
      'Waits that have ended: each earns one clearance. Kept longer than any of their tokens lives.',
      'waits',
      `type string len 36 size 200k expire ${longestWaitSeconds + 120}s peers local store gpc0`,
    ),
    table(
      'A row per site: requests by outcome, those in progress, and bytes.',
      counterTable,
      `type string len 20 size 1m expire 1h peers local store gpc(${Object.keys(counterIndex).length}),conn_cur,bytes_in_cnt,bytes_out_cnt`,
    ),
    table(
      "Solutions that were accepted, by their token's signature: each earns one clearance. Only valid solutions get here.",
      'solutions',
      `type string len 65 size 500k expire ${challengeSeconds + 60}s peers local store gpc0`,
    ),
  );
}
