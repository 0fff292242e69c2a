/**
 * Sites and their hostnames: rows in, records out.
 *
 * A record's JSON parts are parsed here, once, so whoever holds a record can trust it. A hostname has one owner in the
 * installation and at most one claim in an account, by the keys of its own table. Not here: what a site may be (control/sites), when it reaches edges (change-log.ts).
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { AutomaticAttack } from '../contract/attacks.ts';
import type { Hostname } from '../contract/hostname.ts';
import type { AccountId, AttackId, GroupName, Instant, SiteId } from '../contract/ids.ts';
import { IpAddress } from '../contract/network.ts';
import { ChallengeSettings, defaultChallengeSettings, NetworkRule, PathPrefix, SiteLimits } from '../contract/policy.ts';
import { HttpsSettings } from '../contract/certificates.ts';
import type { SiteMode } from '../contract/policy.ts';
import { OriginCertificate } from '../contract/routes/origin-certificates.ts';
import { PresetName } from '../contract/routes/rules.ts';
import type { Origin } from '../contract/routes/sites.ts';
import { SiteRules } from '../contract/rules.ts';
import type { Db } from './open.ts';
import { pageOf } from './paging.ts';
import type { HostnameOwnership, SiteTable } from './tables.ts';

export type SiteHostname = { readonly hostname: Hostname; readonly ownership: HostnameOwnership };

export type SiteRecord = {
  readonly siteId: SiteId;
  readonly accountId: AccountId;
  readonly group: GroupName;
  readonly name: string;
  readonly hostnames: readonly SiteHostname[];
  readonly origin: Origin;
  /** Resolved and allowed; empty when there is none. */
  readonly originAddresses: readonly IpAddress[];
  readonly originFinding: string | null;
  readonly resolveAt: Instant | null;
  readonly mode: SiteMode;
  readonly limits: SiteLimits;
  readonly networks: readonly NetworkRule[];
  readonly challenge: ChallengeSettings;
  /** The owner's rules, headers and maintenance; null for none. */
  readonly rules: SiteRules | null;
  /** Whether an edge needs patterns for them. */
  readonly rulesContain: boolean;
  /** The preset in use and what it replaced. */
  readonly preset: SitePreset | null;
  readonly https: HttpsSettings;
  /** Shown to its https origin; null: the edge's own, if it has one. */
  readonly originCertificate: OriginCertificateRecord | null;
  /** Waits until the origin knows it. */
  readonly nextOriginCertificate: OriginCertificateRecord | null;
  /** The attack for which it is in attack mode by itself at present, whatever `mode` says. */
  readonly attackId: AttackId | null;
  /** The path that this attack is on; null: the whole site. */
  readonly attackPath: PathPrefix | null;
  /** Paths that people have put into attack mode. */
  readonly attackPaths: readonly PathPrefix[];
  /** What may be done by itself in an attack. Written by store/attacks.ts, not with the record. */
  readonly automatic: AutomaticAttack;
  readonly ownershipToken: string;
  readonly ownershipCheckedAt: Instant | null;
  readonly ownershipFinding: string | null;
  readonly ready: boolean;
  readonly version: number;
  readonly createdAt: Instant;
  readonly revision: number | null;
  readonly committedAt: Instant | null;
};

/** A client certificate as it is kept: the key is sealed for the site's group. */
export const OriginCertificateRecord = OriginCertificate.extend({
  sealedKey: z.string(),
  /** The threshold of days before its end that was told last. */
  alarmedDays: z.int().nullable(),
});
export type OriginCertificateRecord = z.infer<typeof OriginCertificateRecord>;

/** The preset in use, and what was there before it. */
export const SitePreset = z.strictObject({
  name: PresetName,
  before: z.strictObject({ limits: SiteLimits, challenge: ChallengeSettings, list: SiteRules.shape.list }),
});
export type SitePreset = z.infer<typeof SitePreset>;

export type SitePage = { readonly sites: readonly SiteRecord[]; readonly next: number | null; readonly total: number };

/** Who asks: an owner's account, or null for everybody's sites. */
export type Viewer = AccountId | null;

export async function insertSite(db: Db, site: SiteRecord): Promise<void> {
  await db.insertInto('site').values(rowOf(site)).execute();
  await insertHostnames(db, site);
}

/** Writes every column of a site, and its hostnames when they are not those that it had. */
export async function replaceSite(db: Db, site: SiteRecord, before: SiteRecord): Promise<void> {
  const { site_id: siteId, ...row } = rowOf(site);
  await db.updateTable('site').set(row).where('site_id', '=', siteId).execute();
  const same =
    before.hostnames.length === site.hostnames.length &&
    before.hostnames.every((held, index) => {
      const wanted = site.hostnames[index];
      return held.hostname === wanted?.hostname && held.ownership === wanted.ownership;
    });
  if (same) return;
  await db.deleteFrom('site_hostname').where('site_id', '=', siteId).execute();
  await insertHostnames(db, site);
}

export async function deleteSite(db: Db, siteId: SiteId): Promise<void> {
  // Captcha keys stay with their account.
  await db.updateTable('captcha_key').set({ owner_site_id: null }).where('owner_site_id', '=', siteId).execute();
  await db.deleteFrom('site').where('site_id', '=', siteId).execute();
  await db.deleteFrom('traffic').where('site_id', '=', siteId).execute();
  await sql`delete from roll_up where site_id = ${siteId}`.execute(db);
  await sql`delete from top_list where site_id = ${siteId}`.execute(db);
}

/** One site that the viewer may see. `lock` holds its row until the transaction ends. */
export async function findSite(
  db: Db,
  siteId: SiteId,
  viewer: Viewer,
  lock: 'lock' | 'look' = 'look',
): Promise<SiteRecord | null> {
  let query = db.selectFrom('site').selectAll().where('site_id', '=', siteId);
  if (viewer !== null) query = query.where('account_id', '=', viewer);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  const names = await db.selectFrom('site_hostname').selectAll().where('site_id', '=', siteId).orderBy('position').execute();
  return recordOf(row, names);
}

/** Names of sites. */
export async function siteNames(db: Db, siteIds: readonly SiteId[]): Promise<Map<SiteId, string>> {
  if (siteIds.length === 0) return new Map();
  const rows = await db.selectFrom('site').select(['site_id', 'name']).where('site_id', 'in', siteIds).execute();
  return new Map(rows.map((row) => [row.site_id, row.name]));
}

/** Whether a site is of an account. */
export async function ownsSite(db: Db, siteId: SiteId, accountId: AccountId): Promise<boolean> {
  const row = await db
    .selectFrom('site')
    .select('site_id')
    .where('site_id', '=', siteId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row !== undefined;
}

/** A page of sites, newest first. `before` is the `next` of the page before. */
export async function listSites(
  db: Db,
  ask: { viewer: Viewer; search: string | null; limit: number; before: number | null },
): Promise<SitePage> {
  let matching = db.selectFrom('site');
  const { viewer } = ask;
  if (viewer !== null) matching = matching.where('account_id', '=', viewer);
  if (ask.search !== null && ask.search.trim() !== '') {
    const like = `%${ask.search
      .trim()
      .toLowerCase()
      .replaceAll(/[\\%_]/g, '\\$&')}%`;
    matching = matching.where((where) =>
      where.or([
        where(where.fn<string>('lower', ['name']), 'like', like),
        where.exists(
          where
            .selectFrom('site_hostname')
            .select('hostname')
            .whereRef('site_hostname.site_id', '=', 'site.site_id')
            .where(sql<boolean>`hostname like ${like}`),
        ),
      ]),
    );
  }
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.before !== null) page = page.where('created_order', '<', ask.before);
  const { shown, next } = pageOf(await page.execute(), ask.limit);
  return {
    sites: await withHostnames(db, shown),
    next,
    total,
  };
}

/** Sites whose origin's name is due to be resolved again. */
export async function sitesToResolve(db: Db, at: Instant, limit: number): Promise<SiteRecord[]> {
  const rows = await db.selectFrom('site').selectAll().where('resolve_at', '<=', at).orderBy('resolve_at').limit(limit).execute();
  return withHostnames(db, rows);
}

export type Holder = { readonly hostname: Hostname; readonly siteId: SiteId; readonly owned: boolean };

/** Which other sites stand in the way of these hostnames: those that own one, and those of the same account that claim one. */
export async function hostnamesHeld(
  db: Db,
  hostnames: readonly Hostname[],
  { siteId, accountId }: Pick<SiteRecord, 'siteId' | 'accountId'>,
): Promise<Holder[]> {
  if (hostnames.length === 0) return [];
  const rows = await db
    .selectFrom('site_hostname')
    .select(['hostname', 'site_id', 'ownership'])
    .where(sql<boolean>`hostname = any(${[...hostnames]}::text[])`)
    .where('site_id', '!=', siteId)
    .where((where) => where.or([where('ownership', '!=', 'pending'), where('account_id', '=', accountId)]))
    .orderBy('hostname')
    .execute();
  return rows.map((row) => ({ hostname: row.hostname, siteId: row.site_id, owned: row.ownership !== 'pending' }));
}

/** Of these hostnames, those whose ownership some site has proved or had waived. */
export async function ownedHostnames(db: Db, hostnames: readonly Hostname[]): Promise<ReadonlySet<Hostname>> {
  if (hostnames.length === 0) return new Set();
  const rows = await db
    .selectFrom('site_hostname')
    .select('hostname')
    .where(sql<boolean>`hostname = any(${[...hostnames]}::text[])`)
    .where('ownership', '!=', 'pending')
    .execute();
  return new Set(rows.map((row) => row.hostname));
}

/** Sites that own one of these names literally. */
export async function hostnameOwners(db: Db, names: readonly string[]): Promise<SiteId[]> {
  if (names.length === 0) return [];
  const rows = await db
    .selectFrom('site_hostname')
    .select('site_id')
    .distinct()
    .where(sql<boolean>`hostname = any(${[...names]}::text[])`)
    .where('ownership', '!=', 'pending')
    .execute();
  return rows.map((row) => row.site_id);
}

export async function countSites(db: Db, viewer: Viewer): Promise<{ all: number; ready: number }> {
  let query = db
    .selectFrom('site')
    .select((select) => [
      select.fn.countAll<number>().as('all'),
      select.fn.countAll<number>().filterWhere('ready', '=', true).as('ready'),
    ]);
  if (viewer !== null) query = query.where('account_id', '=', viewer);
  return query.executeTakeFirstOrThrow();
}

/** How many other sites of a group have a client certificate of their own. */
export async function countOriginCertificates(db: Db, group: GroupName, besides: SiteId): Promise<number> {
  const { count } = await db
    .selectFrom('site')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('group_name', '=', group)
    .where('site_id', '!=', besides)
    .where('origin_certificate', 'is not', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** Sites whose used client certificate ends before an instant; at most `limit`. */
export async function originCertificatesEnding(db: Db, until: Instant, limit: number): Promise<SiteId[]> {
  const rows = await db
    .selectFrom('site')
    .select('site_id')
    .where('origin_certificate', 'is not', null)
    .where(sql<boolean>`(origin_certificate ->> 'notAfter')::timestamptz <= ${until}`)
    .limit(limit)
    .execute();
  return rows.map((row) => row.site_id);
}

/** How many other sites of a group have rules for which an edge needs patterns. */
export async function countSitesWithContains(db: Db, { group, siteId }: Pick<SiteRecord, 'group' | 'siteId'>): Promise<number> {
  const { sites } = await db
    .selectFrom('site')
    .select((select) => select.fn.countAll<number>().as('sites'))
    .where('group_name', '=', group)
    .where('rules_contain', '=', true)
    .where('site_id', '!=', siteId)
    .executeTakeFirstOrThrow();
  return sites;
}

async function insertHostnames(db: Db, site: SiteRecord): Promise<void> {
  await db
    .insertInto('site_hostname')
    .values(
      site.hostnames.map(({ hostname, ownership }, position) => ({
        account_id: site.accountId,
        hostname,
        site_id: site.siteId,
        position,
        ownership,
      })),
    )
    .execute();
}

type SiteRow = Selectable<SiteTable>;
type HostnameRow = { site_id: SiteId; hostname: Hostname; ownership: HostnameOwnership };

async function withHostnames(db: Db, rows: readonly SiteRow[]): Promise<SiteRecord[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.site_id);
  const names = await db.selectFrom('site_hostname').selectAll().where('site_id', 'in', ids).orderBy('position').execute();
  const bySite = Map.groupBy(names, (name) => name.site_id);
  return rows.map((row) => recordOf(row, bySite.get(row.site_id) ?? []));
}

const Addresses = z.array(IpAddress);
const Networks = z.array(NetworkRule);
const AttackPaths = z.array(PathPrefix);

function recordOf(row: SiteRow, names: readonly HostnameRow[]): SiteRecord {
  return {
    siteId: row.site_id,
    accountId: row.account_id,
    group: row.group_name,
    name: row.name,
    hostnames: names.map(({ hostname, ownership }) => ({ hostname, ownership })),
    origin: { scheme: row.origin_scheme, host: row.origin_host, port: row.origin_port, hostHeader: row.origin_host_header },
    originAddresses: Addresses.parse(row.origin_addresses),
    originFinding: row.origin_finding,
    resolveAt: row.resolve_at,
    mode: row.mode,
    limits: SiteLimits.parse(row.limits),
    networks: Networks.parse(row.networks),
    // A site of before there were page budgets has the usual one.
    challenge: { ...defaultChallengeSettings, ...ChallengeSettings.parse(row.challenge) },
    rules: row.rules === null ? null : SiteRules.parse(row.rules),
    rulesContain: row.rules_contain,
    preset: row.preset === null ? null : SitePreset.parse(row.preset),
    https: HttpsSettings.parse(row.https),
    originCertificate: row.origin_certificate === null ? null : OriginCertificateRecord.parse(row.origin_certificate),
    nextOriginCertificate:
      row.next_origin_certificate === null ? null : OriginCertificateRecord.parse(row.next_origin_certificate),
    attackId: row.attack_id,
    attackPath: row.attack_path === null ? null : PathPrefix.parse(row.attack_path),
    attackPaths: AttackPaths.parse(row.attack_paths),
    automatic: AutomaticAttack.parse(row.automatic),
    ownershipToken: row.ownership_token,
    ownershipCheckedAt: row.ownership_checked_at,
    ownershipFinding: row.ownership_finding,
    ready: row.ready,
    version: row.version,
    createdAt: row.created_at,
    revision: row.revision,
    committedAt: row.committed_at,
  };
}

function rowOf(site: SiteRecord) {
  return {
    site_id: site.siteId,
    account_id: site.accountId,
    group_name: site.group,
    name: site.name,
    origin_scheme: site.origin.scheme,
    origin_host: site.origin.host,
    origin_port: site.origin.port,
    origin_host_header: site.origin.hostHeader,
    origin_addresses: JSON.stringify(site.originAddresses),
    origin_finding: site.originFinding,
    resolve_at: site.resolveAt,
    mode: site.mode,
    limits: JSON.stringify(site.limits),
    networks: JSON.stringify(site.networks),
    challenge: JSON.stringify(site.challenge),
    rules: site.rules === null ? null : JSON.stringify(site.rules),
    rules_contain: site.rulesContain,
    preset: site.preset === null ? null : JSON.stringify(site.preset),
    https: JSON.stringify(site.https),
    origin_certificate: site.originCertificate === null ? null : JSON.stringify(site.originCertificate),
    next_origin_certificate: site.nextOriginCertificate === null ? null : JSON.stringify(site.nextOriginCertificate),
    attack_id: site.attackId,
    attack_path: site.attackPath,
    attack_paths: JSON.stringify(site.attackPaths),
    ownership_token: site.ownershipToken,
    ownership_checked_at: site.ownershipCheckedAt,
    ownership_finding: site.ownershipFinding,
    ready: site.ready,
    version: site.version,
    created_at: site.createdAt,
    revision: site.revision,
    committed_at: site.committedAt,
  };
}
