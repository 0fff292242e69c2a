/** Which hostnames of a site shall have a certificate of an authority: those that it owns, when it says so and edges serve it. */
import type { Instant } from '../../contract/ids.ts';
import { settleWishes } from '../../store/certificates.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { Work } from '../../store/transact.ts';

/** Brings the wishes after a site that changed; in its transaction. A change of anything else costs no statement. */
export async function wishCertificates(unit: Work, site: SiteRecord, before: SiteRecord | null, at: Instant): Promise<void> {
  const wanted = wishedBy(site);
  const had = before === null ? [] : wishedBy(before);
  if (wanted.length === had.length && wanted.every((hostname, index) => hostname === had[index])) return;
  await settleWishes(unit.tx, site.siteId, wanted, at);
}

function wishedBy(site: SiteRecord) {
  if (!site.ready || site.https.certificates !== 'acme') return [];
  return site.hostnames.flatMap(({ hostname, ownership }) => (ownership === 'pending' ? [] : [hostname]));
}
