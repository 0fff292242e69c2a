/**
 * What HAProxy tells the agent about single requests: every answer of our own and every failure of an origin, and a sample of what passed.
 *
 * Lines go to a ring in HAProxy's memory, which hands them to the agent over a unix socket. An agent that does not read holds up nobody: a full
 * ring loses lines (open; `DroppedLogs` of `show info` counts some of them). Whatever a visitor chose stands in hex, or, path last, after the
 * last space that is counted: nobody can forge a field, and frames carry their length, so nobody can forge a line. Never in a line: the value of
 * a query's parameter, cookies, credentials, nor a whole address unless this machine's operator wants it in the security log. Read by
 * edge/telemetry/request-line.ts; `2` is the format's version.
 */
import { unknownAsn, unknownCountry } from '../../../core/shield/rules/syntax.ts';
import { ruleField } from '../rules.ts';
import type { EdgePlan } from '../types.ts';
import type { Files } from './parts.ts';
import { lines, section, siteId, state } from './parts.ts';

/**
 * One passed request in so many is told: while the edge is calm, and when it has more requests a second than that. To tell of one costs about as
 * much as to pass one (callgrind: 60,000 instructions). What is not told must be silenced before anything can leave the rules early: a line that
 * nobody needed was once built for every request, an eighth of its cost.
 */
export const sampledOneIn = { calm: 32, busy: 512, busyFrom: 1000 } as const;
const longestLine = 4096;

/** Where the agent listens. */
export function requestSocket(paths: Pick<EdgePlan['paths'], 'adminSocket'>): string {
  return `${paths.adminSocket.replace(/\/[^/]*$/, '')}/requests.sock`;
}

export function requestRing(plan: EdgePlan): string {
  const inner = `${requestSocket(plan.paths)}.in`;
  return lines(
    '# What the agent is told of single requests. Full, it loses lines and holds up nobody.',
    section(
      'ring requests',
      'format raw',
      `maxlen ${longestLine}`,
      'size 1048576',
      'timeout connect 1s',
      'timeout server 1h',
      `server self unix@${inner} log-proto octet-count`,
    ),
    '',
    '# A ring whose server does not answer tries again without a pause (measured: 40 % of a CPU). So it talks to this, which waits a second first.',
    section(
      'listen requests-out',
      'mode tcp',
      'no option idle-close-on-response',
      `bind unix@${inner} mode 600`,
      'timeout client 1h',
      'timeout server 1h',
      'tcp-request inspect-delay 1s',
      'tcp-request content accept if WAIT_END',
      `server agent unix@${requestSocket(plan.paths)}`,
    ),
  );
}

/** For the frontend. Times in milliseconds (in the queue, to connect, to the first byte, in all) and bytes (in, out) stand behind the status. */
export function requestLog(plan: Pick<EdgePlan, 'wholeAddresses'>, files: Files): string {
  const country = `src,ipmask(32,128),map_ip(${files.map('countries')},${unknownCountry})`;
  const asn = `src,ipmask(32,128),map_ip(${files.map('asns')},${unknownAsn})`;
  // Marked, so that nobody takes one for the other.
  const address = plan.wholeAddresses === true ? '!%[src]' : '%[src,ipmask(24,48)]';
  return lines(
    '# ---- what the agent is told; the path stands last, for it is the only part that a visitor words and that is not in hex',
    'option dontlognull',
    `log ring@requests len ${longestLine} format raw local0`,
    `log-format "2 %Ts %ms %ID %ST %Tw,%Tc,%Tr,%Ta,%U,%B %[${siteId}] %b %[var(txn.rule),field(${ruleField.ruleId},|)] %[${state('orderId')}] ${address} %[${country}],%[${asn}] %[var(txn.said)] %[var(txn.asked)] %HM %HPO"`,
  );
}

/** For backends of origins: one in so many that pass is told with what rules read, and how many it stands for; the others are not told, unless the origin fails. */
export function sampleRules(): string {
  const hex = (expression: string) => `%[${expression},hex]`;
  const header = (name: string, bytes: number) => hex(`req.fhdr(${name}),bytes(0,${bytes})`);
  const { calm, busy, busyFrom } = sampledOneIn;
  const asked = [
    '%[var(txn.one_in)]',
    hex('req.fhdr(host),host_only,bytes(0,255)'),
    hex("query,bytes(0,500),regsub('=[^&;]*',=,g)"),
    header('user-agent', 200),
    hex("req.fhdr(referer),bytes(0,200),regsub('[?#].*',,)"),
    header('content-type', 60),
    header('origin', 100),
    header('accept-language', 60),
  ].join(',');
  return lines(
    `http-request set-var(txn.one_in) int(${calm}) if { rand(${calm}) eq 0 } { fe_req_rate(edge) lt ${busyFrom} }`,
    `http-request set-var(txn.one_in) int(${busy}) if { rand(${busy}) eq 0 } !{ fe_req_rate(edge) lt ${busyFrom} }`,
    `http-request set-var-fmt(txn.asked) "${asked}" if { var(txn.one_in) -m found }`,
    'http-response set-log-level silent if { status lt 500 } !{ var(txn.asked) -m found }',
  );
}
