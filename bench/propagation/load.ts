/**
 * Many sites at once: copies of one site that was added through the API, written into the database of a stopped control plane.
 *
 * Through the API, 100,000 sites would take many minutes and measure nothing that is asked here. The copies are written as the
 * control plane writes a site (row, hostname, policy item, digest), 500 a transaction, and the change log is declared to begin after
 * them: so the edge gets a snapshot, as it would after a long absence. Not a door of the product: it opens the database itself.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../contract/canonical.ts';
import { Hostname } from '../../contract/hostname.ts';
import { Instant, SiteId } from '../../contract/ids.ts';
import { ItemKey, SitePolicy, itemKey } from '../../contract/policy.ts';
import { changeDigest, itemHash } from '../../core/shield/digest.ts';
import { randomId } from '../../kit/random-id.ts';
import { openStore } from '../../store/open.ts';
import type { LoadedSite } from './measure.ts';

const batch = 500;

/** Copies the site `template` until there are `count` of them beside it. `folder` is the control plane's state folder. */
export async function loadSites(folder: string, template: SiteId, count: number): Promise<LoadedSite[]> {
  const store = await openStore({ kind: 'embedded', folder });
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const loaded: LoadedSite[] = [];
  try {
    const { db } = store;
    const { created_order: _order, ...row } = await db
      .selectFrom('site')
      .selectAll()
      .where('site_id', '=', template)
      .executeTakeFirstOrThrow();
    const item = await db
      .selectFrom('policy_item')
      .select('payload')
      .where('item_key', '=', ItemKey.parse(`site:${template}`))
      .executeTakeFirstOrThrow();
    const policy = SitePolicy.parse(JSON.parse(item.payload));
    for (let first = 0; first < count; first += batch) {
      const sites = Array.from({ length: Math.min(batch, count - first) }, (_unused, index) => ({
        siteId: SiteId.parse(randomId('site')),
        hostname: Hostname.parse(`s${first + index}.many.example`),
      }));
      await db.transaction().execute(async (tx) => {
        const group = await tx
          .selectFrom('edge_group')
          .selectAll()
          .where('group_name', '=', row.group_name)
          .forUpdate()
          .executeTakeFirstOrThrow();
        const revision = group.revision + 1;
        const committedAt = Instant.parse(new Date().toISOString());
        const items = sites.map(({ siteId, hostname }) => {
          const copy: SitePolicy = { ...policy, siteId, hostnames: [hostname] };
          return {
            group_name: row.group_name,
            item_key: itemKey(copy),
            payload: canonicalJson(copy),
            hash: itemHash(copy, sha256),
            revision,
          };
        });
        const digest = changeDigest(group.digest, { removed: [], added: items.map((one) => one.hash) });
        await tx
          .insertInto('site')
          .values(
            sites.map(({ siteId, hostname }) => ({
              ...row,
              site_id: siteId,
              name: hostname,
              origin_addresses: JSON.stringify(row.origin_addresses),
              limits: JSON.stringify(row.limits),
              networks: JSON.stringify(row.networks),
              challenge: JSON.stringify(row.challenge),
              rules: null,
              preset: null,
              origin_certificate: null,
              next_origin_certificate: null,
              https: JSON.stringify(row.https),
              automatic: JSON.stringify(row.automatic),
              attack_paths: JSON.stringify(row.attack_paths),
              revision,
              committed_at: committedAt,
            })),
          )
          .execute();
        await tx
          .insertInto('site_hostname')
          .values(
            sites.map(({ siteId, hostname }) => ({
              account_id: row.account_id,
              hostname,
              site_id: siteId,
              position: 0,
              ownership: 'waived' as const,
            })),
          )
          .execute();
        await tx.insertInto('policy_item').values(items).execute();
        await tx
          .updateTable('edge_group')
          .set({ revision, digest, committed_at: committedAt, log_from: revision })
          .where('group_name', '=', row.group_name)
          .execute();
      });
      loaded.push(...sites);
    }
  } finally {
    await store.close();
  }
  return loaded;
}
