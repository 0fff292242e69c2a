/**
 * The skeleton: `haproxy.cfg` of one edge. It depends on the machine (EdgePlan) and on nothing that a tenant can change, but for a bounded number of
 * server lines of sites with a client certificate of their own (skeleton/origins.ts).
 *
 * Open or closed: no clearance key, closed (503); a state that names a missing notice text, closed (403 without the text); a site
 * whose origin cannot be reached or verified, closed (502 to 504); a full limit table drops its oldest rows, open; a reload starts
 * the ten-second windows afresh, open. Floor: HAProxy 2.6, so three counters a request: sc0 the connection's address (a
 * request cannot track another in its place), sc1 the client of a site or a solution, sc2 the site. Costs: bench/README.md.
 */
import { keepBackends } from './skeleton/keep.ts';
import { noticeBackend, refusals } from './skeleton/answers.ts';
import { defaultsSection, globalSection, tables } from './skeleton/base.ts';
import { challengeBackend, ownBackend } from './skeleton/challenge.ts';
import { frontend } from './skeleton/frontend.ts';
import { requestRing } from './skeleton/log.ts';
import { withNeighbours } from './skeleton/neighbours.ts';
import { origins } from './skeleton/origins.ts';
import { Files } from './skeleton/parts.ts';
import { ruleBackends } from './skeleton/rules.ts';
import { strongTables } from './skeleton/strong.ts';
import { acmeBackend, redirectBackend } from './skeleton/tls.ts';
import type { EdgePlan } from './types.ts';

/** The whole configuration. Throws a RangeError when a path or address of the plan holds what HAProxy would read as syntax. */
export function renderConfig(plan: EdgePlan): string {
  for (const path of [
    ...Object.values(plan.paths),
    plan.originCertificate ?? '/',
    ...(plan.ownServers ?? []).map(({ certificate }) => certificate),
    plan.captchaSocket ?? '/',
    plan.botSocket ?? '/',
    ...(plan.keeper === null || plan.keeper === undefined
      ? []
      : [plan.keeper.socket, plan.keeper.inner, plan.keeper.tls?.socket ?? '/', plan.keeper.tls?.certificate ?? '/']),
  ])
    refuseUnless(/^\/[A-Za-z0-9._/@+-]*$/, path);
  for (const address of [plan.probeSource, ...plan.listeners.map((listener) => listener.address)])
    refuseUnless(/^[0-9A-Fa-f.:]+$/, address);
  const files = new Files(plan.paths);
  const config = [
    (plan.ownServers ?? null) === null
      ? '# Written by portcullis; changes here are overwritten. No site is named in this file: sites live in maps.'
      : '# Written by portcullis; changes here are overwritten. Sites live in maps; named here are only those with a client certificate.',
    globalSection(plan),
    defaultsSection(files),
    tables(plan),
    requestRing(plan),
    frontend(plan, files),
    noticeBackend(files),
    refusals(files),
    ruleBackends(files),
    acmeBackend(files),
    redirectBackend(plan),
    challengeBackend(files, plan),
    ownBackend(files, plan),
    ...keepBackends(files, plan),
    ...strongTables(plan),
    origins(plan, files),
  ]
    .join('\n\n')
    .concat('\n');
  return withNeighbours(config, plan.neighbours);
}

function refuseUnless(allowed: RegExp, text: string): void {
  if (!allowed.test(text))
    throw new RangeError(`“${text}” cannot stand in a HAProxy configuration. Use letters, digits and . _ / @ + - only.`);
}
