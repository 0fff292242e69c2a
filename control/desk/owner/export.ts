/**
 * Everything of a site that its owner needs to go elsewhere: its settings as JSON, and its hostnames as a zone file that points at the origin.
 *
 * Available under any order: nobody is kept here by what they could not take along. The zone is a draft in RFC 1035's form: we run no name server,
 * so it holds what we know, which is where visitors went through us. Pure.
 */
import type { SiteRecord } from '../../../store/sites.ts';

export type SiteExport = { readonly site: Record<string, unknown>; readonly zone: string };

const ttlSeconds = 300;

export function exportOf(site: SiteRecord): SiteExport {
  return {
    site: {
      siteId: site.siteId,
      name: site.name,
      hostnames: site.hostnames.map(({ hostname, ownership }) => ({ hostname, ownership })),
      origin: site.origin,
      originAddresses: [...site.originAddresses],
      mode: site.mode,
      limits: site.limits,
      networks: [...site.networks],
      challenge: site.challenge,
      createdAt: site.createdAt,
    },
    zone: zoneOf(site),
  };
}

/** Names are absolute, so the file can be read below any zone. A name that is only claimed stands as a comment. */
function zoneOf(site: SiteRecord): string {
  const lines = [
    `; ${comment(site.name)}: the site’s hostnames, pointing at its own origin and no more at our edges.`,
    `; The origin is ${comment(site.origin.scheme)}://${comment(site.origin.host)}:${site.origin.port}; these are the addresses that it had when we last looked.`,
    `$TTL ${ttlSeconds}`,
  ];
  for (const { hostname, ownership } of site.hostnames) {
    const before = ownership === 'pending' ? '; ' : '';
    if (site.originAddresses.length === 0) lines.push(`; ${hostname}. has no known origin address`);
    for (const address of site.originAddresses) {
      lines.push(`${before}${hostname}. ${ttlSeconds} IN ${address.includes(':') ? 'AAAA' : 'A'} ${address}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Text in a comment of a zone file stays in it: no line breaks. */
function comment(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029\u0085]+/g, ' ');
}
