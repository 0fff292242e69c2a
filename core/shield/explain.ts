/** What happened to a refused request, in a sentence for people who look after the site. Guards are named as the edge names them. */
import type { RefusedRequest } from '../../contract/insight.ts';

const sentences: Readonly<Record<string, string>> = {
  ambiguous: 'The request could be read in two ways (its path, or what else names it), so it went to neither reader.',
  deny: 'The visitor’s network is on the list of networks that the site denies.',
  limit: 'The visitor’s network was over the site’s limit of requests.',
  busy: 'The site had as many requests in progress as it is allowed.',
  challenge: 'The visitor was asked to pass a check first.',
  notice: 'An order is in force on what was asked for.',
  'rule-deny': 'A rule of the site denies such requests.',
  gate: 'A rule of the site asks for a password.',
  maintenance: 'The site is under planned work.',
  'origin-error': 'The request was passed on, and the site’s own server failed, was too slow, or was not reached.',
};

export function explain({
  guard,
  ruleId,
  orderId,
  status,
}: Pick<RefusedRequest, 'guard' | 'ruleId' | 'orderId' | 'status'>): string {
  const what = sentences[guard] ?? `The edge answered by itself (${guard}).`;
  const by = [
    ...(ruleId === null ? [] : [`Rule: ${ruleId}.`]),
    ...(orderId === null || guard !== 'notice' ? [] : [`Order: ${orderId}.`]),
  ];
  return [what, ...by, status > 0 ? `The answer was ${status}.` : 'The connection was ended without an answer.'].join(' ');
}
