/**
 * Bots that sign their requests (Web Bot Auth): what HAProxy does for the verifier, which stands beside it on a unix socket.
 *
 * Only who would be challenged gets here, and only with a key that the operator's list has, at a site that lets that bot pass: two map lookups. Such a
 * request goes to a backend that asks the verifier (SPOE, a filter of that backend alone, so nobody else pays for it) and then serves the origin
 * itself, so the first request passes already and a body is not lost. Never under an order. Closed: while the verifier is away such a bot is
 * challenged like anybody; without its answer it is refused. An unknown key is no key: whoever brings one is challenged, and may be a person's browser.
 * An edge without a list of bots pays nothing.
 */
import { botChecks, botsFile } from '../spoe.ts';
import type { EdgePlan } from '../types.ts';
import { contentType, count, flag, lines, ownHeaders, section, siteFlag, siteId, state, whoSays, words } from './parts.ts';
import type { Files } from './parts.ts';

/** Whether the edge has a list of bots. */
export function hasBots(plan: Pick<EdgePlan, 'botSocket'>): boolean {
  return (plan.botSocket ?? null) !== null;
}

/** In the frontend, when `txn.act` says who is challenged. */
export function botRules(plan: EdgePlan, files: Files): string[] {
  if (!hasBots(plan)) return [];
  return [
    '# ---- bots that sign: the key that the request names, whose it is, whether the owner lets that one pass. The verifier does the rest.',
    words(
      String.raw`http-request set-var(txn.bot_key) "req.fhdr(signature-input),regsub('^.*;keyid=.([A-Za-z0-9_-]{43}).*','\\1')"`,
      `if { var(txn.act) -m str challenge } { req.fhdr(signature-input) -m sub web-bot-auth } !${flag('C')} !{ ${state('bots')} -m str 0 } { nbsrv(${botChecks}) gt 0 }`,
    ),
    `http-request set-var(txn.bot) var(txn.bot_key),map_str(${files.map('bot-keys')}) if { var(txn.bot_key) -m found }`,
    `http-request set-var(txn.bot_let) ${state('bots')} if { var(txn.bot) -m found }`,
    `http-request set-var(txn.bot_let) ${siteId},concat(|,txn.bot),map_str(${files.map('bot-sites')}) if { var(txn.bot_let) -m str 2 }`,
    `http-request set-var(txn.act) str(bots) if { var(txn.bot_let) -m str 1 }`,
    `http-request set-var(txn.act) str(bots-tls) if { var(txn.bot_let) -m str 1 } ${siteFlag('t')}`,
    ...((plan.ownServers ?? null) === null
      ? []
      : [`http-request set-var(txn.act) str(bots-own) if { var(txn.bot_let) -m str 1 } ${siteFlag('o')}`]),
  ];
}

/** The head of the two backends of bots; what follows is an origin's. */
export function botCheck(files: Files): string {
  return lines(
    `filter spoe engine bots config ${files.page(botsFile)}`,
    'http-request send-spoe-group bots check',
    'acl verified var(txn.bot.verdict) -m str verified',
    `http-request ${count('challenged')} if !verified`,
    `${whoSays} if !verified`,
    `http-request set-var(txn.bot.verdict) str(unavailable) if !{ var(txn.bot.verdict) -m found }`,
    words(
      `http-request return status 403 content-type ${contentType.json} lf-file ${files.page('bots.json')} ${ownHeaders('challenge', 'json')}`,
      'hdr portcullis-mitigated challenge hdr portcullis-reason "%[var(txn.bot.verdict)]" hdr retry-after 30 if !verified',
    ),
    'http-request unset-var(txn.act)',
  );
}

/** The verifier's socket; without one, a place in which HAProxy holds the maps, so that they can be written to. */
export function botService(plan: EdgePlan, files: Files): string {
  if (!hasBots(plan))
    return section(
      'backend bots-held',
      '# Never asked: HAProxy holds only maps that a rule names.',
      `http-request set-var(txn.bot) str(-),map_str(${files.map('bot-keys')})`,
      `http-request set-var(txn.bot) str(-),map_str(${files.map('bot-sites')})`,
    );
  return section(
    `backend ${botChecks}`,
    'mode tcp',
    'timeout connect 1s',
    'timeout server 2m',
    'option spop-check',
    `server bots unix@${plan.botSocket ?? ''} check inter 1s fall 1 rise 1 maxconn 64`,
  );
}
