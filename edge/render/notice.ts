/**
 * What a notice says, rendered once per order into a head and one value for each form: an HTML fragment, the members of a JSON problem, plain text.
 *
 * Contents by desk.md, "Notice page contents": who decided, what and how widely, the reason in a sentence, basis, since and until,
 * decision and statement, that the number of reports played no part, appeal, help for people in danger, and that no list is kept.
 * Never: names of victims, links to the content, moral language, anything that the visitor sent.
 * Everything is escaped here, once, before it enters a map: HAProxy has no HTML escaping (edge-measured.md).
 */
import type { OrderPolicy, ProviderPolicy } from '../../contract/policy.ts';
import { field, urlEncodedValue } from './maps.ts';
import { html, line, linkTarget, shorten } from './pages/escape.ts';
import { english } from './pages/words.ts';
import type { MapEntry } from './types.ts';

/**
 * Fields of a value in `notices`; `link` is the Link header's value. The bodies stand in maps of their own, because `field` reads a
 * value to its end byte by byte: that was a tenth of a notice's cost.
 */
export const noticeField = { status: 1, link: 2 } as const;

/** How many lines the text form has: the template has as many fields. */
export const noticeTextLines = 14;

const hostsShown = 5;

/** The page around the fragment is 2 KB, the Link header up to 4.5 KB, and all of it must fit one buffer of 16 KB. */
const mostHtmlBytes = 8_000;
const mostLinkBytes = 2_300;

/** The map entries of one notice order, all under the order's id. */
export function noticeEntries(order: OrderPolicy, provider: ProviderPolicy): MapEntry[] {
  const key = order.orderId;
  // Only a text of nothing but characters that need escaping gets near the limit: it is cut rather than lost.
  const fragments = [
    noticeHtml(order, provider),
    noticeHtml(shortened(order, 200, 500), provider),
    noticeHtml(shortened(order, 100, 120), provider),
  ];
  const fragment =
    fragments.find((text) => Buffer.byteLength(text) <= mostHtmlBytes) ?? `<h1>${html(english.notice.titleHost)}</h1>`;
  return [
    { map: 'notice-html', key, value: fragment },
    { map: 'notice-json', key, value: noticeJson(order, provider) },
    { map: 'notice-text', key, value: noticeText(order, provider).map(urlEncodedValue).join('|') },
    { map: 'notices', key, value: `${noticeStatus(order)}|${field(linkHeader(order)) || '-'}` },
  ];
}

/** The order with shorter texts, and without the links that are longer than so many characters. */
function shortened(order: OrderPolicy, characters: number, linkCharacters: number): NoticeOrder {
  const { basis, publicReason, statementUrl, appealUrl } = order;
  const short = (text: string) => shorten(text, characters);
  const link = (url: string) => (html(linkTarget(url)).length > linkCharacters ? null : url);
  return {
    ...order,
    publicReason: short(publicReason),
    basis:
      basis.kind === 'legal-order' ? { ...basis, authority: short(basis.authority), reference: short(basis.reference) } : basis,
    statementUrl: link(statementUrl),
    appealUrl: link(appealUrl),
  };
}

/** 451 only with a legal order on file; a decision of our own is 403. */
export function noticeStatus(order: Pick<OrderPolicy, 'basis'>): 403 | 451 {
  return order.basis.kind === 'legal-order' ? 451 : 403;
}

/** `describedby` leads to the statement; `blocked-by` (RFC 7725) to the authority, and only when there is one. */
function linkHeader(order: OrderPolicy): string {
  const targets: readonly (readonly [url: string, rel: string])[] = [
    [order.statementUrl, 'describedby'],
    ...(order.basis.kind === 'legal-order' ? [[order.basis.authorityUrl, 'blocked-by'] as const] : []),
  ];
  const links = targets.map(([url, rel]) => `<${linkTarget(url)}>; rel="${rel}"`);
  // Addresses of nothing but foreign letters grow ninefold: rather no link than no page.
  return links.filter((link) => link.length <= mostLinkBytes).join(', ');
}

/** An order as the HTML form needs it: without a link where there is no room for one. */
type NoticeOrder = Omit<OrderPolicy, 'statementUrl' | 'appealUrl'> & {
  readonly statementUrl: string | null;
  readonly appealUrl: string | null;
};

type Facts = {
  readonly title: string;
  readonly decidedBy: string;
  readonly scope: string;
  readonly basis: string;
};

function facts(order: Pick<OrderPolicy, 'basis' | 'scope' | 'measure'>, provider: ProviderPolicy): Facts {
  const words = english.notice;
  const { basis, scope } = order;
  const onPath = order.measure === 'notice-on-path' && scope.path !== null;
  const hosts = scope.hostnames.slice(0, hostsShown).join(', ');
  const hostScope = scope.hostnames.length === 0 ? words.scopeSite : words.scopeHosts(hosts, scope.hostnames.length - hostsShown);
  return {
    title: onPath ? words.titlePath : words.titleHost,
    decidedBy:
      basis.kind === 'legal-order' ? words.byLaw(provider.name, basis.authority, basis.reference) : words.byUs(provider.name),
    scope: onPath ? words.scopePath(`${hosts}${scope.path ?? ''}`) : hostScope,
    basis: basis.kind === 'legal-order' ? words.basisLaw(basis.authority, basis.reference) : words.basisOwn,
  };
}

function noticeHtml(order: NoticeOrder, provider: ProviderPolicy): string {
  const words = english.notice;
  const { title, decidedBy, scope, basis } = facts(order, provider);
  const link = (url: string | null, text: string) =>
    url === null ? html(text) : `<a href="${html(linkTarget(url))}" rel="noreferrer">${html(text)}</a>`;
  const term = (name: string, content: string) => `<dt>${html(name)}</dt><dd>${content}</dd>`;
  return [
    `<h1>${html(title)}</h1><dl>`,
    term(words.decidedBy, html(decidedBy)),
    term(words.blocked, html(scope)),
    term(words.reason, html(order.publicReason)),
    term(words.basis, html(basis)),
    term(words.since, instant(order.startsAt)),
    term(words.until, instant(order.endsAt)),
    term(words.decision, `<code>${html(order.decision)}</code> · ${link(order.statementUrl, words.statement)}`),
    `</dl><p>${html(words.pressure)}</p>`,
    `<p>${html(words.danger)}: ${link(`${provider.publicUrl}/help`, words.dangerLink)}.</p>`,
    `<p>${html(words.appeal)}: ${link(order.appealUrl, words.appealLink)}.</p>`,
    `<p>${html(words.privacy)}</p>`,
  ].join('');
}

/** Members of the JSON object, without its braces: the template puts them after the reference. */
function noticeJson(order: OrderPolicy, provider: ProviderPolicy): string {
  const words = english.notice;
  const { title, decidedBy, scope, basis } = facts(order, provider);
  const body = JSON.stringify({
    type: `${provider.publicUrl}/problems/notice`,
    title,
    status: noticeStatus(order),
    detail: `${decidedBy} ${order.publicReason}`,
    action: 'notice',
    decision: order.decision,
    decidedBy,
    scope,
    reason: order.publicReason,
    basis,
    since: order.startsAt,
    until: order.endsAt,
    statement: order.statementUrl,
    appeal: order.appealUrl,
    help: `${provider.publicUrl}/help`,
    note: `${words.pressure} ${words.privacy}`,
  });
  return body.slice(1, -1).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}

/** The lines of the text form. HAProxy writes no control characters from a value, so each line is a field and the template has the breaks. */
function noticeText(order: OrderPolicy, provider: ProviderPolicy): readonly string[] {
  const words = english.notice;
  const { title, decidedBy, scope, basis } = facts(order, provider);
  return [
    title,
    '',
    `${words.decidedBy}: ${decidedBy}`,
    `${words.blocked}: ${scope}`,
    `${words.reason}: ${order.publicReason}`,
    `${words.basis}: ${basis}`,
    `${words.since}: ${order.startsAt}`,
    `${words.until}: ${order.endsAt}`,
    `${words.decision}: ${order.decision} ${order.statementUrl}`,
    '',
    words.pressure,
    `${words.danger}: ${provider.publicUrl}/help`,
    `${words.appeal}: ${order.appealUrl}`,
    words.privacy,
  ].map(line);
}

/** An instant for the eye, to the minute; the other forms carry it in full. */
function instant(at: string): string {
  return `${html(at.slice(0, 16).replace('T', ' '))} UTC`;
}
