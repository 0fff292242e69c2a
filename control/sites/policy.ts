/**
 * A site's record becomes the policy item that edges get, or none while it is not ready. Pure.
 *
 * Only hostnames whose ownership is proved or waived are in it: adding somebody else's name to a site serves nothing.
 */
import type { OriginCertificatePolicy } from '../../contract/certificates.ts';
import { hostnameCovers } from '../../contract/hostname.ts';
import type { Hostname } from '../../contract/hostname.ts';
import { ItemKey } from '../../contract/policy.ts';
import type { SitePolicy } from '../../contract/policy.ts';
import type { PolicyChange } from '../../store/change-log.ts';
import type { OrderRecord } from '../../store/orders.ts';
import type { OriginCertificateRecord, SiteRecord } from '../../store/sites.ts';

/** Whether edges can serve it: somebody owns a hostname of it and its origin has an allowed address. */
export function isReady(site: Pick<SiteRecord, 'hostnames' | 'originAddresses'>): boolean {
  return site.originAddresses.length > 0 && site.hostnames.some(({ ownership }) => ownership !== 'pending');
}

/** What the change log gets for the present state of a site. */
export function siteChange(site: SiteRecord): PolicyChange {
  if (!isReady(site)) return { remove: ItemKey.parse(`site:${site.siteId}`) };
  const { plain, hsts } = site.https;
  const paths = [...new Set([...site.attackPaths, ...(site.attackPath === null ? [] : [site.attackPath])])];
  const policy: SitePolicy = {
    kind: 'site',
    siteId: site.siteId,
    hostnames: site.hostnames.flatMap(({ hostname, ownership }) => (ownership === 'pending' ? [] : [hostname])),
    origin: { ...site.origin, addresses: [...site.originAddresses] },
    mode: site.attackId === null || site.attackPath !== null ? site.mode : 'attack',
    limits: site.limits,
    networks: [...site.networks],
    challenge: site.challenge,
    ...(site.rules === null ? {} : { rules: site.rules }),
    ...(paths.length === 0 ? {} : { attackPaths: paths }),
    ...(site.automatic.attackMode === 'on' ? { automatic: { sensitivity: site.automatic.sensitivity } } : {}),
    ...(plain === 'serve' && hsts === null ? {} : { https: { plain, hsts } }),
    ...(site.originCertificate === null ? {} : { originCertificate: originCertificateOf(site.originCertificate) }),
  };
  return { upsert: policy };
}

function originCertificateOf({ certificateId, chain, sealedKey, fingerprint }: OriginCertificateRecord): OriginCertificatePolicy {
  return { certificateId, chain, sealedKey, fingerprint };
}

/** Whether an order still covers all that it covered when a site's hostnames become these. */
export function keepsOrderInPlace(
  order: Pick<OrderRecord, 'hostnames'>,
  before: readonly Hostname[],
  after: readonly Hostname[],
) {
  if (order.hostnames.length === 0) return before.every((hostname) => after.includes(hostname));
  return order.hostnames.every((exact) => after.some((hostname) => hostnameCovers(hostname, exact)));
}

/** The wildcards that would cover a hostname: `*.b.example`, `*.example` for `a.b.example`. */
export function wildcardsOver(hostname: string): string[] {
  const labels = hostname.replace(/^\*\./, '').split('.');
  return labels.slice(1).map((_label, index) => `*.${labels.slice(index + 1).join('.')}`);
}
