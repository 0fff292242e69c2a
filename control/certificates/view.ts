/** A site's certificates as the API shows them: without keys. */
import type { z } from 'zod';
import type { AuthorityStatus, SiteCertificates } from '../../contract/routes/certificates.ts';
import type { Hostname } from '../../contract/hostname.ts';
import type { CertificateId } from '../../contract/ids.ts';
import { msOf } from '../../core/instant.ts';
import { certificateFor } from '../../core/shield/certificates.ts';
import { certificatesOf, findAccount, wishesOf } from '../../store/certificates.ts';
import type { WishRecord } from '../../store/certificates.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { CertificateParts } from './deps.ts';

type View = z.input<typeof SiteCertificates>;

export async function viewCertificates(deps: CertificateParts, site: SiteRecord): Promise<View> {
  const { db } = deps.store;
  const records = await certificatesOf(db, site.siteId);
  const wishes = new Map((await wishesOf(db, site.siteId)).map((wish) => [wish.hostname, wish]));
  const serving = new Map<Hostname, CertificateId | null>(
    site.hostnames.map(({ hostname }) => [hostname, certificateFor(hostname, records)?.certificateId ?? null]),
  );
  const renewals = new Map([...wishes.values()].map((wish) => [wish.certificateId, wish.renewAt]));
  return {
    certificates: records.map((record) => ({
      certificateId: record.certificateId,
      siteId: record.siteId,
      source: record.source,
      names: [...record.names],
      serves: [...serving].flatMap(([hostname, by]) => (by === record.certificateId ? [hostname] : [])),
      issuer: record.issuer,
      fingerprint: record.fingerprint,
      notBefore: record.notBefore,
      notAfter: record.notAfter,
      renewAt: renewals.get(record.certificateId) ?? null,
      createdAt: record.createdAt,
      renewedAt: record.renewedAt,
    })),
    hostnames: site.hostnames.map(({ hostname }) => {
      const wish = wishes.get(hostname);
      return {
        hostname,
        certificateId: serving.get(hostname) ?? null,
        wish: wish === undefined ? null : viewWish(wish, deps.now()),
      };
    }),
    authority: await authorityStatus(deps),
  };
}

async function authorityStatus({ store, authority, dns }: CertificateParts): Promise<AuthorityStatus> {
  if (authority === null) return { directory: null, registered: false, dns: false };
  const account = await findAccount(store.db, authority.directory);
  return { directory: authority.directory, registered: (account?.accountUrl ?? null) !== null, dns: dns !== null };
}

function viewWish(wish: WishRecord, nowMs: number): NonNullable<View['hostnames'][number]['wish']> {
  const { nextAt, failures, finding, certificateId, claimedUntil } = wish;
  const working = claimedUntil !== null && msOf(claimedUntil) > nowMs;
  const rest = nextAt === null ? 'stuck' : failures > 0 ? 'failed' : certificateId === null ? 'waiting' : 'held';
  return { state: working ? 'working' : rest, nextAt, failures, finding };
}
