/**
 * Certificates, the wishes for them, and our accounts at authorities: rows in, records out. Keys pass through here sealed only.
 *
 * A wish is claimed by one process at a time, for so long that an order is over by then; a process that dies in between leaves a claim that runs
 * out. Not here: what is asked of an authority (control/certificates), when edges get it (change-log.ts).
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { Hostname } from '../contract/hostname.ts';
import type { CertificateId, GroupName, Instant, SiteId } from '../contract/ids.ts';
import type { CertificateTable } from './certificate-tables.ts';
import type { Db } from './open.ts';
import type { Viewer } from './sites.ts';

export type CertificateRecord = {
  readonly certificateId: CertificateId;
  readonly siteId: SiteId;
  readonly group: GroupName;
  readonly source: 'acme' | 'own';
  readonly names: readonly Hostname[];
  readonly chain: string;
  readonly sealedKey: string;
  readonly fingerprint: string;
  readonly issuer: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly alarmedDays: number | null;
  readonly createdAt: Instant;
  readonly renewedAt: Instant;
};

export type WishRecord = {
  readonly siteId: SiteId;
  readonly hostname: Hostname;
  readonly nextAt: Instant | null;
  readonly claimedUntil: Instant | null;
  readonly failures: number;
  readonly finding: string | null;
  readonly certificateId: CertificateId | null;
  readonly renewAt: Instant | null;
};

/** Writes a certificate, anew or in the place of the one with its id. */
export async function putCertificate(db: Db, record: CertificateRecord): Promise<void> {
  const row = {
    certificate_id: record.certificateId,
    site_id: record.siteId,
    group_name: record.group,
    source: record.source,
    names: JSON.stringify(record.names),
    chain: record.chain,
    sealed_key: record.sealedKey,
    fingerprint: record.fingerprint,
    issuer: record.issuer,
    not_before: record.notBefore,
    not_after: record.notAfter,
    alarmed_days: record.alarmedDays,
    created_at: record.createdAt,
    renewed_at: record.renewedAt,
  };
  await db
    .insertInto('certificate')
    .values(row)
    .onConflict((conflict) => conflict.column('certificate_id').doUpdateSet(row))
    .execute();
}

export async function deleteCertificate(db: Db, certificateId: CertificateId): Promise<void> {
  await db.deleteFrom('certificate').where('certificate_id', '=', certificateId).execute();
  await db
    .updateTable('certificate_wish')
    .set({ certificate_id: null, renew_at: null })
    .where('certificate_id', '=', certificateId)
    .execute();
}

/** Deletes all that a site had and returns the ids of its certificates. */
export async function deleteCertificatesOf(db: Db, siteId: SiteId): Promise<CertificateId[]> {
  await db.deleteFrom('certificate_wish').where('site_id', '=', siteId).execute();
  const rows = await db.deleteFrom('certificate').where('site_id', '=', siteId).returning('certificate_id').execute();
  return rows.map((row) => row.certificate_id);
}

export async function certificatesOf(db: Db, siteId: SiteId): Promise<CertificateRecord[]> {
  const rows = await db.selectFrom('certificate').selectAll().where('site_id', '=', siteId).orderBy('certificate_id').execute();
  return rows.map(recordOf);
}

/** The end and id of a page's last certificate: the next page begins after it. */
export type CertificatePlace = { readonly notAfter: Instant; readonly certificateId: CertificateId };

export type ListedRecord = CertificateRecord & { readonly siteName: string; readonly renewAt: Instant | null };

/** A page of the certificates that a viewer may see, the soonest end first; `search` is part of a name. */
export async function listCertificates(
  db: Db,
  ask: {
    readonly viewer: Viewer;
    readonly search: string | null;
    readonly source: CertificateRecord['source'] | null;
    readonly endsBy: Instant | null;
    readonly limit: number;
    readonly after: CertificatePlace | null;
  },
): Promise<{ readonly certificates: ListedRecord[]; readonly next: CertificatePlace | null; readonly total: number }> {
  let matching = db.selectFrom('certificate').innerJoin('site', 'site.site_id', 'certificate.site_id');
  if (ask.viewer !== null) matching = matching.where('site.account_id', '=', ask.viewer);
  if (ask.source !== null) matching = matching.where('certificate.source', '=', ask.source);
  if (ask.endsBy !== null) matching = matching.where('certificate.not_after', '<=', ask.endsBy);
  const search = ask.search?.trim().toLowerCase() ?? '';
  if (search !== '') {
    const like = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
    matching = matching.where(
      sql<boolean>`exists (select 1 from jsonb_array_elements_text(certificate.names) as one(name) where one.name like ${like})`,
    );
  }
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll('certificate')
    .select((select) => [
      'site.name as site_name',
      select
        .selectFrom('certificate_wish')
        .select('certificate_wish.renew_at')
        .whereRef('certificate_wish.site_id', '=', 'certificate.site_id')
        .whereRef('certificate_wish.certificate_id', '=', 'certificate.certificate_id')
        .orderBy('certificate_wish.renew_at')
        .limit(1)
        .as('renew_at'),
    ])
    .orderBy('certificate.not_after')
    .orderBy('certificate.certificate_id')
    .limit(ask.limit + 1);
  if (ask.after !== null) {
    const { notAfter, certificateId } = ask.after;
    page = page.where(
      sql<boolean>`(certificate.not_after, certificate.certificate_id) > (${notAfter}::timestamptz, ${certificateId}::text)`,
    );
  }
  const rows = await page.execute();
  const certificates = rows
    .slice(0, ask.limit)
    .map((row) => ({ ...recordOf(row), siteName: row.site_name, renewAt: row.renew_at }));
  const last = certificates.at(-1);
  const next =
    rows.length > ask.limit && last !== undefined ? { notAfter: last.notAfter, certificateId: last.certificateId } : null;
  return { certificates, next, total };
}

/** Certificates that end by an instant, the soonest first. */
export async function certificatesEnding(db: Db, before: Instant, limit: number): Promise<CertificateRecord[]> {
  const rows = await db
    .selectFrom('certificate')
    .selectAll()
    .where('not_after', '<=', before)
    .orderBy('not_after')
    .limit(limit)
    .execute();
  return rows.map(recordOf);
}

export async function setAlarmed(db: Db, certificateId: CertificateId, days: number): Promise<void> {
  await db.updateTable('certificate').set({ alarmed_days: days }).where('certificate_id', '=', certificateId).execute();
}

/** Has exactly these hostnames of a site wished for; new ones are due at once. */
export async function settleWishes(db: Db, siteId: SiteId, hostnames: readonly Hostname[], at: Instant): Promise<void> {
  await db
    .deleteFrom('certificate_wish')
    .where('site_id', '=', siteId)
    .where(sql<boolean>`hostname <> all(${[...hostnames]}::text[])`)
    .execute();
  if (hostnames.length === 0) return;
  await db
    .insertInto('certificate_wish')
    .values(
      hostnames.map((hostname) => ({
        site_id: siteId,
        hostname,
        wished_at: at,
        next_at: at,
        claimed_by: null,
        claimed_until: null,
        failures: 0,
        finding: null,
        certificate_id: null,
        renew_at: null,
      })),
    )
    .onConflict((conflict) => conflict.columns(['site_id', 'hostname']).doNothing())
    .execute();
}

export async function wishesOf(db: Db, siteId: SiteId): Promise<WishRecord[]> {
  const rows = await db.selectFrom('certificate_wish').selectAll().where('site_id', '=', siteId).orderBy('hostname').execute();
  return rows.map((row) => ({
    siteId: row.site_id,
    hostname: row.hostname,
    nextAt: row.next_at,
    claimedUntil: row.claimed_until,
    failures: row.failures,
    finding: row.finding,
    certificateId: row.certificate_id,
    renewAt: row.renew_at,
  }));
}

/** Makes a site's wishes due now, whatever they waited for; returns how many there are. */
export async function hurryWishes(db: Db, siteId: SiteId, at: Instant): Promise<number> {
  const rows = await db
    .updateTable('certificate_wish')
    .set({ next_at: at, renew_at: at, failures: 0 })
    .where('site_id', '=', siteId)
    .returning('hostname')
    .execute();
  return rows.length;
}

/** Takes wishes that are due, for this process alone until `until`. */
export async function claimWishes(
  db: Db,
  claim: { readonly by: string; readonly at: Instant; readonly until: Instant; readonly limit: number },
): Promise<WishRecord[]> {
  const { rows } = await sql<{ site_id: SiteId; hostname: Hostname }>`update certificate_wish w
    set claimed_by = ${claim.by}, claimed_until = ${claim.until}::timestamptz
    from (
      select site_id, hostname from certificate_wish
      where next_at <= ${claim.at}::timestamptz and (claimed_until is null or claimed_until < ${claim.at}::timestamptz)
      order by next_at limit ${claim.limit} for update skip locked
    ) due where w.site_id = due.site_id and w.hostname = due.hostname
    returning w.site_id, w.hostname`.execute(db);
  const wishes: WishRecord[] = [];
  for (const { site_id, hostname } of rows) {
    const found = (await wishesOf(db, site_id)).find((wish) => wish.hostname === hostname);
    if (found !== undefined) wishes.push(found);
  }
  return wishes;
}

/** Ends a claim with what came of it; nothing happens when the wish is gone meanwhile. */
export async function endClaim(
  db: Db,
  wish: Pick<WishRecord, 'siteId' | 'hostname'>,
  next: Pick<WishRecord, 'nextAt' | 'failures' | 'finding' | 'certificateId' | 'renewAt'>,
): Promise<void> {
  await db
    .updateTable('certificate_wish')
    .set({
      claimed_by: null,
      claimed_until: null,
      next_at: next.nextAt,
      failures: next.failures,
      finding: next.finding,
      certificate_id: next.certificateId,
      renew_at: next.renewAt,
    })
    .where('site_id', '=', wish.siteId)
    .where('hostname', '=', wish.hostname)
    .execute();
}

export type Account = { readonly sealedKey: Buffer; readonly accountUrl: string | null };

export async function findAccount(db: Db, directory: string): Promise<Account | null> {
  const row = await db.selectFrom('acme_account').selectAll().where('directory', '=', directory).executeTakeFirst();
  return row === undefined ? null : { sealedKey: row.sealed_key, accountUrl: row.account_url };
}

/** Adds an account unless there is one, and returns the one that there is. */
export async function settleAccount(db: Db, directory: string, sealedKey: Buffer, at: Instant): Promise<Account> {
  await db
    .insertInto('acme_account')
    .values({ directory, sealed_key: sealedKey, account_url: null, created_at: at })
    .onConflict((conflict) => conflict.column('directory').doNothing())
    .execute();
  const kept = await findAccount(db, directory);
  if (kept === null) throw new Error('an account that was just added is not there');
  return kept;
}

export async function setAccountUrl(db: Db, directory: string, accountUrl: string): Promise<void> {
  await db.updateTable('acme_account').set({ account_url: accountUrl }).where('directory', '=', directory).execute();
}

/** Edges of a group with a stream: how many, and how many of them do not hold a revision yet. */
export async function edgesBehind(db: Db, group: GroupName, revision: number): Promise<{ connected: number; behind: number }> {
  return db
    .selectFrom('edge')
    .select((select) => [
      select.fn.countAll<number>().as('connected'),
      select.fn.countAll<number>().filterWhere('revision', '<', revision).as('behind'),
    ])
    .where('group_name', '=', group)
    .where('revoked_at', 'is', null)
    .where('connected_to', 'is not', null)
    .executeTakeFirstOrThrow();
}

const Names = z.array(Hostname);

function recordOf(row: Selectable<CertificateTable>): CertificateRecord {
  return {
    certificateId: row.certificate_id,
    siteId: row.site_id,
    group: row.group_name,
    source: row.source,
    names: Names.parse(row.names),
    chain: row.chain,
    sealedKey: row.sealed_key,
    fingerprint: row.fingerprint,
    issuer: row.issuer,
    notBefore: row.not_before,
    notAfter: row.not_after,
    alarmedDays: row.alarmed_days,
    createdAt: row.created_at,
    renewedAt: row.renewed_at,
  };
}
