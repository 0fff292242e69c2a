/**
 * Forms of visitors who have to pass the check: what the frontend decides about them. What happens to them is keep.ts.
 *
 * Only who would be challenged anyway, sends something, looks at the answer and comes from a page of the same origin is sent by way of the keeper. Closed:
 * what does not say where it comes from is not kept, and challenged as ever. While the keeper is away, or asked too much, nothing is kept.
 */
import type { EdgePlan } from '../types.ts';
import { isPage, ownFolder, state } from './parts.ts';

export const formFolder = `${ownFolder}/form`;
/** Forms a second, on the whole edge, that reach the keeper. */
const mostPerSecond = 100;

/** Whether the edge has a keeper at all. */
export function hasKeeper(plan: Pick<EdgePlan, 'keeper'>): boolean {
  return (plan.keeper ?? null) !== null;
}

/** In the frontend, when `txn.act` says who is challenged. */
export function keepRules(plan: EdgePlan): string[] {
  if (!hasKeeper(plan)) return [];
  const from = 'http-request set-var(txn.from)';
  const posted = 'posted !{ req.fhdr(sec-fetch-site) -m found }';
  return [
    '# ---- what a page of the same origin sends is kept during the check. Browsers that say nothing better say it with Origin or Referer.',
    'acl posted var(txn.posted) -m found',
    ...isPage.map(
      (page) =>
        `http-request set-var(txn.posted) bool(true) if { var(txn.act) -m str challenge } { method POST PUT PATCH } !{ ${state('keep')} -m str 0 } ${page}`,
    ),
    `http-request set-var-fmt(txn.ours) "%[var(sess.scheme)]://%[req.fhdr(host),lower]" if ${posted}`,
    `${from} req.fhdr(origin),lower if ${posted}`,
    `${from} req.fhdr(referer),field(1,/,3),lower if ${posted} !{ req.fhdr(origin) -m found }`,
    'http-request set-var(txn.same) bool(true) if posted { req.fhdr(sec-fetch-site) -m str same-origin }',
    `http-request set-var(txn.same) bool(true) if ${posted} { var(txn.from),strcmp(txn.ours) eq 0 }`,
    `http-request set-var(txn.act) str(keep) if posted { var(txn.same) -m found } { nbsrv(keep) gt 0 } !{ be_sess_rate(keep) gt ${mostPerSecond} }`,
  ];
}

/** In the frontend, before the backend is chosen by `txn.act`: a kept form's own address. */
export function sendRule(plan: EdgePlan): string[] {
  return hasKeeper(plan) ? [`use_backend send if { var(txn.act) -m str own } { path_beg ${formFolder}/ }`] : [];
}

/** The listeners through which the keeper sends on: for this machine's own user, and the only ones whose word about addresses is believed. */
export function innerBinds({ keeper }: Pick<EdgePlan, 'keeper'>): string[] {
  if (keeper === undefined || keeper === null) return [];
  return [
    `bind unix@${keeper.inner} mode 600 accept-proxy`,
    ...(keeper.tls === null ? [] : [`bind unix@${keeper.tls.socket} mode 600 accept-proxy ssl crt ${keeper.tls.certificate}`]),
  ];
}
