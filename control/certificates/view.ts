/** Certificates as the API shows them, a site's or all: without keys. */
import { z } from 'zod';
import type { AuthorityStatus, listAllCertificates, SiteCertificates } from '../../contract/routes/certificates.ts';
import type { Hostname } from '../../contract/hostname.ts';
import { CertificateId, Instant } from '../../contract/ids.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { certificateFor } from '../../core/shield/certificates.ts';
import { certificatesOf, findAccount, listCertificates, wishesOf } from '../../store/certificates.ts';
import type { CertificatePlace, CertificateRecord, WishRecord } from '../../store/certificates.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { Caller } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
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
      ...viewRecord(record),
      serves: [...serving].flatMap(([hostname, by]) => (by === record.certificateId ? [hostname] : [])),
      renewAt: renewals.get(record.certificateId) ?? null,
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

/** A page of the certificates of all sites that the caller sees. Throws Failure `bad-request` for a cursor that is none. */
export async function viewAllCertificates(
  deps: Pick<CertificateParts, 'store' | 'now'>,
  caller: Caller,
  query: z.output<(typeof listAllCertificates)['query']>,
): Promise<z.input<(typeof listAllCertificates)['answer']>> {
  const days = query.endsWithinDays;
  const page = await listCertificates(deps.store.db, {
    viewer: caller.accountId,
    search: query.search ?? null,
    source: query.source ?? null,
    endsBy: days === undefined ? null : instantOf(deps.now() + days * 86_400_000),
    limit: query.limit,
    after: query.cursor === undefined ? null : readPlace(query.cursor),
  });
  return {
    items: page.certificates.map((record) => ({ ...viewRecord(record), siteName: record.siteName, renewAt: record.renewAt })),
    next: page.next === null ? null : Buffer.from(`${page.next.notAfter} ${page.next.certificateId}`).toString('base64url'),
    total: page.total,
  };
}

const Place = z.tuple([Instant, CertificateId]);

function readPlace(cursor: string): CertificatePlace {
  const place = Place.safeParse(Buffer.from(cursor, 'base64url').toString('utf8').split(' '));
  if (place.success) return { notAfter: place.data[0], certificateId: place.data[1] };
  throw new Failure('bad-request', 'The cursor is not one that this list gave out. Start from the first page.', {
    fields: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  });
}

function viewRecord(record: CertificateRecord) {
  const { certificateId, siteId, source, issuer, fingerprint, notBefore, notAfter, createdAt, renewedAt } = record;
  const names = [...record.names];
  return { certificateId, siteId, source, names, issuer, fingerprint, notBefore, notAfter, createdAt, renewedAt };
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
