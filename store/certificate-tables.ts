/** The tables of certificates, as store/migrations/000004_certificates.sql makes them. */
import type { ColumnType } from 'kysely';
import type { Hostname } from '../contract/hostname.ts';
import type { CertificateId, GroupName, Instant, SiteId } from '../contract/ids.ts';

export type AcmeAccountTable = {
  directory: string;
  sealed_key: Buffer;
  account_url: string | null;
  created_at: Instant;
};

export type CertificateTable = {
  certificate_id: CertificateId;
  site_id: SiteId;
  group_name: GroupName;
  source: 'acme' | 'own';
  names: ColumnType<unknown, string, string>;
  chain: string;
  sealed_key: string;
  fingerprint: string;
  issuer: string;
  not_before: Instant;
  not_after: Instant;
  alarmed_days: number | null;
  created_at: Instant;
  renewed_at: Instant;
};

export type CertificateWishTable = {
  site_id: SiteId;
  hostname: Hostname;
  wished_at: Instant;
  next_at: Instant | null;
  claimed_by: string | null;
  claimed_until: Instant | null;
  failures: number;
  finding: string | null;
  certificate_id: CertificateId | null;
  renew_at: Instant | null;
};

export type CertificateTables = {
  acme_account: AcmeAccountTable;
  certificate: CertificateTable;
  certificate_wish: CertificateWishTable;
};
